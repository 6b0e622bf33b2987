/* test-executor-restart.c - hooks when the executor stops or dies under them */
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
#include "executor/hook.h"
#include "executor/task.h"
#include "tests/unit/agent/hooks-rig.h"
#include "tests/unit/unit.h"

static struct rig rig;
static const struct msg_start plain;

/* Where hooks write down that they ran; not the name of a task. */
static char notes[128];

#define CMDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void
open_rig(void)
{
	rig_open(&rig, SHELL);
	(void)snprintf(notes, sizeof notes, "%s/Notes", rig.options.scratch);
}

/* A command line that notes `text` (which the shell expands), then `then`. */
static const char *
note(const char *text, const char *then)
{
	static char lines[8][512];
	static size_t at;
	char *line = lines[at++ % 8];

	(void)snprintf(line, sizeof lines[0], "echo %s >> %s%s%s", text, notes,
		*then ? "; " : "", then);
	return line;
}

static void
expect_notes(const char *expect)
{
	AUTO_BUF struct buf text = { 0 };
	AUTO_CLOSE int fd = -1;

	hooks_wait_file(&rig, notes);
	fd = fd_open(notes, 0);
	ck_assert_int_eq(fd_read_all(fd, &text, 4096), 0);
	ck_assert_str_eq(buf_text(&text), expect);
}

/* Until the folder of the task is gone. */
static void
wait_removed(const char *id)
{
	char path[160];
	int64_t until = clock_ms() + unit_wait_ms();

	(void)snprintf(path, sizeof path, "%s/%s", rig.options.scratch, id);
	while (access(path, F_OK) == 0) {
		ck_assert_int_lt(clock_ms(), until);
		rig_run(&rig, 10);
	}
}

static void
start(const char *id, const char *cmd, const char *const *cleanup,
	struct msg_start how)
{
	hooks_start(&rig, id, cmd, cleanup, how);
	(void)rig_wait(&rig, id, MSG_OUTPUT, 0);
}

TEST(runs_the_hooks_of_a_task_whose_executor_died)
{
	const struct msg_env env = { "MINE", "mine" };
	const struct msg_start how = { .env = &env, .n_env = 1 };
	char cmd[1024];

	open_rig();
	(void)snprintf(cmd, sizeof cmd,
		"echo '%s' >> $NODELINK_DEFER_FILE;"
		"echo '%s' >> $NODELINK_DEFER_FILE; echo up; sleep 1000",
		note("first $NODELINK_HOOK $MINE", ""),
		note("second $NODELINK_TASK_STATUS"
		     " ${NODELINK_EXIT_CODE-none} $NODELINK_TASK",
			""));
	start("t1", cmd, CMDS(note("cleanup $MINE", "pwd")), how);
	hooks_new_executor(&rig);
	wait_removed("t1");
	expect_notes("second failed none t1\nfirst defer mine\n"
		     "cleanup mine\n");
	ck_assert_uint_eq(rig_count(&rig, "t1", MSG_RESULT), 0);
	ck_assert_uint_eq(
		rig_wait(&rig, NULL, MSG_INVENTORY, 0)->inventory.n_tasks, 0);
	rig_close(&rig);
}
END

TEST(runs_what_was_deferred_by_a_task_that_was_given_nothing)
{
	char cmd[1024];

	open_rig();
	(void)snprintf(cmd, sizeof cmd,
		"echo '%s' >> $NODELINK_DEFER_FILE; echo up; sleep 1000",
		note("deferred $NODELINK_TASK_DIR", ""));
	start("t1", cmd, NULL, plain);
	hooks_new_executor(&rig);
	wait_removed("t1");
	(void)snprintf(
		cmd, sizeof cmd, "deferred %s/t1/work\n", rig.options.scratch);
	expect_notes(cmd);
	rig_close(&rig);
}
END

TEST(picks_cleanup_for_a_failed_task)
{
	const struct msg_hook cleanup[] = {
		{ NULL, MSG_CANCELLED, 0 },
		{ NULL, MSG_FAILED, 0 },
	};
	struct msg_hook mine[2];
	struct msg_start how = { .cleanup = mine, .n_cleanup = 2 };

	open_rig();
	memcpy(mine, cleanup, sizeof mine);
	mine[0].cmd = note("cancelled", "");
	mine[1].cmd = note("failed", "");
	start("t1", "echo up; sleep 1000", NULL, how);
	hooks_new_executor(&rig);
	wait_removed("t1");
	expect_notes("failed\n");
	rig_close(&rig);
}
END

