/* adversary.c - a task that does what tasks do to outlive their end
 *
 * usage: adversary KIND MARK [FILE]
 *        adversary reuse PID		a process of that number, for a test
 *
 * Says "ready" when it has done what KIND says. Every process of it shows MARK
 * in its command line, for tests that look there, and ends by itself after
 * LIFE_S. Bombs refuse to go off where nothing bounds the number of processes;
 * what attacks others does it as a user that nobody else is. */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/system/helpers/adversary.h"

enum {
	LIFE_S = 60,
	COMETS = 20,
	COMET_US = 1000,
	TREE = 50,
	ZOMBIES = 500,
	THREADS = 100,
	FORK_TRIES = 100,
	FORK_PAUSE_US = 20000,
	UID_BASE = 0x40000000,
};

static const char *file, *mark;
time_t end_s;
static bool keeps_pipes = true;

/* ---------------------------------------------------------- a bounded life */

time_t
now_s(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

void
live_for(time_t s)
{
	end_s = now_s() + s;
}

/* Stopped processes, too, and those whose signals are ignored. Not inherited:
 * each process needs its own. */
static void
be_mortal(void)
{
	struct sigevent kill_us = { .sigev_notify = SIGEV_SIGNAL,
		.sigev_signo = SIGKILL };
	struct itimerspec at = { .it_value.tv_sec = end_s };
	timer_t timer;

	if (timer_create(CLOCK_MONOTONIC, &kill_us, &timer) < 0 ||
		timer_settime(timer, TIMER_ABSTIME, &at, NULL) < 0)
		_exit(1);
}

__attribute__((noreturn)) void
sit(void)
{
	struct timespec at = { .tv_sec = end_s };

	be_mortal();
	while (now_s() < end_s) /* the first process of a namespace needs it */
		(void)clock_nanosleep(
			CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
	_exit(0);
}

static void
ready(void)
{
	int null;

	if (write(STDOUT_FILENO, "ready\n", 6) != 6)
		_exit(1);
	if (keeps_pipes)
		return;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int fd = 0; fd < 3; fd++)
		(void)dup2(null, fd);
}

__attribute__((noreturn)) void
sit_ready(void)
{
	ready();
	sit();
}

static void
ignore_all(void)
{
	for (int s = 1; s < 32; s++)
		(void)signal(s, SIG_IGN);
}

/* A host that is full of processes for a moment is not what is tested; one that
 * stays so must be told, or the test waits in vain for "ready". */
static pid_t
must_fork(void)
{
	pid_t pid = fork();

	for (int i = 0; pid < 0 && errno == EAGAIN && i < FORK_TRIES; i++) {
		(void)usleep(FORK_PAUSE_US);
		pid = fork();
	}
	if (pid < 0) {
		(void)fprintf(stderr, "adversary: cannot fork: %m\n");
		_exit(1);
	}
	return pid;
}

/* The classic. True in the daemon. */
static bool
become_daemon(void)
{
	if (must_fork() != 0)
		return false;
	(void)setsid();
	if (must_fork() != 0)
		_exit(0);
	return true;
}

bool
become_other(void)
{
	uid_t uid = UID_BASE + (uid_t)getpid();

	return geteuid() == 0 && setresuid(uid, uid, uid) == 0;
}

/* ------------------------------------------------------------------- kinds */

static void
exec_self(char *program, char *kind)
{
	char *const words[] = { program, kind, (char *)(uintptr_t)mark, NULL };
	static char *const nothing[] = { NULL };

	(void)execve(program, words, nothing);
	(void)fprintf(stderr, "cannot execute %s: %m\n", program);
	sit_ready();
}

static void
forget_environment(void)
{
	static char program[] = "/proc/self/exe", kind[] = "plain";

	exec_self(program, kind);
}

/* file is a copy of ours that runs as its owner. */
static void
change_user(void)
{
	static char kind[] = "deaf";

	(void)become_other();
	exec_self((char *)(uintptr_t)file, kind);
}

static void
grow_tree(void)
{
	for (int i = 1; i < TREE; i++)
		if (fork() == 0)
			sit();
	sit_ready();
}

static void
stop_group(void)
{
	if (fork() == 0)
		sit();
	be_mortal();
	ready();
	(void)kill(0, SIGSTOP);
	sit();
}

/* A session in a session in a session; every second parent is gone. */
static void
hop_sessions(void)
{
	for (int i = 0; i < 8; i++) {
		pid_t pid = fork();

		if (pid != 0 && i % 2)
			_exit(0);
		if (pid != 0)
			sit();
		(void)setsid();
	}
	sit_ready();
}

static void
adopt(void)
{
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
	for (int i = 0; i < 4; i++)
		if (become_daemon())
			sit();
	sit_ready();
}

/* Never the same process for longer than a moment, each in its own session. */
static void
comet(void)
{
	while (now_s() < end_s) {
		pid_t pid;

		(void)usleep(COMET_US);
		pid = fork();
		if (pid > 0)
			_exit(0);
		if (pid == 0)
			(void)setsid();
	}
	_exit(0);
}

static void
start_comets(int n)
{
	live_for(SHORT_LIFE_S);
	for (int i = 0; i < n; i++)
		if (fork() == 0)
			comet();
	(void)usleep(20 * COMET_US);
	ready();
	_exit(0);
}

static void
start_comet(void)
{
	start_comets(1);
}

static void
start_swarm(void)
{
	start_comets(COMETS);
}

/* The parent waits inside the kernel until the child ends. */
static void
get_stuck(void)
{
	if (syscall(SYS_clone, CLONE_VFORK | SIGCHLD, 0, 0, 0, 0) == 0)
		sit_ready();
	sit();
}

/* The kernel stops the child on its way out, until its tracer acts. */
static void
trace_child(void)
{
	pid_t pid = fork();

	if (pid == 0)
		sit();
	if (ptrace(PTRACE_SEIZE, pid, NULL, PTRACE_O_TRACEEXIT) < 0)
		(void)fprintf(stderr, "cannot trace: %m\n");
	sit_ready();
}

static void
make_zombies(void)
{
	for (int i = 0; i < ZOMBIES; i++)
		if (fork() == 0)
			_exit(0);
	sit_ready();
}

static void *
thread(void *arg)
{
	(void)arg;
	sit();
}

static void
start_threads(void)
{
	pthread_t id;

	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&id, NULL, thread, NULL) != 0)
			_exit(1);
	ready();
}

