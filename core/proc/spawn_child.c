/* spawn_child.c - what a child does between its birth and its program
 *
 * It shares memory with a suspended parent: raw system calls only, since libc's
 * wrappers may take locks or keep state (setresuid() waits for threads that
 * are not there), and nothing that allocates. The order is the point: what
 * needs our privileges, then the user, then what is to be judged by that
 * user's, and the filter of system calls last, since it may forbid any of the
 * others. Each step is checked. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "proc/spawn_internal.h"

enum {
	CAPS_MAX = 64, /* capabilities that a kernel may have */
	SWITCHED_MAX_S = 5, /* from the new user to its program */
};

__attribute__((noreturn)) static void
die(struct spawn_job *job, enum spawn_step step)
{
	job->step = step;
	job->error = errno;
	(void)syscall(SYS_exit_group, 127);
	__builtin_trap(); /* a filter forbids even that */
}

static void
check(struct spawn_job *job, enum spawn_step step, long result)
{
	if (result < 0)
		die(job, step);
}

/* Handlers are ours and must not run in the child; ignored signals would stay
 * ignored in the program. */
static void
reset_signals(const struct spawn_job *job)
{
	static const struct spawn_sigaction by_default;
	static const unsigned long none[2]; /* >= SPAWN_SIGSET bytes */

	for (int s = 1; s <= SPAWN_LAST_SIGNAL; s++)
		if (job->reset >> (s - 1) & 1)
			(void)syscall(SYS_rt_sigaction, s, &by_default, NULL,
				SPAWN_SIGSET);
	(void)syscall(
		SYS_rt_sigprocmask, SIG_SETMASK, none, NULL, SPAWN_SIGSET);
}

/* ------------------------------------------------------------------ limits */

static void
set_limit(struct spawn_job *job, int which, uint64_t value)
{
	const struct rlimit limit = { value, value };

	if (value)
		check(job, SPAWN_LIMITS,
			syscall(SYS_prlimit64, 0, which, &limit, NULL));
}

static void
set_limits(struct spawn_job *job)
{
	const struct spawn_rlimits *limits = &job->how->limits;
	struct rlimit core;

	set_limit(job, RLIMIT_FSIZE, limits->fsize);
	set_limit(job, RLIMIT_NPROC, limits->nproc);
	set_limit(job, RLIMIT_AS, limits->as);
	set_limit(job, RLIMIT_NOFILE, limits->nofile);
	if (!limits->nofile)
		check(job, SPAWN_LIMITS,
			syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, &job->nofile,
				NULL));
	if (!limits->no_core)
		return;
	check(job, SPAWN_LIMITS,
		syscall(SYS_prlimit64, 0, RLIMIT_CORE, NULL, &core));
	core.rlim_cur = 0;
	check(job, SPAWN_LIMITS,
		syscall(SYS_prlimit64, 0, RLIMIT_CORE, &core, NULL));
}

/* When memory runs out it is the task that has to go, not we. */
static void
reset_oom_score(struct spawn_job *job)
{
	long fd;

	if (!job->oom_reset)
		return;
	fd = syscall(SYS_openat, AT_FDCWD, "/proc/self/oom_score_adj",
		O_WRONLY | O_CLOEXEC);
	check(job, SPAWN_LIMITS, fd);
	check(job, SPAWN_LIMITS, syscall(SYS_write, fd, "0", 1));
	(void)syscall(SYS_close, fd);
}

/* ------------------------------------------------------------- descriptors */

/* 0-2, and 3 if there is an extra one, in place. A source among them could be
 * overwritten before its turn, so it moves up first; dup of a descriptor onto
 * itself would keep close-on-exec. */
static void
set_descriptors(struct spawn_job *job)
{
	const struct spawn *how = job->how;
	const int n = how->extra_fd < 0 ? 3 : 4;
	long fd[4] = { how->fd[0], how->fd[1], how->fd[2], how->extra_fd };

	for (int i = 0; i < n; i++) {
		if (fd[i] < n)
			fd[i] = syscall(SYS_fcntl, fd[i], F_DUPFD_CLOEXEC, n);
		check(job, SPAWN_STDIO, fd[i]);
	}
	for (int i = 0; i < n; i++)
		check(job, SPAWN_STDIO, syscall(SYS_dup3, fd[i], i, 0));
}

/* Every descriptor of ours is close-on-exec; this is for those that a
 * plugin's library made otherwise. Kernels before 5.9 lack it. */
