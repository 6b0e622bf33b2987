/* test-executor-stop.c - how a cancel begins: pre_stop, the cancel file, and
 * silence as its cause */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "executor/task.h"
#include "tests/unit/agent/hooks-rig.h"
#include "tests/unit/unit.h"

static struct rig rig;

/* Says when it hears the stop signal, and goes on. */
#define DEAF "trap 'echo term' TERM; echo up; while :; do sleep 0.02; done"

static void
start(const char *id, const char *cmd, const char *pre_stop, int64_t grace_ms)
{
	const struct msg_start how = { .grace_ms = grace_ms,
		.pre_stop = { .cmd = pre_stop } };

	rig_start(&rig, id, "cmd", cmd, &how);
	(void)rig_wait(&rig, id, MSG_OUTPUT, 0);
}

static const char *
printed(const char *id)
{
	static struct buf out;

	buf_clear(&out);
	rig_output(&rig, id, MSG_STDOUT, &out);
	return buf_text(&out);
}

TEST(runs_pre_stop_before_the_stop_signal)
{
	const struct msg_result *result;
	const struct msg *hook, *term;

	rig_open(&rig, SHELL);
	start("t1", "trap 'echo term; exit' TERM; echo up; sleep 1000 & wait",
		"sleep 0.2; echo $NODELINK_HOOK $NODELINK_TASK_STATUS"
		" $NODELINK_CANCEL_CODE ${NODELINK_EXIT_CODE-none}",
		5000);
	rig_cancel(&rig, "t1", -1);
	result = rig_result(&rig, "t1");
	hook = rig_find(&rig, "t1", MSG_OUTPUT, 1);
	term = rig_find(&rig, "t1", MSG_OUTPUT, 2);
	ck_assert_int_eq(hook->output.stream, MSG_HOOK);
	ck_assert_str_eq(
		hooks_printed(&rig, "t1"), "pre_stop cancelled 100 none\n");
	ck_assert_int_eq(term->output.stream, MSG_STDOUT);
	ck_assert_str_eq(printed("t1"), "up\nterm\n");
	ck_assert(result->cancelled);
	ck_assert_uint_eq(result->n_hooks, 1);
	ck_assert_str_eq(result->hooks[0].kind, "pre_stop");
	ck_assert_int_eq(result->hooks[0].code, 0);
	ck_assert_int_ge(result->receipt->signalled_at,
		result->hooks[0].started_at + 200);
	rig_close(&rig);
}
END

TEST(gives_pre_stop_half_the_grace_and_the_signal_the_rest)
{
	const struct msg_result *result;
	int64_t began, deadline;

	rig_open(&rig, SHELL);
	start("t1", DEAF, "echo hook; trap '' TERM; sleep 1000", 1500);
	began = clock_ms();
	rig_cancel(&rig, "t1", -1);
	(void)rig_wait(&rig, "t1", MSG_OUTPUT, 1); /* up, hook */
	deadline = task_find(rig.ex, "t1")->stop_deadline;
	(void)rig_wait(&rig, "t1", MSG_OUTPUT, 2); /* term */
	ck_assert_int_ge(clock_ms() - began, 740);
	ck_assert_uint_eq(rig_count(&rig, "t1", MSG_RESULT), 0);
	/* It has what the hook has left, and no grace of its own. */
	ck_assert_int_eq(task_find(rig.ex, "t1")->stop_deadline, deadline);
	result = rig_result(&rig, "t1");
	ck_assert_int_ge(clock_ms() - began, 1490);
	ck_assert_int_ge(clock_ms(), deadline);
	ck_assert(result->hooks[0].timed_out);
	ck_assert_str_eq(result->receipt->signals[0], "SIGTERM");
	ck_assert_str_eq(printed("t1"), "up\nterm\n");
	ck_assert_int_gt(result->receipt->killed_at, 0);
	rig_close(&rig);
}
END

