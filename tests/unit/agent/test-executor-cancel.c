/* test-executor-cancel.c - tasks that are cancelled, at every moment */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "executor/task.h"
#include "proc/group.h"
#include "tests/unit/agent/rig.h"
#include "tests/unit/unit.h"

static struct rig rig;

#define SHELL "plugins/.libs/shell.so"
#define STUBBORN "tests/plugins/.libs/stubborn.so"
#define HOOKLESS "tests/plugins/.libs/hookless.so"

static void
start_and_wait(const char *id, const char *cmd)
{
	rig_start(&rig, id, "cmd", cmd, NULL);
	(void)rig_wait(&rig, id, MSG_STARTED, 0);
}

/* Zombies that wait to be reaped count for kill(), but not for long. */
static bool
group_exists(const char *id)
{
	const struct msg *msg = rig_find(&rig, id, MSG_STARTED, 0);
	int64_t until = clock_ms() + unit_wait_ms();

	while (kill(-(pid_t)msg->started.pid, 0) == 0) {
		if (clock_ms() > until)
			return true;
		rig_run(&rig, 10);
	}
	return false;
}

TEST(stops_a_sleeping_task_and_gives_a_receipt)
{
	const struct msg_result *result;
	const struct msg_receipt *receipt;

	rig_open(&rig, SHELL);
	start_and_wait("t1", "sleep 1000");
	rig_cancel(&rig, "t1", -1);
	result = rig_result(&rig, "t1");
	ck_assert(result->cancelled);
	ck_assert_int_eq(result->outcome, MSG_SIGNALED);
	ck_assert_int_eq(result->code, SIGTERM);
	receipt = result->receipt;
	ck_assert_ptr_nonnull(receipt);
	ck_assert_uint_eq(receipt->code, 100);
	ck_assert_str_eq(receipt->name, "user_request");
	ck_assert_str_eq(receipt->reason, "because");
	ck_assert_str_eq(receipt->actor, "tester");
	ck_assert_uint_eq(receipt->n_signals, 2);
	ck_assert_str_eq(receipt->signals[0], "SIGTERM");
	ck_assert_str_eq(receipt->signals[1], "SIGCONT");
	ck_assert_uint_eq(receipt->survivors, 0);
	ck_assert_uint_eq(receipt->n_killed, 0);
	ck_assert_str_eq(receipt->containment, rig_rung(&rig));
	ck_assert(receipt->delivered_at && receipt->signalled_at);
	ck_assert(receipt->verified_at >= receipt->signalled_at);
	ck_assert_int_eq(receipt->killed_at, 0);
	ck_assert_int_eq(
		rig_find(&rig, "t1", MSG_CANCEL_PHASE, 0)->cancel_phase.phase,
		MSG_PHASE_DELIVERED);
	ck_assert_int_eq(
		rig_find(&rig, "t1", MSG_CANCEL_PHASE, 1)->cancel_phase.phase,
		MSG_PHASE_STOPPING);
	ck_assert(!group_exists("t1"));
	rig_close(&rig);
}
END

TEST(kills_what_ignores_the_stop_signal_and_names_it)
{
	const struct msg_receipt *receipt;
	int64_t began;

	rig_open(&rig, SHELL);
	start_and_wait("t1", "trap '' TERM; sleep 1000 & echo ready; wait");
	(void)rig_wait(&rig, "t1", MSG_OUTPUT, 0);
	began = clock_ms();
	rig_cancel(&rig, "t1", 200);
	receipt = rig_result(&rig, "t1")->receipt;
	ck_assert_int_ge(clock_ms() - began, 200);
	ck_assert_uint_eq(receipt->n_killed, 2);
	ck_assert(strcmp(receipt->killed[0].name, "bash") == 0 ||
		  strcmp(receipt->killed[1].name, "bash") == 0);
	ck_assert_int_gt(receipt->killed_at, 0);
	ck_assert_str_eq(receipt->signals[2], "SIGKILL");
	ck_assert_int_eq(
		rig_find(&rig, "t1", MSG_CANCEL_PHASE, 2)->cancel_phase.phase,
		MSG_PHASE_KILLING);
	ck_assert(!group_exists("t1"));
	rig_close(&rig);
}
END

