/* start.c - from a request to a running task, or to its refusal */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "executor/abandoned.h"
#include "executor/env.h"
#include "executor/hooks.h"
#include "executor/keep.h"
#include "executor/limits.h"
#include "executor/policy.h"
#include "executor/scratch.h"
#include "executor/seccomp.h"
#include "executor/task.h"
#include "executor/users.h"

enum { DEFAULT_GRACE_MS = 10000 };

static struct task *
task_new(struct executor *ex, const char *id)
{
	struct task *task = calloc(1, sizeof *task);

	if (!task) {
		executor_fail(ex, "out of memory");
		return NULL;
	}
	task->ex = ex;
	task->defer_fd = -1;
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
	task_release(task);
	task_end(task);
}

/* No sum with it can overflow. */
static int64_t
time_limit(int64_t ms)
{
	const int64_t max = (int64_t)LIMIT_TIMEOUT_S * 1000;

	return ms < max ? ms : max;
}

static void
set_options(struct task *task, const struct msg_start *how)
{
	const struct executor *ex = task->ex;

	task->attempt = how->attempt;
	task->timeout_ms = time_limit(how->timeout_ms);
	if (task->timeout_ms <= 0)
		task->timeout_ms = ex->opt.max_timeout_ms;
	task->idle_ms = time_limit(how->idle_timeout_ms);
	task->grace_ms = how->grace_ms ? how->grace_ms : DEFAULT_GRACE_MS;
	if (task->grace_ms < 0)
		task->grace_ms = 0;
	if (task->grace_ms > ex->opt.max_grace_ms)
		task->grace_ms = ex->opt.max_grace_ms;
	task->stop_signal = how->stop_signal > 0 && how->stop_signal <= 64
				    ? (int)how->stop_signal
				    : SIGTERM;
	task->wait_orphans = how->wait_orphans;
	task->output_limit = how->output_limit;
	task->asks_pids = how->limits.pids != 0;
	/* A piece of output must fit, or the task could never go on. */
	task->window = how->window ? how->window : LIMIT_TASK_WINDOW;
	if (task->window < LIMIT_OUTPUT_CHUNK)
		task->window = LIMIT_OUTPUT_CHUNK;
}

int
task_identify(struct task *task, const struct msg_start *how, struct err *err)
{
	const struct executor *ex = task->ex;
	const struct task_user *user = users_find(ex->users, how->user);
	char dir[4096];

	if (!user)
		return policy_forbid(task, "tasks.allow_users", err,
			"this agent may not run tasks as user '%.64s'; name it "
			"in allow_users of [tasks] in its settings",
			how->user);
	task->user = user->account;
	task->filter = seccomp_choose(ex->seccomp, task->user, how->seccomp);
	if (snprintf(dir, sizeof dir, "%s/%s", scratch_path(ex->scratch),
		    task->id) >= (int)sizeof dir)
		return err_set(err, -ENAMETOOLONG, "scratch path too long");
	return env_build(user->env, task->id, dir, how->env, how->n_env,
		&task->env, err);
}

/* Its folder, and in it what its hooks may need. */
static int
make_place(struct task *task, const struct msg_start *how, struct err *err)
{
	struct executor *ex = task->ex;
	int r = scratch_make(ex->scratch, task->id, task->user);

	if (r < 0)
		return err_set(err, r, "cannot make scratch folder '%s/%s': %s",
			scratch_path(ex->scratch), task->id, err_name(-r));
	r = task->defer_fd = scratch_open_defer(ex->scratch, task->id);
	if (r >= 0)
		r = hooks_new(task, how);
	if (r >= 0)
		r = keep_write(task, how);
	if (r >= 0)
		return 0;
	scratch_remove(ex->scratch, task->id);
	return err_set(err, r, "cannot write down the hooks: %s", err_name(-r));
}

/* What no process of ours may have cannot be given. */
static int
check_open_files(uint64_t asked, struct err *err)
{
	struct rlimit ours;

	if (!asked || geteuid() == 0 || getrlimit(RLIMIT_NOFILE, &ours) < 0 ||
		asked <= ours.rlim_max)
		return 0;
	return err_set(err, -EPERM,
		"limits: open_files is at most %llu here, the agent's own",
		(unsigned long long)ours.rlim_max);
}

static int
prepare(struct task *task, const struct msg_start *how, struct err *err)
{
	struct executor *ex = task->ex;
	int r;

	if (abandoned_has(ex, task->id))
		return err_set(err, -EBUSY,
			"hooks of an earlier run of this task still run");
	if (HASH_COUNT(ex->tasks) > EXECUTOR_TASKS)
		return err_set(err, -EAGAIN,
			"this executor holds %d tasks already", EXECUTOR_TASKS);
	if (how->strict && !holds_are_complete(ex))
		return err_set(err, -ENOTSUP,
			"the task asks for strict containment, and this host "
			"has only '%s'",
			holds_name(ex));
	r = policy_check(task, how, err);
	if (r == 0)
		r = limits_choose(ex, &how->limits, &task->limits, err);
	if (r < 0)
		return r;
	r = fields_check(ex->plugin->params, "parameter", how->params,
		how->n_params, &task->params, err);
	if (r < 0)
		return r;
	r = check_open_files(how->limits.open_files, err);
	if (r == 0)
		r = task_identify(task, how, err);
	return r < 0 ? r : make_place(task, how, err);
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
		task->begun_ms = task->heard_ms = clock_ms();
		task_watch_time(task);
	}
	task_advance(task);
}

void
task_refuse(struct executor *ex, const char *id, const char *why)
{
	struct task *task = task_new(ex, id);

	if (task)
		refuse(task, "refused", ESHUTDOWN, why);
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
	task_end(task);
}
