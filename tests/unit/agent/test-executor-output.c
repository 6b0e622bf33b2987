/* test-executor-output.c - output, acknowledgement, windows, reconnecting */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/limits.h"
#include "proc/contain.h"
#include "tests/unit/agent/rig.h"
#include "tests/unit/unit.h"

static struct rig rig;

#define SHELL "plugins/.libs/shell.so"

TEST(sends_every_byte_of_much_output)
{
	AUTO_BUF struct buf out = { 0 };
	size_t at = 0;

	rig_open(&rig, SHELL);
	rig_start(&rig, "t1", "cmd", "seq 1 700000", NULL);
	ck_assert(rig_result(&rig, "t1")->ok);
	rig_output(&rig, "t1", MSG_STDOUT, &out);
	ck_assert_uint_gt(out.len, 4000000);
	ck_assert_uint_eq(rig_result(&rig, "t1")->stdout_bytes, out.len);
	for (int i = 1; i <= 700000; i++) {
		char line[16];
		size_t n = (size_t)snprintf(line, sizeof line, "%d\n", i);

		ck_assert_int_eq(memcmp(out.data + at, line, n), 0);
		at += n;
	}
	ck_assert_uint_eq(at, out.len);
	rig_close(&rig);
}
END

	static uint64_t
	output_len(const char *id)
{
	AUTO_BUF struct buf out = { 0 };

	rig_output(&rig, id, MSG_STDOUT, &out);
	return out.len;
}

TEST(stops_reading_at_the_window_and_goes_on_when_it_grows)
{
	const char *cmd = "head -c 300000 /dev/zero";
	const struct msg_param param = { "cmd", &cmd, 1 };
	const struct msg_start start = {
		.params = &param, .n_params = 1, .window = 100000
	};

	rig_open(&rig, SHELL);
	rig.no_ack = true;
	rig_start(&rig, "t1", NULL, NULL, &start);
	RIG_UNTIL(&rig, output_len("t1") >= 100000);
	rig_run(&rig, 200);
	ck_assert_uint_eq(output_len("t1"), 100000);
	ck_assert_uint_eq(rig_count(&rig, "t1", MSG_RESULT), 0);
	rig_ack(&rig, "t1", 1, 250000, false);
	RIG_UNTIL(&rig, output_len("t1") >= 250000);
	rig_run(&rig, 200);
	ck_assert_uint_eq(output_len("t1"), 250000);
	rig_ack(&rig, "t1", 1, 1000000, false);
	ck_assert(rig_result(&rig, "t1")->ok);
	ck_assert_uint_eq(output_len("t1"), 300000);
	rig_close(&rig);
}
END

TEST(holds_no_more_than_the_memory_for_all_tasks)
{
	const char *cmd = "head -c 900000 /dev/zero";
	char id[16];

	rig.options.held_max = 1 << 20;
	rig_open(&rig, SHELL);
	rig.no_ack = true;
	for (int i = 0; i < 4; i++) {
		(void)snprintf(id, sizeof id, "t%d", i);
		rig_start(&rig, id, "cmd", cmd, NULL);
	}
	rig_run(&rig, 300);
	ck_assert_uint_lt(output_len("t0") + output_len("t1") +
				  output_len("t2") + output_len("t3"),
		(1 << 20) + LIMIT_OUTPUT_CHUNK);
	rig.no_ack = false;
	rig_attach(&rig); /* everything again, now acknowledged */
	for (int i = 0; i < 4; i++) {
		(void)snprintf(id, sizeof id, "t%d", i);
		ck_assert_uint_eq(rig_result(&rig, id)->stdout_bytes, 900000);
	}
	rig_close(&rig);
}
END

