/* test-executor-hooks.c - what runs after the end of a task */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "tests/unit/agent/hooks-rig.h"
#include "tests/unit/unit.h"

static struct rig rig;
static const struct msg_start plain;

#define CMDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void
expect_when(const char *id, const char *cmd, bool cancel, const char *expect)
{
	const struct msg_hook cleanup[] = {
		{ "echo always", MSG_ALWAYS, 0 },
		{ "echo cancelled", MSG_CANCELLED, 0 },
		{ "echo failed", MSG_FAILED, 0 },
	};
	struct msg_start how = { .cleanup = cleanup, .n_cleanup = 3 };

	rig_start(&rig, id, "cmd", cmd, &how);
	(void)rig_wait(&rig, id, MSG_STARTED, 0);
	if (cancel)
		rig_cancel(&rig, id, 0);
	(void)rig_result(&rig, id);
	ck_assert_str_eq(hooks_printed(&rig, id), expect);
}

static uint64_t
hook_bytes(void)
{
	AUTO_BUF struct buf out = { 0 };

	rig_output(&rig, "t1", MSG_HOOK, &out);
	return out.len;
}

TEST(runs_cleanup_in_order_after_the_end)
{
	const struct msg_result *result;

	rig_open(&rig, SHELL);
	hooks_start(&rig, "t1", "echo task",
		CMDS("echo one; echo err >&2", "echo two"), plain);
	result = rig_result(&rig, "t1");
	ck_assert(result->ok);
	ck_assert_str_eq(hooks_printed(&rig, "t1"), "one\nerr\ntwo\n");
	ck_assert_uint_eq(result->stdout_bytes, 5);
	ck_assert_uint_eq(result->n_hooks, 2);
	ck_assert_str_eq(result->hooks[0].kind, "cleanup");
	ck_assert_str_eq(result->hooks[0].cmd, "echo one; echo err >&2");
	ck_assert_int_eq(result->hooks[0].outcome, MSG_EXITED);
	ck_assert_int_eq(result->hooks[0].code, 0);
	ck_assert_int_ge(result->hooks[0].started_at, result->ended_at);
	ck_assert_int_ge(
		result->hooks[1].started_at, result->hooks[0].started_at);
	rig_close(&rig);
}
END

TEST(says_that_a_cancel_is_verified_before_the_hooks_have_run)
{
	const struct msg *verified;
	char go[sizeof rig.scratch + 16];

	rig_open(&rig, SHELL);
	hooks_start(&rig, "t1", "sleep 1000",
		CMDS("until [ -e go ]; do sleep 0.01; done"), plain);
	(void)rig_wait(&rig, "t1", MSG_STARTED, 0);
	rig_cancel(&rig, "t1", 0);
	verified = rig_wait(&rig, "t1", MSG_CANCEL_PHASE, 2);
	ck_assert_int_eq(verified->cancel_phase.phase, MSG_PHASE_VERIFIED);
	ck_assert_ptr_null(rig_find(&rig, "t1", MSG_RESULT, 0));
	(void)snprintf(go, sizeof go, "%s/t1/work/go", rig.scratch);
	ck_assert_int_eq(mknod(go, S_IFREG | 0600, 0), 0);
	ck_assert_int_eq(
		rig_result(&rig, "t1")->ended_at, verified->cancel_phase.at);
	rig_close(&rig);
}
END

TEST(does_not_say_so_of_a_task_that_ended_by_itself)
{
	rig_open(&rig, SHELL);
	hooks_start(&rig, "t1", "true", CMDS("true"), plain);
	(void)rig_result(&rig, "t1");
	ck_assert_uint_eq(rig_count(&rig, "t1", MSG_CANCEL_PHASE), 0);
	rig_close(&rig);
}
END

