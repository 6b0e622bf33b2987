/* hooks.c - the hooks of a task, one after the other
 *
 * Many tasks may be cancelled at one moment: their hooks take turns.
 *
 * All of them print into one pipe, which is read like the task's own: within
 * its window. What one of them has printed and nobody has fetched makes the
 * next ones wait in write(2), until their time is over. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "executor/env.h"
#include "executor/hooks_internal.h"
#include "executor/task.h"

enum { NUMBER = 16 }; /* text of one */

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(TAKE_FD(*fd));
}

void
hooks_free(struct task *task)
{
	struct hooks *h = TAKE(task->hooks);

	if (!h)
		return;
	turns_leave(task->ex->hook_turns, &h->turn);
	hook_free(h->now);
	close_fd(&h->out_fd);
	close_fd(&h->progress_fd);
	defers_free(h->defers);
	hooks_record_done(h);
	free(h);
}

/* ----------------------------------------------------------------- running */

/* What a hook is told beside the environment of its task. */
static char **
make_env(const struct hooks *h, enum hook_kind kind)
{
	const struct cancel *c =
		task_is_cancelled(h->task) ? h->task->cancel : NULL;
	const struct keep_progress *p = &h->progress;
	char exit_code[NUMBER], cancel_code[NUMBER];
	const struct msg_env more[] = {
		{ "NODELINK_HOOK", hooks_kind_name(kind) },
		/* Too late for more of them. */
		{ "NODELINK_DEFER_FILE", NULL },
		{ "NODELINK_TASK_STATUS", keep_status_name(p->status) },
		{ "NODELINK_EXIT_CODE", p->exit_code < 0 ? NULL : exit_code },
		{ "NODELINK_CANCEL_CODE", c ? cancel_code : NULL },
		{ "NODELINK_CANCEL_NAME", c ? c->name : NULL },
		{ "NODELINK_CANCEL_REASON", c ? c->reason : NULL },
	};

	(void)snprintf(exit_code, sizeof exit_code, "%d", (int)p->exit_code);
	(void)snprintf(cancel_code, sizeof cancel_code, "%u",
		c ? (unsigned)c->code : 0);
	return env_with(h->task->env, more, ARRAY_SIZE(more));
}

static int
make_pipe(struct hooks *h)
{
	int ends[2], r;

	if (h->out_fd >= 0)
		return 0;
	r = fd_pipe(ends, true);
	if (r < 0)
		return r;
	r = output_pump(h->task, MSG_HOOK, ends[0]);
	if (r < 0)
		(void)close(ends[1]);
	else
		h->out_fd = ends[1];
	return r;
}

static void hook_done(void *arg, const struct hook_end *end);
static void turn_came(struct turn *turn);

/* 0, or -errno: nothing was started, hook_done() does not come. */
static int
start(struct hooks *h, const struct hook_cmd *cmd, int64_t limit_ms)
{
	const struct task *task = h->task;
	AUTO_FREE char **env = make_env(h, cmd->kind);
	char name[96];
	struct hook_how how = { .cmd = cmd->cmd,
		.env = env,
		.name = name,
		.timeout_ms = cmd->timeout_ms < limit_ms ? cmd->timeout_ms
							 : limit_ms };
	int r;

	if (!env)
		return -ENOMEM;
	r = make_pipe(h);
	if (r < 0)
		return r;
	how.out_fd = h->out_fd;
	(void)snprintf(name, sizeof name, "%s.%u.h%zu", task->id,
		(unsigned)task->attempt, h->n_runs);
	h->running = *cmd;
	h->now = hook_start(h->task, &how, hook_done, h);
	return h->now ? 0 : -ENOMEM;
}

static size_t
n_defers(const struct hooks *h)
{
	return h->defers ? h->defers->n : 0;
}

static size_t
plan_size(const struct hooks *h)
{
	return n_defers(h) + h->n_cleanup;
}

static struct hook_cmd
plan_at(const struct hooks *h, size_t i)
{
	const struct defer *d;

	if (i >= n_defers(h))
		return h->cleanup[i - n_defers(h)];
	d = &h->defers->list[n_defers(h) - 1 - i];
	return (struct hook_cmd){ .kind = HOOK_DEFER,
		.refused = d->refused,
		.timeout_ms = HOOKS_DEFAULT_MS,
		.cmd = d->cmd };
}

static bool
applies(enum msg_when when, enum keep_status status)
{
	switch (when) {
	case MSG_ALWAYS: return true;
	case MSG_CANCELLED: return status == KEEP_CANCELLED;
	case MSG_FAILED: return status == KEEP_FAILED;
	}
	return false;
}

/* Until the executor must have ended. */
static int64_t
time_left(const struct executor *ex)
{
	return ex->hooks_until ? ex->hooks_until - clock_ms() : INT64_MAX;
}

static void
end_all(struct hooks *h)
{
	if (h->over)
		return;
	h->over = true;
	close_fd(&h->out_fd);
	output_hooks_over(h->task);
}

/* No time for this one and those behind it. */
static void
leave(struct hooks *h, const struct hook_cmd *cmd)
{
	struct keep_progress from_here = h->progress;

	hooks_record_not_run(h, cmd, ECANCELED);
	if (h->left)
		return;
	h->left = true;
	from_here.next--;
	(void)keep_progress_write(h->progress_fd, &from_here);
	log_info("hooks of task '%s' are left to the next executor",
		h->task->id);
}

