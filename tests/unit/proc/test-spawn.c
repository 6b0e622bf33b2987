/* test-spawn.c - start a program as leader of a new session and group */
#include "proc/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "proc/child.h"
#include "tests/unit/unit.h"

enum { OUTPUT_MAX = 65536 };

static const char *const env[] = { "A=b", NULL };
static enum spawn_step step;
static pid_t pid;
static int pidfd = -1;

static int
start(const char *path, const char *const *argv, const char *cwd, int out)
{
	struct spawn how = { .path = path,
		.argv = argv,
		.envp = env,
		.cwd = cwd,
		.fd = { out, out, out },
		.extra_fd = -1,
		.born_in = -1 };

	return spawn_start(&how, &pid, &pidfd, &step);
}

static int
start_shell(const char *command, int out)
{
	const char *const argv[] = { "sh", "-c", command, NULL };

	return start("/bin/sh", argv, "/", out);
}

/* What the command prints; it is reaped. */
static void
output_of(const char *command, struct buf *out)
{
	int ends[2];

	ck_assert_int_eq(fd_pipe(ends, false), 0);
	ck_assert_int_eq(start_shell(command, ends[1]), 0);
	(void)close(ends[1]);
	ck_assert_int_eq(fd_read_all(ends[0], out, OUTPUT_MAX), 0);
	(void)close(ends[0]);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	(void)close(pidfd);
}

TEST(says_which_step_failed_and_why_and_leaves_no_child)
{
	const char *const argv[] = { "x", NULL };
	int null = fd_open("/dev/null", O_RDWR);

	ck_assert_int_eq(start("/no/such/program", argv, NULL, null), -ENOENT);
	ck_assert_int_eq(step, SPAWN_EXEC);
	ck_assert_int_eq(start("/etc/passwd", argv, NULL, null), -EACCES);
	ck_assert_int_eq(start("/bin/true", argv, "/no/such", null), -ENOENT);
	ck_assert_int_eq(step, SPAWN_CHDIR);
	ck_assert_int_eq(start("/bin/true", argv, "/", 9999), -EBADF);
	ck_assert_int_eq(step, SPAWN_STDIO);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
	(void)close(null);
}
END

