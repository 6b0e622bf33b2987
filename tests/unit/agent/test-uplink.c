/* test-uplink.c - what is forwarded, when, and what is dropped */
#include <dirent.h>
#include <string.h>

#include "base/limits.h"
#include "tests/unit/agent/uplink-rig.h"

TEST(says_hello_with_who_it_is)
{
	AUTO(msg_free) struct msg_box *box = NULL;

	set_up();
	ck_assert_str_eq(fake_rpc.conf.agent_id, "agent1");
	ck_assert_str_eq(fake_rpc.conf.agent_token, "t");
	fake_rpc_open();
	WAIT_FOR(fake_rpc.n_sent == 1);
	box = fake_rpc_sent(0);
	ck_assert_int_eq(msg_get(box)->kind, MSG_HELLO);
	ck_assert_str_eq(msg_get(box)->hello.version, PACKAGE_VERSION);
	ck_assert_uint_gt(strlen(msg_get(box)->hello.hostname), 0);
	tear_down();
}
END

TEST(attaches_and_drops_what_is_older_than_the_inventory)
{
	set_up();
	executor_start(&shell);
	WAIT_FOR(shell.link);
	fake_rpc_open();
	WAIT_FOR(shell.requests == 1);
	ck_assert_int_eq(shell.last, MSG_ATTACH);
	respond_output(&shell, 7);
	respond_inventory(&shell);
	respond_output(&shell, 1);
	WAIT_FOR(fake_rpc.n_sent == 3);
	check_sent(0, MSG_HELLO);
	check_sent(1, MSG_INVENTORY);
	check_sent(2, MSG_OUTPUT);
	tear_down_attached();
}
END

TEST(attaches_to_an_executor_that_comes_later)
{
	set_up();
	fake_rpc_open();
	executor_start(&shell);
	WAIT_FOR(shell.requests == 1);
	ck_assert_int_eq(shell.last, MSG_ATTACH);
	tear_down_attached();
}
END

TEST(attaches_again_on_the_next_stream)
{
	set_up_attached();
	fake_rpc_close(RPC_STATUS_UNAVAILABLE);
	respond_output(&shell, 1); /* nowhere to go: dropped */
	for (int i = 0; i < 5; i++)
		loop_turn(loop, 0);
	fake_rpc_open();
	WAIT_FOR(shell.requests == 2);
	respond_output(&shell, 2);
	respond_inventory(&shell);
	WAIT_FOR(fake_rpc.n_sent == 2);
	check_sent(0, MSG_HELLO);
	check_sent(1, MSG_INVENTORY);
	tear_down_attached();
}
END

TEST(says_that_a_plugin_is_down_and_attaches_when_it_is_back)
{
	set_up_attached();
	executor_stop(&shell);
	WAIT_FOR(fake_rpc.n_sent == 1);
	check_sent(0, MSG_PLUGIN_DOWN);
	deliver(MSG_START, "agent1", "shell"); /* dropped, not refused */
	for (int i = 0; i < 5; i++)
		loop_turn(loop, 0);
	ck_assert_uint_eq(fake_rpc.n_sent, 1);
	fake_rpc_close(RPC_STATUS_OK);
	fake_rpc_forget();
	fake_rpc_open();
	WAIT_FOR(fake_rpc.n_sent == 2);
	check_sent(1, MSG_PLUGIN_DOWN);
	shell.requests = 0;
	executor_start(&shell);
	WAIT_FOR(shell.requests == 1);
	ck_assert_int_eq(shell.last, MSG_ATTACH);
	tear_down_attached();
}
END

TEST(hands_a_request_to_the_executor_of_its_plugin)
{
	set_up_attached();
	deliver(MSG_CANCEL, "", "shell");
	WAIT_FOR(shell.requests == 2);
	ck_assert_int_eq(shell.last, MSG_CANCEL);
	deliver(MSG_CANCEL, "agent2", "shell");
	deliver(MSG_ACK, "agent1", "shell");
	WAIT_FOR(shell.requests == 3);
	ck_assert_int_eq(shell.last, MSG_ACK);
	tear_down_attached();
}
END

