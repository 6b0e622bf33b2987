/* cancel.c - the ladder: stop signal, grace, SIGKILL, lost
 *
 * One ladder for every reason to stop a task: a request, its run time, the
 * agent's end, or processes left over after its natural end (then the result
 * stays what it was). A deadline only ever moves closer. Whether a task counts
 * as cancelled is decided when the first stop action is taken: a leader that
 * the kernel shows dead by then has ended by itself, and the task with it,
 * unless daemons are waited for. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/parse.h"
#include "executor/hooks.h"
#include "executor/keep.h"
#include "executor/task.h"
#include "task/reason.h"

static void begin_kill(struct task *task);

static void
report_at(struct task *task, enum msg_phase phase, const char *message,
	int64_t at)
{
	struct msg msg = { .kind = MSG_CANCEL_PHASE };

	if (!task->cancel)
		return; /* leftovers of a natural end: nobody asked */
	msg.cancel_phase = (struct msg_cancel_phase){ phase, message, at,
		task->cancel->code, task->cancel->reason, task->cancel->actor };
	outbox_add(task, &msg);
}

static void
report(struct task *task, enum msg_phase phase, const char *message)
{
	report_at(task, phase, message, clock_wall_ms());
}

static void
note_signal(struct task *task, int signo)
{
	struct cancel *c = task->cancel;

	if (c && c->n_signals < CANCEL_SIGNALS)
		c->signals[c->n_signals++] = signal_name(signo);
}

/* To whatever is left of the task. */
static void
signal_all(struct task *task, int signo)
{
	if (child_signal_all(task, signo))
		note_signal(task, signo);
}

static void
kill_all(struct task *task)
{
	if (!child_kill_all(task))
		return;
	note_signal(task, SIGKILL);
	if (task->cancel)
		task->cancel->killed_at = clock_wall_ms();
}

/* ------------------------------------------------------------ the plugin */

static uint32_t
reason_for_plugin(uint32_t code)
{
	switch (code) {
	case REASON_TIMEOUT:
	case REASON_IDLE_TIMEOUT: return NDL_BY_DEADLINE;
	case REASON_OUTPUT_LIMIT:
	case REASON_MEMORY_LIMIT:
	case REASON_PIDS_LIMIT: return NDL_BY_LIMIT;
	case REASON_AGENT_DRAIN:
	case REASON_AGENT_STOPPING:
	case REASON_HOST_SHUTDOWN: return NDL_BY_SHUTDOWN;
	case REASON_AGENT_PARTITION: return NDL_BY_LOST_LINK;
	}
	return NDL_BY_USER;
}

/* by_plugin: it says that it stops the task itself. */
static void
ask_plugin(struct task *task, int64_t grace_ms, bool force)
{
	struct executor *ex = task->ex;
	struct cancel *c = task->cancel;
	const struct ndl_cancel why = {
		.size = sizeof why,
		.reason = reason_for_plugin(c->code),
		.grace_ms = force ? 0 : (uint32_t)grace_ms,
		.force = force,
		.code = c->code,
		.name = c->name,
		.text = c->reason,
		.signo = (uint32_t)task->stop_signal,
	};
	int r;

	if (!ex->plugin->v.cancel)
		return;
	watchdog_enter(ex->watchdog, "cancel", task->id);
	r = ex->plugin->v.cancel(ex->self, task->work, &why);
	watchdog_leave(ex->watchdog);
	if (r < 0)
		log_warn(r, "plugin '%s' failed to cancel task '%s'",
			ex->plugin->v.name, task->id);
	c->by_plugin = r == 0;
}

/* ------------------------------------------------------------- the ladder */

static void
grace_over(struct task *task)
{
	begin_kill(task);
}

