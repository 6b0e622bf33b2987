/* loop.c - the event loop of a process, thinly over libuv
 *
 * libuv closes its handles on a later turn, so each of our objects holds its
 * handle and is released in the close callback; `fn` is cleared at once, which
 * keeps the promise that nothing is called after x_free(). */
#include "loop/internal.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <uv.h>

struct loop_watch {
	uv_poll_t uv;
	loop_fd_fn *fn;
	void *arg;
	int fd;
	unsigned events;
};

struct loop_signal {
	uv_signal_t uv;
	loop_signal_fn *fn;
	void *arg;
};

struct loop_flush {
	uv_prepare_t uv;
	loop_fn *fn;
	void *arg;
};

/* ------------------------------------------------------------------- posts */

static void
run_posted(uv_async_t *async)
{
	struct loop *loop = async->data;

	pthread_mutex_lock(&loop->lock);
	loop->running = loop->first;
	loop->first = NULL;
	loop->last = &loop->first;
	pthread_mutex_unlock(&loop->lock);
	while (loop->running) {
		struct loop_item *item = loop->running;

		loop->running = item->next;
		item->next = NULL;
		item->fn(item->arg);
	}
}

void
loop_post(struct loop *loop, struct loop_item *item)
{
	bool was_empty;

	item->next = NULL;
	pthread_mutex_lock(&loop->lock);
	was_empty = loop->first == NULL;
	*loop->last = item;
	loop->last = &item->next;
	pthread_mutex_unlock(&loop->lock);
	if (was_empty)
		(void)uv_async_send(&loop->async); /* fails only when closing */
}

static bool
unlink_item(struct loop_item **list, struct loop_item *item)
{
	for (; *list; list = &(*list)->next)
		if (*list == item) {
			*list = item->next;
			item->next = NULL;
			return true;
		}
	return false;
}

void
loop_unpost(struct loop *loop, struct loop_item *item)
{
	struct loop_item **end;

	if (unlink_item(&loop->running, item))
		return;
	pthread_mutex_lock(&loop->lock);
	(void)unlink_item(&loop->first, item); /* not posted: fine */
	for (end = &loop->first; *end; end = &(*end)->next)
		;
	loop->last = end;
	pthread_mutex_unlock(&loop->lock);
}

/* -------------------------------------------------------------------- loop */

struct loop *
loop_new(void)
{
	struct loop *loop = calloc(1, sizeof *loop);

	if (!loop)
		return NULL;
	if (uv_loop_init(&loop->uv) < 0) {
		free(loop);
		return NULL;
	}
	if (uv_async_init(&loop->uv, &loop->async, run_posted) < 0) {
		(void)uv_loop_close(&loop->uv);
		free(loop);
		return NULL;
	}
	(void)uv_timer_init(&loop->uv, &loop->turn_limit); /* cannot fail */
	(void)uv_idle_init(&loop->uv, &loop->idle); /* nor these */
	(void)uv_check_init(&loop->uv, &loop->check);
	loop->check.data = loop;
	(void)uv_check_start(&loop->check, loop_run_fresh);
	loop->async.data = loop;
	pthread_mutex_init(&loop->lock, NULL);
	loop->last = &loop->first;
	return loop;
}

void
loop_free(struct loop *loop)
{
	if (!loop)
		return;
	uv_close((uv_handle_t *)&loop->async, NULL);
	uv_close((uv_handle_t *)&loop->turn_limit, NULL);
	uv_close((uv_handle_t *)&loop->idle, NULL);
	uv_close((uv_handle_t *)&loop->check, NULL);
	(void)uv_run(
		&loop->uv, UV_RUN_NOWAIT); /* closing handles finish here */
	(void)uv_run(&loop->uv, UV_RUN_NOWAIT);
	if (uv_loop_close(&loop->uv) == UV_EBUSY)
		assert(false && "a timer, watch or signal was not freed");
	pthread_mutex_destroy(&loop->lock);
	free(loop);
}

