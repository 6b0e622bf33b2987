/* test-executor-run.c - tasks that end by themselves */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "proc/group.h"
#include "tests/unit/agent/rig.h"
#include "tests/unit/unit.h"

static struct rig rig;

#define SHELL "plugins/.libs/shell.so"

static const struct msg_result *
run(const char *id, const char *cmd)
{
	rig_start(&rig, id, "cmd", cmd, NULL);
	return rig_result(&rig, id);
}

static void
ask_for(enum msg_kind kind, const char *id, const char *instance)
{
	static const char *const value = "true";
	static const struct msg_param param = { "cmd", &value, 1 };
	struct msg msg = { .kind = kind, .task_id = id, .instance = instance };

	if (kind == MSG_START)
		msg.start =
			(struct msg_start){ .params = &param, .n_params = 1 };
	rig_send(&rig, &msg);
}

TEST(reports_started_output_and_result_in_order)
{
	AUTO_BUF struct buf out = { 0 }, err = { 0 };
	const struct msg_result *result;

	rig_open(&rig, SHELL);
	result = run("t1", "echo out; echo err >&2");
	rig_output(&rig, "t1", MSG_STDOUT, &out);
	rig_output(&rig, "t1", MSG_STDERR, &err);
	ck_assert_str_eq(buf_text(&out), "out\n");
	ck_assert_str_eq(buf_text(&err), "err\n");
	ck_assert_uint_eq(rig_find(&rig, "t1", MSG_STARTED, 0)->seq, 1);
	ck_assert_uint_eq(rig_find(&rig, "t1", MSG_RESULT, 0)->seq, 4);
	ck_assert(result->ok && !result->cancelled && !result->receipt);
	ck_assert_int_eq(result->outcome, MSG_EXITED);
	ck_assert_uint_eq(result->stdout_bytes, 4);
	RIG_UNTIL(&rig, executor_count(rig.ex, NULL) == 0);
	rig_close(&rig);
}
END

TEST(reports_exit_codes_and_signals_as_failures)
{
	const struct msg_result *result;

	rig_open(&rig, SHELL);
	result = run("t1", "exit 3");
	ck_assert(!result->ok);
	ck_assert_int_eq(result->code, 3);
	ck_assert_str_eq(result->failure, "exit");
	result = run("t2", "no-such-command-here");
	ck_assert_int_eq(result->code, 127);
	result = run("t3", "kill -9 $$");
	ck_assert_int_eq(result->outcome, MSG_SIGNALED);
	ck_assert_int_eq(result->code, SIGKILL);
	ck_assert_str_eq(result->failure, "signal");
	rig_close(&rig);
}
END

TEST(names_the_working_directory_that_cannot_be_entered)
{
	const char *cmd = "true", *cwd = "/no/such/folder";
	const struct msg_param params[] = { { "cmd", &cmd, 1 },
		{ "cwd", &cwd, 1 } };
	const struct msg_start start = { .params = params, .n_params = 2 };
	const struct msg_result *result;

	rig_open(&rig, SHELL);
	rig_start(&rig, "t1", NULL, NULL, &start);
	result = rig_result(&rig, "t1");
	ck_assert_int_eq(result->outcome, MSG_NOT_STARTED);
	ck_assert_str_eq(result->failure, "spawn_error");
	ck_assert_int_eq(result->code, ENOENT);
	ck_assert_ptr_nonnull(strstr(result->message, cwd));
	ck_assert_uint_eq(rig_count(&rig, "t1", MSG_STARTED), 0);
	rig_close(&rig);
}
END

TEST(refuses_parameters_by_name)
{
	const char *cmd = "true", *user = "nobody-we-know";
	const struct msg_param params[] = { { "cmd", &cmd, 1 },
		{ "user", &user, 1 } };
	const struct msg_start start = { .params = params, .n_params = 2 };
	const struct msg_param wrong[] = { { "cmd", &cmd, 1 },
		{ "shell", &user, 1 } };
	const struct msg_start odd = { .params = wrong, .n_params = 2 };
	const struct msg_result *result;

	rig_open(&rig, SHELL);
	rig_start(&rig, "t1", NULL, NULL, &odd);
	result = rig_result(&rig, "t1");
	ck_assert_str_eq(result->failure, "refused");
	ck_assert_ptr_nonnull(strstr(result->message, "'shell'"));
	rig_start(&rig, "t2", NULL, NULL, &start);
	result = rig_result(&rig, "t2");
	ck_assert_str_eq(result->failure, "refused");
	ck_assert_ptr_nonnull(strstr(result->message, "'user'"));
	rig_close(&rig);
}
END

