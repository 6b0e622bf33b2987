/* spawn.h - start a program as leader of a new session and process group
 *
 * The only place that forks. The child shares our memory until it has
 * executed the program (so the cost does not grow with our size), touches
 * nothing but its arguments and the kernel, and tells why it failed through
 * that memory: a failed exec is an error of this call, not of the task. */
#ifndef NODELINK_PROC_SPAWN_H
#define NODELINK_PROC_SPAWN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum spawn_step { /* where it failed */
	SPAWN_CLONE, /* no child: processes, memory or descriptors; or not
			inside born_in */
	SPAWN_ENTER,
	SPAWN_STDIO,
	SPAWN_CHDIR,
	SPAWN_EXEC,
};

enum { SPAWN_ENTER_MAX = 6 };

struct spawn {
	const char *path; /* absolute */
	const char *const *argv;
	const char *const *envp;
	const char *cwd; /* NULL: ours */
	int fd[3]; /* become 0, 1, 2; all the others are closed */
	int born_in; /* folder of a control group (v2); -1: in ours */
	int enter[SPAWN_ENTER_MAX]; /* cgroup.procs or tasks files, for it to
				       enter by writing */
	size_t n_enter;
	bool die_with_us; /* SIGKILL for the leader when this process dies */
};

/* Blocks until the program runs or has failed to. 0, and *pidfd is the
 * caller's (close-on-exec); or -errno with the step in *failed. Loop's thread
 * only: the child's stack is shared by all calls. */
int spawn_start(const struct spawn *how, pid_t *pid, int *pidfd,
	enum spawn_step *failed);

/* "cannot enter the working directory" ... for messages. */
const char *spawn_step_text(enum spawn_step step);

#endif
