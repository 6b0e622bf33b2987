/* contain_shim_program.c - one program, and the shim that is its parent */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "proc/contain_shim.h"
#include "proc/order.h"
#include "proc/shim.h"

enum {
	ANSWER_MS = 5000, /* less than the executor's watchdog has */
	LOOK_MS = 50,
	DYING_MS = 1000, /* a namespace takes milliseconds */
	WORD_MS = 50, /* a stopped shim costs each cancel so much */
};

static const struct child_exit killed = { .signaled = true, .code = SIGKILL };

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

void
program_free(struct program *p)
{
	close_fd(&p->wait);
	close_fd(&p->socket);
	close_fd(&p->shim_pidfd);
	free(p);
}

/* A shim that cannot die now, since somebody traces it or its namespace does not
 * end, is reaped with our other children, later. */
void
program_abandon(struct program *p)
{
	struct pollfd death = { .fd = p->shim_pidfd, .events = POLLIN };
	struct child_exit how;

	if (p->shim_pidfd >= 0) {
		(void)syscall(
			SYS_pidfd_send_signal, p->shim_pidfd, SIGKILL, NULL, 0);
		(void)poll(&death, 1, DYING_MS);
		(void)child_reap(p->shim_pidfd, &how);
	}
	program_free(p);
}

struct program *
program_new(void)
{
	struct program *p = calloc(1, sizeof *p);

	if (p)
		p->socket = p->shim_pidfd = p->wait = -1;
	return p;
}

struct program *
program_find(const struct shims *c, pid_t pid)
{
	struct program *p = c->programs;

	while (p && p->pid != pid)
		p = p->next;
	return p;
}

void
program_listen(struct shims *c, struct program *p)
{
	struct shim_msg msg;
	int r;

	if (p->ended || p->silent)
		return;
	r = shim_peek(p->socket, &msg);
	if (r == -EAGAIN || r == -EINTR)
		return;
	if (r == 0 && msg.word == SHIM_ENDED) {
		p->exit = msg.exit;
		p->ended = true;
		return;
	}
	p->silent = true;
	(void)epoll_ctl(c->epoll, EPOLL_CTL_DEL, p->socket, NULL);
}

void
program_await(struct shims *c, struct program *p)
{
	struct pollfd word = { .fd = p->socket, .events = POLLIN };

	(void)poll(&word, 1, WORD_MS);
	program_listen(c, p);
}

void
program_release(struct shims *c, struct program *p)
{
	const struct shim_msg msg = { .word = SHIM_RELEASE };

	if (!p->ended || p->released)
		return;
	p->released = true;
	(void)shim_send(p->socket, &msg, -1); /* else it is dead */
	(void)epoll_ctl(c->epoll, EPOLL_CTL_DEL, p->socket, NULL);
}

bool
program_is_over(struct shims *c, struct program *p)
{
	struct child_exit how = killed;
	int r;

	if (p->shim_pidfd < 0)
		return true;
	if (!child_is_dead(p->shim_pidfd))
		return false;
	program_listen(c, p); /* its last words */
	r = child_reap(p->shim_pidfd, &how); /* or another has */
	if (r == -EAGAIN) /* traced by somebody */
		return false;
	if (how.signaled || how.code != 0)
		c->broken = c->host->subreaper;
	if (!p->ended) {
		p->exit = how; /* with the times of all its children */
		p->exit.signaled = true;
		p->exit.code = SIGKILL;
	}
	(void)epoll_ctl(c->epoll, EPOLL_CTL_DEL, p->shim_pidfd, NULL);
	close_fd(&p->shim_pidfd);
	return true;
}

/* ------------------------------------------------------------------- start */

static int
watch(int epoll, int fd)
{
	struct epoll_event ready = { .events = EPOLLIN };

	return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ready) < 0 ? -errno : 0;
}

/* The order lies in the socket when the shim is born. */
static int
send_order(int socket, const struct spawn *how)
{
	const struct shim_msg msg = { .word = SHIM_START };
	AUTO_CLOSE int order = order_write(how);

	return order < 0 ? order : shim_send(socket, &msg, order);
}

/* It has our user, our folder, none of the task's environment, and the task's
 * streams until the program has them. */
static int
start_shim(struct shims *c, struct program *p, const struct spawn *task,
	int socket)
{
	const struct shim_host *host = c->host;
	const char *const argv[] = { "nodelink-shim",
		host->subreaper ? "subreaper" : "pidns", c->contain.name,
		NULL };
	const char *const envp[] = { NULL };
	struct spawn how = *task;
	enum spawn_step failed;

	how.path = host->path;
	how.argv = argv;
	how.envp = envp;
	how.cwd = NULL;
	how.extra_fd = socket;
	how.clone_flags |= host->clone_flags;
	how.user = NULL;
	how.no_new_privs = false;
	how.filter = NULL;
	how.favoured = true;
	memset(&how.limits, 0, sizeof how.limits);
	/* A namespace dies with its first process. A subreaper has to outlive
	 * us, to kill. */
	how.die_with_us = !host->subreaper;
	return spawn_start(&how, &p->shim, &p->shim_pidfd, &failed);
}

/* The task may run before its shim has said so, and have stopped it. */
static int
receive_answer(struct program *p, struct shim_msg *msg, int *fd)
{
	int r = -EAGAIN;

	for (int ms = 0; r == -EAGAIN && ms < ANSWER_MS; ms += LOOK_MS) {
		r = shim_receive(p->socket, LOOK_MS, msg, fd);
		if (r == -EAGAIN)
			(void)syscall(SYS_pidfd_send_signal, p->shim_pidfd,
				SIGCONT, NULL, 0);
	}
	return r;
}

static int
hear_answer(
	struct shims *c, struct program *p, int *pidfd, enum spawn_step *failed)
{
	AUTO_CLOSE int fd = -1;
	struct shim_msg msg;
	int r = receive_answer(p, &msg, &fd);

	if (r == 0 && msg.word == SHIM_FAILED) {
		*failed = msg.step;
		return msg.error > 0 ? -msg.error : -EBADMSG;
	}
	if (r == 0)
		p->pid = fd < 0 ? -EBADMSG : procfs_pidfd(fd);
	if (r == 0 && p->pid > 0) {
		*pidfd = TAKE_FD(fd);
		return 0;
	}
	/* Nobody knows whether the program runs. The task may have killed its
	 * shim, or stopped it, before that could answer. */
	c->broken = c->host->subreaper;
	return r == SHIM_OVER ? -EIO : r == -EAGAIN ? -ETIMEDOUT : r ? r : -EIO;
}

int
program_start(struct shims *c, struct program *p, const struct spawn *how,
	int *pidfd, enum spawn_step *failed)
{
	AUTO_CLOSE int theirs = -1;
	int ends[2], r;

	*failed = SPAWN_CLONE;
	p->wait = epoll_create1(EPOLL_CLOEXEC);
	if (p->wait < 0 ||
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	p->socket = ends[0];
	theirs = ends[1];
	r = send_order(p->socket, how);
	if (r == -E2BIG)
		*failed = SPAWN_EXEC;
	if (r == 0)
		r = watch(p->wait, p->socket);
	if (r == 0)
		r = start_shim(c, p, how, theirs);
	if (r < 0)
		return r;
	(void)close(TAKE_FD(theirs)); /* or its death would not be seen */
	r = watch(c->epoll, p->shim_pidfd);
	if (r == 0)
		r = watch(c->epoll, p->socket);
	return r < 0 ? r : hear_answer(c, p, pidfd, failed);
}