TEST(has_none_for_a_task_without)
{
	const struct msg_result *result;

	rig_open(&rig, SHELL);
	hooks_start(&rig, "t1", "true", NULL, plain);
	result = rig_result(&rig, "t1");
	ck_assert(result->ok);
	ck_assert_uint_eq(result->n_hooks, 0);
	rig_close(&rig);
}
END

TEST(runs_what_was_deferred_last_first_and_then_cleanup)
{
	const struct msg_result *result;

	rig_open(&rig, SHELL);
	hooks_start(&rig, "t1",
		"echo 'echo first' >> $NODELINK_DEFER_FILE;"
		"echo 'echo second' >> $NODELINK_DEFER_FILE; exit 3",
		CMDS("echo cleanup"), plain);
	result = rig_result(&rig, "t1");
	ck_assert_int_eq(result->code, 3);
	ck_assert_str_eq(hooks_printed(&rig, "t1"), "second\nfirst\ncleanup\n");
	ck_assert_uint_eq(result->n_hooks, 3);
	ck_assert_str_eq(result->hooks[0].kind, "defer");
	ck_assert_str_eq(result->hooks[2].kind, "cleanup");
	rig_close(&rig);
}
END

TEST(takes_words_from_nodelink_defer_as_they_are)
{
	const char *top = getenv("top_builddir");
	AUTO_FREE char *build = realpath(top ? top : ".", NULL);
	const struct msg_env env = { "BUILD", build };

	rig_open(&rig, SHELL);
	rig_start(&rig, "t1", "cmd",
		"D=$BUILD/nodelink-defer; $D printf '<%s>' 'a b' \"it's\" ''"
		" '$HOME `x` \"q\"' 'new\nline\\n' -e &&"
		" $D 'echo \"c  d\"; echo e' && $D if x && $D --",
		&(struct msg_start){ .env = &env, .n_env = 1 });
	/* The last one is wrong usage. */
	ck_assert_int_eq(rig_result(&rig, "t1")->code, 2);
	ck_assert_uint_eq(rig_result(&rig, "t1")->n_hooks, 3);
	ck_assert(rig_result(&rig, "t1")->hooks[0].code != 0);
	ck_assert_ptr_nonnull(strstr(hooks_printed(&rig, "t1"),
		"c  d\ne\n<a b><it's><><$HOME `x` \"q\"><new\nline\\n><-e>"));
	rig_close(&rig);
}
END

TEST(picks_cleanup_by_how_the_task_ended)
{
	rig_open(&rig, SHELL);
	expect_when("t1", "true", false, "always\n");
	expect_when("t2", "false", false, "always\nfailed\n");
	expect_when("t3", "kill -9 $$", false, "always\nfailed\n");
	expect_when("t4", "sleep 1000", true, "always\ncancelled\n");
	rig_close(&rig);
}
END

#define TELL \
	"echo $NODELINK_HOOK $NODELINK_TASK_STATUS ${NODELINK_EXIT_CODE-none}" \
	" ${NODELINK_CANCEL_CODE-none} ${NODELINK_CANCEL_NAME-none}" \
	" ${NODELINK_CANCEL_REASON-none} $NODELINK_TASK $MINE" \
	" ${NODELINK_DEFER_FILE-none}; [ $PWD = $NODELINK_TASK_DIR ]"

TEST(tells_hooks_about_the_end_and_the_task)
{
	const struct msg_env env = { "MINE", "mine" };
	const struct msg_start how = { .env = &env, .n_env = 1 };

	rig_open(&rig, SHELL);
	hooks_start(&rig, "t1", "exit 5", CMDS(TELL), how);
	ck_assert_int_eq(rig_result(&rig, "t1")->hooks[0].code, 0);
	ck_assert_str_eq(hooks_printed(&rig, "t1"),
		"cleanup failed 5 none none none t1 mine none\n");
	hooks_start(&rig, "t2", "echo x; exec sleep 1000", CMDS(TELL), how);
	(void)rig_wait(&rig, "t2", MSG_OUTPUT, 0);
	rig_cancel(&rig, "t2", -1);
	(void)rig_result(&rig, "t2");
	ck_assert_str_eq(hooks_printed(&rig, "t2"),
		"cleanup cancelled 143 100 user_request because t2 mine none\n");
	rig_close(&rig);
}
END

