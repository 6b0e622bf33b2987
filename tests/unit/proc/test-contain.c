/* test-contain.c - a containment holds whatever a task does, on each rung
 *
 * One program for each rung: its name ends in that of the rung. Where a rung
 * cannot work the whole program is skipped, with the reason; what a rung does
 * not promise is not asked of it. */
#include "proc/contain.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "tests/unit/unit.h"

#define PREFIX "nodelink-test-"

static enum contain_rung rung;
static bool complete;

/* It tries itself out with a program. */
static struct contain_host *
try_host(struct err *err)
{
	struct contain_host *host = NULL;
	int r;
	const struct contain_options options = { .prefix = PREFIX,
		.shim = getenv("NODELINK_SHIM"),
		.first = rung,
		.last = rung };

	do
		r = contain_host_new(&options, &host, err);
	while (unit_again(r));
	return r < 0 ? NULL : host;
}

static struct contain_host *
open_host(void)
{
	struct err err = { "" };
	struct contain_host *host = try_host(&err);

	ck_assert_msg(host != NULL, "%s", err.text);
	ck_assert_int_eq(contain_host_rung(host), rung);
	return host;
}

static struct contain *
make(struct contain_host *host, const char *name)
{
	static const struct contain_limits none;
	struct contain *c;
	struct err err = { "" };

	ck_assert_msg(
		contain_new(host, name, &none, &c, &err) == 0, "%s", err.text);
	return c;
}

enum { LINE = 256 };

struct program {
	pid_t pid;
	int pidfd, wait_fd;
	struct child_exit how;
};

static int
spawn(struct contain *c, const struct spawn *how, struct program *p,
	enum spawn_step *failed)
{
	int r;

	do
		r = contain_spawn(
			c, how, &p->pid, &p->pidfd, &p->wait_fd, failed);
	while (unit_again(r));
	return r;
}

/* Returns when the script has printed something: an empty line, unless its shell
 * has something to say. */
static struct program
try_in(struct contain *c, const char *script, char line[LINE])
{
	static const char *const env[] = { "PATH=/usr/bin:/bin", NULL };
	const char *const argv[] = { "sh", "-c", script, NULL };
	struct spawn how = { .path = "/bin/sh",
		.argv = argv,
		.envp = env,
		.extra_fd = -1,
		.born_in = -1 };
	struct program p;
	enum spawn_step failed;
	int ends[2];

	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); /* as the executor */
	ck_assert_int_eq(fd_pipe(ends, false), 0);
	how.fd[0] = how.fd[1] = how.fd[2] = ends[1];
	ck_assert_int_eq(spawn(c, &how, &p, &failed), 0);
	(void)close(ends[1]);
	ck_assert_int_ge(read(ends[0], line, LINE - 1), 1);
	(void)close(ends[0]);
	return p;
}

static void
reap(struct contain *c, struct program *p)
{
	struct pollfd wait = { .fd = p->wait_fd, .events = POLLIN };
	int64_t end = clock_ms() + unit_wait_ms();
	int r;

	while ((r = contain_reap(c, p->pid, p->pidfd, &p->how)) == -EAGAIN &&
		clock_ms() < end)
		(void)poll(&wait, 1, 10);
	ck_assert_int_eq(r, 0);
	(void)close(p->pidfd);
}

/* Those whom we, a subreaper, have inherited. */
static void
reap_orphans(void)
{
	siginfo_t info;

	do
		info.si_pid = 0;
	while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG) == 0 &&
		info.si_pid != 0);
}

static void
wait_count(struct contain *c, int want)
{
	int64_t end = clock_ms() + unit_wait_ms();
	struct group_member m[4];
	int n;

	while ((n = contain_list(c, m, 4)) != want && clock_ms() < end)
		(void)poll(NULL, 0, 1);
	ck_assert_int_eq(n, want);
}