TEST(gives_a_clean_environment_and_a_folder_that_is_removed)
{
	AUTO_BUF struct buf out = { 0 };
	const char *cmd = "pwd; echo $A; echo $NODELINK_TASK; umask;"
			  "mkdir -p a/b/c; ln -s /etc a/b/link; : >a/b/c/f;"
			  "ls /proc/self/fd | wc -l; chmod 0 a/b/c";
	const struct msg_param param = { "cmd", &cmd, 1 };
	const struct msg_env env = { "A", "a value" };
	const struct msg_start start = {
		.params = &param, .n_params = 1, .env = &env, .n_env = 1
	};
	char expect[256];

	rig_open(&rig, SHELL);
	rig_start(&rig, "t1", NULL, NULL, &start);
	ck_assert(rig_result(&rig, "t1")->ok);
	rig_output(&rig, "t1", MSG_STDOUT, &out);
	/* ls has its own for the folder */
	(void)snprintf(expect, sizeof expect,
		"%s/t1/work\na value\nt1\n0022\n4\n", rig.scratch);
	ck_assert_str_eq(buf_text(&out), expect);
	RIG_UNTIL(&rig, executor_count(rig.ex, NULL) == 0);
	executor_free(TAKE(rig.ex)); /* with its spare folders */
	ck_assert_int_eq(rmdir(rig.scratch), 0); /* nothing is left in it */
	ck_assert_int_eq(access("/etc/passwd", F_OK), 0);
	rig_close(&rig);
}
END

	/* A zombie that waits to be reaped is not. */
	static bool
	is_alive(pid_t pid)
{
	struct group_member m;

	group_member_read(pid, &m);
	return m.state != 'Z' && m.state != '?';
}

TEST(stops_what_is_left_in_the_background)
{
	AUTO_BUF struct buf out = { 0 };
	const struct msg_result *result;
	pid_t pid;

	rig_open(&rig, SHELL);
	result = run("t1", "sleep 1000 & echo $!");
	ck_assert(result->ok && !result->cancelled);
	rig_output(&rig, "t1", MSG_STDOUT, &out);
	pid = (pid_t)atoi(buf_text(&out));
	ck_assert_int_gt(pid, 1);
	ck_assert(!is_alive(pid));
	rig_close(&rig);
}
END

TEST(kills_what_is_left_and_ignores_the_stop_signal)
{
	const char *cmd = "(trap '' TERM; sleep 1000; sleep 1000) & exit 5";
	const struct msg_param param = { "cmd", &cmd, 1 };
	const struct msg_start start = {
		.params = &param, .n_params = 1, .grace_ms = 200
	};
	int64_t began = clock_ms();

	rig_open(&rig, SHELL);
	rig_start(&rig, "t1", NULL, NULL, &start);
	ck_assert_int_eq(rig_result(&rig, "t1")->code, 5);
	ck_assert_int_ge(clock_ms() - began, 200);
	rig_close(&rig);
}
END

TEST(waits_for_what_is_left_when_asked)
{
	AUTO_BUF struct buf out = { 0 };
	const char *cmd = "(sleep 0.3; echo late) & echo early";
	const struct msg_param param = { "cmd", &cmd, 1 };
	const struct msg_start start = {
		.params = &param, .n_params = 1, .wait_orphans = true
	};

	rig_open(&rig, SHELL);
	rig_start(&rig, "t1", NULL, NULL, &start);
	ck_assert(rig_result(&rig, "t1")->ok);
	rig_output(&rig, "t1", MSG_STDOUT, &out);
	ck_assert_str_eq(buf_text(&out), "early\nlate\n");
	rig_close(&rig);
}
END

/* The dead count for the limit of processes. */
TEST(reaps_children_that_are_nobodys)
{
	siginfo_t info;
	int64_t began;

	rig_open(&rig, SHELL);
	began = clock_ms();
	for (int i = 0; i < 400; i++) {
		pid_t pid = fork();

		ck_assert_int_ge(pid, 0);
		if (pid == 0)
			_exit(0);
		if (i % 100 != 99)
			continue;
		while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) ==
				0 &&
			clock_ms() < began + unit_wait_ms())
			loop_turn(rig.loop, 1);
	}
	ck_assert_int_lt(clock_ms() - began, unit_wait_ms());
	rig_close(&rig);
}
END

