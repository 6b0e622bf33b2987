/* test-executor-contain.c - tasks that try to outlive their end
 *
 * The judge is /proc: is there a process whose command line has the mark? On
 * a rung that processes can leave the cases that it cannot promise are left
 * out. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "executor/task.h"
#include "tests/unit/agent/rig.h"
#include "tests/unit/unit.h"

#define SHELL "plugins/.libs/shell.so"

enum { LOOKS = 5, LOOK_US = 20000 };

static struct rig rig;
static char mark[48], command[4096 + 128];

/* Its command line has the mark; a zombie's is empty. */
static bool
is_marked(const char *pid)
{
	AUTO_BUF struct buf text = { 0 };
	AUTO_CLOSE int fd = -1;
	char path[300];

	(void)snprintf(path, sizeof path, "/proc/%s/cmdline", pid);
	fd = fd_open(path, O_RDONLY);
	if (fd < 0 || fd_read_all(fd, &text, 1 << 20) < 0)
		return false;
	for (size_t at = 0; at < text.len;
		at += strlen((const char *)text.data + at) + 1)
		if (strcmp((const char *)text.data + at, mark) == 0)
			return true;
	return false;
}

static size_t
count_marked(int signo)
{
	DIR *proc = opendir("/proc");
	const struct dirent *entry;
	size_t n = 0;

	while (proc && (entry = readdir(proc)) != NULL)
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
			is_marked(entry->d_name)) {
			(void)kill((pid_t)atoi(entry->d_name), signo);
			n++;
		}
	if (proc)
		(void)closedir(proc);
	return n;
}

/* A process that forks all the time can hide from one look. */
static size_t
survivors(void)
{
	size_t n = 0;

	for (int i = 0; i < LOOKS; i++) {
		n += count_marked(0);
		(void)usleep(LOOK_US);
	}
	return n;
}

static const char *
adversary(const char *kind, const char *file)
{
	const char *top = getenv("top_builddir");
	AUTO_FREE char *full = realpath(top ? top : ".", NULL);

	(void)snprintf(mark, sizeof mark, "mark-%d-%lld", (int)getpid(),
		(long long)clock_us());
	(void)snprintf(command, sizeof command,
		"exec %s/tests/system/helpers/adversary %s %s %s", full, kind,
		mark, file);
	return command;
}

/* True on the rung where nothing can get out. */
static bool
open_rig(void)
{
	rig_open(&rig, SHELL);
	return rig_is_complete(&rig);
}

static void
start(const char *kind, const struct msg_start *how)
{
	int64_t end = clock_ms() + unit_wait_ms();

	rig_start(&rig, "t1", "cmd", adversary(kind, ""), how);
	(void)rig_wait(&rig, "t1", MSG_OUTPUT, 0);
	while (count_marked(0) == 0) /* comets are seldom seen */
		ck_assert_int_lt(clock_ms(), end);
}

static void
cancelled_without_survivors(const char *kind, int64_t grace_ms, bool contained)
{
	const struct msg_result *result;

	if (open_rig() || !contained) {
		start(kind, NULL);
		rig_cancel(&rig, "t1", grace_ms);
		result = rig_result(&rig, "t1");
		ck_assert(result->cancelled);
		ck_assert_uint_eq(result->receipt->survivors, 0);
		ck_assert_uint_eq(survivors(), 0);
	}
	rig_close(&rig);
}

TEST(leaves_nothing_of_a_plain_task)
{
	cancelled_without_survivors("plain", 5000, false);
}
END

TEST(leaves_nothing_of_a_task_that_ignores_every_signal)
{
	cancelled_without_survivors("deaf", 100, false);
}
END

TEST(leaves_nothing_of_a_stopped_group)
{
	cancelled_without_survivors("stopped", 5000, false);
}
END

TEST(leaves_no_daemon)
{
	cancelled_without_survivors("daemon", 5000, true);
}
END

TEST(leaves_no_daemon_that_ignores_every_signal)
{
	cancelled_without_survivors("deaf-daemon", 100, true);
}
END

TEST(leaves_no_daemon_that_has_cleared_its_environment)
{
	cancelled_without_survivors("clean-daemon", 5000, true);
}
END

TEST(leaves_nothing_in_a_control_group_that_the_task_made)
{
	cancelled_without_survivors("nested", 5000, true);
}
END

TEST(leaves_no_comet_with_grace)
{
	cancelled_without_survivors("comets", 50, true);
}
END

TEST(leaves_no_comet_without_grace)
{
	cancelled_without_survivors("comets", 0, true);
}
END

TEST(leaves_no_daemon_after_a_natural_end)
{
	const struct msg_result *result;

	if (open_rig()) {
		start("daemon-exit", NULL);
		result = rig_result(&rig, "t1");
		ck_assert(result->ok && !result->cancelled);
		/* its pipes were not held by a stranger */
		ck_assert_int_lt(
			clock_wall_ms() - result->ended_at, STRANGER_MS);
		ck_assert_uint_eq(survivors(), 0);
	}
	rig_close(&rig);
}
END

