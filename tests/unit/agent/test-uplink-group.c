/* test-uplink-group.c - several executors of one plugin, and one that hangs */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/unit/agent/uplink-rig.h"

static void
respond_list(struct executor *ex, const char *instance, const char *task_id,
	bool draining)
{
	struct msg_held held = { task_id, 1, false };
	struct msg msg = { .kind = MSG_INVENTORY,
		.inventory = { .instance = instance,
			.tasks = &held,
			.n_tasks = task_id ? 1 : 0,
			.draining = draining } };

	respond(ex, &msg);
}

static void
check_inventory(size_t i, const char *instance, size_t n, bool draining)
{
	AUTO(msg_free) struct msg_box *box = fake_rpc_sent(i);
	const struct msg *msg = msg_get(box);

	ck_assert_int_eq(msg->kind, MSG_INVENTORY);
	ck_assert_str_eq(msg->agent_id, "agent1");
	ck_assert_str_eq(msg->plugin, "shell");
	ck_assert_str_eq(msg->inventory.instance, instance);
	ck_assert_uint_eq(msg->inventory.n_tasks, n);
	ck_assert_int_eq(msg->inventory.draining, draining);
}

static void
turn(void)
{
	for (int i = 0; i < 5; i++)
		loop_turn(loop, 0);
}

/* Both are there, and the server knows. */
static void
set_up_both(void)
{
	shell.requests = before.requests = 0;
	set_up();
	executor_start(&before);
	executor_start(&shell);
	WAIT_FOR(shell.link && before.link);
	fake_rpc_open();
	WAIT_FOR(shell.requests == 1 && before.requests == 1);
	respond_list(&before, "i-0", "t-0", true);
	respond_output(&before, 1);
	turn();
	ck_assert_uint_eq(fake_rpc.n_sent, 1); /* Hello */
	respond_list(&shell, "i-1", "t-1", false);
	WAIT_FOR(fake_rpc.n_sent == 3);
	check_inventory(1, "i-1", 2, false);
	check_sent(2, MSG_OUTPUT);
	fake_rpc_forget();
	shell.requests = before.requests = 0;
}

static int waiting[8];

/* As many connections wait as there is room for, and nobody takes them. */
static void
block(struct executor *ex)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	size_t n = 0;
	int r;

	loop_watch_free(TAKE(ex->watch));
	(void)strcpy(addr.sun_path, ex->path);
	do {
		ck_assert_uint_lt(n, sizeof waiting / sizeof *waiting);
		waiting[n] = socket(
			AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		r = connect(waiting[n++], (const struct sockaddr *)&addr,
			sizeof addr);
	} while (r == 0);
	ck_assert_int_eq(errno, EAGAIN);
}

static void
unblock(void)
{
	for (size_t i = 0; i < sizeof waiting / sizeof *waiting; i++)
		if (waiting[i])
			(void)close(waiting[i]);
}

static void
ask_of(enum msg_kind kind, const char *task_id, const char *instance)
{
	struct msg msg = { .kind = kind,
		.agent_id = "agent1",
		.task_id = task_id,
		.instance = instance,
		.plugin = "shell" };

	fake_rpc_deliver(&msg);
}

static void
ask(enum msg_kind kind, const char *task_id)
{
	ask_of(kind, task_id, "");
}

TEST(two_executors_of_a_plugin_are_one_to_the_server)
{
	set_up_both();
	respond_output(&before, 2);
	respond_output(&shell, 1);
	WAIT_FOR(fake_rpc.n_sent == 2);
	ask(MSG_CANCEL, "t-0");
	WAIT_FOR(before.requests == 1);
	ask(MSG_ACK, "t-1");
	ask(MSG_CANCEL, "t-2");
	ask(MSG_START, "t-0"); /* whatever it is called */
	WAIT_FOR(shell.requests == 3);
	ck_assert_int_eq(shell.last, MSG_START);
	ck_assert_uint_eq(before.requests, 1);
	executor_stop(&before);
	tear_down_attached();
}
END