static void
lost(struct task *task)
{
	if (task->cancel->stuck)
		return; /* it has said so, and goes on */
	if (!child_all_gone(task) || task->want_drained[0] ||
		task->want_drained[1]) {
		/* Not the plugin's fault: the kernel has not ended them, or
		 * the server has not taken their output. */
		task_alarm(task, task->ex->opt.lost_after_ms, lost);
		return;
	}
	log_error(0,
		"plugin '%s' did not finish task '%s' within %lld ms of cancel(force)",
		task->ex->plugin->v.name, task->id,
		(long long)task->ex->opt.lost_after_ms);
	task->lost = true;
	executor_fail(task->ex, "the plugin did not finish a cancelled task");
}

static void
note_killed(struct task *task)
{
	struct group_member found[CANCEL_KILLED];
	struct cancel *c = task->cancel;
	size_t n;

	if (c && c->killed)
		return;
	n = child_list(task, found, CANCEL_KILLED);
	if (!c) { /* it has ended, and left these */
		task->left_killed = n;
		return;
	}
	c->killed = n ? malloc(n * sizeof *found) : NULL;
	if (!c->killed)
		return; /* a receipt without names */
	memcpy(c->killed, found, n * sizeof *found);
	c->n_killed = n;
}

static void
begin_kill(struct task *task)
{
	struct executor *ex = task->ex;
	bool first = task->stop == STOP_NONE;

	if (task->stop == STOP_KILLED)
		return;
	task_alarm_off(task);
	if (task->stop == STOP_HOOK)
		hooks_pre_stop_kill(task);
	task->stop = STOP_KILLED;
	task->killed_ms = clock_ms();
	note_killed(task);
	kill_all(task);
	if (first && task->cancel)
		keep_cancel(task); /* for hooks; the task cannot read it */
	report(task, MSG_PHASE_KILLING, "");
	if (task->state == WORK_RUNNING && ex->plugin->v.cancel) {
		ask_plugin(task, 0, true);
		if (task->cancel->by_plugin && !task->cancel->killed_at)
			task->cancel->killed_at = clock_wall_ms();
		if (task->state == WORK_RUNNING)
			task_alarm(task, ex->opt.lost_after_ms, lost);
	}
	task_advance(task);
}

/* The alarm for the end of the grace is set. */
static void
signal_stop(struct task *task)
{
	int64_t left = task->stop_deadline - clock_ms();

	task->stop = STOP_GRACE;
	if (task->cancel && task->state == WORK_RUNNING)
		ask_plugin(task, left > 0 ? left : 0, false);
	if (task->cancel)
		task->cancel->signalled_at = clock_wall_ms();
	if (!task->cancel || !task->cancel->by_plugin) {
		/* A stopped process hears the signal only when it goes on. */
		signal_all(task, task->stop_signal);
		signal_all(task, SIGCONT);
	}
	task_advance(task);
}

static void
begin_stop(struct task *task, int64_t grace_ms)
{
	task->stop_deadline = clock_ms() + grace_ms;
	task_alarm(task, grace_ms, grace_over);
	report(task, MSG_PHASE_STOPPING, "");
	if (task->cancel)
		keep_cancel(task);
	if (task->cancel && task->state == WORK_RUNNING &&
		hooks_have_pre_stop(task)) {
		task->stop = STOP_HOOK;
		hooks_pre_stop(task, grace_ms / 2);
	} else {
		signal_stop(task);
	}
}

void
cancel_pre_stopped(struct task *task)
{
	if (task->stop == STOP_HOOK)
		signal_stop(task);
	else
		task_advance(task); /* it may have waited for the hook */
}

/* Closer, never further away. */
static void
shorten(struct task *task, int64_t grace_ms)
{
	int64_t deadline = clock_ms() + grace_ms;

	if (task->stop == STOP_KILLED || deadline >= task->stop_deadline)
		return;
	if (grace_ms == 0) {
		begin_kill(task);
		return;
	}
	task->stop_deadline = deadline;
	task_alarm(task, grace_ms, grace_over);
	if (task->stop == STOP_HOOK) {
		hooks_pre_stop_kill(task);
		return; /* the stop signal follows */
	}
	if (task->cancel && task->cancel->by_plugin &&
		task->state == WORK_RUNNING)
		ask_plugin(task, grace_ms, false);
	task_advance(task);
}

