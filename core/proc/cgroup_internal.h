/* cgroup_internal.h - what the two files of cgroup.h share */
#ifndef NODELINK_PROC_CGROUP_INTERNAL_H
#define NODELINK_PROC_CGROUP_INTERNAL_H

#include "proc/cgroup.h"

enum { CGROUP_PROCS_MAX = 1 << 20 }; /* bytes of cgroup.procs that we read */

struct cgroup_host {
	int own; /* the group we were started in */
	int base; /* ours, below it: a leaf for us, one for each task */
	char name[96]; /* of base */
	bool births;
};

/* A directory of the hierarchy: descriptor or -errno. */
int cgroup_open_dir(int at, const char *path);
int cgroup_make_dir(int at, const char *name);
/* How many processes are in the group itself; the first max are written. */
size_t
cgroup_list_procs(int dir, struct group_member *out, size_t max, size_t n);
/* visit() for the group and each below it. 0 or -errno. */
int cgroup_walk(
	const struct cgroup *g, void (*visit)(void *arg, int dir), void *arg);
/* Bottom up: a group goes only after those below it. */
int cgroup_remove_below(int at, const char *name, int depth);

#endif