TEST(begins_no_hook_twice)
{
	open_rig();
	start("t1", "echo up; exit 9",
		CMDS(note("one", ""), note("two", "echo two; sleep 1000"),
			note("three $NODELINK_TASK_STATUS $NODELINK_EXIT_CODE",
				"")),
		plain);
	(void)rig_wait(&rig, "t1", MSG_OUTPUT, 1); /* of the second hook */
	expect_notes("one\ntwo\n");
	hooks_new_executor(&rig);
	wait_removed("t1");
	expect_notes("one\ntwo\nthree failed 9\n");
	hooks_new_executor(&rig);
	rig_run(&rig, 50);
	expect_notes("one\ntwo\nthree failed 9\n");
	rig_close(&rig);
}
END

TEST(takes_no_more_from_the_defer_file_once_hooks_have_begun)
{
	char cmd[1024];

	open_rig();
	(void)snprintf(cmd, sizeof cmd,
		"echo '%s' >> $NODELINK_DEFER_FILE;"
		"echo '%s; echo x; echo \"echo late >> %s\" >> ../defer;"
		" sleep 1000' >> $NODELINK_DEFER_FILE; echo up",
		note("first", ""), note("second", ""), notes);
	start("t1", cmd, NULL, plain);
	(void)rig_wait(&rig, "t1", MSG_OUTPUT, 1);
	rig_run(&rig, 100);
	hooks_new_executor(&rig);
	wait_removed("t1");
	expect_notes("second\nfirst\n");
	rig_close(&rig);
}
END

TEST(runs_them_after_an_executor_was_killed)
{
	char dir[64];
	pid_t pid;

	unit_temp_dir("left", dir, sizeof dir);
	rig.options.scratch = dir;
	pid = fork();
	if (pid == 0) {
		open_rig();
		start("t1", "echo up; sleep 1000", CMDS(note("cleanup", "")),
			plain);
		(void)raise(SIGKILL);
	}
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	open_rig();
	wait_removed("t1");
	expect_notes("cleanup\n");
	rig_close(&rig);
}
END

TEST(refuses_a_task_whose_earlier_hooks_still_run)
{
	open_rig();
	start("t1", "echo up; sleep 1000", CMDS(note("cleanup", "sleep 1000")),
		plain);
	hooks_new_executor(&rig);
	hooks_wait_file(&rig, notes);
	rig_start(&rig, "t1", "cmd", "true", NULL);
	ck_assert_str_eq(rig_result(&rig, "t1")->failure, "refused");
	rig_close(&rig);
}
END

TEST(runs_the_hooks_of_many_tasks_a_few_at_a_time)
{
	enum { MANY = 30 };
	struct executor *ex;
	char id[16];

	open_rig();
	for (int i = 0; i < MANY; i++) {
		(void)snprintf(id, sizeof id, "t%d", i);
		start(id, "echo up; sleep 1000", CMDS(note("x", "sleep 0.05")),
			plain);
	}
	hooks_new_executor(&rig);
	ex = rig.ex;
	while (ex->abandoned) {
		ck_assert_uint_le(hook_count(ex), 8);
		rig_run(&rig, 1);
	}
	for (int i = 0; i < MANY; i++) {
		(void)snprintf(id, sizeof id, "t%d", i);
		wait_removed(id);
	}
	rig_close(&rig);
}
END

TEST(gives_hooks_their_time_when_the_executor_stops)
{
	open_rig();
	start("t1", "echo up; sleep 1000",
		CMDS(note("one", "sleep 0.3"), note("two", "")),
		(struct msg_start){ .grace_ms = 100 });
	executor_stop(rig.ex);
	ck_assert_uint_eq(rig_result(&rig, "t1")->n_hooks, 2);
	expect_notes("one\ntwo\n");
	while (!rig.stopped)
		rig_run(&rig, 10);
	rig_close(&rig);
}
END