/* The tasks t-2 and t-3 have begun since their executors spoke. */
TEST(a_cancel_meets_no_executor_that_has_not_got_the_task)
{
	set_up_both();
	ask_of(MSG_CANCEL, "t-2", "i-0");
	WAIT_FOR(before.requests == 1);
	ask_of(MSG_CANCEL, "t-3", "i-1");
	WAIT_FOR(shell.requests == 1);
	ask_of(MSG_CANCEL, "t-4", "i-9"); /* gone, or not here yet */
	respond_list(&shell, "i-1", "t-1", true); /* all are asked again */
	WAIT_FOR(shell.requests == 2 && before.requests == 2);
	ck_assert_int_eq(shell.last, MSG_ATTACH);
	ask(MSG_CANCEL, "t-3"); /* an older server does not say of whom */
	ask(MSG_CANCEL, "t-1"); /* it had that one when it spoke last */
	ask_of(MSG_CANCEL, "t-3", "i-1");
	WAIT_FOR(shell.requests == 4);
	turn();
	ck_assert_uint_eq(shell.requests, 4);
	ck_assert_uint_eq(before.requests, 2);
	executor_stop(&before);
	tear_down_attached();
}
END

/* It was placed before the one that it names was retired. */
TEST(a_start_goes_to_the_one_that_it_names)
{
	set_up_both();
	ask_of(MSG_START, "t-2", "i-0");
	WAIT_FOR(before.requests == 1);
	ck_assert_int_eq(before.last, MSG_START);
	ask_of(MSG_START, "t-3", "i-1");
	ask_of(MSG_START, "t-4", "i-9"); /* gone */
	WAIT_FOR(shell.requests == 2);
	ck_assert_uint_eq(before.requests, 1);
	executor_stop(&before);
	tear_down_attached();
}
END

TEST(the_end_of_the_one_before_is_no_end_of_the_plugin)
{
	set_up_both();
	executor_stop(&before);
	WAIT_FOR(shell.requests == 1); /* what is there now? */
	ck_assert_int_eq(shell.last, MSG_ATTACH);
	respond_list(&shell, "i-1", "t-1", false);
	WAIT_FOR(fake_rpc.n_sent == 1);
	check_inventory(0, "i-1", 1, false);
	ask(MSG_CANCEL, "t-0"); /* nobody else has it now */
	WAIT_FOR(shell.requests == 2);
	tear_down_attached();
}
END

TEST(without_the_new_one_the_plugin_takes_no_tasks)
{
	set_up_both();
	executor_stop(&shell);
	WAIT_FOR(before.requests == 1);
	check_sent(0, MSG_PLUGIN_DOWN);
	respond_list(&before, "i-0", "t-0", true);
	WAIT_FOR(fake_rpc.n_sent == 2);
	check_inventory(1, "i-0", 1, true);
	executor_start(&shell);
	WAIT_FOR(shell.requests == 1 && before.requests == 2);
	respond_list(&shell, "i-2", NULL, false);
	respond_list(&before, "i-0", "t-0", true);
	WAIT_FOR(fake_rpc.n_sent == 3);
	check_inventory(2, "i-2", 1, false);
	executor_stop(&before);
	tear_down_attached();
}
END

TEST(all_are_asked_again_when_one_begins_to_drain)
{
	set_up_both();
	respond_list(&shell, "i-1", "t-1", true);
	WAIT_FOR(shell.requests == 1 && before.requests == 1);
	ck_assert_uint_eq(fake_rpc.n_sent, 0);
	respond_list(&shell, "i-1", "t-1", true);
	respond_list(&before, "i-0", NULL, true);
	WAIT_FOR(fake_rpc.n_sent == 1);
	check_inventory(0, "i-1", 1, true);
	executor_stop(&before);
	tear_down_attached();
}
END

	static void
	check_partial(size_t i, bool partial)
{
	AUTO(msg_free) struct msg_box *box = fake_rpc_sent(i);

	ck_assert_int_eq(msg_get(box)->inventory.partial, partial);
}

TEST(one_that_hangs_is_left_out_until_it_answers)
{
	set_up_both();
	fake_rpc_close(RPC_STATUS_UNAVAILABLE);
	fake_rpc_open();
	WAIT_FOR(shell.requests == 1 && before.requests == 1);
	fake_rpc_forget();
	respond_list(&shell, "i-1", "t-1", false);
	respond_output(&shell, 1);
	WAIT_FOR(fake_rpc.n_sent == 2);
	check_inventory(0, "i-1", 1, false);
	check_partial(0, true);
	check_sent(1, MSG_OUTPUT);
	respond_list(&before, "i-0", "t-0", true);
	WAIT_FOR(shell.requests == 2); /* what it said is too old by now */
	ck_assert_uint_eq(fake_rpc.n_sent, 2);
	respond_list(&shell, "i-1", "t-1", false);
	WAIT_FOR(fake_rpc.n_sent == 3);
	check_inventory(2, "i-1", 2, false);
	check_partial(2, false);
	ck_assert_uint_eq(before.requests, 1);
	executor_stop(&before);
	tear_down_attached();
}
END

