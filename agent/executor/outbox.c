/* outbox.c - responses kept until the server acknowledges them
 *
 * Each task numbers its responses from 1 without a gap. They are packed once
 * and kept as bytes; a new connection gets all of them again. What the link
 * does not take stays unsent, its task in a queue, so that every task gets its
 * turn. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/log.h"
#include "executor/task.h"

enum { LAZY_MS = 3 };

static void
wait_for_link(struct task *task)
{
	struct executor *ex = task->ex;

	if (task->out.waiting)
		return;
	task->out.waiting = true;
	task->out.next_waiting = NULL;
	*ex->last_waiting = task;
	ex->last_waiting = &task->out.next_waiting;
}

static void
stop_waiting(struct task *task)
{
	struct executor *ex = task->ex;
	struct task **p = &ex->waiting;

	if (!task->out.waiting)
		return;
	while (*p != task)
		p = &(*p)->out.next_waiting;
	*p = task->out.next_waiting;
	if (!*p)
		ex->last_waiting = p;
	task->out.waiting = false;
}

/* As much of this task as the link takes. False: the link is full. */
static bool
send_some(struct task *task)
{
	struct outbox *out = &task->out;

	while (out->unsent) {
		const struct held *h = out->unsent;

		/* An error means that the link is about to end: its owner is
		 * told by on_end() and everything is sent again. */
		if (link_send_payload(task->ex->link, h->payload, h->len,
			    false) != LINK_OK)
			return false;
		out->unsent = h->next;
	}
	return true;
}

static void
send_or_wait(struct task *task)
{
	struct executor *ex = task->ex;

	if (!ex->attached || ex->waiting || !send_some(task))
		wait_for_link(task);
}

/* "Started" or a step of a cancel is not worth a trip of its own: most often
 * the end follows soon, and both travel as one. */
static void
make_lazy(struct task *task)
{
	struct executor *ex = task->ex;

	if (task->out.lazy)
		return;
	task->out.lazy = true;
	DL_APPEND2(ex->lazy, task, out.prev_lazy, out.next_lazy);
	if (!loop_timer_active(ex->lazy_timer))
		loop_timer_set(ex->lazy_timer, LAZY_MS);
}

static void
stop_lazy(struct task *task)
{
	if (!task->out.lazy)
		return;
	task->out.lazy = false;
	DL_DELETE2(task->ex->lazy, task, out.prev_lazy, out.next_lazy);
}

void
outbox_hurry(void *arg)
{
	struct executor *ex = arg;

	while (ex->lazy) {
		struct task *task = ex->lazy;

		stop_lazy(task);
		send_or_wait(task);
	}
}

void
outbox_send(struct executor *ex)
{
	while (ex->attached && ex->waiting) {
		if (!send_some(ex->waiting))
			return;
		stop_waiting(ex->waiting);
	}
}

static struct held *
keep(struct task *task, const struct msg *msg)
{
	struct executor *ex = task->ex;
	struct held *h;

	buf_clear(&ex->pack);
	if (msg_pack(msg, &ex->pack) < 0)
		return NULL;
	h = malloc(sizeof *h + ex->pack.len);
	if (!h)
		return NULL;
	h->next = NULL;
	h->seq = msg->seq;
	h->len = ex->pack.len;
	memcpy(h->payload, ex->pack.data, h->len);
	ex->held += sizeof *h + h->len;
	return h;
}

void
outbox_add(struct task *task, struct msg *msg)
{
	struct outbox *out = &task->out;
	struct executor *ex = task->ex;
	struct held *h;

	if (out->discard)
		return;
	msg->agent_id = ex->opt.agent_id;
	msg->task_id = task->id;
	msg->plugin = ex->plugin->v.name;
	msg->seq = ++out->seq;
	h = keep(task, msg);
	if (!h) { /* a gap in the numbers would be a lie */
		out->discard = true;
		executor_fail(ex, "out of memory");
		return;
	}
	if (out->last)
		out->last->next = h;
	else
		out->first = h;
	out->last = h;
	if (!out->unsent)
		out->unsent = h;
	if (msg->kind == MSG_STARTED || msg->kind == MSG_CANCEL_PHASE) {
		make_lazy(task);
		return;
	}
	stop_lazy(task);
	send_or_wait(task);
}

static void
drop_first(struct task *task)
{
	struct outbox *out = &task->out;
	struct held *h = out->first;

	out->first = h->next;
	if (!out->first)
		out->last = NULL;
	if (out->unsent == h)
		out->unsent = h->next;
	task->ex->held -= sizeof *h + h->len;
	free(h);
}

void
outbox_ack(struct task *task, uint64_t seq)
{
	while (task->out.first && task->out.first->seq <= seq)
		drop_first(task);
}

void
outbox_rewind(struct executor *ex)
{
	struct task *task, *tmp;

	HASH_ITER(hh, ex->tasks, task, tmp) {
		task->out.unsent = task->out.first;
		if (task->out.unsent)
			wait_for_link(task);
	}
}

void
outbox_free(struct task *task)
{
	stop_waiting(task);
	stop_lazy(task);
	outbox_ack(task, UINT64_MAX);
}