static int64_t
effective_grace(const struct task *task, int64_t asked_ms)
{
	int64_t grace = asked_ms < 0 ? task->grace_ms : asked_ms;
	int64_t max = task->ex->opt.max_grace_ms;

	return grace > max ? max : grace;
}

static void
stop_with(struct task *task, int64_t grace_ms)
{
	if (task->stop != STOP_NONE)
		shorten(task, grace_ms);
	else if (grace_ms == 0)
		begin_kill(task);
	else
		begin_stop(task, grace_ms);
}

/* Has one of them ended by itself? The kernel's word decides the race. */
static void
look_at_leaders(struct task *task)
{
	struct child *c = task->children;

	/* An on_exit callback may change the list: begin again. */
	while (c)
		c = child_check(c) ? task->children : c->next;
}

/* Its result is still open: the program runs, or daemons that it has left and
 * that are waited for. */
static bool
is_open(struct task *task)
{
	return task->state == WORK_RUNNING ||
	       (task->state == WORK_SETTLING && task->wait_orphans &&
		       task->stop == STOP_NONE && !child_all_gone(task));
}

void
cancel_request(struct task *task, const struct msg_cancel *why)
{
	int64_t grace = effective_grace(task, why->grace_ms);

	if (task->state == WORK_RUNNING && task->stop == STOP_NONE)
		look_at_leaders(task);
	if (task->state >= WORK_CLEANING)
		return; /* its result is the answer, and comes with its hooks */
	if (!task->cancel && is_open(task)) {
		task->cancel = cancel_new(why);
		if (!task->cancel) {
			executor_fail(task->ex, "out of memory");
			return;
		}
		report(task, MSG_PHASE_DELIVERED, "");
	}
	if (task->state == WORK_RUNNING || !child_all_gone(task))
		stop_with(task, grace);
	else
		task_advance(task); /* we have seen it before the event */
}

static void
cancel_ourselves(struct task *task, uint32_t code, const char *what, int64_t ms)
{
	char text[64];
	struct msg_cancel why = { .reason = text,
		.code = code,
		.actor = "nodelink",
		.grace_ms = -1 };

	(void)snprintf(text, sizeof text, "%s %lld ms", what, (long long)ms);
	cancel_request(task, &why);
}

void
cancel_timeout(struct task *task)
{
	cancel_ourselves(
		task, REASON_TIMEOUT, "ran longer than", task->timeout_ms);
}

void
cancel_idle(struct task *task)
{
	cancel_ourselves(
		task, REASON_IDLE_TIMEOUT, "no output for", task->idle_ms);
}

void
cancel_leftovers(struct task *task)
{
	stop_with(task, effective_grace(task, -1));
}

void
cancel_stuck(struct task *task, const char *text)
{
	if (task->state != WORK_RUNNING || task->stop != STOP_KILLED)
		return; /* there is time yet */
	log_error(
		0, "task '%s' is not verified to be over: %s", task->id, text);
	task->cancel->stuck = true;
	report(task, MSG_PHASE_UNKILLABLE, text);
}

void
cancel_verified(struct task *task)
{
	if (task_is_cancelled(task))
		report_at(task, MSG_PHASE_VERIFIED, "", task->verified_at);
}

void
cancel_unkillable(struct task *task, const struct group_member *alive, size_t n)
{
	char text[512], wchan[64];
	size_t len = 0;

	if (task->unkillable || clock_ms() - task->killed_ms <
					task->ex->opt.unkillable_after_ms)
		return;
	task->unkillable = true;
	text[0] = 0;
	for (size_t i = 0; i < n && len < sizeof text - 128; i++) {
		group_wchan(alive[i].pid, wchan, sizeof wchan);
		len += (size_t)snprintf(text + len, sizeof text - len,
			"%s%d (%s) state %c in %s", i ? ", " : "",
			(int)alive[i].pid, alive[i].name, alive[i].state,
			*wchan ? wchan : "?");
	}
	log_error(0, "task '%s' survives SIGKILL: %s", task->id, text);
	report(task, MSG_PHASE_UNKILLABLE, text);
}
