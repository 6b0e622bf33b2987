/* child.c - how children ended */
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

static int
wait_for(idtype_t type, int id, int options, pid_t *pid, struct child_exit *out)
{
	struct rusage used;
	siginfo_t info;

	memset(&info, 0, sizeof info);
	/* The raw call: libc's waitid() keeps the rusage to itself. */
	while (syscall(SYS_waitid, type, id, &info, WNOHANG | options, &used) <
		0)
		if (errno != EINTR)
			return -errno;
	if (info.si_pid == 0)
		return -EAGAIN;
	*pid = info.si_pid;
	out->signaled = info.si_code != CLD_EXITED;
	out->code = info.si_status;
	out->cpu_us = time_us(&used.ru_utime) + time_us(&used.ru_stime);
	out->max_rss_kb = (uint64_t)used.ru_maxrss;
	return 0;
}

int
child_reap(int pidfd, struct child_exit *out)
{
	pid_t pid;

	return wait_for((idtype_t)P_PIDFD, pidfd, WEXITED, &pid, out);
}

int
child_peek(pid_t *pid, struct child_exit *out)
{
	return wait_for(P_ALL, 0, WEXITED | WNOWAIT, pid, out);
}
