/* test-executor-stuck.c - processes that not even SIGKILL ends for a while
 *
 * A frozen control group of v1 makes them: state D until it is thawed. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "executor/end.h"
#include "proc/procfs.h"
#include "tests/unit/agent/rig.h"
#include "tests/unit/unit.h"

#define SHELL "plugins/.libs/shell.so"
#define FREEZER "/sys/fs/cgroup/freezer"

static struct rig rig;
static char group[96];

static int
put(const char *file, const char *text)
{
	char path[160];
	AUTO_CLOSE int fd = -1;

	(void)snprintf(path, sizeof path, "%s/%s", group, file);
	fd = fd_open(path, O_WRONLY);
	return fd < 0 ? fd : fd_write_all(fd, text, strlen(text));
}

static void
freeze(pid_t pid)
{
	char text[16];

	(void)snprintf(text, sizeof text, "%d", (int)pid);
	ck_assert_int_eq(put("cgroup.procs", text), 0);
	ck_assert_int_eq(put("freezer.state", "FROZEN"), 0);
}

TEST(are_named_and_waited_for)
{
	const struct msg *msg;
	const struct msg_result *result;
	char name[32];
	pid_t leader;

	rig.options.unkillable_after_ms = 200;
	rig_open(&rig, SHELL);
	rig_start(&rig, "t1", "cmd", "exec sleep 1000", NULL);
	leader = (pid_t)rig_wait(&rig, "t1", MSG_STARTED, 0)->started.pid;
	freeze(leader);
	rig_cancel(&rig, "t1", 0);
	msg = rig_wait(&rig, "t1", MSG_CANCEL_PHASE, 2);
	ck_assert_int_eq(msg->cancel_phase.phase, MSG_PHASE_UNKILLABLE);
	(void)snprintf(name, sizeof name, "%d (", (int)leader);
	ck_assert_msg(strstr(msg->cancel_phase.message, name) != NULL, "%s",
		msg->cancel_phase.message);
	ck_assert_msg(strstr(msg->cancel_phase.message, "state D") != NULL,
		"%s", msg->cancel_phase.message);
	ck_assert_ptr_null(rig_find(&rig, "t1", MSG_RESULT, 0));
	ck_assert_int_eq(put("freezer.state", "THAWED"), 0);
	result = rig_result(&rig, "t1");
	ck_assert(result->cancelled);
	ck_assert_uint_eq(result->receipt->survivors, 0);
	rig_close(&rig);
}
END

	/* Killed while a process of its task cannot die, which is returned. */
	static pid_t
	leave_one(void)
{
	int report[2];
	pid_t executor, left = 0;

	ck_assert_int_eq(fd_pipe(report, false), 0);
	executor = fork();
	if (executor == 0) {
		rig_open(&rig, SHELL);
		rig_start(&rig, "t1", "cmd", "exec sleep 1000", NULL);
		left = (pid_t)rig_wait(&rig, "t1", MSG_STARTED, 0)->started.pid;
		freeze(left);
		(void)!write(report[1], &left, sizeof left);
		(void)raise(SIGKILL);
	}
	(void)close(report[1]);
	ck_assert_int_eq(
		read(report[0], &left, sizeof left), (ssize_t)sizeof left);
	ck_assert_int_eq(waitpid(executor, NULL, 0), executor);
	(void)close(report[0]);
	return left;
}

static bool
lives(pid_t pid)
{
	struct procfs_stat stat;
	char path[32];

	(void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	return procfs_stat(AT_FDCWD, path, &stat) == 0 &&
	       !procfs_is_dead(&stat);
}

TEST(of_an_executor_that_died_are_not_called_lost_before_they_are_dead)
{
	char dir[64];
	pid_t left;

	unit_temp_dir("left", dir, sizeof dir);
	rig.options.scratch = dir;
	left = leave_one();
	ck_assert(lives(left));
	rig_open(&rig, SHELL);
	rig_start(&rig, "t2", "cmd", "true", NULL); /* the server asks again */
	rig_cancel(&rig, "t1", 0); /* it never ran, as far as we can tell */
	rig_run(&rig, 100);
	ck_assert_ptr_null(rig_find(&rig, NULL, MSG_INVENTORY, 0));
	ck_assert(lives(left));
	ck_assert_int_eq(put("freezer.state", "THAWED"), 0);
	ck_assert_uint_eq(
		rig_wait(&rig, NULL, MSG_INVENTORY, 0)->inventory.n_tasks, 0);
	ck_assert(!lives(left));
	ck_assert_uint_eq(rig_count(&rig, NULL, MSG_RESULT), 0);
	rig_start(&rig, "t2", "cmd", "true", NULL);
	ck_assert(rig_result(&rig, "t2")->ok);
	rig_close(&rig);
}
END

TEST(of_an_executor_that_died_keep_the_next_one_waiting_for_a_while_only)
{
	char dir[64];
	pid_t left;

	unit_temp_dir("left", dir, sizeof dir);
	rig.options.scratch = dir;
	left = leave_one();
	rig.options.remains_ms = 100;
	rig_open(&rig, SHELL);
	(void)rig_wait(&rig, NULL, MSG_INVENTORY, 0);
	ck_assert(lives(left)); /* the log has its name */
	ck_assert_int_eq(put("freezer.state", "THAWED"), 0);
	rig_close(&rig);
}
END

TEST(are_no_reason_to_call_a_task_lost_when_the_executor_gives_up)
{
	pid_t leader;

	rig_open(&rig, SHELL);
	rig_start(&rig, "t1", "cmd", "exec sleep 1000", NULL);
	rig_start(&rig, "t2", "cmd", "exec sleep 1000", NULL);
	(void)rig_wait(&rig, "t2", MSG_STARTED, 0);
	leader = (pid_t)rig_wait(&rig, "t1", MSG_STARTED, 0)->started.pid;
	freeze(leader);
	executor_fail(rig.ex, "a test wants it");
	ck_assert_int_eq(rig_result(&rig, "t2")->outcome, MSG_LOST);
	ck_assert(rig.failed);
	rig_run(&rig, 50);
	ck_assert_ptr_null(rig_find(&rig, "t1", MSG_RESULT, 0));
	ck_assert_int_eq(put("freezer.state", "THAWED"), 0);
	rig_close(&rig);
}
END

	int
	main(void)
{
	const TTest *const tests[] = { are_named_and_waited_for,
		of_an_executor_that_died_are_not_called_lost_before_they_are_dead,
		of_an_executor_that_died_keep_the_next_one_waiting_for_a_while_only,
		are_no_reason_to_call_a_task_lost_when_the_executor_gives_up,
		NULL };
	int64_t end;
	int failed;

	(void)snprintf(group, sizeof group, FREEZER "/nodelink-test-%d",
		(int)getpid());
	if (mkdir(group, 0755) < 0)
		return unit_skip("no group can be made in " FREEZER);
	failed = unit_run("processes that survive SIGKILL", tests);
	end = clock_ms() + 1000;
	while (rmdir(group) < 0 && clock_ms() < end)
		(void)usleep(1000);
	return failed;
}