/* A process may call itself anything, and the server takes only text. */
TEST(names_what_it_kills_in_text)
{
	const struct msg_receipt *receipt;

	rig_open(&rig, SHELL);
	start_and_wait("t1",
		"trap '' TERM; printf '\\377x' >/proc/$$/comm; echo ready;"
		" while :; do :; done");
	(void)rig_wait(&rig, "t1", MSG_OUTPUT, 0);
	rig_cancel(&rig, "t1", 50);
	receipt = rig_result(&rig, "t1")->receipt;
	ck_assert_uint_eq(receipt->n_killed, 1);
	ck_assert_str_eq(receipt->killed[0].name, "?x");
	rig_close(&rig);
}
END

	static char
	state_of(const char *id)
{
	struct group_member leader;

	group_member_read(
		(pid_t)rig_find(&rig, id, MSG_STARTED, 0)->started.pid,
		&leader);
	return leader.state;
}

TEST(reaches_a_stopped_group)
{
	rig_open(&rig, SHELL);
	start_and_wait("t1", "echo x; kill -STOP 0; sleep 1000");
	(void)rig_wait(&rig, "t1", MSG_OUTPUT, 0);
	RIG_UNTIL(&rig, state_of("t1") == 'T');
	rig_cancel(&rig, "t1", 60000);
	ck_assert_int_eq(rig_result(&rig, "t1")->code, SIGTERM);
	rig_close(&rig);
}
END

TEST(keeps_the_grace_for_those_that_outlive_the_leader)
{
	AUTO_BUF struct buf out = { 0 };

	rig_open(&rig, SHELL);
	start_and_wait("t1",
		"(trap 'sleep 0.2; echo saved; exit' TERM; echo up;"
		" while :; do sleep 0.05; done) & wait");
	(void)rig_wait(&rig, "t1", MSG_OUTPUT, 0);
	rig_cancel(&rig, "t1", 5000);
	ck_assert(rig_result(&rig, "t1")->cancelled);
	rig_output(&rig, "t1", MSG_STDOUT, &out);
	ck_assert_str_eq(buf_text(&out), "up\nsaved\n");
	rig_close(&rig);
}
END

TEST(goes_straight_to_sigkill_without_grace)
{
	const struct msg_result *result;

	rig_open(&rig, SHELL);
	start_and_wait("t1", "trap '' TERM; sleep 1000; :");
	rig_cancel(&rig, "t1", 0);
	result = rig_result(&rig, "t1");
	ck_assert_int_eq(result->code, SIGKILL);
	ck_assert_str_eq(result->receipt->signals[0], "SIGKILL");
	rig_close(&rig);
}
END

TEST(lets_a_second_cancel_shorten_the_grace_but_not_lengthen_it)
{
	rig_open(&rig, SHELL);
	start_and_wait("t1", "trap '' TERM; echo x; while :; do sleep 9; done");
	(void)rig_wait(&rig, "t1", MSG_OUTPUT, 0);
	rig_cancel(&rig, "t1", 600000); /* nobody waits so long for a result */
	rig_cancel(&rig, "t1", 150);
	rig_cancel(&rig, "t1", 600000);
	ck_assert(rig_result(&rig, "t1")->cancelled);
	ck_assert_int_gt(rig_result(&rig, "t1")->receipt->killed_at, 0);
	ck_assert_uint_eq(rig_count(&rig, "t1", MSG_RESULT), 1);
	rig_close(&rig);
}
END

