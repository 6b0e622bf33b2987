/* task.c - a task from start to result */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/utf8.h"
#include "executor/abandoned.h"
#include "executor/hooks.h"
#include "executor/limits.h"
#include "executor/scratch.h"
#include "executor/task.h"

enum {
	LINGER_MS = 50, /* what is left may end by itself before we stop it */
	MESSAGE_MAX = 8192, /* a path that cannot be used fits */
};

struct task *
task_find(const struct executor *ex, const char *id)
{
	struct task *task;

	HASH_FIND_STR(ex->tasks, id, task);
	return task;
}

/* ------------------------------------------------------------------ alarms */

static void
alarm_due(void *arg)
{
	struct task *task = arg;
	void (*fn)(struct task * task) = task->on_alarm;

	task->on_alarm = NULL;
	fn(task);
}

void
task_alarm(struct task *task, int64_t delay_ms, void (*fn)(struct task *task))
{
	if (!task->alarm)
		task->alarm = loop_timer_new(task->ex->loop, alarm_due, task);
	if (!task->alarm) {
		executor_fail(task->ex, "out of memory");
		return;
	}
	task->on_alarm = fn;
	loop_timer_set(task->alarm, delay_ms);
}

void
task_alarm_off(struct task *task)
{
	task->on_alarm = NULL;
	if (task->alarm)
		loop_timer_stop(task->alarm);
}

/* Output is noted as it comes; whether it has been silent for too long is asked
 * only when that might be. What cannot be read for want of room is output. */
static void
time_over(struct task *task)
{
	int64_t now = clock_ms();

	if (task->timeout_ms > 0 && now - task->begun_ms >= task->timeout_ms) {
		cancel_timeout(task);
		return;
	}
	if (task->idle_ms > 0 && output_is_waiting(task))
		task->heard_ms = now;
	if (task->idle_ms > 0 && now - task->heard_ms >= task->idle_ms)
		cancel_idle(task);
	else
		task_watch_time(task);
}

void
task_watch_time(struct task *task)
{
	int64_t next = INT64_MAX, now = clock_ms();

	if (task->timeout_ms > 0)
		next = task->begun_ms + task->timeout_ms;
	if (task->idle_ms > 0 && task->heard_ms + task->idle_ms < next)
		next = task->heard_ms + task->idle_ms;
	if (next != INT64_MAX)
		task_alarm(task, next > now ? next - now : 0, time_over);
}

/* --------------------------------------------------------------------- end */

/* Nothing of it is left but what the server has not acknowledged. */
void
task_release(struct task *task)
{
	handle_drop_all(task->ex, task);
	child_free_all(task);
	hold_leave(TAKE(task->hold));
	output_free(task);
	if (task->defer_fd >= 0)
		(void)close(TAKE_FD(task->defer_fd));
	loop_timer_free(TAKE(task->alarm));
	fields_free(TAKE(task->params));
	free(TAKE(task->env));
}

bool
task_is_cancelled(const struct task *task)
{
	return task->cancel && !task->cancel->too_late;
}

bool
task_is_ok(const struct task *task)
{
	return task->outcome == MSG_EXITED && task->code == 0 && !task->failure;
}

static const char *
failure_name(const struct task *task)
{
	if (task_is_cancelled(task))
		return "";
	if (task->failure)
		return task->failure;
	switch (task->outcome) {
	case MSG_EXITED: return task->code ? "exit" : "";
	case MSG_SIGNALED: return "signal";
	case MSG_NOT_STARTED: return "refused";
	case MSG_LOST: return "executor_lost";
	}
	return "";
}

void
task_report(struct task *task)
{
	struct msg_survivor killed[CANCEL_KILLED];
	struct msg_receipt receipt;
	struct msg msg = { .kind = MSG_RESULT };
	const char *message = task->message ? task->message : "";
	char text[MESSAGE_MAX];

	/* A plugin may pass on the words of others. */
	utf8_clean(message, strlen(message), text, sizeof text);
	if (!task->verified_at)
		task->verified_at = clock_wall_ms();
	msg.result = (struct msg_result){
		.ok = task_is_cancelled(task) || task_is_ok(task),
		.cancelled = task_is_cancelled(task),
		.outcome = task->outcome,
		.code = task->code,
		.failure = failure_name(task),
		.message = text,
		.rule = task->rule,
		.started_at = task->started_at,
		.ended_at = task->verified_at,
		.stdout_bytes = task->stream_bytes[0],
		.stderr_bytes = task->stream_bytes[1],
		.dropped_bytes = task->dropped,
	};
	msg.result.hooks = hooks_runs(task, &msg.result.n_hooks);
	if (task_is_cancelled(task)) {
		cancel_receipt(task, &receipt, killed);
		msg.result.receipt = &receipt;
	}
	outbox_add(task, &msg);
}

void
task_end(struct task *task)
{
	struct executor *ex = task->ex;

	task_report(task);
	task->state = WORK_ENDED;
	ex->running--;
	cancel_free(TAKE(task->cancel));
	free(TAKE(task->message));
	hooks_free(task);
	if (task->out.discard) {
		task_drop(task);
		session_made_room(ex);
	}
	executor_maybe_stopped(ex);
}

