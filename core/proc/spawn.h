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
#include <stdint.h>
#include <sys/types.h>

struct sock_filter; /* <linux/filter.h> */

enum spawn_step { /* where it failed */
	SPAWN_CLONE, /* no child: processes, memory or descriptors; or not
			inside born_in */
	SPAWN_ENTER,
	SPAWN_LIMITS,
	SPAWN_STDIO,
	SPAWN_USER,
	SPAWN_CHDIR,
	SPAWN_FILTER,
	SPAWN_EXEC,
};

/* Who runs it. All of it is looked up beforehand: asking for names may take
 * locks and wait for a network, which a child must not. */
struct spawn_user {
	uid_t uid;
	gid_t gid;
	const gid_t *groups; /* all of them, and no other */
	size_t n_groups;
};

/* Neither the program nor its children can raise them. 0: as they are. */
struct spawn_rlimits {
	uint64_t nofile; /* descriptors; without it 1024 that may be raised */
	uint64_t fsize; /* bytes in a file that it writes */
	uint64_t nproc; /* processes and threads of its uid; not for uid 0 */
	uint64_t as; /* bytes of addresses, each process */
	bool no_core; /* no core file unless the program asks for one */
};

/* Of system calls, as the kernel takes it: for the program and all that it
 * starts. The last thing before the program, which it must let through. */
struct spawn_filter {
	const struct sock_filter *code;
	unsigned short n;
	unsigned flags; /* SECCOMP_FILTER_FLAG_... */
};

enum { SPAWN_ENTER_MAX = 6 };

struct spawn {
	const char *path; /* absolute */
	const char *const *argv;
	const char *const *envp;
	const char *cwd; /* NULL: ours; entered as the user */
	int fd[3]; /* become 0, 1, 2; all the others are closed */
	int extra_fd; /* becomes 3; -1: none */
	int born_in; /* folder of a control group (v2); -1: in ours */
	int enter[SPAWN_ENTER_MAX]; /* cgroup.procs or tasks files, for it to
				       enter by writing */
	size_t n_enter;
	unsigned long clone_flags; /* more of them: CLONE_NEWPID ... */
	const struct spawn_user *user; /* NULL: ours */
	struct spawn_rlimits limits;
	const struct spawn_filter *filter; /* NULL: none; needs no_new_privs */
	bool no_new_privs; /* setuid programs and the like gain nothing */
	bool die_with_us; /* SIGKILL for the leader when this process dies */
	bool favoured; /* keeps our niceness and oom_score_adj where they are
			  better than normal; a task must not */
};

/* Blocks until the program runs or has failed to. 0, and *pidfd is the
 * caller's (close-on-exec); or -errno with the step in *failed. Loop's thread
 * only: the child's stack is shared by all calls.
 *
 * A child of another user shares our memory until a moment after we go on, so
 * the kernel makes us undumpable (no ptrace, no core file). We stay so: who
 * takes it back opens our memory to that user. */
int spawn_start(const struct spawn *how, pid_t *pid, int *pidfd,
	enum spawn_step *failed);

/* "cannot enter the working directory" ... for messages. */
const char *spawn_step_text(enum spawn_step step);

#endif