TEST(keeps_to_the_time_limit_of_pre_stop_itself)
{
	const struct msg_start how = { .grace_ms = 60000,
		.pre_stop = { .cmd = "sleep 1000", .timeout_ms = 200 } };

	rig_open(&rig, SHELL);
	rig_start(&rig, "t1", "cmd", "echo up; sleep 1000", &how);
	(void)rig_wait(&rig, "t1", MSG_OUTPUT, 0);
	rig_cancel(&rig, "t1", -1);
	ck_assert(rig_result(&rig, "t1")->hooks[0].timed_out);
	ck_assert_int_eq(rig_result(&rig, "t1")->code, SIGTERM);
	rig_close(&rig);
}
END

TEST(ends_pre_stop_at_once_when_forced)
{
	const struct msg_result *result;

	rig_open(&rig, SHELL);
	start("t1", DEAF, "echo hook; sleep 1000", 60000);
	rig_cancel(&rig, "t1", -1);
	(void)rig_wait(&rig, "t1", MSG_OUTPUT, 1);
	rig_cancel(&rig, "t1", 0);
	result = rig_result(&rig, "t1");
	ck_assert_int_eq(result->hooks[0].code, SIGKILL);
	ck_assert(!result->hooks[0].timed_out); /* no timer has ended it */
	ck_assert_uint_eq(result->receipt->n_signals, 1);
	ck_assert_str_eq(printed("t1"), "up\n");
	rig_close(&rig);
}
END

TEST(ends_pre_stop_at_once_when_the_grace_is_shortened)
{
	const struct msg_result *result;
	int64_t began;

	rig_open(&rig, SHELL);
	start("t1", DEAF, "echo hook; sleep 1000", 280000);
	rig_cancel(&rig, "t1", -1);
	(void)rig_wait(&rig, "t1", MSG_OUTPUT, 1);
	began = clock_ms();
	rig_cancel(&rig, "t1", 200000);
	(void)rig_wait(&rig, "t1", MSG_OUTPUT, 2); /* term */
	ck_assert_int_ge(
		task_find(rig.ex, "t1")->stop_deadline, began + 200000);
	ck_assert_int_le(
		task_find(rig.ex, "t1")->stop_deadline, clock_ms() + 200000);
	began = clock_ms();
	rig_cancel(&rig, "t1", 300);
	result = rig_result(&rig, "t1");
	ck_assert(result->cancelled);
	ck_assert_int_ge(clock_ms() - began, 290);
	ck_assert_int_eq(result->hooks[0].code, SIGKILL);
	ck_assert(!result->hooks[0].timed_out); /* no timer has ended it */
	ck_assert_str_eq(printed("t1"), "up\nterm\n");
	rig_close(&rig);
}
END

	static unsigned
	n_children(void)
{
	AUTO_BUF struct buf text = { 0 };
	AUTO_CLOSE int fd = -1;
	char path[64];
	unsigned n = 0;

	(void)snprintf(path, sizeof path, "/proc/self/task/%d/children",
		(int)getpid());
	fd = fd_open(path, O_RDONLY);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fd_read_all(fd, &text, 1 << 16), 0);
	for (size_t i = 0; i < text.len; i++)
		n += text.data[i] == ' ';
	return n;
}

/* Spawning takes the loop's time, which others need. */
TEST(begins_a_few_pre_stops_in_each_turn_of_the_loop)
{
	enum { TASKS = 24, FEW = 8 };
	int64_t until = clock_ms() + unit_wait_ms();
	unsigned begun = 0, now, tasks;
	bool early = false; /* it does not wait for the others */
	char id[16];

	rig_open(&rig, SHELL);
	for (int i = 0; i < TASKS; i++) {
		(void)snprintf(id, sizeof id, "t%d", i);
		start(id, "echo up; exec sleep 1000", "sleep 1000", 60000);
	}
	start("bare", DEAF, NULL, 60000);
	for (int i = 0; i < TASKS; i++) {
		(void)snprintf(id, sizeof id, "t%d", i);
		rig_cancel(&rig, id, -1);
	}
	rig_cancel(&rig, "bare", -1);
	tasks = n_children();
	while (begun < TASKS && clock_ms() < until) {
		loop_turn(rig.loop, 0);
		now = n_children() - tasks;
		ck_assert_uint_le(now - begun, FEW);
		if (rig_find(&rig, "bare", MSG_CANCEL_PHASE, 0))
			early = early || now < TASKS;
		begun = now;
	}
	ck_assert_uint_eq(begun, TASKS);
	ck_assert(early);
	rig_close(&rig);
}
END

