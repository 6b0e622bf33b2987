/* test-cgroup.c - a control group holds whatever a task does
 *
 * Needs a writable cgroup v2 hierarchy with cgroup.kill; where there is none
 * the cases say so and prove the refusal's text instead. */
#include "proc/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "proc/child.h"
#include "proc/spawn.h"
#include "tests/unit/unit.h"

static struct cgroup_host *
open_host(void)
{
	struct cgroup_host *host = NULL;
	struct err err = { "" };
	int r = cgroup_host_new("nodelink-test-", &host, &err);

	if (r == 0)
		return host;
	ck_assert_msg(*err.text, "a refusal without a reason");
	fprintf(stderr, "no cgroup v2 here: %s\n", err.text);
	return NULL;
}

static int null_fd;

static pid_t
run_in(const struct cgroup *g, const char *script, int *pidfd)
{
	static const char *const env[] = { "PATH=/usr/bin:/bin", NULL };
	const char *const argv[] = { "sh", "-c", script, NULL };
	enum spawn_step failed;
	pid_t pid;
	struct spawn how = {
		.path = "/bin/sh",
		.argv = argv,
		.envp = env,
		.extra_fd = -1,
		.born_in = g->procs < 0 ? g->dir : -1,
		.enter = { g->procs },
		.n_enter = g->procs >= 0,
	};

	null_fd = fd_open("/dev/null", O_RDWR);
	how.fd[0] = how.fd[1] = how.fd[2] = null_fd;
	ck_assert_int_eq(spawn_start(&how, &pid, pidfd, &failed), 0);
	close(null_fd);
	return pid;
}

/* Until that many processes are in the group, or the deadline. */
static int
wait_count(const struct cgroup *g, int want)
{
	int64_t end = clock_ms() + 10000;
	struct group_member m[4];
	int n;

	while ((n = cgroup_list(g, m, 4)) != want && clock_ms() < end)
		(void)poll(NULL, 0, 1);
	return n;
}

static void
wait_empty(const struct cgroup *g)
{
	int64_t end = clock_ms() + 10000;
	struct pollfd p = { .fd = g->events, .events = POLLPRI };

	while (cgroup_populated(g) > 0 && clock_ms() < end)
		(void)poll(&p, 1, 100);
	ck_assert_int_eq(cgroup_populated(g), 0);
}

TEST(holds_a_daemon_that_left_its_session_and_its_leader)
{
	AUTO(cgroup_host_free) struct cgroup_host *host = open_host();
	struct cgroup g;
	struct child_exit how;
	int pidfd;

	if (!host)
		return;
	ck_assert_int_eq(cgroup_make(host, "daemon", &g), 0);
	(void)run_in(&g, "setsid sh -c 'setsid sleep 1000 & exit' &", &pidfd);
	/* the leader and the shell between are gone, the daemon is not */
	ck_assert_int_eq(waitid(P_PIDFD, (id_t)pidfd, &(siginfo_t){ 0 },
				 WEXITED | WNOWAIT),
		0);
	ck_assert_int_eq(child_reap(pidfd, &how), 0);
	ck_assert_int_eq(wait_count(&g, 1), 1);
	ck_assert_int_eq(cgroup_populated(&g), 1);
	ck_assert_int_eq(cgroup_kill(&g), 0);
	wait_empty(&g);
	ck_assert_int_eq(cgroup_remove(host, &g), 0);
	close(pidfd);
}
END

TEST(kills_a_crowd_at_once_and_removes_what_the_task_made_below)
{
	AUTO(cgroup_host_free) struct cgroup_host *host = open_host();
	struct cgroup g;
	struct child_exit how;
	char path[64];
	int pidfd;

	if (!host)
		return;
	ck_assert_int_eq(cgroup_make(host, "crowd", &g), 0);
	ck_assert_int_eq(mkdirat(g.dir, "a", 0755), 0);
	(void)snprintf(path, sizeof path, "a/b");
	ck_assert_int_eq(mkdirat(g.dir, path, 0755), 0);
	(void)run_in(&g,
		"trap '' TERM HUP; i=0; while [ $i -lt 40 ]; do "
		"setsid sleep 1000 & i=$((i+1)); done; wait",
		&pidfd);
	ck_assert_int_eq(wait_count(&g, 41), 41);
	ck_assert_int_eq(cgroup_kill(&g), 0);
	wait_empty(&g);
	ck_assert_int_eq(waitid(P_PIDFD, (id_t)pidfd, &(siginfo_t){ 0 },
				 WEXITED | WNOWAIT),
		0);
	ck_assert_int_eq(child_reap(pidfd, &how), 0);
	ck_assert(how.signaled);
	ck_assert_int_eq(how.code, SIGKILL);
	ck_assert_int_eq(cgroup_remove(host, &g), 0);
	close(pidfd);
}
END

