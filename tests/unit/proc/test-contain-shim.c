/* test-contain-shim.c - what only a shim has to withstand
 *
 * Beside test-contain.c. Who is left is judged by a mark on the command lines
 * of all processes of the machine, never by the containment's own word. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "proc/contain.h"
#include "proc/procfs.h"
#include "proc/tree.h"
#include "tests/unit/unit.h"

enum {
	COMETS = 20,
	ZOMBIES = 500,
	NOBODY = 65534,
};

static const enum contain_rung rungs[] = { CONTAIN_PIDNS, CONTAIN_SUBREAPER };
static char self[4096]; /* this program, which plays parts of tasks as well */
static char mark[64]; /* on the command line of everybody that we start */

/* -------------------------------------------------------- parts in a task */

/* Is somebody else every millisecond, always in a new session. */
__attribute__((noreturn)) static void
be_a_comet(void)
{
	for (;;) {
		if (fork() > 0)
			_exit(0);
		(void)setsid();
		(void)poll(NULL, 0, 1);
	}
}

static void
be_comets(void)
{
	for (int i = 0; i < COMETS; i++)
		if (fork() == 0)
			be_a_comet();
}

/* Nobody waits for them, their parent lives on. */
static void
have_zombies(void)
{
	for (int i = 0; i < ZOMBIES; i++)
		if (fork() == 0)
			_exit(0);
}

/* Their parent is dead when they die. */
static void
have_orphans(void)
{
	for (int i = 0; i < ZOMBIES; i++)
		if (fork() == 0)
			_exit(fork() < 0);
	while (wait(NULL) > 0)
		;
}

static void *
wait_in_thread(void *arg)
{
	for (;;)
		(void)poll(NULL, 0, -1);
	return arg;
}

static void
lose_the_first_thread(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, wait_in_thread, NULL) != 0)
		_exit(1);
	(void)!write(STDOUT_FILENO, "\n", 1);
	pthread_exit(NULL);
}

/* True: this process is part of a task. */
static bool
play(const char *part)
{
	if (strcmp(part, "comets") == 0)
		be_comets();
	else if (strcmp(part, "zombies") == 0)
		have_zombies();
	else if (strcmp(part, "orphans") == 0)
		have_orphans();
	else if (strcmp(part, "headless") == 0)
		lose_the_first_thread();
	else
		return false;
	(void)!write(STDOUT_FILENO, "\n", 1);
	(void)poll(NULL, 0, -1);
	return true;
}

/* ------------------------------------------------------------------ helpers */

struct place {
	struct contain_host *host;
	struct contain *c;
	pid_t pid;
	int pidfd, wait_fd;
	const struct spawn_user *user;
};

static struct place
place_open(enum contain_rung rung)
{
	const struct contain_options options = { .prefix = "nodelink-test-",
		.shim = getenv("NODELINK_SHIM"),
		.first = rung,
		.last = rung };
	static const struct contain_limits none;
	struct place p = { .host = NULL };
	struct err err = { "" };
	int r;

	(void)snprintf(mark, sizeof mark, "mark-%d-%lld", (int)getpid(),
		(long long)clock_us());
	do
		r = contain_host_new(&options, &p.host, &err);
	while (unit_again(r));
	ck_assert_msg(r == 0, "%s", err.text);
	ck_assert_msg(contain_new(p.host, "shim", &none, &p.c, &err) == 0, "%s",
		err.text);
	return p;
}

static void
place_done(struct place *p)
{
	contain_free(p->c);
	contain_host_free(p->host);
}

static int
start(struct place *p, const char *const *argv)
{
	static const char *const env[] = { "PATH=/usr/bin:/bin", NULL };
	struct spawn how = { .path = argv[0],
		.argv = argv,
		.envp = env,
		.extra_fd = -1,
		.born_in = -1,
		.user = p->user };
	enum spawn_step failed;
	int ends[2], r;

	ck_assert_int_eq(fd_pipe(ends, false), 0);
	how.fd[0] = how.fd[1] = how.fd[2] = ends[1];
	do
		r = contain_spawn(
			p->c, &how, &p->pid, &p->pidfd, &p->wait_fd, &failed);
	while (unit_again(r));
	(void)close(ends[1]);
	if (r == 0) { /* until it has printed something, or is dead */
		struct pollfd wait[] = {
			{ .fd = ends[0], .events = POLLIN },
			{ .fd = p->wait_fd, .events = POLLIN },
		};

		ck_assert_int_ge(poll(wait, 2, unit_wait_ms()), 1);
	}
	(void)close(ends[0]);
	return r;
}

