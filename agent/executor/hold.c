/* hold.c - what holds the processes of a task together
 *
 * A control group is made when the task starts its first program, and removed
 * soon after nobody is in it. The kernel may need a moment for that, or somebody
 * may have made groups below or entered from outside: then it is tried again,
 * and the task's result does not wait for it. */
#include "executor/hold.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "executor/task.h"

enum {
	PREFIX_MAX = 64, /* as cgroup_host_new() has room for */
	AGAIN_MS = 250, /* SIGKILL once more, then doubling */
	AGAIN_MAX_MS = 30000,
	LEAVE_MS = 5, /* until the first try, then doubling */
	LEAVE_TRIES = 14, /* more than a minute */
	LAST_TRIES = 20, /* at the executor's end, LEAVE_MS apart */
};

struct hold {
	struct cgroup group;
	struct task *task;
	struct loop_watch *watch; /* made when somebody outlives the leaders */
	struct loop_timer *again; /* made when they are killed */
	int64_t again_ms;
	bool empty; /* said by the kernel after the last spawn */
	struct hold *next; /* of those that are to be removed */
};

struct holds {
	struct cgroup_host *host;
	struct hold *leaving;
	struct loop_timer *timer;
	unsigned tries; /* since one came in last */
};

/* --------------------------------------------------------- of the executor */

/* Two names that are too long together are told apart by a hash (FNV-1a). */
static void
make_prefix(const struct executor *ex, char out[PREFIX_MAX + 1])
{
	uint64_t hash = 0xcbf29ce484222325u;
	char text[2 * ID_MAX + 16];

	(void)snprintf(text, sizeof text, "nodelink-%s-%s.", ex->opt.agent_id,
		ex->plugin->v.name);
	if (strlen(text) > PREFIX_MAX) {
		for (const char *at = text; *at; at++)
			hash = (hash ^ (unsigned char)*at) * 0x100000001b3u;
		(void)snprintf(text, sizeof text, "nodelink-%016llx.",
			(unsigned long long)hash);
	}
	(void)snprintf(out, PREFIX_MAX + 1, "%.*s", PREFIX_MAX, text);
}

static void leave_again(void *arg);

int
holds_new(struct executor *ex, struct err *err)
{
	char prefix[PREFIX_MAX + 1];
	struct holds *holds;
	int r;

	if (ex->opt.containment == EXECUTOR_GROUP)
		return 0;
	holds = ex->holds = calloc(1, sizeof *holds);
	if (!holds)
		return err_set(err, -ENOMEM, "out of memory");
	holds->timer = loop_timer_new(ex->loop, leave_again, holds);
	if (!holds->timer)
		return err_set(err, -ENOMEM, "out of memory");
	make_prefix(ex, prefix);
	r = cgroup_host_new(prefix, &holds->host, err);
	if (r == 0 || ex->opt.containment == EXECUTOR_CGROUP)
		return r;
	log_info("tasks are held by process groups only: %s", err->text);
	holds_free(ex);
	return 0;
}

const char *
hold_name(const struct executor *ex)
{
	return ex->holds ? "cgroup2" : group_name();
}

/* ----------------------------------------------------------- being removed */

static void
hold_free(struct hold *hold)
{
	loop_watch_free(hold->watch);
	loop_timer_free(hold->again);
	cgroup_done(&hold->group);
	free(hold);
}

/* True when it is gone. Somebody who entered after the end is killed. */
static bool
leave(struct holds *holds, struct hold *hold)
{
	if (cgroup_remove(holds->host, &hold->group) == 0)
		return true;
	if (cgroup_populated(&hold->group) > 0)
		(void)cgroup_kill(&hold->group);
	return false;
}

static void
leave_all(struct holds *holds, bool last)
{
	for (struct hold **at = &holds->leaving; *at;) {
		struct hold *hold = *at;
		bool gone = leave(holds, hold);

		if (!gone && !last) {
			at = &hold->next;
			continue;
		}
		if (!gone)
			log_warn(0, "cannot remove the cgroup '%s'",
				hold->group.name);
		*at = hold->next;
		hold_free(hold);
	}
}

static void
leave_again(void *arg)
{
	struct holds *holds = arg;

	holds->tries++;
	leave_all(holds, holds->tries >= LEAVE_TRIES);
	if (holds->leaving)
		loop_timer_set(holds->timer, (int64_t)LEAVE_MS << holds->tries);
}

void
hold_leave(struct task *task)
{
	struct holds *holds = task->ex->holds;
	struct hold *hold = TAKE(task->hold);

	if (!hold)
		return;
	loop_watch_free(TAKE(hold->watch));
	loop_timer_free(TAKE(hold->again));
	hold->task = NULL;
	hold->next = holds->leaving;
	holds->leaving = hold;
	/* Not now: it would only delay the result. */
	if (holds->tries || !loop_timer_active(holds->timer))
		loop_timer_set(holds->timer, LEAVE_MS);
	holds->tries = 0;
}

