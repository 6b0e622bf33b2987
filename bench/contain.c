/* contain.c - from the order to kill a task until nothing of it is left
 *
 *	contain bare GROUP COUNT CMD	a program born in a control group below
 *					GROUP: from writing cgroup.kill until
 *					the kernel says "populated 0"
 *	contain node DIR EXECUTOR PLUGIN RUNG COUNT CMD
 *					a real executor, whose uplink we are:
 *					from sending the cancel (no grace)
 *					until its verified result is here
 *
 * CMD says "ready" when it is; then it has 20 ms more. Prints a line of JSON. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/parse.h"
#include "bench/sample.h"
#include "wire/link.h"

extern char **environ;

enum { SETTLE_US = 20000, PATIENCE_MS = 60000, CONNECT_TRIES = 1000 };

/* -------------------------------------------------------------------- bare */

static int
open_in(int dir, const char *file, int flags)
{
	int fd = openat(dir, file, flags | O_CLOEXEC);

	if (fd < 0)
		err(1, "%s", file);
	return fd;
}

static pid_t
born_in(int group, const char *cmd, int out)
{
	struct clone_args args = { .flags = CLONE_INTO_CGROUP,
		.exit_signal = SIGCHLD,
		.cgroup = (unsigned)group };
	long pid = syscall(SYS_clone3, &args, sizeof args);

	if (pid < 0)
		err(1, "clone3");
	if (pid == 0) {
		(void)setsid();
		(void)dup2(out, STDOUT_FILENO);
		(void)execl("/bin/sh", "sh", "-c", cmd, (char *)NULL);
		_exit(127);
	}
	return (pid_t)pid;
}

static void
await_empty(int events)
{
	struct pollfd p = { .fd = events, .events = POLLPRI };
	char text[64];

	for (;;) {
		ssize_t n = pread(events, text, sizeof text - 1, 0);

		if (n < 0)
			err(1, "cgroup.events");
		text[n] = 0;
		if (strstr(text, "populated 0"))
			return;
		(void)poll(&p, 1, -1);
	}
}

static int64_t
kill_bare(const char *group, const char *cmd)
{
	char text[64];
	int64_t start, took;
	int dir, events, killer, ends[2];
	pid_t pid;

	if (mkdir(group, 0755) < 0)
		err(1, "%s", group);
	dir = open_in(AT_FDCWD, group, O_RDONLY | O_DIRECTORY);
	events = open_in(dir, "cgroup.events", O_RDONLY);
	killer = open_in(dir, "cgroup.kill", O_WRONLY);
	if (fd_pipe(ends, false) < 0)
		errx(1, "pipe");
	pid = born_in(dir, cmd, ends[1]);
	(void)close(ends[1]);
	if (read(ends[0], text, sizeof text) <= 0)
		errx(1, "'%s' is not ready", cmd);
	(void)usleep(SETTLE_US);
	start = clock_us();
	if (write(killer, "1", 1) != 1)
		err(1, "cgroup.kill");
	await_empty(events);
	took = clock_us() - start;
	(void)waitpid(pid, NULL, 0);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	(void)close(ends[0]);
	(void)close(killer);
	(void)close(events);
	(void)close(dir);
	for (int i = 0; rmdir(group) < 0 && i < CONNECT_TRIES; i++)
		(void)usleep(1000);
	return took;
}

static void
measure_bare(
	const char *below, uint64_t count, const char *cmd, struct sample *out)
{
	char group[4096];

	/* Init may be slow to reap, and the dead count for limits. */
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	for (uint64_t i = 0; i < count; i++) {
		(void)snprintf(group, sizeof group, "%s/bench-%d-%lu", below,
			(int)getpid(), (unsigned long)i);
		sample_add(out, kill_bare(group, cmd));
	}
}

/* -------------------------------------------------------------------- node */

static struct node {
	struct loop *loop;
	struct link *link;
	bool attached, ready, ended, cancelled;
} node;

static void
tell(struct msg msg, const char *id)
{
	msg.agent_id = "bench";
	msg.plugin = "shell";
	msg.task_id = id;
	if (link_send(node.link, &msg, true) < 0)
		errx(1, "the executor is gone");
}