TEST(records_a_failure_and_leaves_the_status)
{
	const struct msg_result *result;

	rig_open(&rig, SHELL);
	hooks_start(&rig, "t1", "true",
		CMDS("exit 7", "kill -USR1 $$", "/nowhere/to/be/found"), plain);
	result = rig_result(&rig, "t1");
	ck_assert(result->ok);
	ck_assert_uint_eq(result->n_hooks, 3);
	ck_assert_int_eq(result->hooks[0].code, 7);
	ck_assert_int_eq(result->hooks[1].outcome, MSG_SIGNALED);
	ck_assert_int_eq(result->hooks[1].code, SIGUSR1);
	ck_assert_int_eq(result->hooks[2].code, 127);
	rig_close(&rig);
}
END

TEST(kills_a_hook_whose_time_is_over)
{
	const struct msg_hook cleanup[] = {
		{ "trap '' TERM INT HUP; while :; do sleep 9; done", 0, 200 },
		{ "echo next", 0, 0 },
	};
	const struct msg_start how = { .cleanup = cleanup, .n_cleanup = 2 };
	const struct msg_result *result;

	rig_open(&rig, SHELL);
	rig_start(&rig, "t1", "cmd", "true", &how);
	result = rig_result(&rig, "t1");
	ck_assert(result->ok);
	ck_assert(result->hooks[0].timed_out);
	ck_assert_int_eq(result->hooks[0].outcome, MSG_SIGNALED);
	ck_assert_int_eq(result->hooks[0].code, SIGKILL);
	ck_assert_int_ge(result->hooks[0].duration_ms, 200);
	ck_assert(!result->hooks[1].timed_out);
	ck_assert_str_eq(hooks_printed(&rig, "t1"), "next\n");
	rig_close(&rig);
}
END

TEST(leaves_nothing_of_a_hook_before_the_next_one)
{
	const struct msg_result *result;

	rig_open(&rig, SHELL);
	hooks_start(&rig, "t1", "true",
		CMDS("sleep 1000 & echo $! > pid",
			"grep '^State:.*[RSDT] ' /proc/$(cat pid)/status 2>&-"),
		plain);
	result = rig_result(&rig, "t1");
	ck_assert_int_eq(result->hooks[0].code, 0);
	ck_assert_int_ne(result->hooks[1].code, 0);
	ck_assert_str_eq(hooks_printed(&rig, "t1"), "");
	rig_close(&rig);
}
END

TEST(leaves_no_daemon_of_a_hook_where_nothing_leaves_the_containment)
{
	rig_open(&rig, SHELL);
	if (strcmp(rig_rung(&rig), "group") != 0) {
		hooks_start(&rig, "t1", "true",
			CMDS("setsid sh -c 'echo $$ > pid; sleep 1000' &"
			     " until [ -s pid ]; do sleep 0.01; done",
				"grep '^State:.*[RSDT] ' "
				"/proc/$(cat pid)/status 2>&-"),
			plain);
		ck_assert_int_ne(rig_result(&rig, "t1")->hooks[1].code, 0);
	}
	rig_close(&rig);
}
END

TEST(lets_a_hook_that_prints_without_end_wait_and_then_ends_it)
{
	const struct msg_hook cleanup = { "exec yes", 0, 1000 };
	const struct msg_start how = {
		.cleanup = &cleanup, .n_cleanup = 1, .window = 100000
	};
	const struct msg_result *result;

	rig_open(&rig, SHELL);
	rig.no_ack = true;
	rig_start(&rig, "t1", "cmd", "true", &how);
	RIG_UNTIL(&rig, hook_bytes() >= 100000);
	rig_run(&rig, 1100); /* its time is over */
	ck_assert_uint_eq(hook_bytes(), 100000);
	ck_assert_uint_eq(rig_count(&rig, "t1", MSG_RESULT), 0);
	rig_ack(&rig, "t1", 1, UINT64_MAX, false);
	result = rig_result(&rig, "t1");
	ck_assert(result->hooks[0].timed_out);
	ck_assert_uint_gt(hook_bytes(), 100000); /* what was in the pipe */
	ck_assert_uint_le(hook_bytes(), 100000 + 65536);
	rig_close(&rig);
}
END

