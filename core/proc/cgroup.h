/* cgroup.h - the folders of a control group hierarchy, v2 or v1
 *
 * A process that uses groups makes itself a base below the group it was
 * started in: with a leaf "self", in which it lives so that its death can be
 * seen, and beside that whatever it likes. */
#ifndef NODELINK_PROC_CGROUP_H
#define NODELINK_PROC_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "proc/group.h"

struct buf;

enum {
	CGROUP_NAME = 96,
	CGROUP_SETTLE_MS = 1000, /* for the killed to die; most take less */
};

/* The group we are in: of the v1 hierarchy with that controller, or of v2
 * (NULL). Descriptor or -errno with text. */
int cgroup_open_own(const char *controller, struct err *err);

/* A folder: descriptor or -errno. */
int cgroup_open_dir(int at, const char *path);
int cgroup_make_dir(int at, const char *name);
/* One write to a file in it. 0 or -errno. */
int cgroup_write(int dir, const char *file, const char *text);

/* The numbers of those in the group itself, one a line; none when the group is
 * gone. 0, or -errno: it could not be read, or not to its end (-EFBIG). */
int cgroup_read_procs(int dir, struct buf *out);
/* How many processes are in the group itself, added to *n; the first max of all
 * are written. 0, or -errno: that is not known. */
int cgroup_list_procs(int dir, struct group_member *out, size_t max, size_t *n);
/* Who is in it and below, as group_list(): 0 is proof, since a group that could
 * not be looked into makes it -errno. */
int cgroup_list(int dir, struct group_member *out, size_t max);
/* visit() for the group and each below it; its errors are ours, and those that
 * have gone meanwhile are none. 0, or -errno: not all were visited. */
int cgroup_walk(int dir, int (*visit)(void *arg, int dir), void *arg);

/* To every process in it and below, except where skip(arg, pid) says true. How
 * many it reached. Not complete against processes that fork meanwhile, and
 * bounded: for polite signals only. */
size_t cgroup_signal(
	int dir, int signo, bool (*skip)(void *arg, pid_t pid), void *arg);

/* One stroke for where there is no cgroup.kill: everybody in it and below is
 * killed who was there all the time. To be repeated until nobody is left. How
 * many it reached. */
size_t cgroup_kill_each(int dir);
/* Kill by any means until nobody is left, for so long at most; blocks. Who is
 * left, as cgroup_list(). */
int cgroup_kill_wait(int dir, int64_t ms, struct group_member *out, size_t max);

/* Remove a group and those below it. 0, or -EBUSY while somebody is in it, and
 * often a moment later. */
int cgroup_remove(int at, const char *name);

struct cgroup_base {
	int own; /* the group we were started in */
	int dir; /* of the base */
	char name[CGROUP_NAME];
};

/* Makes <own group>/<prefix><pid>.<salt> with us in its leaf. On failure too it
 * is to be closed. */
int cgroup_base_open(struct cgroup_base *base, const char *controller,
	const char *prefix, struct err *err);
/* Back to where we came from, so that it can go. */
void cgroup_base_close(struct cgroup_base *base);
/* Bases with that prefix whose processes are dead: what is in them is
 * nobody's, is killed, and they are removed. May wait so long for each. Who is
 * left of all, as cgroup_list(). */
int cgroup_base_sweep(const struct cgroup_base *base, const char *prefix,
	int64_t ms, struct group_member *out, size_t max);

#endif