TEST(answers_a_cancel_of_an_unknown_task_and_does_not_run_it_later)
{
	const struct msg_result *result;

	rig_open(&rig, SHELL);
	rig_cancel(&rig, "t1", -1);
	result = rig_result(&rig, "t1");
	ck_assert(result->cancelled);
	ck_assert_int_eq(result->outcome, MSG_NOT_STARTED);
	ck_assert_str_eq(result->receipt->reason, "because");
	RIG_UNTIL(&rig, executor_count(rig.ex, NULL) == 0); /* it was acked */
	rig_start(&rig, "t1", "cmd", "echo no", NULL);
	ck_assert_int_eq(rig_wait(&rig, "t1", MSG_RESULT, 1)->result.outcome,
		MSG_NOT_STARTED);
	ck_assert_uint_eq(rig_count(&rig, "t1", MSG_STARTED), 0);
	rig_close(&rig);
}
END

	/* Until the kernel shows it dead, without running the loop. */
	static void
	await_death(pid_t pid)
{
	char path[64], state[256];

	(void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	do { /* a file that is gone says nothing: then the loop has seen it */
		FILE *f = fopen(path, "r");

		state[0] = 0;
		if (f) {
			(void)!fgets(state, sizeof state, f);
			(void)fclose(f);
		}
	} while (state[0] && !strstr(state, ") Z "));
}

TEST(gives_the_real_result_when_the_leader_was_dead_already)
{
	const struct msg_result *result;
	char id[16];

	rig_open(&rig, SHELL);
	for (int i = 0; i < 20; i++) { /* a shim says it when it gets to it */
		(void)snprintf(id, sizeof id, "t%d", i);
		rig_start(&rig, id, "cmd", "exit 7", NULL);
		await_death(
			(pid_t)rig_wait(&rig, id, MSG_STARTED, 0)->started.pid);
		rig_cancel(&rig, id, -1);
		result = rig_result(&rig, id);
		ck_assert(!result->cancelled);
		ck_assert_int_eq(result->code, 7);
		ck_assert_ptr_null(result->receipt);
	}
	rig_close(&rig);
}
END

	static void
	start_daemon(const char *id, int64_t timeout_ms)
{
	const struct msg_start how = { .wait_orphans = true,
		.timeout_ms = timeout_ms };
	struct group_member leader;

	rig_start(&rig, id, "cmd", "sleep 1000 & exit 3", &how);
	leader.pid = (pid_t)rig_wait(&rig, id, MSG_STARTED, 0)->started.pid;
	do {
		rig_run(&rig, 1);
		group_member_read(leader.pid, &leader);
	} while (leader.state != '?');
}

/* Its leader has ended; as long as it is waited for the task has not. */
TEST(cancels_a_task_whose_daemons_are_waited_for)
{
	const struct msg_result *result;

	rig_open(&rig, SHELL);
	start_daemon("t1", 0);
	rig_cancel(&rig, "t1", 5000);
	result = rig_result(&rig, "t1");
	ck_assert(result->cancelled);
	ck_assert_int_eq(result->outcome, MSG_EXITED);
	ck_assert_int_eq(result->code, 3);
	ck_assert_str_eq(result->receipt->signals[0], "SIGTERM");
	ck_assert_uint_eq(result->receipt->n_killed, 0);
	ck_assert(!group_exists("t1"));
	start_daemon("t2", 300);
	result = rig_result(&rig, "t2");
	ck_assert(result->cancelled);
	ck_assert_uint_eq(result->receipt->code, 200);
	rig_close(&rig);
}
END

/* The kernel tells of the end with some delay: a request may see it first. */
TEST(ends_when_a_second_cancel_finds_everybody_dead)
{
	int64_t end;
	char id[16];

	rig_open(&rig, SHELL);
	for (int i = 0; i < 60; i++) {
		end = clock_ms() + 1000;
		(void)snprintf(id, sizeof id, "t%d", i);
		/* A shell's child that is no sleep yet may lose the signal. */
		rig_start(&rig, id, "cmd",
			"(trap 'sleep 0.01; exit' TERM; sleep 9 &"
			" until grep -q sleep /proc/$!/comm; do :; done;"
			" echo up; wait) & exec sleep 9",
			NULL);
		(void)rig_wait(&rig, id, MSG_OUTPUT, 0);
		rig_cancel(&rig, id, 5000);
		while (!rig_count(&rig, id, MSG_RESULT) && clock_ms() < end) {
			rig_cancel(&rig, id, 5000);
			loop_turn(rig.loop, 0);
		}
		ck_assert(rig_result(&rig, id)->cancelled);
		ck_assert_int_eq(rig_result(&rig, id)->receipt->n_killed, 0);
	}
	rig_close(&rig);
}
END

TEST(ends_each_of_many_races_with_exactly_one_result)
{
	enum { N = 300, BATCH = 10 };
	unsigned seed = 1;
	size_t cancelled = 0;

	rig_open(&rig, SHELL);
	for (int i = 0; i < N; i += BATCH) {
		char id[BATCH][16];

		for (int j = 0; j < BATCH; j++) {
			(void)snprintf(id[j], sizeof id[j], "t%d", i + j);
			rig_start(&rig, id[j], "cmd", "sleep 0.05", NULL);
		}
		for (int j = 0; j < BATCH; j++) {
			rig_run(&rig, rand_r(&seed) % 14);
			/* As the server: not after the end is stored. */
			if (!rig_find(&rig, id[j], MSG_RESULT, 0))
				rig_cancel(&rig, id[j], -1);
		}
		for (int j = 0; j < BATCH; j++)
			(void)rig_result(&rig, id[j]);
	}
	RIG_UNTIL(&rig, executor_count(rig.ex, NULL) == 0);
	rig_run(&rig, 50);
	ck_assert_uint_eq(rig_count(&rig, NULL, MSG_RESULT), N);
	for (int i = 0; i < N; i++) {
		char id[16];

		(void)snprintf(id, sizeof id, "t%d", i);
		ck_assert_uint_eq(rig_count(&rig, id, MSG_RESULT), 1);
		cancelled += rig_result(&rig, id)->cancelled;
	}
	ck_assert_uint_gt(cancelled, 0);
	rig_close(&rig);
}
END

TEST(stops_all_tasks_when_it_is_stopped)
{
	rig_open(&rig, SHELL);
	start_and_wait("t1", "sleep 1000");
	start_and_wait("t2", "sleep 1000");
	executor_stop(rig.ex);
	ck_assert_uint_eq(rig_result(&rig, "t1")->receipt->code, 400);
	ck_assert(rig_result(&rig, "t2")->cancelled);
	RIG_UNTIL(&rig, rig.stopped);
	rig_close(&rig);
}
END

TEST(calls_the_cancel_hook_of_a_plugin)
{
	const char *from = "1000";
	const struct msg_result *result;

	rig_open(&rig, "plugins/.libs/countdown.so");
	rig_start(&rig, "t1", "from", from, NULL);
	(void)rig_wait(&rig, "t1", MSG_OUTPUT, 0);
	rig_cancel(&rig, "t1", -1);
	result = rig_result(&rig, "t1");
	ck_assert(result->cancelled);
	ck_assert_str_eq(result->message, "stopped before 999");
	ck_assert_uint_eq(result->receipt->n_signals, 0);
	rig_close(&rig);
}
END

TEST(ends_tasks_of_a_plugin_without_hook)
{
	rig_open(&rig, HOOKLESS);
	rig_start(&rig, "t1", "child", "no", NULL);
	(void)rig_wait(&rig, "t1", MSG_OUTPUT, 1);
	rig_cancel(&rig, "t1", -1);
	ck_assert(rig_result(&rig, "t1")->cancelled);
	rig_start(&rig, "t2", "child", "yes", NULL);
	(void)rig_wait(&rig, "t2", MSG_OUTPUT, 1);
	rig_cancel(&rig, "t2", -1);
	ck_assert_int_eq(rig_result(&rig, "t2")->code, SIGTERM);
	rig_close(&rig);
}
END

TEST(gives_up_a_plugin_that_ignores_its_cancel)
{
	rig.options.lost_after_ms = 100;
	rig_open(&rig, STUBBORN);
	rig_start(&rig, "t1", "how", "ignore", NULL);
	rig_start(&rig, "t2", "how", "ignore", NULL);
	(void)rig_wait(&rig, "t2", MSG_STARTED, 0);
	rig_cancel(&rig, "t1", 50);
	ck_assert_int_eq(rig_result(&rig, "t1")->outcome, MSG_LOST);
	ck_assert_str_eq(rig_result(&rig, "t2")->failure, "executor_lost");
	ck_assert(rig.failed);
	rig_close(&rig);
}
END

TEST(gives_the_result_of_a_task_in_its_cleanup_when_it_gives_up)
{
	const struct msg_hook cleanup = { .cmd = "sleep 1000" };
	const struct msg_start how = { .cleanup = &cleanup, .n_cleanup = 1 };

	rig.options.lost_after_ms = 100;
	rig_open(&rig, STUBBORN);
	rig_start(&rig, "t1", "how", "twice", &how);
	rig_start(&rig, "t2", "how", "ignore", NULL);
	(void)rig_wait(&rig, "t2", MSG_STARTED, 0);
	rig_cancel(&rig, "t2", 0);
	ck_assert_int_eq(rig_result(&rig, "t2")->outcome, MSG_LOST);
	ck_assert_int_eq(rig_result(&rig, "t1")->outcome, MSG_EXITED);
	ck_assert_str_eq(rig_result(&rig, "t1")->message, "first");
	rig_close(&rig);
}
END

TEST(kills_what_an_executor_left_that_was_killed)
{
	char dir[64], path[64], line[16];
	int ends[2];
	FILE *from;
	pid_t pid, left;

	/* Where there is a shim it dies with the executor: test-contain-shim. */
	if (strstr(program_invocation_short_name, "-pidns") ||
		strstr(program_invocation_short_name, "-subreaper"))
		return;
	unit_temp_dir("left", dir, sizeof dir);
	rig.options.scratch = dir;
	ck_assert_int_eq(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		AUTO_BUF struct buf out = { 0 };

		rig_open(&rig, SHELL);
		start_and_wait("t1", "sleep 1000 & echo $!; wait");
		(void)rig_wait(&rig, "t1", MSG_OUTPUT, 0);
		rig_output(&rig, "t1", MSG_STDOUT, &out);
		ck_assert_int_gt(write(ends[1], out.data, out.len), 0);
		(void)raise(SIGKILL);
	}
	(void)close(ends[1]);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	from = fdopen(ends[0], "r");
	ck_assert_ptr_nonnull(fgets(line, sizeof line, from));
	(void)fclose(from);
	left = (pid_t)atoi(line);
	ck_assert_int_eq(kill(left, 0), 0);

	rig_open(&rig, SHELL); /* the next one, in the same folder */
	(void)rig_wait(&rig, NULL, MSG_INVENTORY, 0);
	(void)snprintf(path, sizeof path, "/proc/%d/environ", (int)left);
	from = fopen(path, "r"); /* gone, or a zombie without environment */
	ck_assert(!from || fgetc(from) == EOF);
	if (from)
		(void)fclose(from);
	RIG_UNTIL(&rig, rig.ex->abandoned == NULL);
	executor_free(TAKE(rig.ex));
	ck_assert_int_eq(rmdir(dir), 0);
	rig_close(&rig);
}
END

TEST(aborts_when_a_callback_does_not_return)
{
	char dir[64];
	int status;
	pid_t pid;

	unit_temp_dir("hang", dir, sizeof dir);
	rig.options.scratch = dir;
	pid = fork();
	if (pid == 0) {
		(void)close(STDERR_FILENO); /* its last words */
		rig.options.watchdog_ms = 200;
		rig_open(&rig, STUBBORN);
		rig_start(&rig, "t1", "how", "hang", NULL);
		(void)rig_wait(&rig, "t1", MSG_STARTED, 0);
		rig_cancel(&rig, "t1", 50);
		rig_run(&rig, unit_wait_ms());
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	rig_open(&rig, STUBBORN); /* the next one cleans up */
	(void)rig_wait(&rig, NULL, MSG_INVENTORY, 0);
	RIG_UNTIL(&rig, rig.ex->abandoned == NULL);
	executor_free(TAKE(rig.ex));
	ck_assert_int_eq(rmdir(dir), 0);
	rig_close(&rig);
}
END

TEST(takes_the_first_of_two_finishes)
{
	rig_open(&rig, STUBBORN);
	rig_start(&rig, "t1", "how", "twice", NULL);
	ck_assert_str_eq(rig_result(&rig, "t1")->message, "first");
	rig_run(&rig, 20);
	ck_assert_uint_eq(rig_count(&rig, "t1", MSG_RESULT), 1);
	rig_close(&rig);
}
END

TEST(sends_what_a_plugin_says_as_text_of_some_length)
{
	const char *message;

	rig_open(&rig, STUBBORN);
	rig_start(&rig, "t1", "how", "noise", NULL);
	message = rig_result(&rig, "t1")->message;
	ck_assert_uint_eq(strspn(message, "?"), strlen(message));
	ck_assert_uint_gt(strlen(message), 1000);
	rig_close(&rig);
}
END

	UNIT_MAIN("executor: cancel", stops_a_sleeping_task_and_gives_a_receipt,
		kills_what_ignores_the_stop_signal_and_names_it,
		names_what_it_kills_in_text, reaches_a_stopped_group,
		keeps_the_grace_for_those_that_outlive_the_leader,
		goes_straight_to_sigkill_without_grace,
		lets_a_second_cancel_shorten_the_grace_but_not_lengthen_it,
		answers_a_cancel_of_an_unknown_task_and_does_not_run_it_later,
		gives_the_real_result_when_the_leader_was_dead_already,
		cancels_a_task_whose_daemons_are_waited_for,
		ends_when_a_second_cancel_finds_everybody_dead,
		ends_each_of_many_races_with_exactly_one_result,
		stops_all_tasks_when_it_is_stopped,
		calls_the_cancel_hook_of_a_plugin,
		ends_tasks_of_a_plugin_without_hook,
		gives_up_a_plugin_that_ignores_its_cancel,
		gives_the_result_of_a_task_in_its_cleanup_when_it_gives_up,
		kills_what_an_executor_left_that_was_killed,
		aborts_when_a_callback_does_not_return,
		takes_the_first_of_two_finishes,
		sends_what_a_plugin_says_as_text_of_some_length)