/* Shown as a zombie, and lives. */
static void
lose_head(void)
{
	start_threads();
	(void)syscall(SYS_exit, 0);
}

static void
nest_namespaces(void)
{
	for (int depth = 0; depth < 3; depth++) {
		int more = CLONE_NEWPID | CLONE_NEWNS;

		if (unshare(CLONE_NEWUSER | more) < 0 && unshare(more) < 0)
			(void)fprintf(stderr, "cannot nest: %m\n");
		if (fork() != 0)
			sit();
	}
	sit_ready();
}

static void
say_goodbye(int signo)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	(void)signo;
	_exit(fd < 0);
}

static void
sit_politely(void)
{
	(void)signal(SIGTERM, say_goodbye);
	be_mortal();
	ready();
	(void)raise(SIGSTOP); /* hears it only after SIGCONT */
	sit();
}

static void
bequeath(int signo)
{
	(void)signo;
	if (become_daemon()) {
		ignore_all();
		sit();
	}
	_exit(0);
}

static void
leave_heirs(void)
{
	for (int i = 0; i < 4; i++)
		if (fork() == 0) {
			(void)signal(SIGTERM, bequeath);
			sit();
		}
	(void)signal(SIGTERM, bequeath);
	sit_ready();
}

static void
kill_everybody(void)
{
	if (become_other())
		(void)kill(-1, SIGKILL);
	sit_ready();
}

/* -------------------------------------------------------------------- main */

/* A process whose number was another's: what kills by number kills it. */
static int
reuse(const char *number)
{
	pid_t want = (pid_t)strtol(number, NULL, 10);
	struct clone_args args = { .exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)&want,
		.set_tid_size = 1 };
	long pid = syscall(SYS_clone3, &args, sizeof args);

	if (pid == 0)
		sit_ready();
	if (pid < 0) {
		(void)fprintf(stderr, "no process %s: %m\n", number);
		return 1;
	}
	(void)waitpid((pid_t)pid, NULL, 0);
	return 0;
}

enum { DAEMON = 1, DEAF = 2, LEADER_EXITS = 4, KEEPS_PIPES = 8 };

static const struct kind {
	const char *name;
	void (*body)(void); /* does not return; of the daemon if it is one */
	int how;
} kinds[] = {
	{ "plain", sit_ready, 0 },
	{ "deaf", sit_ready, DEAF },
	{ "stopped", stop_group, 0 },
	{ "stopped-daemon", stop_group, DAEMON | DEAF },
	{ "tree", grow_tree, 0 },
	{ "daemon", sit_ready, DAEMON },
	{ "daemon-exit", sit_ready, DAEMON | LEADER_EXITS },
	{ "deaf-daemon", sit_ready, DAEMON | DEAF },
	{ "clean-daemon", forget_environment, DAEMON },
	{ "pipe-holder", sit_ready, DAEMON | LEADER_EXITS | KEEPS_PIPES },
	{ "polite", sit_politely, DAEMON },
	{ "heirs", leave_heirs, 0 },
	{ "sessions", hop_sessions, DAEMON | DEAF },
	{ "subreaper", adopt, DAEMON | DEAF },
	{ "comet", start_comet, DAEMON | DEAF },
	{ "comets", start_swarm, DAEMON | DEAF },
	{ "bomb", explode_fast, DEAF },
	{ "bomb-slow", explode_slowly, DEAF },
	{ "traced", trace_child, DAEMON | DEAF },
	{ "vfork", get_stuck, DAEMON | DEAF },
	{ "zombies", make_zombies, DAEMON },
	{ "threads", start_threads, DAEMON | DEAF },
	{ "headless", lose_head, DEAF },
	{ "namespaces", nest_namespaces, DAEMON | DEAF },
	{ "setuid", change_user, DAEMON | DEAF },
	{ "nested", nest_group, DAEMON | DEAF },
	{ "nested-100", nest_groups, DAEMON | DEAF },
	{ "leaver", leave_group, DAEMON | DEAF },
	{ "killer", kill_everybody, DAEMON | DEAF },
};

int
main(int argc, char **argv)
{
	const struct kind *kind = kinds,
			  *last = kinds + sizeof kinds / sizeof *kinds;

	if (argc < 3)
		return 2;
	live_for(LIFE_S);
	if (strcmp(argv[1], "reuse") == 0)
		return reuse(argv[2]);
	while (kind < last && strcmp(kind->name, argv[1]) != 0)
		kind++;
	if (kind == last)
		return 2;
	mark = argv[2];
	file = argc > 3 ? argv[3] : "/dev/null";
	keeps_pipes = !(kind->how & DAEMON) || (kind->how & KEEPS_PIPES);
	if (kind->how & DAEMON && !become_daemon()) {
		if (kind->how & LEADER_EXITS)
			return 0;
		sit();
	}
	if (kind->how & DEAF)
		ignore_all();
	kind->body();
	sit();
}