TEST(waits_for_a_daemon_when_asked)
{
	const struct msg_start how = { .wait_orphans = true };

	if (open_rig()) {
		start("daemon-exit", &how);
		rig_run(&rig, 300);
		ck_assert_ptr_null(rig_find(&rig, "t1", MSG_RESULT, 0));
		ck_assert_uint_eq(count_marked(SIGKILL), 1);
		ck_assert(rig_result(&rig, "t1")->ok);
		ck_assert_uint_eq(survivors(), 0);
	}
	rig_close(&rig);
}
END

/* It has stopped itself, too: SIGCONT must follow. */
TEST(sends_the_stop_signal_to_a_daemon_as_well)
{
	char file[] = "/tmp/nodelink-polite-XXXXXX";
	int fd = mkstemp(file);

	ck_assert_int_ge(fd, 0);
	(void)close(fd);
	(void)unlink(file);
	if (open_rig()) {
		rig_start(&rig, "t1", "cmd", adversary("polite", file), NULL);
		(void)rig_wait(&rig, "t1", MSG_OUTPUT, 0);
		rig_cancel(&rig, "t1", 5000);
		ck_assert_uint_eq(rig_result(&rig, "t1")->receipt->n_killed, 0);
		ck_assert_int_eq(unlink(file), 0);
		ck_assert_uint_eq(survivors(), 0);
	}
	rig_close(&rig);
}
END

TEST(names_in_the_receipt_a_daemon_that_had_to_be_killed)
{
	const struct msg_receipt *receipt;

	if (open_rig()) {
		start("deaf-daemon", NULL);
		rig_cancel(&rig, "t1", 100);
		receipt = rig_result(&rig, "t1")->receipt;
		ck_assert_uint_eq(receipt->n_killed, 1);
		ck_assert_str_eq(receipt->killed[0].name, "adversary");
		ck_assert_str_eq(receipt->containment, rig_rung(&rig));
	}
	rig_close(&rig);
}
END

/* It and its leaders are gone at once; the next one ends its daemons. */
TEST(leaves_nothing_of_an_executor_that_was_killed)
{
	char folder[64]; /* of both: it is how one finds what the other left */
	int status, ready[2];
	size_t left;
	char c;
	pid_t pid;

	unit_temp_dir("contain", folder, sizeof folder);
	rig.options.scratch = folder;
	ck_assert_int_eq(pipe(ready), 0);
	(void)adversary("clean-daemon", "");
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		bool contained = open_rig();

		rig_start(&rig, "t1", "cmd", command, NULL);
		(void)rig_wait(&rig, "t1", MSG_OUTPUT, 0);
		(void)!write(ready[1], contained ? "y" : "n", 1);
		(void)raise(SIGKILL);
	}
	ck_assert_int_eq(read(ready[0], &c, 1), 1);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	left = survivors();
	rig_open(&rig, SHELL);
	if (c == 'y') {
		/* A namespace dies with the executor; a group waits. */
		if (strcmp(rig_rung(&rig), "pidns") != 0)
			ck_assert_uint_gt(left, 0);
		ck_assert_uint_eq(survivors(), 0);
	}
	rig_close(&rig);
	(void)count_marked(SIGKILL);
}
END

TEST(knows_no_other_rung)
{
	struct err err = { .text = "" };
	struct executor *ex = NULL;

	rig_open(&rig, SHELL);
	link_free(TAKE(rig.link));
	executor_free(TAKE(rig.ex)); /* the next one wants its folder */
	rig.options.containment = "cgroup";
	ck_assert_int_eq(
		executor_new(rig.loop, rig.plugin, &rig.options, &ex, &err),
		-EINVAL);
	ck_assert_msg(strstr(err.text, "'cgroup'") != NULL, "%s", err.text);
	rig_close(&rig);
}
END

	int
	main(void)
{
	const TTest *const tests[] = { leaves_nothing_of_a_plain_task,
		leaves_nothing_of_a_task_that_ignores_every_signal,
		leaves_nothing_of_a_stopped_group, leaves_no_daemon,
		leaves_no_daemon_that_ignores_every_signal,
		leaves_no_daemon_that_has_cleared_its_environment,
		leaves_nothing_in_a_control_group_that_the_task_made,
		leaves_no_comet_with_grace, leaves_no_comet_without_grace,
		leaves_no_daemon_after_a_natural_end,
		waits_for_a_daemon_when_asked,
		sends_the_stop_signal_to_a_daemon_as_well,
		names_in_the_receipt_a_daemon_that_had_to_be_killed,
		leaves_nothing_of_an_executor_that_was_killed,
		knows_no_other_rung, NULL };
	struct err err = { .text = "" };

	if (!rig_can_run(&err))
		return unit_skip(err.text);
	return unit_run("executor: containment", tests);
}