static void
on_frame(void *arg, const uint8_t *payload, size_t len)
{
	struct msg ack = { .kind = MSG_ACK, .ack = { .window = UINT64_MAX } };
	struct err why = { .text = "" };
	const struct msg *msg;
	struct msg_box *box;

	(void)arg;
	if (msg_unpack(MSG_TO_SERVER, payload, len, &box, &why) < 0)
		errx(1, "%s", why.text);
	msg = msg_get(box);
	node.attached |= msg->kind == MSG_INVENTORY;
	node.ready |= msg->kind == MSG_OUTPUT;
	ack.ack.seq = msg->seq;
	if (msg->kind == MSG_RESULT) {
		node.ended = ack.ack.final = true;
		node.cancelled = msg->result.cancelled && msg->result.receipt;
	}
	if (msg->kind == MSG_OUTPUT || node.ended)
		tell(ack, msg->task_id);
	msg_free(box);
}

static void
on_drained(void *arg)
{
	(void)arg;
}

static void
on_end(void *arg, int r)
{
	(void)arg;
	errx(1, "the executor is gone: %s", strerror(-r));
}

static void
await(const bool *flag, const char *what)
{
	int64_t until = clock_ms() + PATIENCE_MS;

	while (!*flag) {
		if (clock_ms() > until)
			errx(1, "not within %d ms: %s", PATIENCE_MS, what);
		loop_turn(node.loop, 100);
	}
}

static pid_t
start_executor(char **argv, const char *dir, struct sockaddr_un *address)
{
	const char *const words[] = { argv[0], "--plugin", argv[1],
		"--agent-id", "bench", "--log-level", "warn", "--user", "root",
		"--socket", address->sun_path, "--scratch", dir,
		"--containment", argv[2], NULL };
	pid_t pid;
	int r;

	(void)snprintf(address->sun_path, sizeof address->sun_path,
		"%s/executor", dir);
	r = posix_spawn(
		&pid, argv[0], NULL, NULL, (char **)(uintptr_t)words, environ);
	if (r)
		errx(1, "%s: %s", argv[0], strerror(r));
	return pid;
}

static void
attach(pid_t pid, const struct sockaddr_un *address)
{
	static const struct link_ops ops = { on_frame, on_drained, on_end };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	for (int i = 0; connect(fd, (const void *)address, sizeof *address) < 0;
		i++) {
		if (i == CONNECT_TRIES || waitpid(pid, NULL, WNOHANG) == pid)
			errx(1, "the executor does not start");
		(void)usleep(10000);
	}
	if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		err(1, "fcntl");
	node.loop = loop_new();
	node.link = link_new(node.loop, fd, &ops, NULL);
	tell((struct msg){ .kind = MSG_ATTACH }, NULL);
	await(&node.attached, "attached");
}

static int64_t
cancel_one(const char *id, const char *cmd)
{
	const struct msg_param param = { "cmd", &cmd, 1 };
	const struct msg start = { .kind = MSG_START,
		.start = {
			.params = &param, .n_params = 1, .window = 1 << 20 } };
	const struct msg cancel = { .kind = MSG_CANCEL,
		.cancel = { .reason = "measured", .actor = "bench" } };
	int64_t begin;

	node.ready = node.ended = node.cancelled = false;
	tell(start, id);
	await(&node.ready, "the task is ready");
	(void)usleep(SETTLE_US);
	begin = clock_us();
	tell(cancel, id);
	await(&node.ended, "the task is cancelled");
	if (!node.cancelled)
		errx(1, "the task was not cancelled");
	return clock_us() - begin;
}

static void
measure_node(char **argv, uint64_t count, struct sample *out)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	pid_t pid = start_executor(argv + 3, argv[2], &address);
	char id[32];

	attach(pid, &address);
	for (uint64_t i = 0; i < count; i++) {
		(void)snprintf(id, sizeof id, "bench-%lu", (unsigned long)i);
		sample_add(out, cancel_one(id, argv[7]));
	}
	(void)kill(pid, SIGTERM);
	(void)waitpid(pid, NULL, 0);
}

int
main(int argc, char **argv)
{
	AUTO_SAMPLE struct sample took = { 0 };
	uint64_t count;

	if (argc == 5 && strcmp(argv[1], "bare") == 0 &&
		parse_u64(argv[3], 1, 100000, &count) == 0)
		measure_bare(argv[2], count, argv[4], &took);
	else if (argc == 8 && strcmp(argv[1], "node") == 0 &&
		 parse_u64(argv[6], 1, 100000, &count) == 0)
		measure_node(argv, count, &took);
	else
		errx(2, "usage: contain bare GROUP COUNT CMD | "
			"node DIR EXECUTOR PLUGIN RUNG COUNT CMD");
	printf("{\"count\": %lu, \"p50_ms\": %.3f, \"p99_ms\": %.3f}\n",
		(unsigned long)count, sample_ms(&took, 50),
		sample_ms(&took, 99));
	return 0;
}
