/* main.c - nodelink-shim: the first process of one program of a task
 *
 * Started by nodelink-executor where no control group holds a task. As the
 * first process of a PID namespace, or as a subreaper, it is the parent of
 * every process whose own parent is dead. It starts the program, says how that
 * ended, reaps, and is there as long as anybody is. When the executor is gone
 * it leaves nobody behind.
 *
 * It acts for a task that may be hostile and of the same user: it takes nothing
 * from the task but deaths, has an empty environment, blocks every signal that
 * can be blocked, and cannot be traced. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "proc/order.h"
#include "proc/procfs.h"
#include "proc/shim.h"
#include "proc/tree.h"

enum {
	STATUS_FAILED = 1,
	STATUS_USAGE = 2,
	ROUND_MAX_MS = 64, /* between rounds that found nobody who can die */
};

struct shim {
	bool subreaper; /* else the first of a PID namespace */
	int socket; /* -1: the executor is gone */
	int deaths; /* signalfd */
	pid_t program;
	bool told; /* how the program ended */
	bool released; /* it may be reaped */
	bool killing;
	int round_ms;
};

/* ------------------------------------------------------------------- start */

static int
start(struct shim *shim, int order_fd, int *pidfd, enum spawn_step *failed)
{
	AUTO_ORDER struct order order;
	int r = order_read(order_fd, &order);

	*failed = SPAWN_CLONE;
	if (r < 0)
		return r;
	for (int i = 0; i < 3; i++)
		order.how.fd[i] = i;
	/* In a namespace the kernel sees to that. */
	order.how.die_with_us = shim->subreaper;
	return spawn_start(&order.how, &shim->program, pidfd, failed);
}

/* From the executor's order to its answer. */
static int
serve_start(struct shim *shim)
{
	struct shim_msg msg, answer = { .word = SHIM_STARTED };
	AUTO_CLOSE int order_fd = -1;
	AUTO_CLOSE int pidfd = -1;
	int r = shim_receive(shim->socket, -1, &msg, &order_fd);

	if (r != 0 || msg.word != SHIM_START || order_fd < 0)
		return r < 0 ? r : -EBADMSG;
	r = start(shim, order_fd, &pidfd, &answer.step);
	if (r < 0) {
		answer.word = SHIM_FAILED;
		answer.error = -r;
	}
	(void)shim_send(shim->socket, &answer, pidfd); /* else it is gone */
	return r;
}

/* Streams and folders are the program's: whoever waits for the end of a pipe
 * must not wait for us. */
static void
let_go(void)
{
	for (int fd = 0; fd < SHIM_FD; fd++)
		(void)close(fd);
	(void)!chdir("/");
}

/* -------------------------------------------------------------------- life */

/* As many as are dead. The program's zombie keeps its numbers reserved for the
 * executor, and is always the first to be seen: the others wait behind it. */
static int
reap(struct shim *shim)
{
	struct shim_msg msg = { .word = SHIM_ENDED };
	pid_t pid;
	int r;

	while ((r = child_peek(&pid, &msg.exit)) == 0) {
		if (pid == shim->program && !shim->told) {
			shim->told = true;
			(void)shim_send(shim->socket, &msg, -1); /* or gone */
		}
		if (pid == shim->program && !shim->released)
			return 0;
		(void)waitpid(pid, NULL, WNOHANG);
		shim->round_ms = 0;
	}
	return r;
}

static void
kill_round(struct shim *shim)
{
	AUTO_CLOSE int self = procfs_open(getpid());

	if (self >= 0)
		(void)tree_walk(self, tree_kill_one, NULL); /* and again */
	if (shim->round_ms < ROUND_MAX_MS)
		shim->round_ms = shim->round_ms ? 2 * shim->round_ms : 1;
}

static void
begin_to_kill(struct shim *shim)
{
	if (shim->killing)
		return;
	shim->killing = true;
	/* A crowd that forks leaves us little time. Only root may. */
	(void)setpriority(PRIO_PROCESS, 0, -20);
}

static void
hear(struct shim *shim)
{
	AUTO_CLOSE int fd = -1;
	struct shim_msg msg;
	int r = shim_receive(shim->socket, 0, &msg, &fd);

	if (r == -EAGAIN || r == -EINTR)
		return;
	if (r != 0) {
		(void)close(shim->socket);
		shim->socket = -1;
		shim->released = true;
		begin_to_kill(shim);
	} else if (msg.word == SHIM_RELEASE) {
		shim->released = true;
	} else if (msg.word == SHIM_KILL) {
		begin_to_kill(shim);
	}
}

/* Until nobody is left. */
static void
live(struct shim *shim)
{
	struct signalfd_siginfo info;

	while (reap(shim) != -ECHILD) {
		struct pollfd p[] = {
			{ .fd = shim->deaths, .events = POLLIN },
			{ .fd = shim->socket, .events = POLLIN },
		};

		if (shim->killing)
			kill_round(shim);
		(void)poll(p, 2, shim->killing ? shim->round_ms : -1);
		while (read(shim->deaths, &info, sizeof info) > 0)
			continue; /* one may stand for many: reap() looks */
		if (p[1].revents)
			hear(shim);
		/* Our death is everybody's. */
		if (shim->socket < 0 && !shim->subreaper)
			return;
	}
}

static int
prepare(struct shim *shim)
{
	sigset_t all, child;

	(void)sigfillset(&all);
	(void)sigemptyset(&child);
	(void)sigaddset(&child, SIGCHLD);
	if (sigprocmask(SIG_SETMASK, &all, NULL) < 0 ||
		fcntl(SHIM_FD, F_SETFD, FD_CLOEXEC) < 0 ||
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return -errno;
	if (shim->subreaper && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return -errno;
	shim->deaths = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	return shim->deaths < 0 ? -errno : 0;
}

/* For the executor's trial of a rung: somebody to be killed. */
__attribute__((noreturn)) static void
wait_for_ever(void)
{
	for (;;)
		(void)poll(NULL, 0, -1);
}

int
main(int argc, char **argv)
{
	struct shim shim = { .socket = SHIM_FD };
	const char *rung = argc == 3 ? argv[1] : "";

	if (argc == 2 && strcmp(argv[1], "--wait") == 0)
		wait_for_ever();
	shim.subreaper = strcmp(rung, "subreaper") == 0;
	if ((!shim.subreaper && strcmp(rung, "pidns") != 0) ||
		prepare(&shim) < 0) {
		(void)fprintf(stderr,
			"nodelink-shim: started by nodelink-executor only\n");
		return STATUS_USAGE;
	}
	if (serve_start(&shim) < 0)
		_exit(STATUS_FAILED);
	let_go();
	live(&shim);
	/* Nothing of libc's is left to do, and in a namespace that has no
	 * other process a sanitizer cannot look for leaks. */
	_exit(0);
}
