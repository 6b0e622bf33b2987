/* output.c - pipes and emit() to responses, within the windows
 *
 * Nothing is dropped but what output_limit cuts. Unacknowledged output of a
 * task stays within its window, that of all tasks within held_max: at either
 * limit the pipe is not read, and its writer blocks in the kernel. While the
 * server is away that is so when the spool is full as well. */
#include <errno.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "executor/abandoned.h"
#include "executor/task.h"

enum { READ_ROUNDS = 4 }; /* of one pipe in a turn, then others have theirs */

/* --------------------------------------------------------------- responses */

static uint64_t
total_bytes(const struct task *task)
{
	uint64_t total = 0;

	for (size_t i = 0; i < ARRAY_SIZE(task->stream_bytes); i++)
		total += task->stream_bytes[i];
	return total;
}

static bool
is_cut(const struct task *task)
{
	return task->out.discard ||
	       (task->output_limit && total_bytes(task) >= task->output_limit);
}

/* How many bytes may be taken now, at most one piece; 0: wait. */
static size_t
room(struct task *task)
{
	struct executor *ex = task->ex;
	uint64_t left = task->window > task->produced
				? task->window - task->produced
				: 0;

	if (is_cut(task))
		return LIMIT_OUTPUT_CHUNK; /* read and counted, not kept */
	if (left && ex->held < ex->opt.held_max)
		return left < LIMIT_OUTPUT_CHUNK ? (size_t)left
						 : LIMIT_OUTPUT_CHUNK;
	if (!session_is_away(ex))
		session_watch(ex);
	else if (outbox_spool(task))
		return LIMIT_OUTPUT_CHUNK;
	if (ex->held >= ex->opt.held_max)
		ex->starved = true;
	return 0;
}

static void
add(struct task *task, enum msg_stream stream, const void *data, size_t len)
{
	struct msg msg = { .kind = MSG_OUTPUT };
	uint64_t total = total_bytes(task);
	size_t keep = len;

	if (stream != MSG_HOOK)
		task->heard_ms = clock_ms();
	if (task->abandoned)
		abandoned_log(task, data, len);

	if (is_cut(task))
		keep = 0;
	else if (task->output_limit && task->output_limit - total < len)
		keep = (size_t)(task->output_limit - total);
	task->dropped += len - keep;
	if (!keep)
		return;
	msg.output = (struct msg_output){ stream, data, keep };
	task->stream_bytes[stream - MSG_STDOUT] += keep;
	task->produced += keep;
	outbox_add(task, &msg);
}

int
output_emit(struct task *task, unsigned stream, const void *data, size_t len)
{
	size_t free_now;

	if ((stream != NDL_OUT && stream != NDL_ERR) || (len && !data))
		return -EINVAL;
	if (len > NDL_EMIT_MAX)
		return -EMSGSIZE;
	if (task->state != WORK_STARTING && task->state != WORK_RUNNING)
		return -EPIPE;
	free_now = room(task);
	if (len > free_now) {
		task->full = true;
		task->want_drained[stream == NDL_ERR] = true;
		return -EAGAIN;
	}
	task_announce(task, 0);
	add(task, stream == NDL_ERR ? MSG_STDERR : MSG_STDOUT, data, len);
	return 0;
}

/* ------------------------------------------------------------------- pumps */

static void
pump_free(struct pump *p)
{
	loop_watch_free(p->watch);
	(void)close(p->fd);
	free(p);
}

static void
pump_end(struct pump *p)
{
	struct pump **at = &p->task->pumps;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	pump_free(p);
}

enum pump_news { PUMP_MORE, PUMP_EMPTY, PUMP_FULL, PUMP_END };

static enum pump_news
pump_read(struct pump *p)
{
	size_t want = room(p->task);
	uint8_t *io = p->task->ex->io;
	ssize_t n;

	if (want == 0)
		return PUMP_FULL;
	if (p->last_gulp && p->left < want)
		want = p->left;
	if (want == 0)
		return PUMP_END;
	n = read(p->fd, io, want);
	if (n < 0)
		return errno == EINTR	 ? PUMP_MORE
		       : errno == EAGAIN ? p->last_gulp ? PUMP_END : PUMP_EMPTY
					 : PUMP_END;
	if (n == 0)
		return PUMP_END;
	p->left -= p->last_gulp ? (size_t)n : 0;
	task_announce(p->task, 0);
	add(p->task, p->stream, io, (size_t)n);
	if (p->last_gulp && p->left == 0)
		return PUMP_END;
	return (size_t)n < want ? PUMP_EMPTY : PUMP_MORE;
}