TEST(sends_everything_unacknowledged_again_after_attach)
{
	const struct msg_inventory *inventory;
	AUTO_BUF struct buf out = { 0 };

	rig_open(&rig, SHELL);
	rig.no_ack = true;
	rig_start(&rig, "t1", "cmd", "echo one; sleep 0.1; echo two", NULL);
	(void)rig_result(&rig, "t1");
	rig_start(&rig, "t2", "cmd", "sleep 1000", NULL);
	(void)rig_wait(&rig, "t2", MSG_STARTED, 0);
	rig_ack(&rig, "t1", 2, 0, false); /* started, "one" */
	rig_run(&rig, 20);
	rig_forget(&rig);
	rig_attach(&rig);
	(void)rig_wait(&rig, "t2", MSG_STARTED, 0);
	(void)rig_result(&rig, "t1");
	inventory = &rig_find(&rig, NULL, MSG_INVENTORY, 0)->inventory;
	ck_assert_uint_eq(inventory->n_tasks, 2);
	ck_assert_int_ne(
		contain_rung_parse(inventory->containment), CONTAIN_RUNGS);
	ck_assert_uint_eq(inventory->n_params, 3);
	ck_assert_uint_eq(rig_count(&rig, "t1", MSG_STARTED), 0);
	ck_assert_uint_eq(rig_count(&rig, "t1", MSG_OUTPUT), 1);
	rig_output(&rig, "t1", MSG_STDOUT, &out);
	ck_assert_str_eq(buf_text(&out), "two\n");
	ck_assert_uint_eq(rig_find(&rig, "t1", MSG_OUTPUT, 0)->seq, 3);
	ck_assert_uint_eq(rig_find(&rig, "t1", MSG_RESULT, 0)->seq, 4);
	rig_close(&rig);
}
END

TEST(forgets_a_running_task_that_the_server_does_not_want)
{
	rig_open(&rig, SHELL);
	rig_start(&rig, "t1", "cmd", "sleep 1000", NULL);
	(void)rig_wait(&rig, "t1", MSG_STARTED, 0);
	rig_cancel(&rig, "t1", -1);
	rig_ack(&rig, "t1", 0, 0, true);
	RIG_UNTIL(&rig, executor_count(rig.ex, NULL) == 0);
	ck_assert_uint_eq(rig_count(&rig, "t1", MSG_RESULT), 0);
	rig_close(&rig);
}
END

TEST(lets_the_newest_connection_win)
{
	int ends[2];

	rig_open(&rig, SHELL);
	(void)rig_wait(&rig, NULL, MSG_INVENTORY, 0);
	ck_assert_int_eq(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	executor_serve(rig.ex, ends[0]);
	RIG_UNTIL(&rig, rig.ended);
	(void)close(ends[1]);
	rig_close(&rig);
}
END

TEST(stops_reading_two_seconds_after_the_end_when_a_stranger_holds_the_pipe)
{
	AUTO_BUF struct buf out = { 0 };
	int64_t began = clock_ms();
	pid_t stranger;

	rig.options.containment = "group"; /* else it is no stranger */
	rig_open(&rig, SHELL);
	rig_start(&rig, "t1", "cmd",
		"setsid sh -c 'echo $$; : >away; exec sleep 1000' &"
		" until [ -e away ]; do sleep 0.01; done",
		NULL);
	ck_assert(rig_result(&rig, "t1")->ok);
	ck_assert_int_ge(clock_ms() - began, 2000);
	rig_output(&rig, "t1", MSG_STDOUT, &out);
	stranger = (pid_t)atoi(buf_text(&out));
	ck_assert_int_gt(stranger, 1);
	ck_assert_int_eq(kill(stranger, SIGKILL), 0); /* it still held it */
	rig_close(&rig);
}
END

TEST(cuts_at_the_output_limit_and_counts_the_rest)
{
	const char *cmd = "head -c 300000 /dev/zero";
	const struct msg_param param = { "cmd", &cmd, 1 };
	const struct msg_start start = {
		.params = &param, .n_params = 1, .output_limit = 1000
	};
	const struct msg_result *result;

	rig_open(&rig, SHELL);
	rig_start(&rig, "t1", NULL, NULL, &start);
	result = rig_result(&rig, "t1");
	ck_assert_uint_eq(result->stdout_bytes, 1000);
	ck_assert_uint_eq(result->dropped_bytes, 299000);
	ck_assert_uint_eq(output_len("t1"), 1000);
	rig_close(&rig);
}
END

	UNIT_MAIN("executor: output", sends_every_byte_of_much_output,
		stops_reading_at_the_window_and_goes_on_when_it_grows,
		holds_no_more_than_the_memory_for_all_tasks,
		sends_everything_unacknowledged_again_after_attach,
		forgets_a_running_task_that_the_server_does_not_want,
		lets_the_newest_connection_win,
		stops_reading_two_seconds_after_the_end_when_a_stranger_holds_the_pipe,
		cuts_at_the_output_limit_and_counts_the_rest)
