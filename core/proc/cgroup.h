/* cgroup.h - a control group (v2) that holds one task: complete containment
 *
 * Whatever a process does -- daemons, new sessions, another environment --
 * its children stay in its group. One write kills them all, and the kernel
 * says when none is left. Needs a writable v2 hierarchy with cgroup.kill
 * (Linux 5.14), which is tried once, by doing it.
 *
 * A group serves one attempt and is never used again: a kernel that has killed
 * a group kills what is born into it later, too. */
#ifndef NODELINK_PROC_CGROUP_H
#define NODELINK_PROC_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/auto.h"
#include "base/err.h"
#include "proc/group.h"

/* Where this process makes its groups. */
struct cgroup_host;

/* Makes <own group>/<prefix><pid>, moves this process into a leaf of it, kills
 * and removes what dead processes with the same prefix left there, and tries
 * the whole mechanism out. 0; or -errno with a text that says what is missing
 * (-ENOTSUP: no v2 hierarchy here, -EACCES, -EROFS, ...). */
int
cgroup_host_new(const char *prefix, struct cgroup_host **out, struct err *err);
void cgroup_host_free(struct cgroup_host *host);
AUTO_DEFINE(struct cgroup_host *, cgroup_host_free)

/* Can children be born inside (else they enter by writing, which is slower)? */
bool cgroup_host_births(const struct cgroup_host *host);

struct cgroup {
	int dir; /* for spawn: where the child is born */
	int procs; /* for spawn, where it cannot be born inside; else -1 */
	int kill, events; /* open from the start: killing must not need any
			     descriptor, memory or process */
	char name[96];
};

/* A fresh group; name is a file name of at most 95 bytes. 0 or -errno. */
int cgroup_make(struct cgroup_host *host, const char *name, struct cgroup *out);

/* SIGKILL to every process in it, in one stroke. 0 or -errno. */
int cgroup_kill(const struct cgroup *g);

/* 1: somebody alive is in it; 0: nobody; -errno. Zombies do not count.
 * Watch events with LOOP_PRIORITY to be told of a change. */
int cgroup_populated(const struct cgroup *g);

/* Who is in it, below it too, as group_list(). */
int cgroup_list(const struct cgroup *g, struct group_member *out, size_t max);

/* To every process in it, below it too, except where skip(arg, pid) says
 * true. How many it reached. Not complete against processes that fork
 * meanwhile, and bounded: for polite signals only. */
size_t cgroup_signal(const struct cgroup *g, int signo,
	bool (*skip)(void *arg, pid_t pid), void *arg);

/* Remove it with the groups that the task made below, and close the
 * descriptors. 0; or -EBUSY while somebody is in it, and often a moment later:
 * then it is as it was. */
int cgroup_remove(struct cgroup_host *host, struct cgroup *g);
/* Only close the descriptors. */
void cgroup_done(struct cgroup *g);

#endif