TEST(runs_hooks_while_output_waits_for_the_server)
{
	const struct msg_start how = { .window = 65536 };
	char path[128];

	rig_open(&rig, SHELL);
	(void)snprintf(path, sizeof path, "%s/t1/work/done", rig.scratch);
	rig.no_ack = true;
	hooks_start(&rig, "t1", "exec head -c 100000 /dev/zero",
		CMDS("touch done"), how);
	hooks_wait_file(&rig, path);
	ck_assert_uint_eq(rig_count(&rig, "t1", MSG_RESULT), 0);
	rig_ack(&rig, "t1", 1, UINT64_MAX, false);
	ck_assert_uint_eq(rig_result(&rig, "t1")->stdout_bytes, 100000);
	rig_close(&rig);
}
END

TEST(keeps_the_result_when_a_cancel_comes_during_cleanup)
{
	const struct msg_result *result;

	rig_open(&rig, SHELL);
	hooks_start(&rig, "t1", "exit 4", CMDS("echo up; sleep 0.3; echo done"),
		plain);
	(void)rig_wait(&rig, "t1", MSG_OUTPUT, 0);
	rig_cancel(&rig, "t1", 0);
	result = rig_result(&rig, "t1");
	ck_assert(!result->cancelled && !result->ok);
	ck_assert_int_eq(result->code, 4);
	ck_assert_str_eq(hooks_printed(&rig, "t1"), "up\ndone\n");
	ck_assert_uint_eq(rig_count(&rig, "t1", MSG_CANCEL_PHASE), 0);
	rig_close(&rig);
}
END

TEST(verifies_the_end_before_hooks_and_says_so)
{
	const struct msg_result *result;

	rig_open(&rig, SHELL);
	hooks_start(&rig, "t1", "echo x; exec sleep 1000", CMDS("sleep 0.3"),
		plain);
	(void)rig_wait(&rig, "t1", MSG_OUTPUT, 0);
	rig_cancel(&rig, "t1", -1);
	result = rig_result(&rig, "t1");
	ck_assert_int_le(
		result->receipt->verified_at, result->hooks[0].started_at);
	ck_assert_int_eq(result->ended_at, result->receipt->verified_at);
	rig_close(&rig);
}
END

TEST(records_what_is_not_run_of_a_hostile_defer_file)
{
	const struct msg_result *result;

	rig_open(&rig, SHELL);
	rig_start(&rig, "t1", "cmd",
		"exec 3>> $NODELINK_DEFER_FILE; echo 'echo good' >&3;"
		"printf 'a\\0b\\n' >&3; printf '%5000d\\n' 0 >&3;"
		"printf 'echo \\377\\n' >&3; truncate -s 1G /dev/fd/3",
		NULL);
	result = rig_result(&rig, "t1");
	ck_assert(result->ok);
	ck_assert_uint_eq(result->n_hooks, 6);
	ck_assert_int_eq(result->hooks[0].code, EFBIG);
	ck_assert_int_eq(result->hooks[1].code, E2BIG); /* zeros */
	ck_assert_int_eq(result->hooks[2].outcome, MSG_EXITED);
	ck_assert_str_eq(result->hooks[2].cmd, "echo ?");
	ck_assert_int_eq(result->hooks[3].outcome, MSG_NOT_STARTED);
	ck_assert_int_eq(result->hooks[3].code, E2BIG);
	ck_assert_int_eq(result->hooks[4].code, EINVAL);
	ck_assert_str_eq(hooks_printed(&rig, "t1"), "\xff\ngood\n");
	rig_close(&rig);
}
END

