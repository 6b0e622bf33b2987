/* spawn.c - start a program as leader of a new session and process group */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "proc/child.h"
#include "proc/clone3.h"
#include "proc/spawn_internal.h"

enum {
	STACK_SIZE = 64 << 10,
	STACK_GUARD = 64 << 10, /* a multiple of every page size */
	DYING_MS = 1000, /* takes some microseconds */
	CHILD_NOFILE = 1024, /* programs that close "all" descriptors loop */
};

const char *
spawn_step_text(enum spawn_step step)
{
	switch (step) {
	case SPAWN_CLONE: return "cannot start a process";
	case SPAWN_ENTER: return "cannot enter its control group";
	case SPAWN_LIMITS: return "cannot set its limits";
	case SPAWN_STDIO: return "cannot set up the standard streams";
	case SPAWN_USER: return "cannot become its user";
	case SPAWN_CHDIR: return "cannot enter the working directory";
	case SPAWN_FILTER: return "cannot set its filter of system calls";
	case SPAWN_EXEC: return "cannot execute";
	}
	return "cannot start";
}

/* Made once, for the process's life. Returns its upper end. */
static void *
child_stack(void)
{
	static char *stack; /* spawn_start() belongs to one thread */

	if (!stack) {
		char *p = mmap(NULL, STACK_GUARD + STACK_SIZE,
			PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);

		if (p == MAP_FAILED)
			return NULL;
		(void)mprotect(p, STACK_GUARD, PROT_NONE);
		stack = p + STACK_GUARD;
	}
	return stack + STACK_SIZE;
}

/* Our own limit was raised for the sake of many tasks. */
static void
choose_nofile(struct rlimit *out)
{
	if (getrlimit(RLIMIT_NOFILE, out) < 0)
		*out = (struct rlimit){ CHILD_NOFILE, CHILD_NOFILE };
	if (out->rlim_cur > CHILD_NOFILE)
		out->rlim_cur = CHILD_NOFILE;
}

/* Is our oom_score_adj, which the child inherits, negative? */
static bool
is_spared(void)
{
	static int known = -1;
	AUTO_CLOSE int fd = -1;
	char sign = 0;

	if (known < 0) {
		fd = fd_open("/proc/self/oom_score_adj", O_RDONLY);
		known = fd >= 0 && read(fd, &sign, 1) == 1 && sign == '-';
	}
	return known;
}

/* Those that we ignore. They do not change once a program runs, and asking
 * costs a system call for each. */
static uint64_t
ignored_signals(void)
{
	static uint64_t set;
	static bool known;

	for (int s = 1; s <= SPAWN_LAST_SIGNAL && !known; s++) {
		struct spawn_sigaction now = { { 0 } };

		/* libc's wrapper hides the signals that it uses itself. */
		if (syscall(SYS_rt_sigaction, s, NULL, &now, SPAWN_SIGSET) ==
				0 &&
			now.words[0] == (unsigned long)SIG_IGN)
			set |= (uint64_t)1 << (s - 1);
	}
	known = true;
	return set;
}

/* Born with default handlers, and inside its control group where the kernel can
 * do that: entering it later costs milliseconds, and is a moment outside. -1
 * with errno. */
static pid_t
make_child(struct spawn_job *job, char *stack_end, int *pidfd)
{
	static bool old_kernel; /* or a filter that knows no clone3 */
	const bool inside = job->how->born_in >= 0;
	const unsigned long flags =
		CLONE_VM | CLONE_VFORK | CLONE_PIDFD | job->how->clone_flags;
	struct clone_args args = {
		.flags = flags | CLONE_CLEAR_SIGHAND |
			 (inside ? CLONE_INTO_CGROUP : 0),
		.pidfd = (uintptr_t)pidfd,
		.exit_signal = SIGCHLD,
		.stack = (uintptr_t)(stack_end - STACK_SIZE),
		.stack_size = STACK_SIZE,
		.cgroup = inside ? (unsigned)job->how->born_in : 0,
	};
	long pid = -ENOSYS;

	job->reset = ignored_signals();
	if (!old_kernel)
		pid = clone3_call(&args, spawn_child, job);
	/* Before 5.5 a flag is unknown; old filters say EPERM, and so does
	 * every kernel that refuses a namespace. */
	if ((pid == -ENOSYS || pid == -EINVAL || pid == -EPERM) && !inside) {
		old_kernel = old_kernel || !job->how->clone_flags;
		job->reset = ~(uint64_t)0; /* SIGKILL and SIGSTOP: refused */
		return clone(spawn_child, stack_end, (int)flags | SIGCHLD, job,
			pidfd);
	}
	if (pid < 0)
		errno = (int)-pid;
	return pid < 0 ? -1 : (pid_t)pid;
}

/* It is dying, or dead. One that somebody traces is not to be reaped by us now:
 * it stays until whoever reaps our other children has it. */
static void
reap_failed(int pidfd)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	struct child_exit how;

	(void)poll(&p, 1, DYING_MS);
	(void)child_reap(pidfd, &how);
	(void)close(pidfd);
}

int
spawn_start(const struct spawn *how, pid_t *pid, int *pidfd,
	enum spawn_step *failed)
{
	sigset_t all, old;
	struct spawn_job job = { .how = how,
		.parent = getpid(),
		.uid = geteuid(),
		.gid = getegid() };
	void *stack = child_stack();
	int fd = -1, error;
	pid_t child;

	*failed = SPAWN_CLONE;
	if (!stack)
		return -ENOMEM;
	choose_nofile(&job.nofile);
	job.oom_reset = !how->favoured && is_spared();
	job.nice_reset = !how->favoured && getpriority(PRIO_PROCESS, 0) < 0;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	child = make_child(&job, stack, &fd);
	error = errno;
	/* The child's own setsid() made the group before exec; this is for a
	 * future in which we do not wait for exec. EACCES and EPERM: done. */
	if (child > 0)
		(void)setpgid(child, child);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (child < 0)
		return -error;
	if (job.error) {
		*failed = job.step;
		reap_failed(fd);
		return -job.error;
	}
	*pid = child;
	*pidfd = fd;
	return 0;
}
