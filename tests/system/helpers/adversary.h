/* adversary.h - what the kinds of adversary.c and adversary-groups.c share */
#ifndef NODELINK_TESTS_ADVERSARY_H
#define NODELINK_TESTS_ADVERSARY_H

#include <stdbool.h>
#include <time.h>

/* CLOCK_MONOTONIC; children inherit it. */
extern time_t end_s;
enum { SHORT_LIFE_S = 20 }; /* of what loads the machine */

time_t now_s(void);
void live_for(time_t s);
__attribute__((noreturn)) void sit(void);
/* Says so first. */
__attribute__((noreturn)) void sit_ready(void);

/* A user of whom there is no other process. False: not permitted. */
bool become_other(void);

/* Kinds: none returns. */
void nest_group(void);
void nest_groups(void);
void leave_group(void);
void explode_fast(void);
void explode_slowly(void);

#endif
