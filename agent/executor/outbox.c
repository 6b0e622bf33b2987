/* outbox.c - responses kept until the server acknowledges them
 *
 * Each task numbers its responses from 1 without a gap. They are packed once
 * and kept as bytes; a new connection gets all of them again, within the task's
 * window. What the link does not take stays unsent, its task in a queue, so
 * that every task gets its turn.
 *
 * A response is added in memory, always: the result and the steps of a cancel
 * wait for no disk. What is too much there is moved to the spool, oldest first,
 * and is sent from there without coming back. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/log.h"
#include "executor/task.h"

enum {
	LAZY_MS = 3,
	RUN_PIECES = 512, /* in one run of the spool, */
	RUN_SIZE = 1 << 20, /* until it is so long */
	SPOOL_AGAIN_MS = 1000, /* after the disk did not take it */
};

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

/* The next one to be sent, wherever it lies. 0 or -errno. */
static int
peek(const struct task *task, struct held_head *head, const uint8_t **payload)
{
	const struct held *h = task->out.unsent;
	struct spool *spool = task->ex->spool;
	size_t at = task->out.unsent_at;
	const uint8_t *data;
	int r;

	if (!h->run.size) {
		*head = h->head;
		*payload = h->payload;
		return 0;
	}
	r = spool_read(spool, &h->run, at, sizeof *head, &data);
	if (r < 0)
		return r;
	memcpy(head, data, sizeof *head);
	return spool_read(
		spool, &h->run, at + sizeof *head, head->len, payload);
}

static void
step(struct outbox *out, const struct held_head *head)
{
	const struct held *h = out->unsent;

	out->unsent_at += sizeof *head + head->len;
	if (out->unsent_at < h->run.size)
		return;
	out->unsent = h->next;
	out->unsent_at = 0;
}

static void
give_up(struct task *task, const char *why)
{
	task->out.discard = true;
	task->out.unsent = NULL;
	executor_fail(task->ex, why);
}

/* As much of this task as window and link take. False: the link is full. */
static bool
send_some(struct task *task)
{
	struct outbox *out = &task->out;
	struct held_head head;
	const uint8_t *payload;

	while (out->unsent) {
		if (peek(task, &head, &payload) < 0) {
			give_up(task, "the spool cannot be read");
			return true;
		}
		if (head.end > task->window)
			return true; /* an acknowledgement comes */
		/* An error means that the link is about to end: its owner is
		 * told by on_end() and everything is sent again. */
		if (link_send_payload(task->ex->link, payload, head.len,
			    false) != LINK_OK)
			return false;
		step(out, &head);
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

void
outbox_go_on(struct task *task)
{
	if (task->out.unsent && !task->out.waiting && !task->out.lazy)
		send_or_wait(task);
}

/* -------------------------------------------------------------------- keep */

static void
count(struct task *task, const struct held *h, bool more)
{
	size_t size = sizeof *h + h->head.len;

	if (h->run.size) /* little for much */
		return;
	task->out.size += more ? size : -size;
	task->ex->held += more ? size : -size;
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
	*h = (struct held){ .seq = msg->seq,
		.head = { task->produced, ex->pack.len } };
	memcpy(h->payload, ex->pack.data, h->head.len);
	count(task, h, true);
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
		give_up(task, "out of memory");
		return;
	}
	if (out->last)
		out->last->next = h;
	else
		out->first = h;
	out->last = h;
	if (!out->unsent) {
		out->unsent = h;
		out->unsent_at = 0;
	}
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
	if (out->last_run == h)
		out->last_run = NULL;
	if (out->unsent == h) {
		out->unsent = h->next;
		out->unsent_at = 0;
	}
	count(task, h, false);
	if (h->run.size)
		spool_drop(task->ex->spool, &h->run);
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
		task->out.unsent_at = 0;
		if (task->out.unsent)
			wait_for_link(task);
	}
}

/* ------------------------------------------------------------------- spool */

/* The oldest in memory, and what of the following becomes one run with it. What
 * was sent and what was not never share one. */
static int
gather(const struct outbox *out, struct held *from, struct iovec *iov,
	struct held **last)
{
	size_t size = 0;
	int n = 0;

	for (struct held *h = from; h && n < RUN_PIECES && size < RUN_SIZE;
		h = h->next) {
		if (h == out->unsent && h != from)
			break;
		iov[n] = (struct iovec){ &h->head,
			sizeof h->head + h->head.len };
		size += iov[n++].iov_len;
		*last = h;
	}
	return n;
}

/* `run` takes the place of those in memory up to `last`. */
static void
replace(struct task *task, struct held *run, struct held *last)
{
	struct outbox *out = &task->out;
	struct held **at = out->last_run ? &out->last_run->next : &out->first;
	struct held *after = last->next;

	run->seq = last->seq;
	run->next = after;
	if (out->unsent == *at)
		out->unsent = run;
	if (out->last == last)
		out->last = run;
	for (struct held *h = *at, *next; h != after; h = next) {
		next = h->next;
		count(task, h, false);
		free(h);
	}
	*at = out->last_run = run;
}

static void
note_trouble(struct executor *ex, int r)
{
	if (r < 0) /* the limit is left by an acknowledgement only */
		loop_timer_set(ex->spool_timer, SPOOL_AGAIN_MS);
	if (ex->spool_ill)
		return;
	ex->spool_ill = true;
	log_warn(r < 0 ? r : 0, "%s: tasks wait with their output",
		r < 0 ? "cannot write to the spool" : "the spool is full");
}

/* All that the task has in memory. False: not all of it. */
static bool
spool_task(struct task *task)
{
	struct outbox *out = &task->out;
	struct executor *ex = task->ex;
	struct iovec iov[RUN_PIECES];
	struct held *from, *last, *run;
	int n, r;

	while ((from = out->last_run ? out->last_run->next : out->first)) {
		n = gather(out, from, iov, &last);
		run = calloc(1, sizeof *run);
		r = run ? spool_write(ex->spool, iov, n, &run->run) : -ENOMEM;
		if (r != SPOOL_OK) {
			free(run);
			note_trouble(ex, r);
			return false;
		}
		ex->spool_ill = false;
		replace(task, run, last);
	}
	return true;
}

bool
outbox_spool(struct task *task)
{
	struct executor *ex = task->ex;
	struct task *other, *tmp;

	if (!ex->opt.spool_limit || loop_timer_active(ex->spool_timer))
		return false;
	if (task->out.size >= LIMIT_TASK_WINDOW)
		(void)spool_task(task); /* what is left is seen below */
	if (ex->held >= ex->opt.held_max)
		HASH_ITER(hh, ex->tasks, other, tmp)
			if (!spool_task(other))
				break;
	return task->out.size < LIMIT_TASK_WINDOW &&
	       ex->held < ex->opt.held_max;
}

void
outbox_free(struct task *task)
{
	stop_waiting(task);
	stop_lazy(task);
	outbox_ack(task, UINT64_MAX);
}
