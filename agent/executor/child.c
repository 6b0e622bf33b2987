/* child.c - the programs of a task: their death, and signals to them
 *
 * A leader that somebody else traces can be dead without our being allowed to
 * reap it: we try again at times (death.h), and SIGCHLD (orphans.c) tells when
 * the tracer lets go of it. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "executor/task.h"
#include "proc/death.h"

void
child_free(struct child *child)
{
	if (!child->gone && child->id)
		HASH_DEL(child->task->ex->leaders, child);
	death_free(child->death);
	group_done(&child->group);
	free(child);
}

void
child_free_all(struct task *task)
{
	while (task->children) {
		struct child *child = task->children;

		task->children = child->next;
		child_free(child);
	}
}

struct child *
child_find(const struct task *task, int64_t id)
{
	for (struct child *child = task->children; child; child = child->next)
		if (child->id == id)
			return child;
	return NULL;
}

bool
child_all_gone(struct task *task)
{
	for (struct child *child = task->children; child; child = child->next)
		if (!child->gone)
			return false;
	return !task->hold || hold_is_empty(task->hold);
}

size_t
child_list(struct task *task, struct group_member *out, size_t max)
{
	int n = task->hold ? contain_list(hold_contain(task->hold), out, max)
			   : 0;

	if (n < 0)
		return 0;
	return (size_t)n < max ? (size_t)n : max;
}

/* ----------------------------------------------------------------- signals */

static size_t
signal_groups(struct task *task, int signo)
{
	size_t n = 0;

	for (struct child *c = task->children; c; c = c->next)
		if (!c->gone && group_signal(&c->group, signo) == 0)
			n++;
	return n;
}

/* Has its group's leader been alive a moment ago? Then it has the signal. */
static bool
has_signal(void *arg, pid_t pid)
{
	const struct task *task = arg;
	pid_t pgid = getpgid(pid);
	const struct child *leader;

	HASH_FIND(hh, task->ex->leaders, &pgid, sizeof pgid, leader);
	return leader && leader->task == task;
}

bool
child_signal_all(struct task *task, int signo)
{
	size_t n = signal_groups(task, signo);

	if (task->hold) {
		n += contain_signal(
			hold_contain(task->hold), signo, has_signal, task);
		hold_look_soon(task->hold);
	}
	return n > 0;
}

bool
child_kill_all(struct task *task)
{
	/* The groups too: a process may have been moved out of ours. */
	bool any = signal_groups(task, SIGKILL) > 0;

	return (task->hold && hold_kill(task->hold)) || any;
}

/* ------------------------------------------------------------- the leader */

static void
tell_exit(struct child *child)
{
	struct executor *ex = child->task->ex;
	const struct ndl_exit how = {
		.size = sizeof how,
		.outcome = child->exit.signaled ? NDL_KILLED : NDL_EXITED,
		.code = child->exit.code,
		.child = child->id,
		.cpu_us = child->exit.cpu_us,
		.max_rss_kb = child->exit.max_rss_kb,
	};

	watchdog_enter(ex->watchdog, "on_exit", child->task->id);
	child->on_exit(child->arg, &how);
	watchdog_leave(ex->watchdog);
}

static void
set_gone(struct child *child)
{
	HASH_DEL(child->task->ex->leaders, child);
	child->gone = true;
	death_free(TAKE(child->death));
	group_done(&child->group);
}

/* False: it is alive, or not to be reaped yet. */
static bool
reap(struct child *child)
{
	struct task *task = child->task;
	pid_t pid = child->group.leader;
	int r = contain_reap(hold_contain(task->hold), pid, child->group.pidfd,
		&child->exit);

	if (r == -EAGAIN)
		return false;
	if (r < 0) {
		/* Only a plugin that calls wait() can do this to us. */
		log_error(0, "task '%s': somebody else reaped process %d",
			task->id, (int)pid);
		child->exit = (struct child_exit){ .signaled = true,
			.code = SIGKILL };
	}
	set_gone(child);
	if (task->state == WORK_RUNNING) {
		if (child->on_exit)
			tell_exit(child);
		else
			task_finish(task,
				child->exit.signaled ? MSG_SIGNALED
						     : MSG_EXITED,
				child->exit.code, NULL, NULL);
	}
	task_advance(task);
	return true;
}

static bool
leader_died(void *arg)
{
	struct child *child = arg;
	struct group_member zombie;

	if (reap(child))
		return true;
	if (child->task->stop == STOP_KILLED) {
		group_member_read(child->group.leader, &zombie);
		cancel_unkillable(child->task, &zombie, 1);
	}
	return false;
}

bool
child_check(struct child *child)
{
	return !child->gone && reap(child);
}

/* ---------------------------------------------------------------- adoption */

/* A task may run many programs, one after the other. */
static void
forget_gone(struct task *task)
{
	for (struct child **at = &task->children; *at;) {
		struct child *child = *at;

		if (!child->gone) {
			at = &child->next;
			continue;
		}
		*at = child->next;
		child_free(child);
	}
}

int
child_adopt(struct task *task, struct child *child)
{
	forget_gone(task);
	child->id = ++task->ex->last_id;
	child->next = task->children;
	task->children = child;
	HASH_ADD(hh, task->ex->leaders, group.leader, sizeof(pid_t), child);
	child->death =
		death_new(task->ex->loop, child->wait_fd, leader_died, child);
	return child->death ? 0 : -ENOMEM;
}