/* It must not be begun twice: that it was begun is written down first. */
static void
run_one(struct hooks *h, const struct hook_cmd *cmd)
{
	int64_t left = time_left(h->task->ex);
	int r;

	if (left <= 0 || h->left) {
		leave(h, cmd);
		return;
	}
	r = keep_progress_write(h->progress_fd, &h->progress);
	if (r < 0)
		log_warn(r, "hook of task '%s': cannot write down its start",
			h->task->id);
	r = start(h, cmd, left);
	if (r < 0)
		hooks_record_not_run(h, cmd, -r);
}

/* False: it is called again when there is room. */
static bool
take_turn(struct hooks *h)
{
	struct turns *turns = h->task->ex->hook_turns;

	if (turns_take(turns))
		return true;
	h->turn.fn = turn_came;
	turns_wait(turns, &h->turn);
	return false;
}

static void
run_next(struct hooks *h)
{
	while (!h->now && h->progress.next < plan_size(h)) {
		struct hook_cmd cmd = plan_at(h, h->progress.next);
		bool runs =
			!cmd.refused && applies(cmd.when, h->progress.status);

		if (runs && !take_turn(h))
			return;
		h->progress.next++;
		if (cmd.refused)
			hooks_record_not_run(h, &cmd, cmd.refused);
		else if (runs)
			run_one(h, &cmd);
	}
	if (!h->now)
		end_all(h);
}

static void
go_on(struct hooks *h)
{
	if (!h->begun) {
		cancel_pre_stopped(h->task);
		return;
	}
	run_next(h);
	task_advance(h->task);
}

static void
hook_done(void *arg, const struct hook_end *end)
{
	struct hooks *h = arg;

	h->now = NULL;
	hooks_record(h, &h->running, end);
	go_on(h);
}

/* ---------------------------------------------------------------- pre_stop */

bool
hooks_have_pre_stop(const struct task *task)
{
	return task->hooks && task->hooks->pre_stop.cmd;
}

/* Its time may be over, or the task, before it was its turn. */
static void
run_pre_stop(struct hooks *h)
{
	int64_t left = h->pre_stop_end - clock_ms();
	int r = -ECANCELED;

	if (left > 0 && !h->begun && !take_turn(h))
		return;
	h->pre_stop_due = false;
	if (left > 0 && !h->begun)
		r = start(h, &h->pre_stop, left);
	if (r == 0)
		return;
	hooks_record_not_run(h, &h->pre_stop, -r);
	go_on(h);
}

static void
turn_came(struct turn *turn)
{
	struct hooks *h = (struct hooks *)turn;

	if (h->pre_stop_due)
		run_pre_stop(h);
	else
		go_on(h);
}

void
hooks_pre_stop(struct task *task, int64_t limit_ms)
{
	struct hooks *h = task->hooks;

	h->progress.status = KEEP_CANCELLED;
	h->progress.exit_code = -1;
	h->pre_stop_due = true;
	h->pre_stop_end = clock_ms() + limit_ms;
	run_pre_stop(h);
}

void
hooks_pre_stop_kill(struct task *task)
{
	struct hooks *h = task->hooks;

	if (!h)
		return;
	h->pre_stop_end = 0; /* when it waits */
	if (h->now)
		hook_kill(h->now);
}

/* ----------------------------------------------------------- after the end */

static void
note_end(struct hooks *h)
{
	const struct task *task = h->task;
	struct keep_progress *p = &h->progress;

	p->status = task_is_cancelled(task) ? KEEP_CANCELLED
		    : task_is_ok(task)	    ? KEEP_COMPLETED
					    : KEEP_FAILED;
	p->exit_code = task->outcome == MSG_EXITED     ? task->code
		       : task->outcome == MSG_SIGNALED ? 128 + task->code
						       : -1;
	p->next = 0;
}

/* What an earlier executor has begun is not begun again. */
static int
make_plan(struct hooks *h)
{
	struct task *task = h->task;
	int r;

	note_end(h);
	h->progress.defer_size = keep_defer_size(task);
	if (task->abandoned)
		keep_progress_read(task, &h->progress);
	r = defers_read(task->defer_fd, h->progress.defer_size, &h->defers);
	if (r < 0)
		log_warn(r, "task '%s': cannot read what it has deferred",
			task->id);
	return plan_size(h) ? keep_progress_open(task, &h->progress_fd) : 0;
}

void
hooks_begin(struct task *task)
{
	static const struct msg_start nothing = { .attempt = 0 };
	struct hooks *h = task->hooks;
	int r;

	if (!h && keep_defer_size(task) == 0)
		return;
	if (!h)
		h = task->hooks = hooks_make(task, &nothing);
	if (!h) {
		executor_fail(task->ex, "out of memory");
		return;
	}
	r = make_plan(h);
	if (r < 0)
		log_warn(r, "task '%s': cannot write down which hooks have run",
			task->id);
	h->begun = true;
	if (!h->now && !h->pre_stop_due) /* else when that is over */
		run_next(h);
}

bool
hooks_are_over(const struct task *task)
{
	return !task->hooks || task->hooks->over;
}

void
hooks_hurry(struct task *task)
{
	if (task->hooks && task->hooks->now)
		hook_limit(task->hooks->now, time_left(task->ex));
}

bool
hooks_are_left(const struct task *task)
{
	return task->hooks && task->hooks->left;
}