TEST(reads_the_file_that_it_made_and_no_other)
{
	const struct msg_result *result;
	char cmd[256];

	rig_open(&rig, SHELL);
	(void)snprintf(cmd, sizeof cmd,
		"echo 'echo mine' >> $NODELINK_DEFER_FILE;"
		"echo 'echo other' > %s/other; rm -f $NODELINK_DEFER_FILE;"
		"ln -s %s/other $NODELINK_DEFER_FILE",
		rig.scratch, rig.scratch);
	rig_start(&rig, "t1", "cmd", cmd, NULL);
	result = rig_result(&rig, "t1");
	ck_assert(result->ok);
	ck_assert_str_eq(hooks_printed(&rig, "t1"), "mine\n");
	rig_close(&rig);
}
END

TEST(runs_hooks_of_a_task_that_has_locked_up_its_folder)
{
	rig_open(&rig, SHELL);
	hooks_start(&rig, "t1", "chmod 0 .; cd /; rmdir $NODELINK_TASK_DIR",
		CMDS("pwd"), plain);
	ck_assert_int_eq(rig_result(&rig, "t1")->hooks[0].code, 0);
	/* Not all: the sanitizers' runtime has something to say, too. */
	ck_assert_ptr_nonnull(strstr(hooks_printed(&rig, "t1"), "/\n"));
	rig_close(&rig);
}
END

TEST(counts_what_hooks_print_towards_the_limit)
{
	const struct msg_start how = { .output_limit = 10 };
	const struct msg_result *result;

	rig_open(&rig, SHELL);
	hooks_start(
		&rig, "t1", "echo 123456", CMDS("echo abcdefgh; true"), how);
	result = rig_result(&rig, "t1");
	ck_assert_str_eq(hooks_printed(&rig, "t1"), "abc");
	ck_assert_uint_eq(result->dropped_bytes, 6);
	ck_assert_int_eq(result->hooks[0].code, 0);
	rig_close(&rig);
}
END

TEST(holds_hooks_to_the_limits_of_the_task)
{
	const struct msg_start how = { .limits = { .open_files = 77 } };

	rig_open(&rig, SHELL);
	hooks_start(&rig, "t1", "ulimit -n", CMDS("ulimit -n"), how);
	ck_assert(rig_result(&rig, "t1")->ok);
	ck_assert_str_eq(hooks_printed(&rig, "t1"), "77\n");
	rig_close(&rig);
}
END

	UNIT_MAIN("executor: hooks", runs_cleanup_in_order_after_the_end,
		says_that_a_cancel_is_verified_before_the_hooks_have_run,
		does_not_say_so_of_a_task_that_ended_by_itself,
		has_none_for_a_task_without,
		runs_what_was_deferred_last_first_and_then_cleanup,
		takes_words_from_nodelink_defer_as_they_are,
		picks_cleanup_by_how_the_task_ended,
		tells_hooks_about_the_end_and_the_task,
		records_a_failure_and_leaves_the_status,
		kills_a_hook_whose_time_is_over,
		leaves_nothing_of_a_hook_before_the_next_one,
		leaves_no_daemon_of_a_hook_where_nothing_leaves_the_containment,
		lets_a_hook_that_prints_without_end_wait_and_then_ends_it,
		runs_hooks_while_output_waits_for_the_server,
		keeps_the_result_when_a_cancel_comes_during_cleanup,
		verifies_the_end_before_hooks_and_says_so,
		records_what_is_not_run_of_a_hostile_defer_file,
		reads_the_file_that_it_made_and_no_other,
		runs_hooks_of_a_task_that_has_locked_up_its_folder,
		counts_what_hooks_print_towards_the_limit,
		holds_hooks_to_the_limits_of_the_task)
