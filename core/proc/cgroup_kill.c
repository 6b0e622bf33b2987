/* cgroup_kill.c - kill everybody in a control group, whatever kind it is
 *
 * Where cgroup.kill is missing: nobody may fork (pids.max, where there is one),
 * all are frozen, and each is killed. In v2 the frozen can die. In v1 they die
 * when they are thawed, so that is done at the end, also in groups that the task
 * made below: LXC and Docker freeze theirs. */
#include <poll.h>
#include <signal.h>

#include "base/clock.h"
#include "proc/cgroup.h"

static bool
nobody(void *arg, pid_t pid)
{
	(void)arg;
	(void)pid;
	return false;
}

static int
thaw(void *arg, int dir)
{
	(void)arg;
	(void)cgroup_write(dir, "freezer.state", "THAWED");
	return 0;
}

/* A file that this kind of group does not have is not written. */
size_t
cgroup_kill_each(int dir)
{
	size_t n;

	(void)cgroup_write(dir, "pids.max", "0");
	(void)cgroup_write(dir, "cgroup.freeze", "1");
	(void)cgroup_write(dir, "freezer.state", "FROZEN");
	n = cgroup_signal(dir, SIGKILL, nobody, NULL);
	(void)cgroup_walk(dir, thaw, NULL);
	return n;
}

int
cgroup_kill_wait(int dir, int64_t ms, struct group_member *out, size_t max)
{
	int64_t end = clock_us() + ms * 1000;
	bool stroke = cgroup_write(dir, "cgroup.kill", "1") < 0;
	int n;

	while ((n = cgroup_list(dir, out, max)) != 0) {
		if (stroke)
			(void)cgroup_kill_each(dir);
		if (clock_us() >= end)
			break;
		(void)poll(NULL, 0, 1);
	}
	return n;
}