static void
reap(struct task *task)
{
	struct executor *ex = task->ex;

	handle_drop_all(ex, task);
	if (task->started && ex->plugin->v.reap) {
		watchdog_enter(ex->watchdog, "reap", task->id);
		ex->plugin->v.reap(ex->self, task->work);
		watchdog_leave(ex->watchdog);
	}
	task_release(task);
	if (!hooks_are_left(task))
		scratch_remove(ex->scratch, task->id);
	task_end(task);
}

/* ------------------------------------------------------------- on the way */

/* A task under a default cancel ends when its programs have. */
static void
finish_for_plugin(struct task *task)
{
	const struct child *last = task->children;

	if (task->cancel->by_plugin || !child_all_gone(task))
		return;
	if (last && last->exit.signaled)
		task_finish(task, MSG_SIGNALED, last->exit.code, NULL, NULL);
	else
		task_finish(task, MSG_EXITED, last ? last->exit.code : 0, NULL,
			NULL);
}

static bool
has_leader(const struct task *task)
{
	for (struct child *c = task->children; c; c = c->next)
		if (!c->gone)
			return true;
	return false;
}

static void
settle_processes(struct task *task)
{
	if (task->stop != STOP_NONE)
		return; /* the ladder is at it */
	if (has_leader(task)) /* the plugin finished before they did */
		cancel_leftovers(task);
	else if (!task->wait_orphans && task->on_alarm != cancel_leftovers)
		task_alarm(task, LINGER_MS, cancel_leftovers);
}

void
task_advance(struct task *task)
{
	if (task->state == WORK_RUNNING && task->cancel &&
		task->stop > STOP_HOOK) {
		finish_for_plugin(task);
		return; /* task_finish() was here again */
	}
	if (task->state == WORK_SETTLING) {
		if (!child_all_gone(task)) {
			settle_processes(task);
			return;
		}
		task_clean(task);
	}
	if (task->state != WORK_CLEANING || task->reaping ||
		!output_settle(task) || !hooks_are_over(task))
		return;
	task->reaping = true; /* on a fresh turn: the caller may be anyone */
	task_alarm(task, 0, reap);
}

void
task_note_count(
	struct task *task, uint64_t n, const char *one, const char *many)
{
	char *text = NULL;

	if (asprintf(&text, "%s%s%" PRIu64 " %s",
		    task->message ? task->message : "",
		    task->message ? "; " : "", n, n == 1 ? one : many) < 0)
		return; /* a result without it */
	free(task->message);
	task->message = text;
}

/* Hooks do not wait until all output is taken: it may wait for a server that is
 * away, and what they release is needed now. */
void
task_clean(struct task *task)
{
	task_alarm_off(task);
	task->verified_at = clock_wall_ms();
	limits_note(task);
	if (task->left_killed)
		task_note_count(task, task->left_killed,
			"process that it had left was killed",
			"processes that it had left were killed");
	task->state = WORK_CLEANING;
	(void)output_settle(task); /* what can be read comes before theirs */
	hooks_begin(task);
	if (!hooks_are_over(task))
		cancel_verified(task); /* its result may take a while */
}

void
task_finish(struct task *task, enum msg_outcome outcome, int32_t code,
	const char *failure, const char *message)
{
	if (task->state != WORK_STARTING && task->state != WORK_RUNNING) {
		log_warn(0, "plugin '%s' finished task '%s' twice",
			task->ex->plugin->v.name, task->id);
		return;
	}
	/* Run time, or finish() overdue. Orphans that are waited for have no
	 * more time than the task. */
	if ((task->stop == STOP_NONE || task->stop == STOP_KILLED) &&
		!(task->wait_orphans && task->on_alarm == time_over))
		task_alarm_off(task);
	if (message) {
		free(task->message);
		task->message = strdup(message); /* NULL: no message then */
	}
	task->outcome = outcome;
	task->code = code;
	task->failure = failure;
	handle_drop_all(task->ex, task); /* only reap() follows */
	if (task->state == WORK_STARTING) {
		task->state = WORK_SETTLING; /* start() goes on from here */
		return;
	}
	task->state = WORK_SETTLING;
	task_advance(task);
}

void
task_announce(struct task *task, pid_t pid)
{
	struct msg msg = { .kind = MSG_STARTED };

	if (task->announced)
		return;
	task->announced = true;
	task->started_at = clock_wall_ms();
	msg.started = (struct msg_started){ .at = task->started_at,
		.pid = pid,
		.containment = holds_name(task->ex),
		.grace_ms = task->grace_ms,
		.user = task->user->name,
		.limits = task->limits,
		.timeout_ms = task->timeout_ms,
		.seccomp = task->filter ? "default" : "none" };
	outbox_add(task, &msg);
}

void
task_drop(struct task *task)
{
	struct executor *ex = task->ex;

	if (task->state != WORK_ENDED)
		ex->running--;
	hooks_free(task);
	task_release(task);
	outbox_free(task);
	cancel_free(task->cancel);
	free(task->message);
	if (task->abandoned)
		abandoned_dropped(task);
	else
		HASH_DEL(ex->tasks, task);
	free(task);
}
