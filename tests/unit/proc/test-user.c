/* test-user.c - accounts, and programs that run as one: needs root */
#include "proc/user.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "tests/unit/unit.h"

enum {
	OUTPUT_MAX = 65536,
	STRANGER = 54321, /* a uid and gid that nothing else here uses */
	TRIES = 1000, /* in 20000 it was met once or twice */
};

static const char *const env[] = { "PATH=/usr/bin:/bin", NULL };
static const gid_t groups[] = { 54400, 54401 };
static const struct spawn_user stranger = { STRANGER, STRANGER, groups, 2 };
static struct err err;
static enum spawn_step step;
static pid_t pid;
static int pidfd = -1;

static int
start(const char *command, const struct spawn *more, int out)
{
	const char *const argv[] = { "sh", "-c", command, NULL };
	struct spawn how = *more;

	how.path = "/bin/sh";
	how.argv = argv;
	how.envp = env;
	how.fd[0] = how.fd[1] = how.fd[2] = out;
	how.extra_fd = how.born_in = -1;
	return spawn_start(&how, &pid, &pidfd, &step);
}

static void
output_of(const char *command, const struct spawn *how, struct buf *out)
{
	int ends[2];

	ck_assert_int_eq(fd_pipe(ends, false), 0);
	ck_assert_int_eq(start(command, how, ends[1]), 0);
	(void)close(ends[1]);
	ck_assert_int_eq(fd_read_all(ends[0], out, OUTPUT_MAX), 0);
	(void)close(ends[0]);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	(void)close(pidfd);
}

TEST(finds_an_account_with_its_groups_and_names_one_that_is_missing)
{
	struct user *user;

	ck_assert_int_eq(user_new("nobody", &user, &err), 0);
	ck_assert_str_eq(user->name, "nobody");
	ck_assert(!user->is_us);
	ck_assert_uint_ge(user->id.n_groups, 1);
	user_free(user);
	ck_assert_int_eq(user_new("no-such-user", &user, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "'no-such-user'"));
	ck_assert_int_eq(user_new(NULL, &user, &err), 0);
	ck_assert(user->is_us);
	user_free(user);
}
END

TEST(becomes_the_user_with_its_groups_and_no_others)
{
	const struct spawn how = { .user = &stranger };
	AUTO_BUF struct buf out = { 0 };

	output_of("id -u; id -g; grep -E '^(Uid|Gid|Groups)' /proc/self/status",
		&how, &out);
	ck_assert_str_eq(buf_text(&out),
		"54321\n54321\nUid:\t54321\t54321\t54321\t54321\n"
		"Gid:\t54321\t54321\t54321\t54321\nGroups:\t54400 54401 \n");
}
END

TEST(leaves_it_no_capability_to_gain)
{
	const struct spawn how = { .user = &stranger, .no_new_privs = true };
	AUTO_BUF struct buf out = { 0 };

	output_of("grep -cE '^Cap...:.0*$' /proc/self/status; "
		  "grep NoNewPrivs /proc/self/status",
		&how, &out);
	ck_assert_str_eq(buf_text(&out), "5\nNoNewPrivs:\t1\n");
}
END

TEST(enters_the_folder_as_the_user)
{
	const struct spawn how = { .user = &stranger, .cwd = "." };
	char folder[] = "/tmp/nodelink-user-XXXXXX";
	int null = fd_open("/dev/null", O_RDWR);
	struct spawn there = how;

	ck_assert_ptr_nonnull(mkdtemp(folder)); /* 0700 */
	there.cwd = folder;
	ck_assert_int_eq(start("true", &there, null), -EACCES);
	ck_assert_int_eq(step, SPAWN_CHDIR);
	ck_assert_int_eq(rmdir(folder), 0);
	(void)close(null);
}
END

TEST(sets_limits_that_bind)
{
	const struct spawn how = { .user = &stranger,
		.limits = { .nofile = 20,
			.fsize = 4096,
			.as = 1 << 30,
			.nproc = 77,
			.no_core = true } };
	AUTO_BUF struct buf out = { 0 };

	output_of("ulimit -n; ulimit -Hn; ulimit -f; ulimit -v; ulimit -c; "
		  "grep -E '^Max processes' /proc/self/limits | tr -s ' '",
		&how, &out);
	ck_assert_str_eq(buf_text(&out),
		"20\n20\n8\n1048576\n0\nMax processes 77 77 processes \n");
}
END

