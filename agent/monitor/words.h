/* words.h - what a child says on stderr: passed on in whole lines, and the
 * last of it kept for when the child dies */
#ifndef NODELINK_MONITOR_WORDS_H
#define NODELINK_MONITOR_WORDS_H

#include <stdbool.h>
#include <stddef.h>

enum { WORDS_KEPT = 4096, WORDS_READ = 4096 };

struct words { /* zeroed: nothing said */
	char text[WORDS_KEPT + WORDS_READ];
	size_t len;
	size_t passed; /* of text */
};

/* One read of a non-blocking descriptor. False at its end, or when there is
 * nothing (left). */
bool words_read(struct words *w, int fd, bool *ended);

/* Pass on what is there, be the line complete or not. */
void words_finish(struct words *w);

/* The last lines, at most n, joined by "|"; "" when there are none. Borrowed
 * from w, which is spoilt by it. */
const char *words_last(struct words *w, int n);

#endif