static void
close_others(const struct spawn_job *job)
{
	const unsigned first = job->how->extra_fd < 0 ? 3 : 4;

	(void)syscall(SYS_close_range, first, ~0u, 0);
}

/* -------------------------------------------------------------------- user */

/* From the moment it is another user's, that user's processes may stop it, and
 * we wait for it: it is killed if its program does not run soon. A timer ends
 * with exec, and SIGKILL reaches the stopped. */
static void
limit_wait(struct spawn_job *job)
{
	const long when[4] = { [2] = SWITCHED_MAX_S }; /* kernel's itimerspec */
	struct sigevent event;
	int timer;

	memset(&event, 0, sizeof event);
	event.sigev_notify = SIGEV_SIGNAL;
	event.sigev_signo = SIGKILL;
	check(job, SPAWN_USER,
		syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer));
	check(job, SPAWN_USER,
		syscall(SYS_timer_settime, timer, 0, when, NULL));
}

/* What a setuid program could get back. Without no_new_privs it shall: sudo is
 * of no use without capabilities. */
static void
drop_bounding_set(struct spawn_job *job)
{
	for (unsigned long cap = 0; cap < CAPS_MAX; cap++) {
		if (syscall(SYS_prctl, PR_CAPBSET_DROP, cap, 0, 0, 0) == 0)
			continue;
		if (errno == EINVAL) /* there are no more */
			return;
		/* EPERM: no CAP_SETPCAP; then no_new_privs must do */
		if (errno == EPERM)
			return;
		die(job, SPAWN_USER);
	}
}

static void
become_user(struct spawn_job *job, const struct spawn_user *user)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3];

	memset(none, 0, sizeof none);
	limit_wait(job);
	if (job->how->no_new_privs)
		drop_bounding_set(job);
	check(job, SPAWN_USER,
		syscall(SYS_setgroups, user->n_groups, user->groups));
	check(job, SPAWN_USER,
		syscall(SYS_setresgid, user->gid, user->gid, user->gid));
	check(job, SPAWN_USER,
		syscall(SYS_setresuid, user->uid, user->uid, user->uid));
	if (user->uid == 0)
		return;
	/* Also what securebits have kept; ambient ones go with them. */
	check(job, SPAWN_USER, syscall(SYS_capset, &header, none));
	if (syscall(SYS_setuid, 0) == 0) {
		errno = EPERM;
		die(job, SPAWN_USER);
	}
}

/* A change of user clears it, so it comes after. A parent that is dead already
 * sends no signal. In a PID namespace of its own it has no parent to see. */
static void
follow_parent(struct spawn_job *job)
{
	check(job, SPAWN_USER,
		syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0));
	if (job->how->clone_flags & CLONE_NEWPID)
		return;
	if (syscall(SYS_getppid) != job->parent)
		die(job, SPAWN_CLONE); /* nobody reads it */
}

/* ------------------------------------------------------------------ filter */

static void
set_filter(struct spawn_job *job, const struct spawn_filter *filter)
{
	const struct sock_fprog program = { .len = filter->n,
		.filter = (struct sock_filter *)(uintptr_t)filter->code };

	check(job, SPAWN_FILTER,
		syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, filter->flags,
			&program));
}

/* --------------------------------------------------------------------- all */

int
spawn_child(void *arg)
{
	struct spawn_job *job = arg;
	const struct spawn *how = job->how;

	for (size_t i = 0; i < how->n_enter; i++)
		check(job, SPAWN_ENTER,
			syscall(SYS_write, how->enter[i], "0", 1));
	if (how->clone_flags)
		check(job, SPAWN_CLONE, spawn_enter_namespaces(job));
	(void)syscall(SYS_setsid);
	reset_signals(job);
	(void)syscall(SYS_umask, 022);
	reset_oom_score(job);
	if (job->nice_reset)
		check(job, SPAWN_LIMITS,
			syscall(SYS_setpriority, PRIO_PROCESS, 0, 0));
	set_limits(job);
	set_descriptors(job);
	if (how->user)
		become_user(job, how->user);
	if (how->no_new_privs)
		check(job, SPAWN_USER,
			syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	if (how->die_with_us)
		follow_parent(job);
	if (how->cwd)
		check(job, SPAWN_CHDIR, syscall(SYS_chdir, how->cwd));
	close_others(job);
	if (how->filter)
		set_filter(job, how->filter);
	(void)syscall(SYS_execve, how->path, how->argv, how->envp);
	die(job, SPAWN_EXEC);
}