/* A shim needs a moment to see that it is not needed. */
static void
wait_empty(struct contain *c)
{
	int64_t end = clock_ms() + unit_wait_ms();

	while (contain_is_empty(c) != 1 && clock_ms() < end)
		(void)poll(NULL, 0, 1);
	ck_assert_int_eq(contain_is_empty(c), 1);
}

static void
kill_until_empty(struct contain *c)
{
	int64_t end = clock_ms() + unit_wait_ms();
	int r = contain_kill(c);

	while (contain_is_empty(c) != 1 && clock_ms() < end) {
		unsigned events;
		struct pollfd p = { .fd = contain_fd(c, &events),
			.events = POLLPRI | POLLIN };

		ck_assert_int_ge(r, 0);
		(void)poll(&p, 1, 1);
		if (r > 0)
			r = contain_kill(c);
	}
	ck_assert_int_eq(contain_is_empty(c), 1);
}

static void
remove_soon(struct contain *c)
{
	int64_t end = clock_ms() + unit_wait_ms();
	int r;

	while ((r = contain_remove(c)) == -EBUSY && clock_ms() < end)
		(void)poll(NULL, 0, 1);
	ck_assert_int_eq(r, 0);
}

static struct program
run_in(struct contain *c, const char *script)
{
	for (;;) {
		char line[LINE] = "";
		struct program p = try_in(c, script, line);

		if (*line == '\n')
			return p;
		ck_assert_msg(unit_again(-EAGAIN), /* "Cannot fork" */
			"it says '%s'", line);
		kill_until_empty(c);
		reap(c, &p);
		reap_orphans();
	}
}

TEST(is_empty_before_and_after_a_program)
{
	AUTO(contain_host_free) struct contain_host *host = open_host();
	AUTO(contain_free) struct contain *c = make(host, "one");
	struct program p;

	ck_assert_int_eq(contain_is_empty(c), 1);
	p = run_in(c, "echo; exit 7");
	reap(c, &p);
	ck_assert(!p.how.signaled);
	ck_assert_int_eq(p.how.code, 7);
	wait_count(c, 0);
	wait_empty(c);
	remove_soon(c);
}
END

TEST(says_why_a_program_cannot_start)
{
	AUTO(contain_host_free) struct contain_host *host = open_host();
	AUTO(contain_free) struct contain *c = make(host, "none");
	const char *const argv[] = { "nothing", NULL };
	struct spawn how = { .path = "/nonexistent",
		.argv = argv,
		.envp = argv + 1,
		.extra_fd = -1,
		.born_in = -1 };
	enum spawn_step failed;
	int null = fd_open("/dev/null", O_RDWR);
	struct program p;

	how.fd[0] = how.fd[1] = how.fd[2] = null;
	ck_assert_int_eq(spawn(c, &how, &p, &failed), -ENOENT);
	ck_assert_int_eq(failed, SPAWN_EXEC);
	ck_assert_int_eq(contain_is_empty(c), 1);
	remove_soon(c);
	(void)close(null);
}
END

TEST(does_not_count_a_dead_leader_that_is_not_reaped)
{
	AUTO(contain_host_free) struct contain_host *host = open_host();
	AUTO(contain_free) struct contain *c = make(host, "zombie");
	struct program p = run_in(c, "echo; sleep 1000");

	ck_assert_int_eq(contain_is_empty(c), 0);
	kill_until_empty(c);
	reap(c, &p);
	ck_assert(p.how.signaled);
	ck_assert_int_eq(p.how.code, SIGKILL);
	remove_soon(c);
}
END

TEST(holds_what_outlives_the_leader)
{
	AUTO(contain_host_free) struct contain_host *host = open_host();
	AUTO(contain_free) struct contain *c = make(host, "linger");
	struct program p = run_in(c, "sleep 1000 & echo");

	reap(c, &p);
	ck_assert_int_eq(contain_is_empty(c), 0);
	wait_count(c, 1);
	ck_assert_int_eq(contain_remove(c), -EBUSY);
	kill_until_empty(c);
	remove_soon(c);
}
END