TEST(a_start_never_goes_to_one_that_hangs)
{
	shell.requests = before.requests = 0;
	set_up();
	executor_start(&shell);
	WAIT_FOR(shell.link);
	executor_start(&before);
	WAIT_FOR(before.link);
	fake_rpc_open();
	WAIT_FOR(shell.requests == 1 && before.requests == 1);
	respond_list(&before, "i-0", "t-0", true);
	WAIT_FOR(fake_rpc.n_sent == 2);
	check_inventory(1, "i-0", 1, true); /* so the server sends none */
	check_partial(1, true);
	ask(MSG_START, "t-2"); /* it was on its way */
	WAIT_FOR(before.requests == 2);
	ck_assert_uint_eq(shell.requests, 1);
	executor_stop(&before); /* nobody is left who could take one */
	WAIT_FOR(fake_rpc.n_sent == 3);
	check_sent(2, MSG_PLUGIN_DOWN);
	tear_down_attached();
}
END

TEST(a_plugin_whose_only_one_does_not_answer_is_said_to_be_down)
{
	shell.requests = 0;
	set_up();
	executor_start(&shell);
	WAIT_FOR(shell.link);
	fake_rpc_open();
	WAIT_FOR(fake_rpc.n_sent == 2);
	check_sent(1, MSG_PLUGIN_DOWN);
	ck_assert_uint_eq(shell.requests, 1);
	respond_list(&shell, "i-1", "t-1", false);
	WAIT_FOR(fake_rpc.n_sent == 3);
	check_inventory(2, "i-1", 1, false);
	tear_down_attached();
}
END

TEST(one_that_takes_no_connection_is_left_out)
{
	shell.requests = 0;
	set_up();
	executor_start(&shell);
	executor_start(&before);
	block(&before);
	WAIT_FOR(shell.link);
	fake_rpc_open();
	WAIT_FOR(shell.requests == 1);
	respond_list(&shell, "i-1", "t-1", false);
	WAIT_FOR(fake_rpc.n_sent == 2);
	check_inventory(1, "i-1", 1, false);
	check_partial(1, true);
	unblock();
	executor_stop(&before);
	WAIT_FOR(shell.requests == 2); /* it is known to be gone */
	respond_list(&shell, "i-1", "t-1", false);
	WAIT_FOR(fake_rpc.n_sent == 3);
	check_partial(2, false);
	tear_down_attached();
}
END

	/* Nobody takes its socket away. */
	static void
	kill_one(struct executor *ex)
{
	link_free(TAKE(ex->link));
	loop_watch_free(TAKE(ex->watch));
	(void)close(ex->listener);
}

TEST(what_one_had_that_died_is_not_judged_before_another_has_looked)
{
	set_up_both();
	kill_one(&before);
	WAIT_FOR(shell.requests == 1);
	ck_assert_int_eq(shell.last, MSG_ATTACH);
	respond_list(&shell, "i-1", "t-1", false);
	WAIT_FOR(fake_rpc.n_sent == 1);
	check_inventory(0, "i-1", 1, false);
	check_partial(0, true);
	ck_assert_int_eq(unlink(before.path), 0);
	executor_start(&before);
	WAIT_FOR(shell.requests == 2 && before.requests == 1);
	respond_list(&shell, "i-1", "t-1", false);
	turn();
	ck_assert_uint_eq(fake_rpc.n_sent, 1);
	respond_list(&before, "i-2", NULL, true);
	WAIT_FOR(fake_rpc.n_sent == 2);
	check_inventory(1, "i-1", 1, false);
	check_partial(1, false);
	executor_stop(&before);
	tear_down_attached();
}
END

	UNIT_MAIN("uplink: group",
		what_one_had_that_died_is_not_judged_before_another_has_looked,
		two_executors_of_a_plugin_are_one_to_the_server,
		a_cancel_meets_no_executor_that_has_not_got_the_task,
		a_start_goes_to_the_one_that_it_names,
		the_end_of_the_one_before_is_no_end_of_the_plugin,
		without_the_new_one_the_plugin_takes_no_tasks,
		all_are_asked_again_when_one_begins_to_drain,
		one_that_hangs_is_left_out_until_it_answers,
		a_start_never_goes_to_one_that_hangs,
		a_plugin_whose_only_one_does_not_answer_is_said_to_be_down,
		one_that_takes_no_connection_is_left_out)