TEST(leaves_hooks_to_the_next_executor_when_told_twice_to_stop)
{
	const struct msg_result *result;

	open_rig();
	start("t1", "echo up; sleep 1000",
		CMDS(note("one", "echo one; sleep 1000"),
			note("two $NODELINK_TASK_STATUS", "")),
		plain);
	executor_stop(rig.ex);
	(void)rig_wait(&rig, "t1", MSG_OUTPUT, 1);
	executor_stop(rig.ex);
	result = rig_result(&rig, "t1");
	ck_assert(result->cancelled);
	ck_assert_uint_eq(result->n_hooks, 2);
	ck_assert(result->hooks[0].timed_out);
	ck_assert_int_eq(result->hooks[1].outcome, MSG_NOT_STARTED);
	expect_notes("one\n");
	hooks_new_executor(&rig);
	wait_removed("t1");
	expect_notes("one\ntwo cancelled\n");
	rig_close(&rig);
}
END

TEST(removes_a_folder_whose_notes_are_damaged)
{
	AUTO_CLOSE int fd = -1;
	char path[160];

	open_rig();
	start("t1", "echo up; sleep 1000", CMDS(note("no", "")), plain);
	(void)snprintf(path, sizeof path, "%s/t1/hooks", rig.options.scratch);
	fd = fd_open(path, O_WRONLY | O_TRUNC);
	ck_assert_int_eq(fd_write_all(fd, "\xff\xff", 2), 0);
	hooks_new_executor(&rig);
	wait_removed("t1");
	ck_assert_int_ne(access(notes, F_OK), 0);
	rig_close(&rig);
}
END

TEST(runs_nothing_as_another_user_than_the_task_was)
{
	char path[160];

	open_rig();
	start("t1", "echo up; sleep 1000", CMDS(note("no", "")), plain);
	(void)snprintf(path, sizeof path, "%s/t1/defer", rig.options.scratch);
	if (geteuid() == 0) {
		ck_assert_int_eq(chown(path, 12345, -1), 0);
		hooks_new_executor(&rig);
		wait_removed("t1");
		ck_assert_int_ne(access(notes, F_OK), 0);
	}
	rig_close(&rig);
}
END

TEST(does_not_wait_for_what_a_task_put_in_place_of_its_notes)
{
	char cmd[256];

	open_rig();
	(void)snprintf(cmd, sizeof cmd,
		"cd %s/t1; mkfifo progress; rm hooks; mkfifo hooks;"
		"echo 'echo hook' >> defer; echo up; sleep 1000",
		rig.options.scratch);
	start("t1", cmd, CMDS("true"), plain);
	rig_cancel(&rig, "t1", 0);
	ck_assert_uint_eq(rig_result(&rig, "t1")->n_hooks, 2);
	start("t2", "cd ..; rm hooks; mkfifo hooks; echo up; sleep 1000",
		CMDS(note("no", "")), plain);
	hooks_new_executor(&rig);
	wait_removed("t2");
	ck_assert_int_ne(access(notes, F_OK), 0);
	rig_close(&rig);
}
END

/* A monitor that was killed may be followed by one that finds the executor
 * before it listens, and starts another. */
TEST(leaves_alone_what_a_living_executor_has)
{
	struct executor *second = NULL;
	struct err err = { .text = "" };

	open_rig();
	start("t1", "echo up; sleep 1000", NULL, plain);
	ck_assert_int_eq(
		executor_new(rig.loop, rig.plugin, &rig.options, &second, &err),
		-EBUSY);
	ck_assert_ptr_nonnull(strstr(err.text, rig.options.scratch));
	rig_run(&rig, 100);
	ck_assert_uint_eq(rig_count(&rig, "t1", MSG_RESULT), 0);
	rig_cancel(&rig, "t1", 0);
	ck_assert(rig_result(&rig, "t1")->cancelled);
	rig_close(&rig);
}
END

	UNIT_MAIN("executor: hooks and restarts",
		leaves_alone_what_a_living_executor_has,
		runs_the_hooks_of_a_task_whose_executor_died,
		runs_what_was_deferred_by_a_task_that_was_given_nothing,
		picks_cleanup_for_a_failed_task, begins_no_hook_twice,
		takes_no_more_from_the_defer_file_once_hooks_have_begun,
		runs_them_after_an_executor_was_killed,
		refuses_a_task_whose_earlier_hooks_still_run,
		runs_the_hooks_of_many_tasks_a_few_at_a_time,
		gives_hooks_their_time_when_the_executor_stops,
		leaves_hooks_to_the_next_executor_when_told_twice_to_stop,
		removes_a_folder_whose_notes_are_damaged,
		runs_nothing_as_another_user_than_the_task_was,
		does_not_wait_for_what_a_task_put_in_place_of_its_notes)
