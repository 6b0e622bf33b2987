/* spawn_internal.h - between spawn.c and its child's half, spawn_child.c */
#ifndef NODELINK_PROC_SPAWN_INTERNAL_H
#define NODELINK_PROC_SPAWN_INTERNAL_H

#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "proc/spawn.h"

enum {
	SPAWN_LAST_SIGNAL = 64,
	SPAWN_SIGSET = 8, /* bytes, as the kernel has it; not sizeof (sigset_t)
			   */
};

/* What the kernel means by sigaction; all zero is the default action on
 * every architecture, whatever the order of the members. */
struct spawn_sigaction {
	unsigned long words[8];
};

/* Parent and child share it. */
struct spawn_job {
	const struct spawn *how;
	struct rlimit nofile; /* unless how->limits has one */
	uint64_t reset; /* signals to set back to their default action */
	pid_t parent;
	uid_t uid; /* ours, for the maps of a user namespace */
	gid_t gid;
	bool oom_reset, nice_reset; /* we are dearer to the kernel than a task
				       may be */
	enum spawn_step step;
	int error;
};

/* The child, with its job. */
int spawn_child(void *job);

/* In the child: what how->clone_flags ask for. -1 with errno. */
long spawn_enter_namespaces(const struct spawn_job *job);

#endif
