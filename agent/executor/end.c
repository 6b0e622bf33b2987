/* end.c - the end of an executor: it is asked to stop, or cannot go on */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "executor/abandoned.h"
#include "executor/hook.h"
#include "executor/hooks.h"
#include "executor/starts.h"
#include "executor/task.h"
#include "task/reason.h"

enum {
	LAST_LOOKS_MS = 1000, /* for the killed to die, when we fail */
	LOOK_MS = 2,
	LAST_ACKS_MS = 3000, /* at the end, for the server to store results */
	LAST_HOOKS_MS = 20000, /* for hooks, less than what the monitor adds to
				  the grace */
};

/* ------------------------------------------------------------------ failing */

static void
report_lost(struct task *task)
{
	struct msg msg = { .kind = MSG_RESULT };

	msg.result = (struct msg_result){ .outcome = MSG_LOST,
		.failure = "executor_lost",
		.message = task->lost ? "the plugin did not end the task"
				      : "another task made the executor fail",
		.started_at = task->started_at,
		.ended_at = clock_wall_ms(),
		.stdout_bytes = task->stream_bytes[0],
		.stderr_bytes = task->stream_bytes[1],
		.dropped_bytes = task->dropped };
	outbox_add(task, &msg);
}

/* One that is CLEANING has ended, verified; its hooks are the next executor's
 * business. */
static void
say_last_word(struct task *task)
{
	if (task->state == WORK_CLEANING)
		task_report(task);
	else
		report_lost(task);
}

/* Nothing of it is left, as far as that is ours to know: what a plugin does
 * elsewhere its next sweep() ends, and a hook that runs is the next executor's,
 * too. */
static bool
is_over(const struct task *task)
{
	if (task->state == WORK_CLEANING)
		return true;
	return !task->ex->plugin->v.sweep && task->stop != STOP_HOOK &&
	       (!task->hold || contain_is_empty(hold_contain(task->hold)) == 1);
}

/* Waits, since nothing may happen to them meanwhile but their death. */
static void
kill_and_look(struct executor *ex)
{
	int64_t until = clock_ms() + LAST_LOOKS_MS;
	struct task *task, *tmp;
	bool left;

	HASH_ITER(hh, ex->tasks, task, tmp)
		if (task->state != WORK_ENDED)
			(void)child_kill_all(task);
	do {
		left = false;
		HASH_ITER(hh, ex->tasks, task, tmp) {
			if (task->state == WORK_ENDED || !task->hold ||
				is_over(task))
				continue;
			left = true;
			(void)contain_kill(hold_contain(task->hold));
		}
	} while (left && clock_ms() < until && poll(NULL, 0, LOOK_MS) == 0);
}

/* Of the others the next executor finds out; until then nobody calls them
 * lost. */
static void
fail_now(void *arg)
{
	struct executor *ex = arg;
	struct task *task, *tmp;

	kill_and_look(ex);
	HASH_ITER(hh, ex->tasks, task, tmp) {
		if (task->state == WORK_ENDED)
			continue;
		if (is_over(task))
			say_last_word(task);
		else
			log_warn(0,
				"it is for the next executor to see that "
				"nothing is left of task '%s'",
				task->id);
	}
	if (ex->opt.on_failure) {
		ex->opt.on_failure(ex->opt.arg);
		return;
	}
	link_free(TAKE(ex->link)); /* tries once more to send */
	exit(EXIT_FAILURE);
}

static void
set_later(struct executor *ex, loop_fn *fn, int64_t delay_ms)
{
	loop_timer_free(ex->later);
	ex->later = loop_timer_new(ex->loop, fn, ex);
	if (!ex->later)
		abort(); /* no memory to say more */
	loop_timer_set(ex->later, delay_ms);
}

/* For a plugin that does not keep its word and for lack of memory: to go on
 * would be to lie about tasks. The monitor starts a new executor. */