void
holds_free(struct executor *ex)
{
	struct holds *holds = TAKE(ex->holds);

	if (!holds)
		return;
	for (int i = LAST_TRIES; holds->leaving; i--) {
		leave_all(holds, i == 0);
		if (holds->leaving)
			(void)poll(NULL, 0, LEAVE_MS);
	}
	cgroup_host_free(holds->host);
	loop_timer_free(holds->timer);
	free(holds);
}

/* ------------------------------------------------------------ being entered */

int
hold_enter(struct task *task, const struct cgroup **out)
{
	struct executor *ex = task->ex;
	char name[sizeof task->hold->group.name];
	struct hold *hold = task->hold;
	int r;

	*out = NULL;
	if (!ex->holds)
		return 0;
	if (!hold) {
		hold = calloc(1, sizeof *hold);
		if (!hold)
			return -ENOMEM;
		(void)snprintf(name, sizeof name, "%s.%u", task->id,
			(unsigned)task->attempt);
		r = cgroup_make(ex->holds->host, name, &hold->group);
		if (r == -EEXIST) { /* one of that name is being removed */
			(void)snprintf(name, sizeof name, "%s.%u.%llx",
				task->id, (unsigned)task->attempt,
				(unsigned long long)++ex->last_id);
			r = cgroup_make(ex->holds->host, name, &hold->group);
		}
		if (r < 0) {
			free(hold);
			return r;
		}
		hold->task = task;
		task->hold = hold;
	}
	hold->empty = false;
	*out = &hold->group;
	return 0;
}

bool
hold_is_cgroup(const struct task *task)
{
	return task->hold != NULL;
}

/* -------------------------------------------------------------- who is left */

static void
changed(void *arg, int fd, unsigned ready)
{
	struct hold *hold = arg;

	(void)fd;
	(void)ready;
	if (hold_is_empty(hold->task))
		task_advance(hold->task);
}

bool
hold_is_empty(struct task *task)
{
	struct hold *hold = task->hold;

	if (!hold || hold->empty)
		return true;
	/* Reading also arms the watch: it tells of what happens from now on.
	 * An error of reading is no proof. */
	hold->empty = cgroup_populated(&hold->group) == 0;
	if (hold->empty) {
		loop_watch_free(TAKE(hold->watch));
		return true;
	}
	if (!hold->watch)
		hold->watch = loop_watch_new(task->ex->loop, hold->group.events,
			LOOP_PRIORITY, changed, hold);
	if (!hold->watch)
		executor_fail(task->ex, "cannot watch a cgroup");
	return false;
}

size_t
hold_list(struct task *task, struct group_member *out, size_t max)
{
	size_t n = 0;
	int more;

	if (task->hold) {
		more = cgroup_list(&task->hold->group, out, max);
		n = more > 0 ? (size_t)more : 0;
		return n < max ? n : max;
	}
	for (struct child *c = task->children; c && n < max; c = c->next) {
		if (c->state == CHILD_GONE)
			continue;
		more = group_list(&c->group, out + n, max - n);
		if (more > 0)
			n += (size_t)more;
	}
	return n < max ? n : max;
}

/* ----------------------------------------------------------------- signals */

static size_t
signal_groups(struct task *task, int signo)
{
	size_t n = 0;

	for (struct child *c = task->children; c; c = c->next)
		if (c->state != CHILD_GONE &&
			group_signal(&c->group, signo) == 0)
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

size_t
hold_signal(struct task *task, int signo)
{
	size_t n = signal_groups(task, signo);

	if (task->hold)
		n += cgroup_signal(&task->hold->group, signo, has_signal, task);
	return n;
}

bool
hold_kill(struct task *task)
{
	/* The groups too: a process may have been moved out of ours. */
	bool any = signal_groups(task, SIGKILL) > 0;
	int r;

	if (!task->hold || task->hold->empty)
		return any;
	any = any || cgroup_populated(&task->hold->group) > 0;
	r = cgroup_kill(&task->hold->group);
	if (r < 0)
		log_error(r, "cannot kill the cgroup of task '%s'", task->id);
	return any;
}

static void
kill_again(void *arg)
{
	struct hold *hold = arg;
	struct group_member alive[CANCEL_KILLED];
	size_t n;

	if (child_all_gone(hold->task))
		return;
	(void)hold_kill(hold->task);
	n = hold_list(hold->task, alive, CANCEL_KILLED);
	cancel_unkillable(hold->task, alive, n);
	hold->again_ms *= 2;
	if (hold->again_ms > AGAIN_MAX_MS)
		hold->again_ms = AGAIN_MAX_MS;
	loop_timer_set(hold->again, hold->again_ms);
}

bool
hold_kill_on(struct task *task)
{
	struct hold *hold = task->hold;
	bool any = hold_kill(task);

	if (!hold)
		return any; /* child.c looks after its groups */
	if (!hold->again)
		hold->again = loop_timer_new(task->ex->loop, kill_again, hold);
	if (!hold->again) {
		executor_fail(task->ex, "out of memory");
		return any;
	}
	hold->again_ms = AGAIN_MS;
	loop_timer_set(hold->again, hold->again_ms);
	return any;
}
