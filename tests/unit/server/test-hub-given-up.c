/* test-hub-given-up.c - what was given up must not go on running
 *
 * The node may say that it has a task while its loss is being stored, or begin
 * it then. */
#include <string.h>

#include "hub-rig.h"
#include "task/reason.h"
#include "tests/unit/unit.h"

static void
check_stop(struct rpc_stream *s, const struct task *t)
{
	AUTO(msg_free) struct msg_box *box = fake_take(s, MSG_CANCEL);

	ck_assert_str_eq(msg_get(box)->task_id, t->id);
	ck_assert_uint_eq(msg_get(box)->cancel.code, REASON_AGENT_PARTITION);
}

static void
check_forget(struct rpc_stream *s, const struct task *t)
{
	AUTO(msg_free) struct msg_box *box = fake_take(s, MSG_ACK);

	ck_assert_str_eq(msg_get(box)->task_id, t->id);
	ck_assert(msg_get(box)->ack.final);
	ck_assert_uint_eq(msg_get(box)->ack.seq, UINT64_MAX);
}

TEST(stops_what_an_agent_brings_back_while_its_loss_is_being_stored)
{
	AUTO(task_unref) struct task *t = NULL;
	struct msg_held held;

	setup();
	connect_agent(&one);
	t = create();
	started(&one, t, 1);
	hub_rpc_ops.on_close(hub, &one, RPC_STATUS_UNAVAILABLE, "cut");
	hold_store();
	wait_final(t);
	ck_assert_str_eq(t->failure, "agent_lost");
	ck_assert(!task_over(t));
	ck_assert_int_eq(open_as(&two, "a", ""), 0);
	hello(&two);
	held = (struct msg_held){ t->id, 1, false };
	inventory(&two, &held, 1);
	check_stop(&two, t); /* a full disk must not keep it running */
	ck_assert_uint_eq(two.n_sent, 0);
	let_store_go();
	check_stop(&two, t);
	check_forget(&two, t);
	ck_assert_uint_eq(two.n_sent, 0);
	teardown();
}
END

TEST(stops_what_an_executor_brings_back_while_its_loss_is_being_stored)
{
	AUTO(task_unref) struct task *t = NULL;
	struct msg_held held;

	setup();
	connect_agent(&one);
	t = create();
	took(&one, MSG_START);
	started(&one, t, 1);
	say(&one, (struct msg){ .kind = MSG_PLUGIN_DOWN,
			  .plugin_down = { "crashed" } });
	hold_store();
	wait_final(t);
	ck_assert_str_eq(t->failure, "executor_lost");
	held = (struct msg_held){ t->id, 1, false };
	inventory(&one, &held, 1);
	check_stop(&one, t);
	let_store_go();
	check_stop(&one, t);
	check_forget(&one, t);
	teardown();
}
END

TEST(stops_what_begins_while_its_loss_is_being_stored)
{
	AUTO(task_unref) struct task *t = NULL;

	setup();
	connect_agent(&one);
	t = create();
	took(&one, MSG_START);
	hold_store();
	/* The start is still on its way, and will meet this one. */
	say(&one, (struct msg){ .kind = MSG_INVENTORY,
			  .inventory = { .instance = "another" } });
	ck_assert_str_eq(t->failure, "executor_lost");
	started(&one, t, 1);
	check_stop(&one, t);
	let_store_go();
	check_stop(&one, t);
	check_forget(&one, t);
	teardown();
}
END

/* Only the executor that the record names may take it. */
TEST(says_which_executor_a_start_or_cancel_is_for)
{
	AUTO(task_unref) struct task *t = NULL;
	AUTO(msg_free) struct msg_box *start = NULL, *stop = NULL;

	setup();
	connect_agent(&one);
	t = create();
	start = fake_take(&one, MSG_START);
	ck_assert_str_eq(msg_get(start)->instance, "i");
	ck_assert_str_eq(msg_get(start)->task_id, t->id);
	ck_assert_int_eq(cancel(t, -1), HUB_OK);
	stop = fake_take(&one, MSG_CANCEL);
	ck_assert_str_eq(msg_get(stop)->instance, "i");
	teardown();
}
END

TEST(sends_nothing_after_a_task_that_nobody_can_have)
{
	AUTO(task_unref) struct task *lost = NULL, *waits = NULL;

	setup();
	connect_agent(&one);
	lost = create();
	took(&one, MSG_START);
	say(&one, (struct msg){ .kind = MSG_PLUGIN_DOWN,
			  .plugin_down = { "crashed" } });
	waits = create();
	ck_assert_int_eq(cancel(waits, -1), HUB_OK);
	ck_assert_int_eq(waits->status, TASK_CANCELLED);
	wait_final(lost);
	ck_assert_uint_eq(one.n_sent, 0); /* else with its inventory */
	teardown();
}
END

	UNIT_MAIN("hub-given-up",
		stops_what_an_agent_brings_back_while_its_loss_is_being_stored,
		stops_what_an_executor_brings_back_while_its_loss_is_being_stored,
		stops_what_begins_while_its_loss_is_being_stored,
		says_which_executor_a_start_or_cancel_is_for,
		sends_nothing_after_a_task_that_nobody_can_have)
