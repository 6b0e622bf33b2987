/* task.c - a task from start to result */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "executor/env.h"
#include "executor/scratch.h"
#include "executor/task.h"

enum {
	LINGER_MS = 50, /* what is left may end by itself before we stop it */
	DEFAULT_GRACE_MS = 10000,
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

/* --------------------------------------------------------------------- end */

/* Nothing of it is left but what the server has not acknowledged. */
static void
release_work(struct task *task)
{
	handle_drop_all(task->ex, task);
	child_free_all(task);
	output_free(task);
	loop_timer_free(TAKE(task->alarm));
	fields_free(TAKE(task->params));
	free(TAKE(task->env));
}

static const char *
failure_name(const struct task *task)
{
	if (task->cancel)
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

static void
report_result(struct task *task)
{
	struct msg_survivor killed[CANCEL_KILLED];
	struct msg_receipt receipt;
	struct msg msg = { .kind = MSG_RESULT };

	msg.result = (struct msg_result){
		.ok = task->cancel ||
		      (task->outcome == MSG_EXITED && task->code == 0),
		.cancelled = task->cancel != NULL,
		.outcome = task->outcome,
		.code = task->code,
		.failure = failure_name(task),
		.message = task->message,
		.started_at = task->started_at,
		.ended_at = clock_wall_ms(),
		.stdout_bytes = task->stream_bytes[0],
		.stderr_bytes = task->stream_bytes[1],
		.dropped_bytes = task->dropped,
	};
	if (task->cancel) {
		cancel_receipt(task->cancel, &receipt, killed);
		msg.result.receipt = &receipt;
	}
	outbox_add(task, &msg);
}

static void
end(struct task *task)
{
	struct executor *ex = task->ex;

	report_result(task);
	task->state = WORK_ENDED;
	ex->running--;
	cancel_free(TAKE(task->cancel));
	free(TAKE(task->message));
	if (task->out.discard)
		task_drop(task);
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
	release_work(task);
	scratch_remove(ex->scratch, task->id);
	end(task);
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
		if (c->state == CHILD_ALIVE)
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
		task->stop != STOP_NONE) {
		finish_for_plugin(task);
		return; /* task_finish() was here again */
	}
	if (task->state != WORK_SETTLING || task->reaping)
		return;
	if (!child_all_gone(task)) {
		settle_processes(task);
		return;
	}
	if (!output_settle(task))
		return;
	task->reaping = true; /* on a fresh turn: the caller may be anyone */
	task_alarm(task, 0, reap);
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
	if (task->stop != STOP_GRACE)
		task_alarm_off(task); /* run time, or finish() overdue */
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
		.containment = group_name(),
		.grace_ms = task->grace_ms };
	outbox_add(task, &msg);
}

/* ------------------------------------------------------------------- start */

static struct task *
task_new(struct executor *ex, const char *id)
{
	struct task *task = calloc(1, sizeof *task);

	if (!task) {
		executor_fail(ex, "out of memory");
		return NULL;
	}
	task->ex = ex;
	(void)stpncpy(task->id, id, sizeof task->id - 1);
	HASH_ADD_STR(ex->tasks, id, task);
	ex->running++;
	return task;
}

/* It does not run, and nothing of it does. */
static void
refuse(struct task *task, const char *failure, int error, const char *message)
{
	free(task->message);
	task->message = strdup(message);
	task->outcome = MSG_NOT_STARTED;
	task->code = error;
	task->failure = failure;
	release_work(task);
	end(task);
}

static void
set_options(struct task *task, const struct msg_start *how)
{
	const struct executor *ex = task->ex;

	task->attempt = how->attempt;
	task->timeout_ms = how->timeout_ms;
	task->grace_ms = how->grace_ms > 0 ? how->grace_ms : DEFAULT_GRACE_MS;
	if (task->grace_ms > ex->opt.max_grace_ms)
		task->grace_ms = ex->opt.max_grace_ms;
	task->stop_signal = how->stop_signal > 0 && how->stop_signal <= 64
				    ? (int)how->stop_signal
				    : SIGTERM;
	task->wait_orphans = how->wait_orphans;
	task->output_limit = how->output_limit;
	/* A piece of output must fit, or the task could never go on. */
	task->window = how->window ? how->window : LIMIT_TASK_WINDOW;
	if (task->window < LIMIT_OUTPUT_CHUNK)
		task->window = LIMIT_OUTPUT_CHUNK;
}

static int
prepare(struct task *task, const struct msg_start *how, struct err *err)
{
	struct executor *ex = task->ex;
	char dir[4096];
	int r;

	if (HASH_COUNT(ex->tasks) > EXECUTOR_TASKS)
		return err_set(err, -EAGAIN,
			"this executor holds %d tasks already", EXECUTOR_TASKS);
	r = fields_check(ex->plugin->params, "parameter", how->params,
		how->n_params, &task->params, err);
	if (r < 0)
		return r;
	if (snprintf(dir, sizeof dir, "%s/%s", scratch_path(ex->scratch),
		    task->id) >= (int)sizeof dir)
		return err_set(err, -ENAMETOOLONG, "scratch path too long");
	r = env_build(ex->base_env, task->id, dir, how->env, how->n_env,
		&task->env, err);
	if (r < 0)
		return r;
	r = scratch_make(ex->scratch, task->id);
	if (r < 0)
		return err_set(err, r, "cannot make scratch folder '%s': %s",
			dir, err_name(-r));
	return 0;
}

/* start() said no. Programs it had started all the same are stopped first. */
static void
rejected(struct task *task, int r)
{
	struct executor *ex = task->ex;
	const char *failure = task->failure ? task->failure : "refused";
	AUTO_FREE char *message = task->message ? strdup(task->message) : NULL;

	if (task->children) {
		if (task->state == WORK_STARTING)
			task_finish(task, MSG_NOT_STARTED, -r, failure, NULL);
		task_advance(task);
		return;
	}
	scratch_remove(ex->scratch, task->id);
	refuse(task, failure, -r, message ? message : err_name(-r));
}

void
task_start(struct executor *ex, const char *id, const struct msg_start *how)
{
	struct task *task = task_new(ex, id);
	struct err err = { .text = "" };
	int r;

	if (!task)
		return;
	set_options(task, how);
	r = prepare(task, how, &err);
	if (r < 0) {
		refuse(task, "refused", -r, err.text);
		return;
	}
	watchdog_enter(ex->watchdog, "start", task->id);
	r = ex->plugin->v.start(ex->self, host_task(task), &task->work);
	watchdog_leave(ex->watchdog);
	if (r < 0) {
		rejected(task, r);
		return;
	}
	task->started = true;
	task_announce(task, 0);
	if (task->state == WORK_STARTING) {
		task->state = WORK_RUNNING;
		if (task->timeout_ms > 0)
			task_alarm(task, task->timeout_ms, cancel_timeout);
	}
	task_advance(task);
}

void
task_never(struct executor *ex, const char *id, struct cancel *take_cancel)
{
	struct task *task = task_new(ex, id);

	if (!task) {
		cancel_free(take_cancel);
		return;
	}
	task->cancel = take_cancel;
	task->outcome = MSG_NOT_STARTED;
	end(task);
}

void
task_drop(struct task *task)
{
	struct executor *ex = task->ex;

	if (task->state != WORK_ENDED)
		ex->running--;
	release_work(task);
	outbox_free(task);
	cancel_free(task->cancel);
	free(task->message);
	HASH_DEL(ex->tasks, task);
	free(task);
}