TEST(leaves_out_a_pre_stop_that_waits_when_forced)
{
	enum { TASKS = 24 };
	const struct msg_result *result;
	unsigned not_run = 0;
	char id[16];

	rig_open(&rig, SHELL);
	for (int i = 0; i < TASKS; i++) {
		(void)snprintf(id, sizeof id, "t%d", i);
		start(id, "echo up; exec sleep 1000", "sleep 1000", 60000);
	}
	for (int64_t grace = 60000; grace >= 0; grace -= 60000)
		for (int i = 0; i < TASKS; i++) {
			(void)snprintf(id, sizeof id, "t%d", i);
			rig_cancel(&rig, id, grace);
		}
	for (int i = 0; i < TASKS; i++) {
		(void)snprintf(id, sizeof id, "t%d", i);
		result = rig_result(&rig, id);
		ck_assert(result->cancelled);
		ck_assert_uint_eq(result->n_hooks, 1);
		if (result->hooks[0].outcome == MSG_NOT_STARTED) {
			ck_assert_int_eq(result->hooks[0].code, ECANCELED);
			not_run++;
		}
	}
	ck_assert_uint_gt(not_run, 0);
	rig_close(&rig);
}
END

TEST(counts_a_task_that_ends_during_pre_stop_as_cancelled)
{
	const struct msg_result *result;

	rig_open(&rig, SHELL);
	/* The hook reads until the task has closed its end by dying. */
	start("t1",
		"mkfifo end; exec 3<>end; echo up;"
		" until [ -e go ]; do sleep 0.01 3>&-; done; exit 3",
		"exec 4<end; touch go; cat <&4; sleep 0.2; echo done", 60000);
	rig_cancel(&rig, "t1", -1);
	result = rig_result(&rig, "t1");
	ck_assert(result->cancelled);
	ck_assert_int_eq(result->outcome, MSG_EXITED);
	ck_assert_int_eq(result->code, 3);
	ck_assert_uint_eq(result->receipt->n_signals, 0);
	ck_assert_int_eq(result->receipt->signalled_at, 0);
	/* It had its time all the same. */
	ck_assert_str_eq(hooks_printed(&rig, "t1"), "done\n");
	rig_close(&rig);
}
END

TEST(runs_other_hooks_after_pre_stop_has_ended)
{
	const struct msg_hook cleanup = { .cmd = "echo cleanup" };
	const struct msg_start how = { .grace_ms = 5000,
		.cleanup = &cleanup,
		.n_cleanup = 1,
		.pre_stop = { .cmd = "touch go; sleep 0.3; echo pre" } };

	rig_open(&rig, SHELL);
	rig_start(&rig, "t1", "cmd",
		"echo up; until [ -e go ]; do sleep 0.01; done", &how);
	(void)rig_wait(&rig, "t1", MSG_OUTPUT, 0);
	rig_cancel(&rig, "t1", -1);
	ck_assert_uint_eq(rig_result(&rig, "t1")->n_hooks, 2);
	ck_assert_str_eq(hooks_printed(&rig, "t1"), "pre\ncleanup\n");
	rig_close(&rig);
}
END

TEST(has_no_pre_stop_without_cancel_nor_without_grace)
{
	rig_open(&rig, SHELL);
	start("t1", "echo up", "echo hook", 5000);
	ck_assert_uint_eq(rig_result(&rig, "t1")->n_hooks, 0);
	start("t2", DEAF, "echo hook", 5000);
	rig_cancel(&rig, "t2", 0);
	ck_assert_uint_eq(rig_result(&rig, "t2")->n_hooks, 0);
	start("t3", "echo up; sleep 1000 & exec sleep 0.1", "echo hook", 200);
	ck_assert_uint_eq(rig_result(&rig, "t3")->n_hooks, 0);
	rig_close(&rig);
}
END

