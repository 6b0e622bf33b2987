/* spawn.c - start a program as leader of a new session and process group */
#include "proc/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proc/clone3.h"

enum {
	STACK_SIZE = 64 << 10,
	STACK_GUARD = 64 << 10, /* a multiple of every page size */
	LAST_SIGNAL = 64,
	KERNEL_SIGSET = 8, /* bytes; not sizeof (sigset_t) */
	CHILD_NOFILE = 1024, /* programs that close "all" descriptors loop */
};

/* What the kernel means by sigaction; all zero is the default action on
 * every architecture, whatever the order of the members. */
struct kernel_sigaction {
	unsigned long words[8];
};

struct child_job {
	const struct spawn *how;
	struct rlimit nofile;
	uint64_t reset; /* signals to set back to their default action */
	enum spawn_step step;
	int error;
};

const char *
spawn_step_text(enum spawn_step step)
{
	switch (step) {
	case SPAWN_CLONE: return "cannot start a process";
	case SPAWN_ENTER: return "cannot enter its control group";
	case SPAWN_STDIO: return "cannot set up the standard streams";
	case SPAWN_CHDIR: return "cannot enter the working directory";
	case SPAWN_EXEC: return "cannot execute";
	}
	return "cannot start";
}

/* ------------------------------------------------------------ in the child
 *
 * Shares memory with a suspended parent: raw system calls only, since libc's
 * wrappers may take locks or keep state (setsid and friends in some threads
 * implementations do), and nothing that allocates. */

__attribute__((noreturn)) static void
child_die(struct child_job *job, enum spawn_step step)
{
	job->step = step;
	job->error = errno;
	for (;;)
		(void)syscall(SYS_exit_group, 127);
}

/* Handlers are ours and must not run in the child; ignored signals would stay
 * ignored in the program. */
static void
child_reset_signals(const struct child_job *job)
{
	static const struct kernel_sigaction by_default;
	static const unsigned long none[2]; /* >= KERNEL_SIGSET bytes */

	for (int s = 1; s <= LAST_SIGNAL; s++)
		if (job->reset >> (s - 1) & 1)
			(void)syscall(SYS_rt_sigaction, s, &by_default, NULL,
				KERNEL_SIGSET);
	(void)syscall(
		SYS_rt_sigprocmask, SIG_SETMASK, none, NULL, KERNEL_SIGSET);
}

/* 0-2 in place. A source below 3 could be overwritten before its turn, so it
 * moves up first; dup of a descriptor onto itself would keep close-on-exec. */
static void
child_set_stdio(struct child_job *job)
{
	long fd[3];

	for (int i = 0; i < 3; i++) {
		fd[i] = job->how->fd[i];
		if (fd[i] < 3)
			fd[i] = syscall(SYS_fcntl, fd[i], F_DUPFD_CLOEXEC, 3);
		if (fd[i] < 0)
			child_die(job, SPAWN_STDIO);
	}
	for (int i = 0; i < 3; i++)
		if (syscall(SYS_dup3, fd[i], i, 0) < 0)
			child_die(job, SPAWN_STDIO);
	/* Every descriptor of ours is close-on-exec; this is for those that a
	 * plugin's library made otherwise. Kernels before 5.9 lack it. */
	(void)syscall(SYS_close_range, 3u, ~0u, 0);
}

static int
child_main(void *arg)
{
	struct child_job *job = arg;
	const struct spawn *how = job->how;

	for (size_t i = 0; i < how->n_enter; i++)
		if (syscall(SYS_write, how->enter[i], "0", 1) < 0)
			child_die(job, SPAWN_ENTER);
	(void)syscall(SYS_setsid);
	if (how->die_with_us)
		(void)syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	(void)syscall(SYS_umask, 022);
	(void)syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, &job->nofile, NULL);
	child_set_stdio(job);
	if (how->cwd && syscall(SYS_chdir, how->cwd) < 0)
		child_die(job, SPAWN_CHDIR);
	child_reset_signals(job);
	(void)syscall(SYS_execve, how->path, how->argv, how->envp);
	child_die(job, SPAWN_EXEC);
}

/* ----------------------------------------------------------- in the parent */

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

/* Those that we ignore. They do not change once a program runs, and asking
 * costs a system call for each. */
static uint64_t
ignored_signals(void)
{
	static uint64_t set;
	static bool known;

	for (int s = 1; s <= LAST_SIGNAL && !known; s++) {
		struct kernel_sigaction now = { { 0 } };

		/* libc's wrapper hides the signals that it uses itself. */
		if (syscall(SYS_rt_sigaction, s, NULL, &now, KERNEL_SIGSET) ==
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
make_child(struct child_job *job, char *stack_end, int *pidfd)
{
	static bool old_kernel; /* or a filter that knows no clone3 */
	const bool inside = job->how->born_in >= 0;
	const unsigned long flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD;
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
		pid = clone3_call(&args, child_main, job);
	/* Before 5.5 a flag is unknown; old filters say EPERM. */
	if ((pid == -ENOSYS || pid == -EINVAL || pid == -EPERM) && !inside) {
		old_kernel = true;
		job->reset = ~(uint64_t)0; /* SIGKILL and SIGSTOP: refused */
		return clone(child_main, stack_end, (int)flags | SIGCHLD, job,
			pidfd);
	}
	if (pid < 0)
		errno = (int)-pid;
	return pid < 0 ? -1 : (pid_t)pid;
}

int
spawn_start(const struct spawn *how, pid_t *pid, int *pidfd,
	enum spawn_step *failed)
{
	sigset_t all, old;
	struct child_job job = { .how = how };
	void *stack = child_stack();
	int fd = -1, error;
	pid_t child;

	*failed = SPAWN_CLONE;
	if (!stack)
		return -ENOMEM;
	choose_nofile(&job.nofile);
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
		while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
			;
		(void)close(fd);
		return -job.error;
	}
	*pid = child;
	*pidfd = fd;
	return 0;
}
