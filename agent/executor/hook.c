/* hook.c - one hook of a task: a command line that /bin/sh runs
 *
 * When its shell has ended, or its time is over, all that is left of it is
 * killed at once: a hook has no grace and no orphans. */
#include "executor/hook.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "executor/env.h"
#include "executor/limits.h"
#include "executor/task.h"
#include "proc/death.h"
#include "proc/spawn.h"

struct hook {
	UT_hash_handle hh; /* by pid, until it is reaped */
	struct task *task;
	struct hold *hold;
	pid_t pid;
	int pidfd;
	struct death *death; /* until it is reaped */
	struct loop_timer *timer; /* its time limit, then `done` */
	bool over;
	int64_t began_ms, deadline_ms; /* clock_ms() */
	int64_t killed_ms; /* 0: not yet */
	struct hook_end end;
	void (*done)(void *arg, const struct hook_end *end);
	void *arg;
};

static void
forget_leader(struct hook *hook)
{
	if (!hook->pid)
		return;
	HASH_DEL(hook->task->ex->hooks, hook);
	hook->pid = 0;
	death_free(TAKE(hook->death));
	(void)close(TAKE_FD(hook->pidfd));
}

static void
release(struct hook *hook)
{
	forget_leader(hook);
	loop_timer_free(hook->timer);
	hold_leave(hook->hold);
	free(hook);
}

void
hook_free(struct hook *hook)
{
	if (!hook)
		return;
	if (hook->hold)
		(void)hold_kill(hook->hold);
	release(hook);
}

/* ----------------------------------------------------------------- the end */

static void
tell(struct hook *hook)
{
	void (*done)(void *arg, const struct hook_end *end) = hook->done;
	const struct hook_end end = hook->end;
	void *arg = hook->arg;

	release(hook);
	done(arg, &end);
}

static void
finish(struct hook *hook)
{
	if (hook->over)
		return;
	hook->over = true;
	hook->end.duration_ms = clock_ms() - hook->began_ms;
	loop_timer_set(hook->timer, 0); /* the caller may be anyone */
}

static void
advance(struct hook *hook)
{
	if (!hook->pid && hold_is_empty(hook->hold))
		finish(hook);
}

void
hook_kill(struct hook *hook)
{
	if (hook->over)
		return;
	if (!hook->killed_ms)
		hook->killed_ms = clock_ms();
	(void)hold_kill(hook->hold);
}

static void
timer_due(void *arg)
{
	struct hook *hook = arg;

	if (hook->over) {
		tell(hook);
		return;
	}
	hook->end.timed_out = true;
	hook_kill(hook);
}

void
hook_limit(struct hook *hook, int64_t ms)
{
	int64_t deadline = clock_ms() + (ms > 0 ? ms : 0);

	if (hook->killed_ms || hook->over || deadline >= hook->deadline_ms)
		return;
	hook->deadline_ms = deadline;
	loop_timer_set(hook->timer, ms > 0 ? ms : 0);
}

/* False: it is alive, or not to be reaped yet. */
static bool
reap(void *arg)
{
	struct hook *hook = arg;
	struct child_exit exit;
	int r = contain_reap(
		hold_contain(hook->hold), hook->pid, hook->pidfd, &exit);

	if (r == -EAGAIN)
		return false;
	if (r < 0) /* as in child.c */
		exit = (struct child_exit){ .signaled = true, .code = SIGKILL };
	hook->end.outcome = exit.signaled ? MSG_SIGNALED : MSG_EXITED;
	hook->end.code = exit.code;
	forget_leader(hook);
	loop_timer_stop(hook->timer);
	hook_kill(hook); /* what it has left */
	advance(hook);
	return true;
}

static void
changed(void *arg)
{
	advance(arg);
}

/* The task's result must not wait for a process that the kernel does not end:
 * its state is known, and the record says what became of the hook. */
static void
alive(void *arg, const struct group_member *alive, size_t n)
{
	struct hook *hook = arg;
	const struct task *task = hook->task;

	if (hook->over || clock_ms() - hook->killed_ms <
				  task->ex->opt.unkillable_after_ms)
		return;
	log_error(0, "a hook of task '%s' survives SIGKILL: process %d (%s)",
		task->id, n ? (int)alive[0].pid : 0, n ? alive[0].name : "?");
	hook->end.outcome = MSG_LOST;
	hook->end.code = 0;
	finish(hook);
}

size_t
hook_count(const struct executor *ex)
{
	return HASH_COUNT(ex->hooks);
}

bool
hook_reap(struct executor *ex, pid_t pid)
{
	struct hook *hook;

	HASH_FIND(hh, ex->hooks, &pid, sizeof pid, hook);
	return hook && reap(hook);
}

/* --------------------------------------------------------------- the start */

static int
spawn_in(struct hook *hook, const struct hook_how *how, const char *cwd,
	enum spawn_step *step)
{
	const struct task *task = hook->task;
	const char *const argv[] = { "sh", "-c", how->cmd, NULL };
	const struct hold_watcher watcher = { changed, alive, hook };
	struct err err = { .text = "" };
	struct contain_limits limits;
	struct spawn spawn;
	int wait_fd, r;

	*step = SPAWN_CLONE;
	limits_by_group(task, &limits);
	r = hold_new(task->ex, how->name, &limits, &watcher, &hook->hold, &err);
	if (r < 0) {
		log_warn(0, "cannot hold a hook of task '%s': %s", task->id,
			err.text);
		return r;
	}
	launch_init(task, &spawn);
	spawn.path = "/bin/sh";
	spawn.argv = argv;
	spawn.envp = (const char *const *)how->env;
	spawn.cwd = cwd;
	spawn.fd[0] = task->ex->null_fd;
	spawn.fd[1] = spawn.fd[2] = how->out_fd;
	r = contain_spawn(hold_contain(hook->hold), &spawn, &hook->pid,
		&hook->pidfd, &wait_fd, step);
	if (r < 0) {
		hook->pid = 0;
		hold_leave(TAKE(hook->hold));
		return r;
	}
	HASH_ADD(hh, task->ex->hooks, pid, sizeof hook->pid, hook);
	hook->death = death_new(task->ex->loop, wait_fd, reap, hook);
	if (!hook->death)
		executor_fail(task->ex, "cannot watch a process");
	return 0;
}

/* A task that has locked up its own folder has its hooks all the same. */
static int
spawn(struct hook *hook, const struct hook_how *how)
{
	enum spawn_step step;
	int r = spawn_in(
		hook, how, env_get(how->env, "NODELINK_TASK_DIR"), &step);

	if (r < 0 && step == SPAWN_CHDIR)
		r = spawn_in(hook, how, "/", &step);
	return r;
}

struct hook *
hook_start(struct task *task, const struct hook_how *how,
	void (*done)(void *arg, const struct hook_end *end), void *arg)
{
	struct hook *hook = calloc(1, sizeof *hook);
	int r;

	if (!hook)
		return NULL;
	hook->task = task;
	hook->pidfd = -1;
	hook->done = done;
	hook->arg = arg;
	hook->began_ms = clock_ms();
	hook->end.started_at = clock_wall_ms();
	hook->timer = loop_timer_new(task->ex->loop, timer_due, hook);
	if (!hook->timer) {
		free(hook);
		return NULL;
	}
	r = spawn(hook, how);
	if (r < 0) {
		hook->end.outcome = MSG_NOT_STARTED;
		hook->end.code = -r;
		finish(hook);
	} else {
		hook->deadline_ms = INT64_MAX;
		hook_limit(hook, how->timeout_ms);
	}
	return hook;
}