TEST(says_why_in_the_cancel_file_before_the_first_signal)
{
	struct msg msg = { .kind = MSG_CANCEL, .task_id = "t1" };

	rig_open(&rig, SHELL);
	start("t1",
		"trap 'cat $NODELINK_CANCEL_FILE; exit' TERM;"
		"[ -e $NODELINK_CANCEL_FILE ] || echo none;"
		"sleep 1000 & wait",
		NULL, 5000);
	msg.cancel = (struct msg_cancel){ .reason = "two\nlines = \"x\" %20",
		.code = 302,
		.actor = "me",
		.grace_ms = -1 };
	rig_send(&rig, &msg);
	ck_assert(rig_result(&rig, "t1")->cancelled);
	ck_assert_str_eq(printed("t1"),
		"none\nCODE=302\nNAME=maintenance\n"
		"REASON=two lines = \"x\" %20\nACTOR=me\n");
	rig_close(&rig);
}
END

TEST(cancels_a_task_that_has_been_silent_for_too_long)
{
	const struct msg_start how = { .idle_timeout_ms = 300,
		.timeout_ms = 60000 };
	const struct msg_receipt *receipt;
	int64_t began = clock_ms();

	rig_open(&rig, SHELL);
	rig_start(&rig, "t1", "cmd", "echo x; exec sleep 1000", &how);
	receipt = rig_result(&rig, "t1")->receipt;
	ck_assert_uint_eq(receipt->code, 202);
	ck_assert_str_eq(receipt->name, "idle_timeout");
	ck_assert_str_eq(receipt->reason, "no output for 300 ms");
	ck_assert_str_eq(receipt->actor, "nodelink");
	ck_assert_int_ge(clock_ms() - began, 300);
	rig_close(&rig);
}
END

TEST(lets_a_task_go_on_that_prints_now_and_then)
{
	const struct msg_start how = { .idle_timeout_ms = 1500 };

	rig_open(&rig, SHELL);
	rig_start(&rig, "t1", "cmd",
		"for i in 1 2 3 4 5 6 7 8; do sleep 0.25;"
		" echo . >&$((i % 2 + 1)); done",
		&how);
	ck_assert(rig_result(&rig, "t1")->ok);
	rig_close(&rig);
}
END

TEST(does_not_take_output_that_waits_for_silence)
{
	const struct msg_start how = { .idle_timeout_ms = 1000,
		.window = 65536 };

	rig_open(&rig, SHELL);
	rig.no_ack = true;
	rig_start(&rig, "t1", "cmd", "head -c 300000 /dev/zero; sleep 1000",
		&how);
	(void)rig_wait(&rig, "t1", MSG_OUTPUT, 0);
	rig_run(&rig, 1200);
	ck_assert_uint_eq(rig_count(&rig, "t1", MSG_CANCEL_PHASE), 0);
	rig_ack(&rig, "t1", 1, UINT64_MAX, false);
	ck_assert_uint_eq(rig_result(&rig, "t1")->receipt->code, 202);
	rig_close(&rig);
}
END

TEST(keeps_the_run_time_beside_the_idle_time)
{
	const struct msg_start how = { .idle_timeout_ms = 10000,
		.timeout_ms = 300 };

	rig_open(&rig, SHELL);
	rig_start(&rig, "t1", "cmd", "while :; do echo .; sleep 0.05; done",
		&how);
	ck_assert_uint_eq(rig_result(&rig, "t1")->receipt->code, 200);
	rig_close(&rig);
}
END

	static void
	wait_stopped(void)
{
	RIG_UNTIL(&rig, rig.stopped);
}