TEST(refuses_a_start_for_a_plugin_that_is_not_there)
{
	AUTO(msg_free) struct msg_box *box = NULL;
	const struct msg *msg;

	set_up();
	fake_rpc_open();
	WAIT_FOR(fake_rpc.n_sent == 1);
	fake_rpc_forget();
	deliver(MSG_CANCEL, "agent1", "docker");
	deliver(MSG_START, "agent1", "docker");
	WAIT_FOR(fake_rpc.n_sent == 1);
	box = fake_rpc_sent(0);
	msg = msg_get(box);
	ck_assert_int_eq(msg->kind, MSG_RESULT);
	ck_assert_str_eq(msg->task_id, "t-1");
	ck_assert_uint_eq(msg->seq, 1);
	ck_assert(!msg->result.ok);
	ck_assert_int_eq(msg->result.outcome, MSG_NOT_STARTED);
	ck_assert_str_eq(msg->result.failure, "refused");
	ck_assert_str_eq(msg->result.rule, "agent.plugins");
	ck_assert_ptr_nonnull(strstr(msg->result.message, "'docker'"));
	tear_down();
}
END

TEST(answers_nobody_who_asks_without_end_and_reads_nothing)
{
	set_up();
	fake_rpc_open();
	WAIT_FOR(fake_rpc.n_sent == 1);
	fake_rpc_forget();
	fake_rpc.queued = LIMIT_SEND_QUEUE + 1;
	deliver(MSG_START, "agent1", "docker");
	fake_rpc.queued = 0;
	deliver(MSG_START, "agent1", "other");
	WAIT_FOR(fake_rpc.n_sent > 0);
	ck_assert_uint_eq(fake_rpc.n_sent, 1);
	tear_down();
}
END

TEST(stops_reading_executors_while_the_stream_is_full)
{
	set_up_attached();
	fake_rpc.full = true;
	respond_output(&shell, 1);
	WAIT_FOR(fake_rpc.forced == 1); /* what found it full is taken */
	for (uint64_t seq = 2; seq <= 10; seq++)
		respond_output(&shell, seq);
	for (int i = 0; i < 5; i++)
		loop_turn(loop, 0);
	ck_assert_uint_eq(fake_rpc.n_sent, 1);
	fake_rpc.full = false;
	fake_rpc.ops.on_writable(fake_rpc.arg, NULL);
	WAIT_FOR(fake_rpc.n_sent == 10);
	ck_assert_uint_eq(fake_rpc.forced, 1);
	tear_down_attached();
}
END

TEST(stops_reading_the_stream_while_an_executor_is_full)
{
	static char text[LIMIT_CMD];
	const char *values[] = { text };
	struct msg_param param = { "cmd", values, 1 };
	struct msg start = { .kind = MSG_START,
		.task_id = "t-1",
		.plugin = "shell",
		.start = { .params = &param, .n_params = 1 } };
	size_t sent = 1; /* the Attach */

	set_up_attached();
	memset(text, 'x', sizeof text - 1);
	link_pause(shell.link, true);
	while (!fake_rpc.paused && sent < 1000) {
		fake_rpc_deliver(&start);
		sent++;
	}
	ck_assert(fake_rpc.paused);
	ck_assert_uint_ge((sent + 8) * sizeof text, LIMIT_SEND_QUEUE);
	link_pause(shell.link, false);
	WAIT_FOR(!fake_rpc.paused);
	WAIT_FOR(shell.requests == sent);
	tear_down_attached();
}
END

	UNIT_MAIN("uplink", says_hello_with_who_it_is,
		attaches_and_drops_what_is_older_than_the_inventory,
		attaches_to_an_executor_that_comes_later,
		attaches_again_on_the_next_stream,
		says_that_a_plugin_is_down_and_attaches_when_it_is_back,
		hands_a_request_to_the_executor_of_its_plugin,
		refuses_a_start_for_a_plugin_that_is_not_there,
		answers_nobody_who_asks_without_end_and_reads_nothing,
		stops_reading_executors_while_the_stream_is_full,
		stops_reading_the_stream_while_an_executor_is_full)