void
executor_fail(struct executor *ex, const char *why)
{
	if (ex->failed)
		return;
	ex->failed = true;
	log_error(0, "executor of plugin '%s' gives up: %s", ex->plugin->v.name,
		why);
	set_later(ex, fail_now, 0);
}

/* ----------------------------------------------------------------- stopping */

static void
stopped(void *arg)
{
	struct executor *ex = arg;
	int64_t left = ex->hooks_until - clock_ms();

	if (hook_count(ex) && left > 0) {
		set_later(ex, stopped, left + LAST_ACKS_MS);
		return;
	}
	if (ex->opt.on_stopped)
		ex->opt.on_stopped(ex->opt.arg);
}

static void
drained(void *arg)
{
	executor_stop(arg);
}

void
executor_maybe_stopped(struct executor *ex)
{
	if (ex->failed || ex->running)
		return;
	if (ex->stopping)
		set_later(ex, stopped,
			HASH_COUNT(ex->tasks) && ex->attached ? LAST_ACKS_MS
							      : 0);
	/* The server has to hear that we have no task; it may be that nobody
	 * else tells it. */
	else if (ex->retired && ex->attached && !HASH_COUNT(ex->tasks) &&
		 !starts_count(ex->starts))
		set_later(ex, drained, 0);
	else if (ex->draining && !starts_count(ex->starts))
		set_later(ex, drained, 0);
}

static void
drain(struct executor *ex)
{
	ex->draining = true;
	log_info("%zu tasks may go on for %lld s",
		ex->running + starts_count(ex->starts),
		(long long)ex->opt.drain_ms / 1000);
	session_inventory(ex);
	set_later(ex, drained, ex->opt.drain_ms);
	executor_maybe_stopped(ex);
}

void
executor_retire(struct executor *ex, bool retired)
{
	if (ex->retired == retired || ex->stopping || ex->failed)
		return;
	ex->retired = retired;
	if (!ex->draining)
		loop_timer_free(TAKE(ex->later)); /* it was about to stop */
	log_info("plugin '%s': this executor takes %s new tasks; %zu go on",
		ex->plugin->v.name, retired ? "no" : "again",
		HASH_COUNT(ex->tasks) + starts_count(ex->starts));
	session_inventory(ex);
	executor_maybe_stopped(ex);
}

/* Whoever shuts a host down keeps logins out by this file first: systemd does,
 * and so does shutdown(8). */
static bool
host_goes_down(const struct executor *ex)
{
	return access(ex->opt.nologin, F_OK) == 0;
}

void
executor_stop(struct executor *ex)
{
	const bool down = host_goes_down(ex);
	const struct msg_cancel why = { .reason =
						down ? "the host is going down"
						     : "the agent is stopping",
		.code = down ? REASON_HOST_SHUTDOWN : REASON_AGENT_STOPPING,
		.actor = "nodelink",
		.grace_ms = ex->stopping ? 0 : -1 };
	struct task *task, *tmp;
	int64_t longest = 0;

	if (ex->failed)
		return; /* it ends by itself, with a last word */
	if (ex->opt.drain_ms > 0 && !ex->draining) {
		drain(ex);
		return;
	}
	ex->stopping = true;
	starts_clear(ex->starts);
	HASH_ITER(hh, ex->tasks, task, tmp)
		if (task->state != WORK_ENDED && task->grace_ms > longest)
			longest = task->grace_ms;
	ex->hooks_until =
		clock_ms() + (why.grace_ms ? longest + LAST_HOOKS_MS : 0);
	HASH_ITER(hh, ex->tasks, task, tmp) {
		cancel_request(task, &why);
		if (task->state == WORK_CLEANING)
			hooks_hurry(task);
	}
	abandoned_stop(ex);
	/* Output that nobody fetches must not keep us for ever. */
	set_later(ex, stopped, (why.grace_ms ? longest : 0) + LAST_ACKS_MS);
	executor_maybe_stopped(ex);
}