TEST(lets_tasks_end_by_themselves_and_takes_no_more_when_drained)
{
	const struct msg_inventory *inventory;
	const struct msg_result *refused;
	char dir[64], cmd[160], go[80];

	unit_temp_dir("go", dir, sizeof dir);
	(void)snprintf(go, sizeof go, "%s/go", dir);
	(void)snprintf(cmd, sizeof cmd,
		"echo up; until [ -e %s ]; do sleep 0.01; done", go);
	rig.options.drain_ms = 600000;
	rig_open(&rig, SHELL);
	start("t1", cmd, NULL, 5000);
	executor_stop(rig.ex);
	inventory = &rig_wait(&rig, NULL, MSG_INVENTORY, 1)->inventory;
	ck_assert(inventory->draining);
	ck_assert_str_eq(
		inventory->draining_reason, "the agent is being stopped");
	rig_start(&rig, "t2", "cmd", "echo up", NULL);
	refused = rig_result(&rig, "t2");
	ck_assert_int_eq(refused->outcome, MSG_NOT_STARTED);
	ck_assert_str_eq(refused->failure, "refused");
	ck_assert_str_eq(refused->message, "the agent is being stopped");
	ck_assert(!rig.stopped);
	ck_assert_int_eq(mkdir(go, 0755), 0);
	ck_assert(rig_result(&rig, "t1")->ok);
	ck_assert_uint_eq(rig_count(&rig, "t1", MSG_CANCEL_PHASE), 0);
	wait_stopped();
	rig_close(&rig);
}
END

TEST(cancels_what_still_runs_when_the_drain_is_over)
{
	int64_t began;

	rig.options.drain_ms = 300;
	rig_open(&rig, SHELL);
	start("t1", "echo up; sleep 1000", NULL, 5000);
	began = clock_ms();
	executor_stop(rig.ex);
	ck_assert_uint_eq(rig_result(&rig, "t1")->receipt->code, 400);
	ck_assert_int_ge(clock_ms() - began, 300);
	wait_stopped();
	rig_close(&rig);
}
END

TEST(waits_no_longer_when_told_again_to_stop)
{
	const struct msg_receipt *receipt;

	rig.options.drain_ms = 60000;
	rig_open(&rig, SHELL);
	start("t1", "trap 'echo term; exit' TERM; echo up; sleep 1000 & wait",
		NULL, 60000);
	executor_stop(rig.ex);
	executor_stop(rig.ex);
	receipt = rig_result(&rig, "t1")->receipt;
	ck_assert_uint_eq(receipt->code, 400);
	ck_assert_int_eq(receipt->killed_at, 0); /* it keeps its grace */
	ck_assert_str_eq(printed("t1"), "up\nterm\n");
	wait_stopped();
	rig_close(&rig);
}
END

TEST(says_that_the_host_goes_down)
{
	char path[] = "/tmp/nodelink-nologin-XXXXXX";
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	rig.options.nologin = path;
	rig_open(&rig, SHELL);
	start("t1", "echo up; exec sleep 1000", NULL, 5000);
	executor_stop(rig.ex);
	ck_assert_uint_eq(rig_result(&rig, "t1")->receipt->code, 402);
	wait_stopped();
	rig_close(&rig);
	(void)close(fd);
	ck_assert_int_eq(unlink(path), 0);
}
END

TEST(stops_at_once_when_there_is_nothing_to_wait_for)
{
	rig.options.drain_ms = 60000;
	rig_open(&rig, SHELL);
	executor_stop(rig.ex);
	wait_stopped();
	rig_close(&rig);
}
END

	UNIT_MAIN("executor: stop", runs_pre_stop_before_the_stop_signal,
		gives_pre_stop_half_the_grace_and_the_signal_the_rest,
		keeps_to_the_time_limit_of_pre_stop_itself,
		ends_pre_stop_at_once_when_forced,
		ends_pre_stop_at_once_when_the_grace_is_shortened,
		begins_a_few_pre_stops_in_each_turn_of_the_loop,
		leaves_out_a_pre_stop_that_waits_when_forced,
		counts_a_task_that_ends_during_pre_stop_as_cancelled,
		runs_other_hooks_after_pre_stop_has_ended,
		has_no_pre_stop_without_cancel_nor_without_grace,
		says_why_in_the_cancel_file_before_the_first_signal,
		cancels_a_task_that_has_been_silent_for_too_long,
		lets_a_task_go_on_that_prints_now_and_then,
		does_not_take_output_that_waits_for_silence,
		keeps_the_run_time_beside_the_idle_time,
		lets_tasks_end_by_themselves_and_takes_no_more_when_drained,
		cancels_what_still_runs_when_the_drain_is_over,
		waits_no_longer_when_told_again_to_stop,
		says_that_the_host_goes_down,
		stops_at_once_when_there_is_nothing_to_wait_for)
