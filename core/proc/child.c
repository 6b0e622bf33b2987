/* child.c - wait for one child on the loop, by its pidfd */
#include "proc/child.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

struct loop_watch *
child_watch(struct loop *loop, int pidfd, loop_fd_fn *fn, void *arg)
{
	return loop_watch_new(loop, pidfd, LOOP_READ, fn, arg);
}

bool
child_is_dead(int pidfd)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

static uint64_t
time_us(const struct timeval *tv)
{
	return (uint64_t)tv->tv_sec * 1000000 + (uint64_t)tv->tv_usec;
}

int
child_reap(int pidfd, struct child_exit *out)
{
	struct rusage used;
	siginfo_t info;

	memset(&info, 0, sizeof info);
	/* The raw call: libc's waitid() keeps the rusage to itself. */
	while (syscall(SYS_waitid, P_PIDFD, pidfd, &info, WEXITED | WNOHANG,
		       &used) < 0)
		if (errno != EINTR)
			return -errno;
	if (info.si_pid == 0)
		return -EAGAIN;
	out->signaled = info.si_code != CLD_EXITED;
	out->code = info.si_status;
	out->cpu_us = time_us(&used.ru_utime) + time_us(&used.ru_stime);
	out->max_rss_kb = (uint64_t)used.ru_maxrss;
	return 0;
}