/* Returns when it has printed something. */
static void
run(struct place *p, const char *script)
{
	const char *const argv[] = { "/bin/sh", "-c", script, mark, NULL };

	ck_assert_int_eq(start(p, argv), 0);
}

static void
run_part(struct place *p, const char *part)
{
	const char *const argv[] = { self, part, mark, NULL };

	ck_assert_int_eq(start(p, argv), 0);
}

static struct child_exit
reap(struct place *p)
{
	struct pollfd wait = { .fd = p->wait_fd, .events = POLLIN };
	int64_t end = clock_ms() + unit_wait_ms();
	struct child_exit how = { 0 };
	int r;

	while ((r = contain_reap(p->c, p->pid, p->pidfd, &how)) == -EAGAIN &&
		clock_ms() < end)
		(void)poll(&wait, 1, 1000);
	ck_assert_int_eq(r, 0);
	(void)close(p->pidfd);
	return how;
}

static void
kill_until_empty(struct place *p)
{
	int64_t end = clock_ms() + unit_wait_ms();
	int r = contain_kill(p->c);

	while (contain_is_empty(p->c) != 1 && clock_ms() < end) {
		unsigned events;
		struct pollfd wait = { .fd = contain_fd(p->c, &events),
			.events = POLLIN };

		(void)poll(&wait, 1, 5);
		if (r > 0)
			r = contain_kill(p->c);
	}
	ck_assert_int_eq(contain_is_empty(p->c), 1);
}

static bool
has_mark(pid_t pid)
{
	char path[32], text[4096 + 256];
	AUTO_CLOSE int fd = -1;
	ssize_t n;

	(void)snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
	fd = fd_open(path, O_RDONLY);
	n = fd < 0 ? 0 : read(fd, text, sizeof text);
	return n > 0 && memmem(text, (size_t)n, mark, strlen(mark)) != NULL;
}

static bool
see_mark(void *arg, const struct procfs_stat *stat, int dir)
{
	int *n = arg;

	(void)dir;
	*n += has_mark(stat->pid);
	return true;
}

/* Of all processes, dead ones excepted. */
static int
count_marked(void)
{
	AUTO_CLOSE int init = procfs_open(1);
	int n = 0;

	(void)tree_walk(init, see_mark, &n);
	return n;
}

static void
ck_all_gone(void)
{
	for (int i = 0; i < 20; i++) /* a comet is seldom seen */
		ck_assert_int_eq(count_marked(), 0);
}

/* -------------------------------------------------------------------- tests */

TEST(kills_comets)
{
	for (size_t i = 0; i < ARRAY_SIZE(rungs); i++)
		for (int n = 0; n < 5; n++) {
			struct place p = place_open(rungs[i]);

			run_part(&p, "comets");
			kill_until_empty(&p);
			ck_all_gone();
			ck_assert_int_eq(reap(&p).code, SIGKILL);
			place_done(&p);
		}
}
END

TEST(is_not_held_up_by_a_crowd_of_zombies)
{
	for (size_t i = 0; i < ARRAY_SIZE(rungs); i++) {
		struct place p = place_open(rungs[i]);
		struct group_member m;

		run_part(&p, "zombies");
		ck_assert_int_eq(contain_list(p.c, &m, 1), 1);
		kill_until_empty(&p);
		ck_assert_int_eq(reap(&p).code, SIGKILL);
		ck_all_gone();
		place_done(&p);
	}
}
END

	static int
	count_children(pid_t pid)
{
	char path[64], text[8192];
	AUTO_CLOSE int fd = -1;
	ssize_t n;
	int found = 0;

	(void)snprintf(
		path, sizeof path, "/proc/%d/task/%d/children", pid, pid);
	fd = fd_open(path, O_RDONLY);
	n = fd < 0 ? -1 : read(fd, text, sizeof text);
	for (ssize_t i = 0; i < n; i++)
		found += text[i] == ' ';
	return n < 0 ? -1 : found;
}

