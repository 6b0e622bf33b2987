/* child.h - wait for one child on the loop, by its pidfd */
#ifndef NODELINK_PROC_CHILD_H
#define NODELINK_PROC_CHILD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "loop/loop.h"

struct child_exit {
	bool signaled;
	int code; /* exit status or signal number */
	uint64_t cpu_us;
	uint64_t max_rss_kb;
};

/* fn(arg) when the process behind pidfd is dead; it stays a zombie until
 * child_reap(). pidfd is borrowed; free the watch before closing it. NULL: no
 * memory. Here, so that a program without a loop can do without it. */
static inline struct loop_watch *
child_watch(struct loop *loop, int pidfd, loop_fd_fn *fn, void *arg)
{
	return loop_watch_new(loop, pidfd, LOOP_READ, fn, arg);
}

/* Dead, reaped or not? Asks the kernel. */
bool child_is_dead(int pidfd);

/* Reap it: 0, or -EAGAIN while it is alive, or -ECHILD when somebody else
 * has reaped it. */
int child_reap(int pidfd, struct child_exit *out);

/* The first dead child of ours, not reaped: 0 with its pid and how it ended;
 * -EAGAIN: none is dead; -ECHILD: there is none at all. */
int child_peek(pid_t *pid, struct child_exit *out);

#endif
