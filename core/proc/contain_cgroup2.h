/* contain_cgroup2.h - what the files of the rungs on cgroup v2 share */
#ifndef NODELINK_PROC_CONTAIN_CGROUP2_H
#define NODELINK_PROC_CONTAIN_CGROUP2_H

#include "proc/cgroup.h"
#include "proc/contain_internal.h"

struct cgroup2_host {
	struct cgroup_base base;
	bool freezes; /* has no cgroup.kill, or shall not use it */
	bool has[CONTAIN_LIMITS]; /* controllers in our groups */
	bool births; /* children can be born inside; else they enter by
			writing, which is slower */
};

struct cgroup2 {
	struct contain contain;
	struct cgroup2_host *host;
	int dir;
	int procs; /* where children cannot be born inside */
	int kill, events; /* open from the start: killing by cgroup.kill needs
			     no descriptor, memory or process */
};

int contain_cgroup2_open(
	const struct contain_options *options, void **own, struct err *err);
int contain_freeze_open(
	const struct contain_options *options, void **own, struct err *err);
void contain_cgroup2_close(void *own);
int contain_cgroup2_sweep(
	void *own, const char *prefix, struct group_member *out, size_t max);
int contain_cgroup2_make(
	void *own, const char *name, struct contain **out, struct err *err);

#endif
