/* contain_internal.h - what a rung of the ladder is made of
 *
 * contain.c chooses a rung and calls through its table. A containment of a
 * rung begins with struct contain; what the rung needs once is its `own`. */
#ifndef NODELINK_PROC_CONTAIN_INTERNAL_H
#define NODELINK_PROC_CONTAIN_INTERNAL_H

#include "proc/contain.h"

struct contain_ops {
	/* All the host-wide work of contain_host_new(): try it out, end what
	 * the dead have left. */
	int (*open)(const struct contain_options *options, void **own,
		struct err *err);
	void (*close)(void *own);
	/* As their namesakes of contain.h. */
	int (*make)(void *own, const char *name, struct contain **out,
		struct err *err);
	void (*free)(struct contain *c);
	int (*spawn)(struct contain *c, const struct spawn *how, pid_t *pid,
		int *pidfd, int *wait_fd, enum spawn_step *failed);
	int (*reap)(struct contain *c, pid_t pid, int pidfd,
		struct child_exit *out);
	size_t (*signal)(struct contain *c, int signo,
		bool (*skip)(void *arg, pid_t pid), void *arg);
	int (*kill)(struct contain *c);
	int (*is_empty)(struct contain *c);
	int (*fd)(struct contain *c, unsigned *events);
	int (*list)(struct contain *c, struct group_member *out, size_t max);
	int (*remove)(struct contain *c);
};

extern const struct contain_ops contain_cgroup2_ops, contain_freeze_ops,
	contain_cgroup1_ops, contain_pidns_ops, contain_subreaper_ops,
	contain_group_ops;

struct contain {
	const struct contain_ops *ops;
};

/* For open(): a process in c that only waits; it begins with write(fd, "0")
 * for each of enter. 0 or -errno. */
int
contain_try_start(int born_in, const int *enter, size_t n_enter, int *pidfd);
/* Then it is killed, proved dead, reaped, and c is removed. 0 or -errno;
 * -EAGAIN: it was dead before that, killed by nobody. */
int contain_try_end(struct contain *c, int take_pidfd);
/* Kill until nobody is left, a second at most; blocks. 0 or -errno. */
int contain_try_kill(struct contain *c);

#endif