TEST(still_dies_with_us_after_the_change_of_user)
{
	const struct spawn how = { .user = &stranger, .die_with_us = true };
	int null = fd_open("/dev/null", O_RDWR), ends[2], status;
	pid_t parent;
	char c;

	ck_assert_int_eq(fd_pipe(ends, false), 0);
	parent = fork();
	ck_assert_int_ge(parent, 0);
	if (parent == 0) {
		/* its death closes the last writing end */
		if (start("echo up; exec sleep 1000", &how, ends[1]) < 0)
			_exit(1);
		_exit(0);
	}
	(void)close(ends[1]);
	ck_assert_int_eq(waitpid(parent, &status, 0), parent);
	ck_assert_int_eq(status, 0);
	while (read(ends[0], &c, 1) == 1)
		;
	(void)close(ends[0]);
	(void)close(null);
}
END

TEST(tells_what_it_cannot_enter)
{
	int null = fd_open("/dev/null", O_RDONLY); /* not to be written to */
	const struct spawn how = { .enter = { null }, .n_enter = 1 };

	ck_assert_int_eq(start("true", &how, null), -EBADF);
	ck_assert_int_eq(step, SPAWN_ENTER);
	(void)close(null);
}
END

TEST(cannot_be_looked_into_once_a_child_became_another)
{
	const struct spawn how = { .user = &stranger };
	AUTO_BUF struct buf out = { 0 };

	(void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	ck_assert_int_eq(user_act_as(STRANGER, STRANGER), 0);
	user_act_as_us();
	ck_assert_int_eq(prctl(PR_GET_DUMPABLE), 1);
	output_of("true", &how, &out);
	ck_assert_int_eq(prctl(PR_GET_DUMPABLE), 0);
	ck_assert_int_eq(user_act_as(STRANGER, STRANGER), 0);
	user_act_as_us();
	ck_assert_int_eq(prctl(PR_GET_DUMPABLE), 0);
}
END

/* A process of the user stops all others of it, so also children that have
 * changed user and not yet executed, which is when we wait for them. */
TEST(does_not_wait_for_ever_for_a_child_that_its_user_stops)
{
	const struct spawn how = { .user = &stranger };
	int null = fd_open("/dev/null", O_RDWR);
	int64_t longest = 0;
	pid_t stopper = fork();

	ck_assert_int_ge(stopper, 0);
	if (stopper == 0) {
		if (setgid(STRANGER) < 0 || setuid(STRANGER) < 0)
			_exit(1);
		for (;;)
			(void)kill(-1, SIGSTOP);
	}
	for (int i = 0; i < TRIES && longest < 1000; i++) {
		int64_t before = clock_ms();

		ck_assert_int_eq(start("true", &how, null), 0);
		if (clock_ms() - before > longest)
			longest = clock_ms() - before;
		(void)kill(pid, SIGKILL);
		ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
		(void)close(pidfd);
	}
	ck_assert_int_lt(longest, 30000);
	(void)kill(stopper, SIGKILL);
	(void)waitpid(stopper, NULL, 0);
	(void)close(null);
}
END

TEST(looks_at_files_as_another_and_as_us_again)
{
	char folder[] = "/tmp/nodelink-user-XXXXXX", within[64];
	struct user *nobody;
	struct stat st;

	ck_assert_int_eq(user_new("nobody", &nobody, &err), 0);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	(void)snprintf(within, sizeof within, "%s/file", folder);
	ck_assert_int_eq(user_can_enter(nobody, folder), -EACCES);
	ck_assert_int_eq(user_act_as(STRANGER, STRANGER), 0);
	ck_assert_int_eq(stat(within, &st), -1);
	ck_assert_int_eq(errno, EACCES);
	user_act_as_us();
	ck_assert_int_eq(stat(within, &st), -1);
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_int_eq(chmod(folder, 0711), 0);
	ck_assert_int_eq(user_can_enter(nobody, folder), 0);
	ck_assert_int_eq(rmdir(folder), 0);
	user_free(nobody);
}
END

	int
	main(void)
{
	static const TTest *tests[16];
	const TTest *const list[] = {
		finds_an_account_with_its_groups_and_names_one_that_is_missing,
		becomes_the_user_with_its_groups_and_no_others,
		leaves_it_no_capability_to_gain,
		enters_the_folder_as_the_user,
		sets_limits_that_bind,
		still_dies_with_us_after_the_change_of_user,
		tells_what_it_cannot_enter,
		cannot_be_looked_into_once_a_child_became_another,
		does_not_wait_for_ever_for_a_child_that_its_user_stops,
		looks_at_files_as_another_and_as_us_again,
	};

	if (geteuid() != 0)
		return unit_skip("only root can become others");
	memcpy(tests, list, sizeof list);
	return unit_run("user", tests);
}