/* True when the pipe was closed. */
static bool
pump_run(struct pump *p)
{
	enum pump_news news = PUMP_MORE;

	for (int i = 0; i < READ_ROUNDS && news == PUMP_MORE; i++)
		news = pump_read(p);
	if (news == PUMP_FULL)
		p->task->full = true;
	if (news == PUMP_END) {
		pump_end(p);
		return true;
	}
	/* A pipe that cannot be watched any more has no end that we could
	 * see; the deadline after the task's death ends it. */
	(void)loop_watch_set(p->watch, news == PUMP_FULL ? 0 : LOOP_READ);
	return false;
}

static void
pump_ready(void *arg, int fd, unsigned ready)
{
	struct pump *p = arg;
	struct task *task = p->task;

	(void)fd;
	(void)ready;
	if (pump_run(p))
		task_advance(task);
}

int
output_pump(struct task *task, enum msg_stream stream, int take_fd)
{
	struct pump *p = calloc(1, sizeof *p);

	if (!p) {
		(void)close(take_fd);
		return -ENOMEM;
	}
	*p = (struct pump){ .task = task, .fd = take_fd, .stream = stream };
	p->watch = loop_watch_new(
		task->ex->loop, take_fd, LOOP_READ, pump_ready, p);
	if (!p->watch) {
		pump_free(p);
		return -ENOMEM;
	}
	p->next = task->pumps;
	task->pumps = p;
	return 0;
}

static void
pump_all(struct task *task)
{
	for (struct pump *p = task->pumps, *next; p; p = next) {
		next = p->next;
		(void)pump_run(p);
	}
}

static void
tell_drained(struct task *task)
{
	struct executor *ex = task->ex;
	const struct ndl_plugin *v = &ex->plugin->v;

	for (unsigned i = 0; i < 2; i++) {
		if (!task->want_drained[i] || !room(task))
			continue;
		task->want_drained[i] = false;
		if (!v->drained || task->state != WORK_RUNNING)
			continue;
		watchdog_enter(ex->watchdog, "drained", task->id);
		v->drained(ex->self, task->work, i ? NDL_ERR : NDL_OUT);
		watchdog_leave(ex->watchdog);
	}
}

void
output_resume(struct task *task)
{
	if (!task->full)
		return;
	task->full = false;
	pump_all(task);
	tell_drained(task);
	if (task->want_drained[0] || task->want_drained[1])
		task->full = true;
	task_advance(task);
}

void
output_resume_all(void *arg)
{
	struct executor *ex = arg;
	struct task *task, *tmp;

	ex->starved = false;
	HASH_ITER(hh, ex->tasks, task, tmp)
		output_resume(task);
}

/* -------------------------------------------------------------- at the end */

/* What the pipe contains now is the task's, what comes later is not. */
static void
cut_off(struct pump *p)
{
	int left = 0;

	(void)ioctl(p->fd, FIONREAD, &left); /* fails: 0 */
	p->last_gulp = true;
	p->left = left > 0 ? (size_t)left : 0;
	(void)pump_run(p);
}

/* Somebody who is not of the task holds its pipes. */
static void
cut_off_strangers(struct task *task)
{
	for (struct pump *p = task->pumps, *next; p; p = next) {
		next = p->next;
		if (p->stream != MSG_HOOK && !p->last_gulp)
			cut_off(p);
	}
	task_advance(task);
}

void
output_hooks_over(struct task *task)
{
	for (struct pump *p = task->pumps, *next; p; p = next) {
		next = p->next;
		if (p->stream == MSG_HOOK)
			cut_off(p);
	}
}

static bool
may_have_strangers(const struct task *task)
{
	for (const struct pump *p = task->pumps; p; p = p->next)
		if (p->stream != MSG_HOOK && !p->last_gulp)
			return true;
	return false;
}

bool
output_settle(struct task *task)
{
	if (task->on_alarm != cut_off_strangers && may_have_strangers(task)) {
		pump_all(task);
		if (may_have_strangers(task))
			task_alarm(task, STRANGER_MS, cut_off_strangers);
	}
	return task->pumps == NULL;
}

bool
output_is_waiting(const struct task *task)
{
	int left = 0;

	if (task->full)
		return true;
	for (const struct pump *p = task->pumps; p; p = p->next)
		if (ioctl(p->fd, FIONREAD, &left) == 0 && left > 0)
			return true;
	return false;
}

void
output_free(struct task *task)
{
	while (task->pumps)
		pump_end(task->pumps);
}