TEST(reaps_what_a_task_leaves_to_it)
{
	for (size_t i = 0; i < ARRAY_SIZE(rungs); i++) {
		struct place p = place_open(rungs[i]);
		int64_t end = clock_ms() + unit_wait_ms();
		struct procfs_stat program;
		int dir;

		run_part(&p, "orphans");
		dir = procfs_open(p.pid);
		ck_assert_int_eq(procfs_stat(dir, "stat", &program), 0);
		(void)close(dir);
		while (count_children(program.ppid) != 1 && clock_ms() < end)
			(void)poll(NULL, 0, 1);
		ck_assert_int_eq(count_children(program.ppid), 1);
		kill_until_empty(&p);
		ck_assert_int_eq(reap(&p).code, SIGKILL);
		place_done(&p);
	}
}
END

TEST(sees_a_process_whose_first_thread_is_dead)
{
	for (size_t i = 0; i < ARRAY_SIZE(rungs); i++) {
		struct place p = place_open(rungs[i]);
		int64_t end = clock_ms() + unit_wait_ms();
		struct group_member m = { .state = '?' };

		run_part(&p, "headless");
		while (m.state != 'Z' && clock_ms() < end)
			ck_assert_int_eq(contain_list(p.c, &m, 1), 1);
		ck_assert_int_eq(m.state, 'Z');
		ck_assert_int_eq(contain_is_empty(p.c), 0);
		kill_until_empty(&p);
		ck_all_gone();
		(void)reap(&p);
		place_done(&p);
	}
}
END

/* Only on rung subreaper can it, and only with our user. */
TEST(leaves_nothing_when_the_task_kills_its_shim)
{
	static const char *const scripts[] = {
		"(sleep 1000; :) & echo; kill -9 $PPID; sleep 1000",
		"setsid sh -c 'sleep 1000; :' $0 & kill -9 $PPID; echo",
	};

	for (size_t i = 0; i < 20; i++) {
		struct place p = place_open(CONTAIN_SUBREAPER);
		const char *const argv[] = { "/bin/sh", "-c", scripts[i % 2],
			mark, NULL };
		int r = start(&p, argv);

		if (r == 0) /* the program follows its shim, or has ended */
			(void)reap(&p);
		else /* killed before it could say that it had started it */
			ck_assert_int_eq(r, -EIO);
		kill_until_empty(&p);
		ck_all_gone();
		place_done(&p);
	}
}
END

TEST(kills_those_whose_shim_was_stopped)
{
	struct place p = place_open(CONTAIN_SUBREAPER);

	run(&p, "kill -STOP $PPID; (sleep 1000; :) &"
		"setsid sh -c 'sleep 1000; :' $0 & echo; wait");
	kill_until_empty(&p);
	ck_all_gone();
	ck_assert_int_eq(reap(&p).code, SIGKILL);
	place_done(&p);
}
END

TEST(protects_the_shim_from_a_task_of_another_user)
{
	const struct spawn_user nobody = { .uid = NOBODY, .gid = NOBODY };

	if (geteuid() != 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(rungs); i++) {
		struct place p = place_open(rungs[i]);

		p.user = &nobody;
		run(&p, "echo; [ $(id -u) = 65534 ] || exit 1;"
			"kill -9 $PPID 2>/dev/null || exit 7");
		ck_assert_int_eq(reap(&p).code, 7);
		kill_until_empty(&p);
		place_done(&p);
	}
}
END