TEST(ignores_a_repeated_start)
{
	rig_open(&rig, SHELL);
	rig.no_ack = true;
	rig_start(&rig, "t1", "cmd", "echo once", NULL);
	rig_start(&rig, "t1", "cmd", "echo twice", NULL);
	(void)rig_result(&rig, "t1");
	rig_start(&rig, "t1", "cmd", "echo thrice", NULL);
	rig_run(&rig, 100);
	ck_assert_uint_eq(rig_count(&rig, "t1", MSG_OUTPUT), 1);
	ck_assert_uint_eq(rig_count(&rig, "t1", MSG_RESULT), 1);
	rig_close(&rig);
}
END

TEST(stops_a_task_that_runs_too_long)
{
	const char *cmd = "sleep 1000";
	const struct msg_param param = { "cmd", &cmd, 1 };
	const struct msg_start start = {
		.params = &param, .n_params = 1, .timeout_ms = 100
	};
	const struct msg_result *result;

	rig_open(&rig, SHELL);
	rig_start(&rig, "t1", NULL, NULL, &start);
	result = rig_result(&rig, "t1");
	ck_assert(result->cancelled);
	ck_assert_uint_eq(result->receipt->code, 200);
	ck_assert_str_eq(result->receipt->name, "timeout");
	ck_assert_str_eq(result->receipt->actor, "nodelink");
	rig_close(&rig);
}
END

TEST(refuses_a_scratch_folder_that_others_may_write)
{
	char open[] = "/tmp/nodelink-open-XXXXXX";
	struct executor_options options = { .agent_id = "agent1",
		.scratch = open };
	struct executor *ex = NULL;
	struct err err;

	rig_open(&rig, SHELL);
	ck_assert_ptr_nonnull(mkdtemp(open));
	ck_assert_int_eq(chmod(open, 01777), 0);
	ck_assert_int_eq(
		executor_new(rig.loop, rig.plugin, &options, &ex, &err),
		-EPERM);
	ck_assert_ptr_nonnull(strstr(err.text, open));
	ck_assert_int_eq(rmdir(open), 0);
	rig_close(&rig);
}
END

TEST(does_nothing_that_was_meant_for_another_executor)
{
	const char *own;

	rig_open(&rig, SHELL);
	own = rig_wait(&rig, NULL, MSG_INVENTORY, 0)->inventory.instance;
	ask_for(MSG_START, "t1", "the-one-before");
	ask_for(MSG_CANCEL, "t2", "the-one-before");
	ask_for(MSG_START, "t2", own); /* no tombstone either */
	ck_assert(rig_result(&rig, "t2")->ok);
	ck_assert_uint_eq(rig_count(&rig, "t1", MSG_STARTED), 0);
	ck_assert_uint_eq(rig_count(&rig, "t1", MSG_RESULT), 0);
	ask_for(MSG_CANCEL, "t3", own);
	ck_assert_int_eq(rig_result(&rig, "t3")->outcome, MSG_NOT_STARTED);
	rig_start(&rig, "t4", "cmd", "sleep 100", NULL);
	(void)rig_wait(&rig, "t4", MSG_STARTED, 0);
	ask_for(MSG_CANCEL, "t4", "the-one-before"); /* but it is here */
	ck_assert(rig_result(&rig, "t4")->cancelled);
	rig_close(&rig);
}
END

	UNIT_MAIN("executor: run", reports_started_output_and_result_in_order,
		reports_exit_codes_and_signals_as_failures,
		names_the_working_directory_that_cannot_be_entered,
		refuses_parameters_by_name,
		gives_a_clean_environment_and_a_folder_that_is_removed,
		stops_what_is_left_in_the_background,
		kills_what_is_left_and_ignores_the_stop_signal,
		waits_for_what_is_left_when_asked,
		reaps_children_that_are_nobodys, ignores_a_repeated_start,
		stops_a_task_that_runs_too_long,
		refuses_a_scratch_folder_that_others_may_write,
		does_nothing_that_was_meant_for_another_executor)