TEST(makes_the_child_leader_of_its_own_session_and_group)
{
	int null = fd_open("/dev/null", O_RDWR);

	ck_assert_int_eq(start_shell("sleep 100", null), 0);
	ck_assert_int_eq(getpgid(pid), pid);
	ck_assert_int_eq(getsid(pid), pid);
	ck_assert_int_eq(kill(-pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	(void)close(pidfd);
	(void)close(null);
}
END

TEST(gives_the_child_default_signals_and_an_empty_mask)
{
	AUTO_BUF struct buf out = { 0 };
	sigset_t all, old;

	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGUSR1, SIG_IGN);
	sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &old);
	output_of("grep -E 'SigBlk|SigIgn' /proc/self/status", &out);
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	ck_assert_str_eq(buf_text(&out),
		"SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}
END

TEST(leaves_our_own_handlers_and_mask_alone)
{
	AUTO_BUF struct buf out = { 0 };
	struct sigaction action;
	sigset_t now;

	(void)signal(SIGUSR2, SIG_IGN);
	output_of("true", &out);
	(void)sigaction(SIGUSR2, NULL, &action);
	ck_assert(action.sa_handler == SIG_IGN);
	(void)sigprocmask(SIG_SETMASK, NULL, &now);
	ck_assert_int_eq(sigismember(&now, SIGTERM), 0);
}
END

TEST(passes_no_descriptor_but_the_three)
{
	AUTO_BUF struct buf out = { 0 };
	int leak = dup(0); /* without close-on-exec, as a library might */

	/* ls has one of its own for the folder */
	output_of("ls /proc/self/fd", &out);
	ck_assert_str_eq(buf_text(&out), "0\n1\n2\n3\n");
	(void)close(leak);
}
END

TEST(gives_the_environment_folder_and_umask_it_was_told)
{
	AUTO_BUF struct buf out = { 0 };

	(void)umask(077);
	output_of("echo $A $HOME; pwd; umask; ulimit -n", &out);
	ck_assert_str_eq(buf_text(&out), "b\n/\n0022\n1024\n");
}
END

TEST(puts_descriptors_in_place_whatever_their_numbers_are)
{
	const char *const argv[] = { "sh", "-c", "echo e >&2; echo o", NULL };
	AUTO_BUF struct buf out = { 0 }, err = { 0 };
	struct spawn how = { .path = "/bin/sh",
		.argv = argv,
		.envp = env,
		.extra_fd = -1,
		.born_in = -1 };
	int o[2], e[2], saved[3];

	ck_assert_int_eq(fd_pipe(o, false), 0);
	ck_assert_int_eq(fd_pipe(e, false), 0);
	for (int i = 0; i < 3; i++)
		saved[i] = fcntl(i, F_DUPFD_CLOEXEC, 10);
	(void)dup2(e[1], 1); /* stderr's pipe sits on 1, stdout's on 2 */
	(void)dup2(o[1], 2);
	how.fd[0] = 0;
	how.fd[1] = 2;
	how.fd[2] = 1;
	ck_assert_int_eq(spawn_start(&how, &pid, &pidfd, &step), 0);
	for (int i = 0; i < 3; i++)
		(void)dup2(saved[i], i);
	(void)close(o[1]);
	(void)close(e[1]);
	(void)fd_read_all(o[0], &out, OUTPUT_MAX);
	(void)fd_read_all(e[0], &err, OUTPUT_MAX);
	ck_assert_str_eq(buf_text(&out), "o\n");
	ck_assert_str_eq(buf_text(&err), "e\n");
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}
END

TEST(reaps_by_pidfd_with_status_and_usage)
{
	int null = fd_open("/dev/null", O_RDWR);
	struct child_exit how;

	ck_assert_int_eq(start_shell("exec sleep 0.2", null), 0);
	ck_assert(!child_is_dead(pidfd));
	ck_assert_int_eq(child_reap(pidfd, &how), -EAGAIN);
	ck_assert_int_eq(kill(pid, SIGTERM), 0);
	while (!child_is_dead(pidfd))
		(void)usleep(1000);
	ck_assert_int_eq(child_reap(pidfd, &how), 0);
	ck_assert(how.signaled);
	ck_assert_int_eq(how.code, SIGTERM);
	ck_assert_uint_gt(how.max_rss_kb, 100);
	ck_assert_int_eq(child_reap(pidfd, &how), -ECHILD);
	(void)close(null);
}
END

/* That user could read and write it through a child that is about to run its
 * program. */
TEST(keeps_our_memory_from_the_user_of_a_child)
{
	const gid_t nogroup = 65534;
	const struct spawn_user nobody = { 65534, nogroup, &nogroup, 1 };
	const char *const argv[] = { "true", NULL };
	int null = fd_open("/dev/null", O_RDWR);
	struct spawn how = { .path = "/bin/true",
		.argv = argv,
		.envp = env,
		.fd = { null, null, null },
		.extra_fd = -1,
		.born_in = -1,
		.user = &nobody };

	if (geteuid() != 0)
		return;
	ck_assert_int_eq(spawn_start(&how, &pid, &pidfd, &step), 0);
	ck_assert_int_ne(prctl(PR_GET_DUMPABLE), 1);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	(void)close(pidfd);
	(void)close(null);
}
END

	/* One call is answered with an error, every other let through; of execve the
 * process dies when `deadly`. */
	static int
	start_filtered(long number, bool deadly, bool no_new_privs)
{
	const struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, deadly ? SECCOMP_RET_KILL_PROCESS
						 : SECCOMP_RET_ERRNO | EDOM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct spawn_filter filter = { code, ARRAY_SIZE(code), 0 };
	const char *const argv[] = { "sh", "-c", "kill -0 $$", NULL };
	int null = fd_open("/dev/null", O_RDWR), r;
	struct spawn how = { .path = "/bin/sh",
		.argv = argv,
		.envp = env,
		.fd = { null, null, null },
		.extra_fd = -1,
		.born_in = -1,
		.filter = &filter,
		.no_new_privs = no_new_privs };

	r = spawn_start(&how, &pid, &pidfd, &step);
	(void)close(null);
	return r;
}

static int
status_of_child(void)
{
	int status = 0;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	(void)close(pidfd);
	return status;
}

TEST(sets_a_filter_of_system_calls_for_the_program)
{
	ck_assert_int_eq(start_filtered(SYS_kill, false, true), 0);
	ck_assert_int_eq(WEXITSTATUS(status_of_child()), 1);
	ck_assert_int_eq(start_filtered(SYS_ptrace, false, true), 0);
	ck_assert_int_eq(status_of_child(), 0);
	ck_assert_int_eq(kill(getpid(), 0), 0); /* and not for us */
}
END

TEST(says_when_the_filter_keeps_the_program_out)
{
	ck_assert_int_eq(start_filtered(SYS_execve, false, true), -EDOM);
	ck_assert_int_eq(step, SPAWN_EXEC);
	ck_assert_int_eq(start_filtered(SYS_execve, true, true), 0);
	ck_assert_int_eq(WTERMSIG(status_of_child()), SIGSYS);
	/* without privileges or no_new_privs the kernel refuses it */
	if (geteuid() == 0)
		return;
	ck_assert_int_eq(start_filtered(SYS_kill, false, false), -EACCES);
	ck_assert_int_eq(step, SPAWN_FILTER);
}
END

	UNIT_MAIN("spawn", says_which_step_failed_and_why_and_leaves_no_child,
		makes_the_child_leader_of_its_own_session_and_group,
		gives_the_child_default_signals_and_an_empty_mask,
		leaves_our_own_handlers_and_mask_alone,
		passes_no_descriptor_but_the_three,
		gives_the_environment_folder_and_umask_it_was_told,
		puts_descriptors_in_place_whatever_their_numbers_are,
		reaps_by_pidfd_with_status_and_usage,
		keeps_our_memory_from_the_user_of_a_child,
		sets_a_filter_of_system_calls_for_the_program,
		says_when_the_filter_keeps_the_program_out)