TEST(holds_a_daemon_that_left_its_session_and_its_leader)
{
	AUTO(contain_host_free) struct contain_host *host = open_host();
	AUTO(contain_free) struct contain *c = NULL;
	struct program p;

	if (!complete && rung != CONTAIN_SUBREAPER)
		return;
	c = make(host, "daemon");
	p = run_in(c, "setsid sh -c 'setsid sleep 1000 & echo' & wait");
	reap(c, &p);
	wait_count(c, 1);
	ck_assert_int_eq(contain_is_empty(c), 0);
	kill_until_empty(c);
	remove_soon(c);
}
END

TEST(kills_a_crowd)
{
	AUTO(contain_host_free) struct contain_host *host = open_host();
	AUTO(contain_free) struct contain *c = make(host, "crowd");
	struct program p =
		run_in(c, "trap '' TERM HUP; i=0; while [ $i -lt 40 ]; do "
			  "sleep 1000 & i=$((i+1)); done; echo; wait");

	wait_count(c, 41);
	kill_until_empty(c);
	reap(c, &p);
	ck_assert_int_eq(p.how.code, SIGKILL);
	reap_orphans();
	remove_soon(c);
}
END

/* Each forks and ends all the time, so that one look misses some. */
TEST(kills_those_that_fork_all_the_time)
{
	AUTO(contain_host_free) struct contain_host *host = open_host();

	for (int i = 0; i < 10; i++) {
		AUTO(contain_free) struct contain *c = make(host, "forks");
		struct program p =
			run_in(c, "run() { while :; do (:) & (: & :); done; };"
				  "run & run & run & run & echo; wait");

		kill_until_empty(c);
		reap(c, &p);
		reap_orphans();
		ck_assert_int_eq(contain_is_empty(c), 1);
		remove_soon(c);
	}
}
END

	/* All but so many descriptors are used up. */
	static void
	use_up(int left)
{
	const struct rlimit low = { 64, 64 };
	int last = -1, fd;

	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &low), 0);
	while ((fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)) >= 0)
		last = fd;
	ck_assert_int_eq(errno, EMFILE);
	for (int i = 0; i < left; i++)
		ck_assert_int_eq(close(last - i), 0);
}

/* In a process of its own, which shares what is held and nothing else. */
TEST(does_not_take_those_for_dead_whom_it_cannot_see)
{
	AUTO(contain_host_free) struct contain_host *host = open_host();
	AUTO(contain_free) struct contain *c = make(host, "blind");
	struct program p = run_in(c, "sleep 1000 & echo");

	reap(c, &p);
	for (int left = 0; left < 6; left++) {
		pid_t blind = unit_fork();
		int status;

		if (blind == 0) {
			bool dead;

			use_up(left);
			dead = contain_list(c, NULL, 0) == 0;
			dead |= contain_is_empty(c) == 1;
			dead |= contain_remove(c) == 0;
			_exit(dead);
		}
		ck_assert_int_eq(waitpid(blind, &status, 0), blind);
		ck_assert_msg(status == 0, "with %d descriptors", left);
	}
	ck_assert_int_eq(contain_is_empty(c), 0);
	kill_until_empty(c);
	remove_soon(c);
}
END

	static bool
	is_pid(void *arg, pid_t pid)
{
	return pid == *(const pid_t *)arg;
}

/* Both are told, or only the other one. */
TEST(signals_everybody_but_those_to_be_left_out)
{
	AUTO(contain_host_free) struct contain_host *host = open_host();
	AUTO(contain_free) struct contain *c = make(host, "polite");
	struct program one =
		run_in(c, "trap 'exit 3' TERM; echo; exec 2>/dev/null;"
			  "while :; do sleep 0.01; done");
	struct program two =
		run_in(c, "trap 'exit 4' TERM; echo; exec 2>/dev/null;"
			  "while :; do sleep 0.01; done");
	pid_t nobody = 0;

	ck_assert_uint_ge(contain_signal(c, SIGTERM, is_pid, &one.pid), 1);
	reap(c, &two);
	ck_assert_int_eq(two.how.code, 4);
	ck_assert_int_eq(
		contain_reap(c, one.pid, one.pidfd, &one.how), -EAGAIN);
	ck_assert_uint_ge(contain_signal(c, SIGTERM, is_pid, &nobody), 1);
	reap(c, &one);
	ck_assert_int_eq(one.how.code, 3);
	kill_until_empty(c);
	remove_soon(c);
}
END