TEST(refuses_to_remove_a_group_with_somebody_in_it)
{
	AUTO(cgroup_host_free) struct cgroup_host *host = open_host();
	struct cgroup g, again;
	struct child_exit how;
	int pidfd;

	if (!host)
		return;
	ck_assert_int_eq(cgroup_make(host, "busy", &g), 0);
	ck_assert_int_eq(cgroup_make(host, "busy", &again), -EEXIST);
	(void)run_in(&g, "exec sleep 1000", &pidfd);
	again = g;
	again.dir = dup(g.dir);
	again.kill = dup(g.kill);
	again.events = dup(g.events);
	again.procs = -1;
	ck_assert_int_eq(cgroup_remove(host, &again), -EBUSY);
	ck_assert_int_eq(cgroup_kill(&g), 0);
	wait_empty(&g);
	(void)waitid(
		P_PIDFD, (id_t)pidfd, &(siginfo_t){ 0 }, WEXITED | WNOWAIT);
	(void)child_reap(pidfd, &how);
	ck_assert_int_eq(cgroup_remove(host, &g), 0);
	close(pidfd);
}
END

TEST(ends_what_a_dead_process_of_its_kind_left)
{
	struct cgroup_host *host = open_host();
	struct err err;
	int report[2];
	pid_t executor, orphan = 0;
	struct pollfd gone = { .events = POLLIN };

	if (!host)
		return;
	cgroup_host_free(host);
	ck_assert_int_eq(fd_pipe(report, false), 0);
	executor = fork();
	if (executor == 0) {
		struct cgroup g;
		int pidfd;

		if (cgroup_host_new("nodelink-test-", &host, &err) < 0 ||
			cgroup_make(host, "left", &g) < 0)
			_exit(1);
		orphan = run_in(&g, "exec setsid sleep 1000", &pidfd);
		(void)!write(report[1], &orphan, sizeof orphan);
		_exit(0); /* dies without cleaning up */
	}
	ck_assert_int_eq(read(report[0], &orphan, sizeof orphan),
		(ssize_t)sizeof orphan);
	ck_assert_int_eq(waitpid(executor, NULL, 0), executor);
	gone.fd = (int)syscall(434 /* pidfd_open */, orphan, 0);
	ck_assert_int_ge(gone.fd, 0);
	host = open_host();
	ck_assert_ptr_nonnull(host);
	ck_assert_int_eq(poll(&gone, 1, 5000), 1);
	cgroup_host_free(host);
	close(gone.fd);
	close(report[0]);
	close(report[1]);
}
END

TEST(leaves_nothing_behind)
{
	struct cgroup_host *host = open_host();
	char before[4096], after[4096];
	FILE *f;

	if (!host)
		return;
	cgroup_host_free(host);
	f = fopen("/proc/self/cgroup", "re");
	ck_assert_ptr_nonnull(f);
	before[fread(before, 1, sizeof before - 1, f)] = 0;
	(void)fclose(f);
	cgroup_host_free(open_host());
	f = fopen("/proc/self/cgroup", "re");
	ck_assert_ptr_nonnull(f);
	after[fread(after, 1, sizeof after - 1, f)] = 0;
	(void)fclose(f);
	ck_assert_str_eq(before, after);
}
END

	UNIT_MAIN("cgroup", holds_a_daemon_that_left_its_session_and_its_leader,
		kills_a_crowd_at_once_and_removes_what_the_task_made_below,
		refuses_to_remove_a_group_with_somebody_in_it,
		ends_what_a_dead_process_of_its_kind_left,
		leaves_nothing_behind)