void
loop_run(struct loop *loop)
{
	(void)uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void
loop_stop(struct loop *loop)
{
	uv_stop(&loop->uv);
}

static void
turn_over(uv_timer_t *timer)
{
	(void)timer;
}

void
loop_turn(struct loop *loop, int64_t wait_ms)
{
	/* Repeating: the first may be due before the loop waits at all, since
	 * libuv counts from when it last looked at the clock. */
	(void)uv_timer_start(&loop->turn_limit, turn_over, (uint64_t)wait_ms,
		(uint64_t)wait_ms);
	(void)uv_run(&loop->uv, wait_ms ? UV_RUN_ONCE : UV_RUN_NOWAIT);
	(void)uv_timer_stop(&loop->turn_limit);
}

void
loop_free_handle(uv_handle_t *handle)
{
	free(handle->data);
}

/* ----------------------------------------------------------------- watches */

static void
watch_ready(uv_poll_t *uv, int status, int events)
{
	struct loop_watch *w = uv->data;
	unsigned ready = 0;

	if (status < 0) /* error or hang-up: let reader and writer find out */
		ready = LOOP_READ | LOOP_WRITE | LOOP_HANGUP;
	if (events & UV_READABLE)
		ready |= LOOP_READ;
	if (events & UV_PRIORITIZED)
		ready |= LOOP_PRIORITY;
	if (events & UV_WRITABLE)
		ready |= LOOP_WRITE;
	if (events & UV_DISCONNECT)
		ready |= LOOP_HANGUP;
	w->fn(w->arg, w->fd, ready);
}

int
loop_watch_set(struct loop_watch *w, unsigned events)
{
	int uv_events = 0;

	if (events == w->events)
		return 0;
	w->events = events;
	if (events & LOOP_READ)
		uv_events |= UV_READABLE;
	if (events & LOOP_WRITE)
		uv_events |= UV_WRITABLE;
	if (events & LOOP_HANGUP)
		uv_events |= UV_DISCONNECT;
	if (events & LOOP_PRIORITY)
		uv_events |= UV_PRIORITIZED;
	if (!uv_events)
		return uv_poll_stop(&w->uv);
	return uv_poll_start(&w->uv, uv_events, watch_ready);
}

struct loop_watch *
loop_watch_new(
	struct loop *loop, int fd, unsigned events, loop_fd_fn *fn, void *arg)
{
	struct loop_watch *w = calloc(1, sizeof *w);

	if (!w)
		return NULL;
	if (uv_poll_init(&loop->uv, &w->uv, fd) < 0) {
		free(w);
		return NULL;
	}
	w->uv.data = w;
	w->fn = fn;
	w->arg = arg;
	w->fd = fd;
	if (loop_watch_set(w, events) < 0) {
		loop_watch_free(w);
		return NULL;
	}
	return w;
}

void
loop_watch_free(struct loop_watch *w)
{
	if (w)
		uv_close((uv_handle_t *)&w->uv, loop_free_handle);
}

/* ----------------------------------------------------------------- signals */

static void
signal_came(uv_signal_t *uv, int signo)
{
	struct loop_signal *s = uv->data;

	s->fn(s->arg, signo);
}

struct loop_signal *
loop_signal_new(struct loop *loop, int signo, loop_signal_fn *fn, void *arg)
{
	struct loop_signal *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	if (uv_signal_init(&loop->uv, &s->uv) < 0) {
		free(s);
		return NULL;
	}
	s->uv.data = s;
	s->fn = fn;
	s->arg = arg;
	if (uv_signal_start(&s->uv, signal_came, signo) < 0) {
		loop_signal_free(s);
		return NULL;
	}
	return s;
}

void
loop_signal_free(struct loop_signal *s)
{
	if (s)
		uv_close((uv_handle_t *)&s->uv, loop_free_handle);
}

/* ------------------------------------------------------------------- flush */

static void
flush_due(uv_prepare_t *uv)
{
	struct loop_flush *f = uv->data;

	f->fn(f->arg);
}

struct loop_flush *
loop_flush_new(struct loop *loop, loop_fn *fn, void *arg)
{
	struct loop_flush *f = calloc(1, sizeof *f);

	if (!f)
		return NULL;
	(void)uv_prepare_init(&loop->uv, &f->uv); /* cannot fail */
	f->uv.data = f;
	f->fn = fn;
	f->arg = arg;
	(void)uv_prepare_start(&f->uv, flush_due);
	return f;
}

void
loop_flush_free(struct loop_flush *f)
{
	if (f)
		uv_close((uv_handle_t *)&f->uv, loop_free_handle);
}
