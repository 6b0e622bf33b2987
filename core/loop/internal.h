/* internal.h - what the files of the loop share */
#ifndef NODELINK_LOOP_INTERNAL_H
#define NODELINK_LOOP_INTERNAL_H

#include <pthread.h>
#include <uv.h>

#include "loop/loop.h"

struct loop {
	uv_loop_t uv;
	uv_async_t async;
	uv_timer_t turn_limit; /* only for loop_turn() */
	pthread_mutex_t lock; /* guards the two below */
	struct loop_item *first;
	struct loop_item **last;
	struct loop_item *running; /* taken off, not called yet */
	struct loop_timer *fresh; /* without delay, to run in this turn */
	struct loop_timer *due; /* taken off, not called yet */
	uv_check_t check; /* runs them */
	uv_idle_t idle; /* keeps the loop from waiting before */
};

struct loop_timer {
	uv_timer_t uv;
	loop_fn *fn;
	void *arg;
	struct loop *loop;
	struct loop_timer **list; /* fresh or due; NULL: in neither */
	struct loop_timer *prev, *next;
};

/* timer.c: the timers without delay, once per turn. */
void loop_run_fresh(uv_check_t *check);

/* Frees handle->data: for uv_close(). */
void loop_free_handle(uv_handle_t *handle);

#endif
