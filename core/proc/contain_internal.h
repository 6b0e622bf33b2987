/* contain_internal.h - what a rung of the ladder is made of
 *
 * contain.c chooses a rung and calls through its table. A containment of a
 * rung begins with struct contain; what the rung needs once is its `own`. */
#ifndef NODELINK_PROC_CONTAIN_INTERNAL_H
#define NODELINK_PROC_CONTAIN_INTERNAL_H

#include "proc/cgroup.h"
#include "proc/contain.h"

struct contain_ops {
	/* All the host-wide work of contain_host_new(): try it out, end what
	 * the dead have left. */
	int (*open)(const struct contain_options *options, void **own,
		struct err *err);
	void (*close)(void *own);
	/* As contain_host_sweep(); NULL: who dies leaves nobody. */
	int (*sweep)(void *own, const char *prefix, struct group_member *out,
		size_t max);
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
	/* Where it can limit by the groups that it has anyway; NULL: not at
	 * all. */
	const char *(*can_limit)(const void *own, enum contain_limit which);
	int (*limit)(
		struct contain *c, enum contain_limit which, uint64_t value);
	void (*events)(struct contain *c, struct contain_events *out);
};

extern const struct contain_ops contain_cgroup2_ops, contain_freeze_ops,
	contain_cgroup1_ops, contain_pidns_ops, contain_subreaper_ops,
	contain_group_ops;

/* A group of v1 for one limit. */
struct contain_limit_group {
	bool made;
	int dir, procs;
};

struct contain {
	const struct contain_ops *ops;
	/* contain.c's: */
	struct contain_host *host;
	struct contain_limit_group limit[CONTAIN_LIMITS];
	char name[CGROUP_NAME];
};

/* The end of make() for a rung of control groups, c named: it is *out, or, when
 * its groups could not be made (r), they and c are no more. */
int contain_made(
	struct contain *take_c, int r, struct contain **out, struct err *err);

/* --------------------------------------------------------- contain_limit.c */

/* In a group that has the controller. 0 or -errno. */
int contain_limit_group(int dir, enum contain_limit which, uint64_t value);
/* Added to out. */
void contain_limit_events(int dir, struct contain_events *out);
/* v2: groups below the base have that controller from now on. False: it is
 * not ours to give. */
bool
contain_limit_enable(const struct cgroup_base *base, enum contain_limit which);

/* The hierarchies of v1 that are needed. */
struct contain_limit_host {
	struct cgroup_base base[CONTAIN_LIMITS];
	bool works[CONTAIN_LIMITS];
};
void contain_limit_host_open(struct contain_limit_host *host,
	const struct contain_options *options, const bool *taken);
void contain_limit_host_close(struct contain_limit_host *host);
int contain_limit_host_sweep(const struct contain_limit_host *host,
	const char *prefix, struct group_member *out, size_t max);
int contain_limit_make(const struct contain_limit_host *host, const char *name,
	enum contain_limit which, uint64_t value,
	struct contain_limit_group *out);
int contain_limit_remove(const struct contain_limit_host *host,
	const char *name, struct contain_limit_group groups[CONTAIN_LIMITS]);

/* ----------------------------------------------------------- contain_try.c */

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