/* Stopped ones are told nothing by SIGTERM, and killed all the same. */
TEST(kills_a_stopped_group)
{
	AUTO(contain_host_free) struct contain_host *host = open_host();
	AUTO(contain_free) struct contain *c = make(host, "stopped");
	struct program p = run_in(c, "sleep 1000 & echo; kill -STOP 0");

	kill_until_empty(c);
	reap(c, &p);
	remove_soon(c);
}
END

/* A process of its kind dies with a daemon in its containment. */
TEST(ends_what_a_dead_process_of_its_kind_left)
{
	int report[2];
	pid_t executor, orphan = 0;
	struct pollfd gone = { .events = POLLIN };

	if (!complete)
		return;
	ck_assert_int_eq(fd_pipe(report, false), 0);
	executor = unit_fork();
	if (executor == 0) {
		struct group_member m;
		struct contain *c = make(open_host(), "left");
		struct program p =
			run_in(c, "setsid sleep 1000 & echo; exit 0");

		reap(c, &p);
		wait_count(c, 1);
		(void)contain_list(c, &m, 1);
		(void)!write(report[1], &m.pid, sizeof m.pid);
		_exit(0); /* without cleaning up */
	}
	(void)close(report[1]);
	ck_assert_int_eq(read(report[0], &orphan, sizeof orphan),
		(ssize_t)sizeof orphan);
	gone.fd = (int)syscall(SYS_pidfd_open, orphan, 0);
	ck_assert_int_eq(waitpid(executor, NULL, 0), executor);
	contain_host_free(open_host());
	if (gone.fd >= 0) { /* else it has died with the executor */
		ck_assert_int_eq(poll(&gone, 1, unit_wait_ms()), 1);
		(void)close(gone.fd);
	}
	(void)close(report[0]);
}
END

	static void
	read_place(char out[4096])
{
	FILE *f = fopen("/proc/self/cgroup", "re");

	ck_assert_ptr_nonnull(f);
	out[fread(out, 1, 4095, f)] = 0;
	(void)fclose(f);
}

TEST(leaves_us_where_we_were)
{
	char before[4096], after[4096];

	read_place(before);
	contain_host_free(open_host());
	read_place(after);
	ck_assert_str_eq(before, after);
}
END

	/* "test-contain-cgroup2" */
	static bool
	choose_rung(void)
{
	static const char start[] = "test-contain-";
	const char *name = program_invocation_short_name;

	if (strncmp(name, "lt-", 3) == 0)
		name += 3; /* libtool's */
	if (strncmp(name, start, sizeof start - 1) != 0)
		return false;
	rung = contain_rung_parse(name + sizeof start - 1);
	return rung != CONTAIN_RUNGS;
}

int
main(void)
{
	const TTest *const tests[] = { is_empty_before_and_after_a_program,
		says_why_a_program_cannot_start,
		does_not_count_a_dead_leader_that_is_not_reaped,
		holds_what_outlives_the_leader,
		holds_a_daemon_that_left_its_session_and_its_leader,
		kills_a_crowd, kills_those_that_fork_all_the_time,
		signals_everybody_but_those_to_be_left_out,
		kills_a_stopped_group,
		does_not_take_those_for_dead_whom_it_cannot_see,
		ends_what_a_dead_process_of_its_kind_left,
		leaves_us_where_we_were, NULL };
	struct err err = { "" };
	struct contain_host *host;

	if (!choose_rung())
		return EXIT_FAILURE;
	complete = contain_rung_is_complete(rung);
	host = try_host(&err);
	if (!host)
		return unit_skip(err.text);
	contain_host_free(host);
	return unit_run(contain_rung_name(rung), tests);
}
