/* clock.h - time, in milliseconds; tests can set the monotonic one */
#ifndef NODELINK_BASE_CLOCK_H
#define NODELINK_BASE_CLOCK_H

#include <stdint.h>

enum { CLOCK_TEXT = 32 }; /* room for clock_text() */

/* Monotonic: for deadlines and durations. */
int64_t clock_ms(void);

/* Monotonic, microseconds: for measuring. */
int64_t clock_us(void);

/* Wall clock since 1970: for people and records only. */
int64_t clock_wall_ms(void);

/* RFC 3339 in UTC with milliseconds, "2026-11-22T17:08:03.123Z". */
const char *clock_text(int64_t wall_ms, char out[CLOCK_TEXT]);

/* Tests: clock_ms() answers this from now on; negative = real time again. */
void clock_set(int64_t ms);

#endif
