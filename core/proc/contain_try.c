/* contain_try.c - does a rung work here? One process lives and dies in it
 *
 * At the executor's start only, when waiting a moment does no harm. */
#include <errno.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "proc/contain_internal.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

enum {
	BORN_DEAD_MS =
		20, /* a child killed by the kernel at birth dies sooner */
	SETTLE_MS = 1000,
};

__attribute__((noreturn)) static void
be_a_waiting_child(pid_t parent, const int *enter, size_t n_enter)
{
	/* We may be killed while we look at it. */
	(void)syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (syscall(SYS_getppid) != parent)
		(void)syscall(SYS_exit_group, 1);
	for (size_t i = 0; i < n_enter; i++)
		(void)!write(enter[i], "0", 1); /* or it is not found there */
	for (;;)
		(void)syscall(SYS_ppoll, NULL, 0, NULL, NULL, 0);
}

int
contain_try_start(int born_in, const int *enter, size_t n_enter, int *pidfd)
{
	struct clone_args args = { .flags = CLONE_PIDFD | CLONE_INTO_CGROUP,
		.pidfd = (uintptr_t)pidfd,
		.exit_signal = SIGCHLD,
		.cgroup = (unsigned)born_in };
	pid_t parent = getpid();
	long pid;

	if (born_in >= 0)
		pid = syscall(SYS_clone3, &args, sizeof args);
	else /* its third argument is the pidfd everywhere */
		pid = syscall(SYS_clone, (unsigned long)(CLONE_PIDFD | SIGCHLD),
			NULL, pidfd, NULL, NULL);
	if (pid < 0)
		return -errno;
	if (pid == 0)
		be_a_waiting_child(parent, enter, n_enter);
	return 0;
}

int
contain_try_kill(struct contain *c)
{
	int64_t end = clock_us() + SETTLE_MS * 1000ll;
	int r = contain_kill(c);

	while (r >= 0 && contain_is_empty(c) != 1) {
		unsigned events;
		struct pollfd p = { .fd = contain_fd(c, &events),
			.events = POLLPRI };

		if (clock_us() >= end)
			return -ETIMEDOUT;
		(void)poll(&p, 1, 1); /* without a descriptor: a moment */
		if (r > 0)
			r = contain_kill(c);
	}
	return r < 0 ? r : 0;
}

/* Right after the last death the kernel may need a moment. */
static int
remove_soon(struct contain *c)
{
	int64_t end = clock_us() + SETTLE_MS * 1000ll;
	int r;

	while ((r = contain_remove(c)) == -EBUSY && clock_us() < end)
		(void)poll(NULL, 0, 1);
	return r;
}

/* One that enters by writing may be on its way. */
static int
wait_inside(struct contain *c)
{
	int64_t end = clock_us() + SETTLE_MS * 1000ll;

	while (contain_is_empty(c) != 0) {
		if (clock_us() >= end)
			return -ESRCH;
		(void)poll(NULL, 0, 1);
	}
	return 0;
}

int
contain_try_end(struct contain *c, int take_pidfd)
{
	struct pollfd p = { .fd = take_pidfd, .events = POLLIN };
	bool born_dead = poll(&p, 1, BORN_DEAD_MS) > 0;
	int r = born_dead ? 0 : wait_inside(c), removed;

	if (r == 0)
		r = contain_try_kill(c);
	if (r < 0)
		(void)syscall(
			SYS_pidfd_send_signal, take_pidfd, SIGKILL, NULL, 0);
	(void)waitid(P_PIDFD, (id_t)take_pidfd, NULL, WEXITED);
	(void)close(take_pidfd);
	removed = remove_soon(c);
	if (born_dead)
		return -EAGAIN;
	return r < 0 ? r : removed;
}
