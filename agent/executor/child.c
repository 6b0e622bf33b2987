/* child.c - the programs of a task: spawn, death, what is left of them
 *
 * A child is ALIVE until its leader was reaped, LINGERS while its group has
 * other members, then GONE. Nobody tells us when a group becomes empty, so we
 * look: at once and a few more times while the last members are dying, then
 * only when one of them, which we follow by its pidfd, has died. In a control
 * group all that is not needed: there a child is GONE with its leader, and
 * hold.c knows of the others. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "executor/task.h"

enum {
	LOOKS_AT_ONCE = 16, /* on successive turns of the loop */
	LOOKS_QUICK = 21, /* then after 1, 2, 4, 8, 16 ms */
	LOOK_MAX_MS = 30000, /* after SIGKILL, doubling up to here */
};

void
child_free(struct child *child)
{
	if (child->state == CHILD_ALIVE && child->id)
		HASH_DEL(child->task->ex->leaders, child);
	loop_watch_free(child->watch);
	loop_timer_free(child->look);
	if (child->follow_fd >= 0)
		(void)close(child->follow_fd);
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
		if (child->state != CHILD_GONE)
			return false;
	return hold_is_empty(task);
}

/* ------------------------------------------------------------ what lingers */

static void
unfollow(struct child *child)
{
	loop_watch_free(child->watch);
	child->watch = NULL;
	if (child->follow_fd >= 0)
		(void)close(child->follow_fd);
	child->follow_fd = -1;
}

static void
set_gone(struct child *child)
{
	child->state = CHILD_GONE;
	unfollow(child);
	group_done(&child->group);
	loop_timer_free(child->look);
	child->look = NULL;
}

static void
gone(struct child *child)
{
	set_gone(child);
	task_advance(child->task);
}

static void
followed_died(void *arg, int fd, unsigned ready)
{
	struct child *child = arg;

	(void)fd;
	(void)ready;
	unfollow(child);
	child_look_soon(child);
}

/* Wake up when this member dies. The number may be somebody else's by now:
 * then the wake-up is needless, no more. */
static void
follow(struct child *child, pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (fd >= 0) {
		child->follow_fd = fd;
		child->watch = child_watch(
			child->task->ex->loop, fd, followed_died, child);
	}
	if (!child->watch) { /* dead, or no descriptors */
		unfollow(child);
		loop_timer_set(child->look, 100);
	}
}

static int64_t
look_delay(unsigned looks)
{
	unsigned slow;

	if (looks <= LOOKS_AT_ONCE)
		return 0;
	slow = looks - LOOKS_AT_ONCE - 1;
	return slow >= 15 ? LOOK_MAX_MS : (int64_t)1 << slow;
}

/* The quick looks did not see the end. */
static void
look_closely(struct child *child)
{
	struct group_member alive[CANCEL_KILLED];
	int n = group_list(&child->group, alive, CANCEL_KILLED);
	bool killed = child->task->stop == STOP_KILLED;

	if (n == 0) {
		gone(child);
		return;
	}
	if (killed && n > 0) {
		(void)group_signal(&child->group, SIGKILL);
		cancel_unkillable(child->task, alive,
			n < CANCEL_KILLED ? (size_t)n : CANCEL_KILLED);
	}
	if (killed || n < 0)
		loop_timer_set(child->look, look_delay(child->looks));
	else
		follow(child, alive[0].pid);
}

static void
look(void *arg)
{
	struct child *child = arg;

	if (child->state != CHILD_LINGERS)
		return;
	child->looks++;
	group_reap(&child->group);
	if (group_is_empty(&child->group))
		gone(child);
	else if (child->looks > LOOKS_QUICK)
		look_closely(child);
	else
		loop_timer_set(child->look, look_delay(child->looks));
}

void
child_look_soon(struct child *child)
{
	if (child->state != CHILD_LINGERS)
		return;
	unfollow(child);
	child->looks = 0;
	if (!child->look)
		child->look =
			loop_timer_new(child->task->ex->loop, look, child);
	if (child->look)
		loop_timer_set(child->look, 0);
	else
		executor_fail(child->task->ex, "out of memory");
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
leader_died(struct child *child)
{
	struct task *task = child->task;

	unfollow(child);
	if (child_reap(child->group.pidfd, &child->exit) < 0) {
		/* Only a plugin that calls wait() can do this to us. */
		log_error(0, "task '%s': somebody else reaped process %d",
			task->id, (int)child->group.leader);
		child->exit = (struct child_exit){ .signaled = true,
			.code = SIGKILL };
	}
	HASH_DEL(task->ex->leaders, child);
	child->state = CHILD_LINGERS;
	if (!hold_is_cgroup(task) && !group_is_empty(&child->group))
		group_reap(&child->group);
	if (hold_is_cgroup(task) || group_is_empty(&child->group))
		set_gone(child);
	child_look_soon(child);
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
}

static void
leader_ready(void *arg, int fd, unsigned ready)
{
	(void)fd;
	(void)ready;
	leader_died(arg);
}

bool
child_check(struct child *child)
{
	if (child->state != CHILD_ALIVE || !child_is_dead(child->group.pidfd))
		return false;
	leader_died(child);
	return true;
}

/* ---------------------------------------------------------------- adoption */

/* A task may run many programs, one after the other. */
static void
forget_gone(struct task *task)
{
	for (struct child **at = &task->children; *at;) {
		struct child *child = *at;

		if (child->state != CHILD_GONE) {
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
	child->watch = child_watch(
		task->ex->loop, child->group.pidfd, leader_ready, child);
	return child->watch ? 0 : -ENOMEM;
}
