/* handles.c - timers and watches of the plugin, known to it by number
 *
 * Numbers are never used twice, so a stale one is harmless. A handle may be
 * dropped from inside its own callback: nothing of it is touched after the
 * call. */
#include <errno.h>
#include <stdlib.h>

#include "executor/task.h"

struct handle {
	UT_hash_handle hh;
	int64_t id;
	struct executor *ex;
	struct task *task; /* or NULL */
	struct handle *next, **at; /* in the task's list */
	struct loop_timer *timer; /* this ... */
	struct loop_watch *watch; /* ... or this */
	ndl_fn *fn;
	ndl_fd_fn *fd_fn;
	void *arg;
};

static struct handle *
find(const struct executor *ex, int64_t id)
{
	struct handle *h;

	HASH_FIND(hh, ex->handles, &id, sizeof id, h);
	return h;
}

static void
handle_free(struct handle *h)
{
	HASH_DEL(h->ex->handles, h);
	if (h->at) {
		*h->at = h->next;
		if (h->next)
			h->next->at = h->at;
	}
	loop_timer_free(h->timer);
	loop_watch_free(h->watch);
	free(h);
}

static const char *
task_id(const struct handle *h)
{
	return h->task ? h->task->id : "";
}

static void
timer_due(void *arg)
{
	struct handle *h = arg;
	struct executor *ex = h->ex;
	ndl_fn *fn = h->fn;
	void *fn_arg = h->arg;

	watchdog_enter(ex->watchdog, "timer", task_id(h));
	handle_free(h); /* one shot */
	fn(fn_arg);
	watchdog_leave(ex->watchdog);
}

static void
watch_ready(void *arg, int fd, unsigned ready)
{
	struct handle *h = arg;
	struct executor *ex = h->ex;
	unsigned news = (ready & LOOP_READ ? (unsigned)NDL_READ : 0u) |
			(ready & LOOP_WRITE ? (unsigned)NDL_WRITE : 0u);

	watchdog_enter(ex->watchdog, "watch", task_id(h));
	h->fd_fn(h->arg, fd, news);
	watchdog_leave(ex->watchdog);
}

static struct handle *
handle_new(struct executor *ex, struct task *task, void *arg)
{
	struct handle *h = calloc(1, sizeof *h);

	if (!h)
		return NULL;
	h->id = ++ex->last_id;
	h->ex = ex;
	h->task = task;
	h->arg = arg;
	if (task) {
		h->at = &task->handles;
		h->next = task->handles;
		if (h->next)
			h->next->at = &h->next;
		task->handles = h;
	}
	HASH_ADD(hh, ex->handles, id, sizeof h->id, h);
	return h;
}

static bool
may_have_handles(const struct task *task)
{
	return !task || task->state == WORK_STARTING ||
	       task->state == WORK_RUNNING;
}

int64_t
handle_timer(struct executor *ex, struct task *task, int64_t delay_ms,
	ndl_fn *fn, void *arg)
{
	struct handle *h;

	if (!fn || delay_ms < 0)
		return -EINVAL;
	if (!may_have_handles(task))
		return -ESRCH;
	h = handle_new(ex, task, arg);
	if (!h)
		return -ENOMEM;
	h->fn = fn;
	h->timer = loop_timer_new(ex->loop, timer_due, h);
	if (!h->timer) {
		handle_free(h);
		return -ENOMEM;
	}
	loop_timer_set(h->timer, delay_ms);
	return h->id;
}

static unsigned
loop_events(unsigned events)
{
	return (events & NDL_READ ? (unsigned)LOOP_READ : 0u) |
	       (events & NDL_WRITE ? (unsigned)LOOP_WRITE : 0u);
}

int64_t
handle_watch(struct executor *ex, struct task *task, int fd, unsigned events,
	ndl_fd_fn *fn, void *arg)
{
	struct handle *h;

	if (!fn || fd < 0)
		return -EINVAL;
	if (!may_have_handles(task))
		return -ESRCH;
	h = handle_new(ex, task, arg);
	if (!h)
		return -ENOMEM;
	h->fd_fn = fn;
	h->watch = loop_watch_new(
		ex->loop, fd, loop_events(events), watch_ready, h);
	if (!h->watch) {
		handle_free(h);
		return -EBADF;
	}
	return h->id;
}

int
handle_rewatch(struct executor *ex, int64_t id, unsigned events)
{
	struct handle *h = find(ex, id);

	if (!h || !h->watch)
		return -ENOENT;
	return loop_watch_set(h->watch, loop_events(events));
}

void
handle_drop(struct executor *ex, int64_t id)
{
	struct handle *h = find(ex, id);

	if (h)
		handle_free(h);
}

void
handle_drop_all(struct executor *ex, struct task *task)
{
	struct handle *h, *tmp;

	if (task) {
		while (task->handles)
			handle_free(task->handles);
		return;
	}
	HASH_ITER(hh, ex->handles, h, tmp)
		handle_free(h);
}
