/* loop.h - the event loop of a process, thinly over libuv
 *
 * One thread runs it and owns the process's state; callbacks do not block.
 * Every function belongs to that thread, except loop_post().
 *
 * Timers, watches and signals are made once and freed once. After x_free()
 * returns, the callback does not come any more, even if it was due in this
 * very turn; freeing from inside the callback is fine. */
#ifndef NODELINK_LOOP_LOOP_H
#define NODELINK_LOOP_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/auto.h"

struct loop;
struct loop_timer;
struct loop_watch;
struct loop_signal;

typedef void loop_fn(void *arg);
typedef void loop_fd_fn(void *arg, int fd, unsigned ready);
typedef void loop_signal_fn(void *arg, int signo);

enum {
	LOOP_READ = 1,
	LOOP_WRITE = 2,
	LOOP_HANGUP = 4,
	LOOP_PRIORITY = 8, /* POLLPRI: a file of the kernel has changed */
};

/* NULL when out of memory or descriptors. */
struct loop *loop_new(void);
/* After everything made with it was freed; runs what is still closing. */
void loop_free(struct loop *loop);
AUTO_DEFINE(struct loop *, loop_free)

/* Until loop_stop(). */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* Tests: one turn, waiting at most wait_ms for something to happen. */
void loop_turn(struct loop *loop, int64_t wait_ms);

/* From any thread: fn(arg) runs on the loop's thread, in order of posting.
 * Many posts cost one wake-up. The item belongs to the caller, is his again
 * when fn is called, and must not be posted twice before that. */
struct loop_item {
	loop_fn *fn;
	void *arg;
	struct loop_item *next; /* the loop's */
};
void loop_post(struct loop *loop, struct loop_item *item);

/* Forget a posted item that has not run. Only on the loop's thread, and
 * only when no other thread can be posting it. */
void loop_unpost(struct loop *loop, struct loop_item *item);

/* One-shot timer. set: (re)start; without delay it runs on a fresh turn, after
 * input and output had theirs. */
struct loop_timer *loop_timer_new(struct loop *loop, loop_fn *fn, void *arg);
void loop_timer_set(struct loop_timer *t, int64_t delay_ms);
void loop_timer_stop(struct loop_timer *t);
bool loop_timer_active(const struct loop_timer *t);
void loop_timer_free(struct loop_timer *t);

/* Level-triggered readiness of fd. Does not own fd: free the watch first,
 * then close. events 0 = none for now. NULL: out of memory, or fd is not
 * pollable. */
struct loop_watch *loop_watch_new(
	struct loop *loop, int fd, unsigned events, loop_fd_fn *fn, void *arg);
int loop_watch_set(struct loop_watch *w, unsigned events);
void loop_watch_free(struct loop_watch *w);

/* Signals of the process, delivered as loop events. */
struct loop_signal *
loop_signal_new(struct loop *loop, int signo, loop_signal_fn *fn, void *arg);
void loop_signal_free(struct loop_signal *s);

/* fn runs once per turn, just before the loop waits: the place to flush what
 * callbacks of this turn have gathered. NULL: out of memory. */
struct loop_flush;
struct loop_flush *loop_flush_new(struct loop *loop, loop_fn *fn, void *arg);
void loop_flush_free(struct loop_flush *f);

#endif