TEST(cannot_be_ended_by_signals_of_the_task)
{
	for (size_t i = 0; i < ARRAY_SIZE(rungs); i++) {
		struct place p = place_open(rungs[i]);

		run(&p, "for s in TERM INT HUP QUIT USR1 SEGV ALRM; do "
			"kill -$s $PPID 2>/dev/null; done; echo; exit 5");
		ck_assert_int_eq(reap(&p).code, 5);
		kill_until_empty(&p);
		place_done(&p);
	}
}
END

	/* The executor's side runs in a process that is killed. */
	static void
	lose_the_executor(enum contain_rung rung, const char *part)
{
	int64_t end = clock_ms() + unit_wait_ms();
	int ready[2];
	pid_t executor;
	char byte;

	(void)prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
	ck_assert_int_eq(fd_pipe(ready, false), 0);
	(void)snprintf(mark, sizeof mark, "mark-%lld", (long long)clock_us());
	executor = unit_fork();
	if (executor == 0) {
		char same[sizeof mark];
		struct place p;

		memcpy(same, mark, sizeof same);
		p = place_open(rung);
		memcpy(mark, same, sizeof same);
		if (part)
			run_part(&p, part);
		else
			run(&p, "trap '' TERM HUP;"
				"setsid sh -c 'sleep 1000; :' $0 &"
				"echo; kill -STOP $$; sleep 1000");
		(void)!write(ready[1], "", 1);
		for (;;)
			(void)poll(NULL, 0, -1);
	}
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	ck_assert_int_gt(count_marked(), 0);
	ck_assert_int_eq(kill(executor, SIGKILL), 0);
	ck_assert_int_eq(waitpid(executor, NULL, 0), executor);
	while (count_marked() > 0 && clock_ms() < end)
		(void)poll(NULL, 0, 1);
	(void)poll(NULL, 0, 20); /* for comets that were not seen */
	ck_all_gone();
	(void)close(ready[0]);
	(void)close(ready[1]);
}

TEST(leaves_nothing_when_the_executor_is_killed)
{
	for (size_t i = 0; i < ARRAY_SIZE(rungs); i++) {
		lose_the_executor(rungs[i], NULL);
		lose_the_executor(rungs[i], "comets");
		lose_the_executor(rungs[i], "zombies");
	}
}
END

/* ps and kill of the task have to speak of the same processes. */
TEST(gives_a_namespace_a_proc_that_knows_its_numbers)
{
	struct place p = place_open(CONTAIN_PIDNS);

	run(&p, "echo; [ $PPID = 1 ] && grep -q \"$0\" /proc/$$/cmdline &&"
		"exit 9");
	ck_assert_int_eq(reap(&p).code, 9);
	kill_until_empty(&p);
	place_done(&p);
}
END

TEST(works_without_privileges)
{
	int status;
	pid_t child = unit_fork();

	if (child == 0) {
		struct place p;

		if (geteuid() == 0 &&
			(syscall(SYS_setgroups, 0, NULL) < 0 ||
				setgid(NOBODY) < 0 || setuid(NOBODY) < 0))
			_exit(1);
		(void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); /* as after exec */
		for (size_t i = 0; i < ARRAY_SIZE(rungs); i++) {
			p = place_open(rungs[i]);
			run(&p, "setsid sh -c 'sleep 1000; :' $0 & echo; id -u | "
				"grep -q 65534 && exit 4");
			ck_assert_int_eq(reap(&p).code, 4);
			ck_assert_int_gt(count_marked(), 0);
			kill_until_empty(&p);
			ck_all_gone();
			place_done(&p);
		}
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}
END

	int
	main(int argc, char **argv)
{
	const TTest *const tests[] = { kills_comets,
		is_not_held_up_by_a_crowd_of_zombies,
		reaps_what_a_task_leaves_to_it,
		sees_a_process_whose_first_thread_is_dead,
		leaves_nothing_when_the_task_kills_its_shim,
		kills_those_whose_shim_was_stopped,
		protects_the_shim_from_a_task_of_another_user,
		cannot_be_ended_by_signals_of_the_task,
		leaves_nothing_when_the_executor_is_killed,
		gives_a_namespace_a_proc_that_knows_its_numbers,
		works_without_privileges, NULL };

	if (argc > 1 && play(argv[1]))
		return EXIT_SUCCESS;
	if (readlink("/proc/self/exe", self, sizeof self - 1) < 0)
		return EXIT_FAILURE;
	return unit_run("shim", tests);
}
