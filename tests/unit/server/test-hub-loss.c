/* test-hub-loss.c - agents and executors that go, come back, or lie */
#include <errno.h>
#include <string.h>

#include "hub-rig.h"
#include "task/reason.h"
#include "tests/unit/unit.h"

TEST(does_not_harden_a_stop_that_the_node_began)
{
	AUTO(task_unref) struct task *t = NULL;
	struct msg_held held;

	setup();
	connect_agent(&one);
	t = create();
	started(&one, t, 1);
	say(&one, (struct msg){ .kind = MSG_CANCEL_PHASE,
			  .task_id = t->id,
			  .seq = 2,
			  .cancel_phase = { .phase = MSG_PHASE_STOPPING,
				  .message = "",
				  .at = 7 } });
	ck_assert_int_eq(t->cancel.phase, CANCEL_STOPPING);
	ck_assert_int_eq(t->cancel.grace_ms, 10000);
	fake_done(&one);
	ck_assert_int_eq(cancel(t, -1), HUB_OK);
	ck_assert_uint_eq(one.n_sent, 0);
	ck_assert_int_eq(cancel(t, 500), HUB_OK); /* that is sooner */
	took(&one, MSG_CANCEL);
	t->cancel.requests = 0; /* as if nobody had asked */
	hub_rpc_ops.on_close(hub, &one, RPC_STATUS_UNAVAILABLE, "cut");
	ck_assert_int_eq(open_as(&two, "a", ""), 0);
	hello(&two);
	held = (struct msg_held){ t->id, 2, false };
	inventory(&two, &held, 1);
	took(&two, MSG_ACK);
	ck_assert_uint_eq(two.n_sent, 0);
	teardown();
}
END

TEST(stops_what_starts_after_it_was_given_up)
{
	AUTO(task_unref) struct task *t = NULL;

	setup();
	connect_agent(&one);
	t = create();
	hub_rpc_ops.on_close(hub, &one, RPC_STATUS_UNAVAILABLE, "cut");
	wait_final(t);
	connect_agent(&two);
	started(&two, t, 1);
	took(&two, MSG_CANCEL);
	took(&two, MSG_ACK);
	teardown();
}
END

TEST(gives_up_an_executor_that_does_not_return_with_its_agent)
{
	AUTO(task_unref) struct task *t = NULL;

	setup();
	connect_agent(&one);
	t = create();
	started(&one, t, 1);
	hub_rpc_ops.on_close(hub, &one, RPC_STATUS_UNAVAILABLE, "cut");
	ck_assert_int_eq(open_as(&two, "a", ""), 0);
	hello(&two);
	wait_final(t);
	ck_assert_str_eq(t->failure, "executor_lost");
	teardown();
}
END

TEST(settles_every_difference_after_a_reconnect)
{
	AUTO(task_unref) struct task *sent = NULL, *lost = NULL, *kept = NULL;
	struct msg_held held[2];

	setup();
	connect_agent(&one);
	sent = create();
	lost = create();
	kept = create();
	started(&one, lost, 1);
	started(&one, kept, 1);
	ck_assert_int_eq(cancel(kept, -1), HUB_OK);
	hub_rpc_ops.on_close(hub, &one, RPC_STATUS_UNAVAILABLE, "cut");
	ck_assert(!hub_agent(hub, "a")->connected);

	ck_assert_int_eq(open_as(&two, "a", ""), 0);
	hello(&two);
	ck_assert_uint_eq(two.n_sent, 0); /* nothing before the inventory */
	held[0] = (struct msg_held){ kept->id, 1, false };
	held[1] = (struct msg_held){ "stranger", 3, false };
	inventory(&two, held, 2);
	ck_assert_int_eq(lost->status, TASK_FAILED);
	ck_assert_str_eq(lost->failure, "executor_lost");
	ck_assert_int_eq(sent->status, TASK_SENT);

	AUTO(msg_free) struct msg_box *stop = fake_take(&two, MSG_CANCEL);
	ck_assert_str_eq(msg_get(stop)->task_id, "stranger");
	AUTO(msg_free) struct msg_box *forget = fake_take(&two, MSG_ACK);
	ck_assert_str_eq(msg_get(forget)->task_id, "stranger");
	ck_assert(msg_get(forget)->ack.final);
	AUTO(msg_free) struct msg_box *again = fake_take(&two, MSG_START);
	ck_assert_str_eq(msg_get(again)->task_id, sent->id);
	AUTO(msg_free) struct msg_box *recall = fake_take(&two, MSG_CANCEL);
	ck_assert_str_eq(msg_get(recall)->task_id, lost->id);
	took(&two, MSG_ACK);
	took(&two, MSG_ACK);
	AUTO(msg_free) struct msg_box *waiting = fake_take(&two, MSG_CANCEL);
	ck_assert_str_eq(msg_get(waiting)->task_id, kept->id);
	teardown();
}
END

TEST(cancels_what_was_sent_and_never_arrived)
{
	AUTO(task_unref) struct task *t = NULL;

	setup();
	connect_agent(&one);
	t = create();
	hub_rpc_ops.on_close(hub, &one, RPC_STATUS_UNAVAILABLE, "cut");
	ck_assert_int_eq(cancel(t, -1), HUB_OK);
	ck_assert_int_eq(t->status, TASK_SENT);
	connect_agent(&two);
	/* the start may still be on its way: the node's word is needed */
	ck_assert_int_eq(t->status, TASK_SENT);
	took(&two, MSG_CANCEL);
	ended(&two, t, 1,
		(struct msg_result){
			.cancelled = true, .outcome = MSG_NOT_STARTED });
	ck_assert_int_eq(t->status, TASK_CANCELLED);
	ck_assert_int_eq(t->cancel.phase, CANCEL_VERIFIED);
	teardown();
}
END

/* Its hooks may still have run when the node was lost. */
TEST(loses_no_cancel_that_was_verified)
{
	AUTO(task_unref) struct task *t = NULL;

	setup_guarded();
	connect_agent(&one);
	t = create();
	started(&one, t, 1);
	ck_assert_int_eq(cancel(t, -1), HUB_OK);
	say(&one, (struct msg){ .kind = MSG_CANCEL_PHASE,
			  .task_id = t->id,
			  .seq = 2,
			  .cancel_phase = { .phase = MSG_PHASE_VERIFIED,
				  .message = "",
				  .at = 7 } });
	hub_rpc_ops.on_close(hub, &one, RPC_STATUS_UNAVAILABLE, "cut");
	wait_final(t);
	ck_assert_int_eq(t->status, TASK_CANCELLED);
	ck_assert_int_eq(t->cancel.phase, CANCEL_VERIFIED);
	ck_assert_int_eq(t->cancel.verified_at, 7);
	ck_assert_ptr_nonnull(strstr(t->message, "cleanup"));
	teardown();
}
END

TEST(closes_the_older_stream_of_the_same_agent)
{
	AUTO(task_unref) struct task *t = NULL;

	setup();
	connect_agent(&one);
	t = create();
	connect_agent(&two);
	ck_assert(one.closed);
	ck_assert_int_eq((int)one.status, RPC_STATUS_REPLACED);
	started(&one, t, 1); /* still in the pipe: not listened to */
	ck_assert_int_eq(t->status, TASK_SENT);
	hub_rpc_ops.on_close(hub, &one, RPC_STATUS_REPLACED, "");
	ck_assert(hub_agent(hub, "a")->connected);
	teardown();
}
END

TEST(gives_up_an_agent_that_stays_away)
{
	AUTO(task_unref) struct task *t = NULL;

	setup();
	connect_agent(&one);
	t = create();
	started(&one, t, 1);
	ck_assert_int_eq(cancel(t, -1), HUB_OK);
	hub_rpc_ops.on_close(hub, &one, RPC_STATUS_UNAVAILABLE, "cut");
	wait_final(t);
	ck_assert_int_eq(t->status, TASK_FAILED);
	ck_assert_str_eq(t->failure, "agent_lost");
	ck_assert_int_eq(t->cancel.phase, CANCEL_UNDELIVERABLE);
	teardown();
}
END

TEST(gives_up_an_executor_that_stays_away)
{
	AUTO(task_unref) struct task *lost = NULL, *pending = NULL;

	setup();
	connect_agent(&one);
	lost = create();
	started(&one, lost, 1);
	say(&one, (struct msg){ .kind = MSG_PLUGIN_DOWN,
			  .plugin_down = { "crashed" } });
	ck_assert(!agent_plugin(hub_agent(hub, "a"), "shell")->up);
	pending = create();
	wait_final(lost);
	ck_assert_str_eq(lost->failure, "executor_lost");
	ck_assert_int_eq(pending->status, TASK_PENDING);
	inventory(&one, NULL, 0);
	ck_assert_int_eq(pending->status, TASK_SENT);
	teardown();
}
END

TEST(ends_a_task_that_no_agent_takes_in_time)
{
	AUTO(task_unref) struct task *t = NULL;

	setup_guarded();
	ck_assert_int_eq(try_create_for("a", "shell", 30, &t), 0);
	wait_final(t);
	ck_assert_int_eq(t->status, TASK_CANCELLED);
	ck_assert_uint_eq(t->cancel.code, REASON_START_TIMEOUT);
	teardown();
}
END

TEST(holds_back_starts_while_the_stream_is_full)
{
	AUTO(task_unref) struct task *t = NULL;

	setup();
	connect_agent(&one);
	one.full = true;
	t = create();
	ck_assert_int_eq(t->status, TASK_PENDING);
	one.full = false;
	hub_rpc_ops.on_writable(hub, &one);
	ck_assert_int_eq(t->status, TASK_SENT);
	teardown();
}
END

TEST(listens_to_no_agent_about_the_tasks_of_another)
{
	AUTO(task_unref) struct task *t = NULL;

	setup();
	connect_agent(&one);
	t = create();
	took(&one, MSG_START);
	ck_assert_int_eq(open_as(&two, "b", ""), 0);
	hello(&two);
	inventory(&two, NULL, 0);
	started(&two, t, 1);
	ended(&two, t, 2, (struct msg_result){ .ok = true });
	ck_assert_int_eq(t->status, TASK_SENT);
	say(&two, (struct msg){ .kind = MSG_HELLO, .agent_id = "a" });
	ck_assert_int_eq((int)two.status, RPC_STATUS_INVALID);
	teardown();
}
END

TEST(wants_hello_first_and_once)
{
	setup();
	ck_assert_int_eq(open_as(&one, "a", ""), 0);
	inventory(&one, NULL, 0);
	ck_assert(one.closed);
	ck_assert_int_eq((int)one.status, RPC_STATUS_INVALID);
	connect_agent(&two);
	hello(&two);
	ck_assert(two.closed);
	ck_assert_int_eq((int)two.status, RPC_STATUS_INVALID);
	teardown();
}
END

TEST(starts_nothing_twice_when_the_executor_is_another_one)
{
	AUTO(task_unref) struct task *t = NULL, *next = NULL;

	setup();
	connect_agent(&one);
	t = create();
	took(&one, MSG_START);
	/* It has died; whether the task had begun nobody can say. */
	say(&one, (struct msg){ .kind = MSG_INVENTORY,
			  .inventory = { .instance = "another" } });
	ck_assert_int_eq(t->status, TASK_FAILED);
	ck_assert_str_eq(t->failure, "executor_lost");
	/* The start may be on the way to that other one. */
	took(&one, MSG_CANCEL);
	took(&one, MSG_ACK);
	ck_assert_uint_eq(one.n_sent, 0);
	next = create();
	took(&one, MSG_START);
	ck_assert_str_eq(next->instance, "another");
	teardown();
}
END

TEST(fails_what_ran_before_the_host_was_started_again)
{
	AUTO(task_unref) struct task *ran = NULL, *sent = NULL, *waits = NULL;

	setup_guarded();
	waits = create();
	ck_assert_int_eq(cancel(waits, -1), HUB_OK);
	task_unref(TAKE(waits));
	connect_agent(&one);
	ran = create();
	started(&one, ran, 1);
	sent = create();
	hub_rpc_ops.on_close(hub, &one, RPC_STATUS_UNAVAILABLE, "cut");
	waits = create();
	ck_assert_int_eq(open_as(&two, "a", agent_token), 0);
	say(&two, (struct msg){ .kind = MSG_HELLO,
			  .hello = { "1", "another boot", "host" } });
	ck_assert_str_eq(ran->failure, "host_rebooted");
	ck_assert_str_eq(sent->failure, "host_rebooted");
	ck_assert_int_eq(waits->status, TASK_PENDING);
	inventory(&two, NULL, 0);
	took(&two, MSG_START);
	ck_assert_int_eq(waits->status, TASK_SENT);
	teardown();
}
END

	/* An executor that hangs beside the one that is given. */
	static void
	partial_inventory(struct rpc_stream *s, const char *instance)
{
	say(s, (struct msg){ .kind = MSG_INVENTORY,
		       .inventory = {
			       .instance = instance, .partial = true } });
}

TEST(judges_no_task_by_the_silence_of_its_executor)
{
	AUTO(task_unref) struct task *t = NULL;
	struct msg_held held;
	size_t n;

	setup();
	connect_agent(&one);
	t = create();
	started(&one, t, 1);
	took(&one, MSG_START);
	partial_inventory(&one, "another");
	ck_assert_int_eq(t->status, TASK_IN_PROGRESS);
	n = one.n_sent;
	ck_assert_int_eq(cancel(t, -1), HUB_OK);
	ck_assert_uint_eq(one.n_sent, n); /* the other one would get it */
	held = (struct msg_held){ t->id, 1, false };
	inventory(&one, &held, 1);
	took(&one, MSG_ACK);
	took(&one, MSG_CANCEL);
	teardown();
}
END

TEST(gives_up_what_an_executor_had_that_stays_silent)
{
	AUTO(task_unref) struct task *silent = NULL, *other = NULL;

	setup();
	connect_agent(&one);
	silent = create();
	started(&one, silent, 1);
	partial_inventory(&one, "another");
	other = create();
	started(&one, other, 1);
	wait_final(silent);
	ck_assert_str_eq(silent->failure, "executor_lost");
	ck_assert_int_eq(other->status, TASK_IN_PROGRESS);
	partial_inventory(&one, "another"); /* this one has spoken */
	ck_assert_int_eq(other->status, TASK_FAILED);
	teardown();
}
END

	UNIT_MAIN("hub-loss", judges_no_task_by_the_silence_of_its_executor,
		gives_up_what_an_executor_had_that_stays_silent,
		does_not_harden_a_stop_that_the_node_began,
		stops_what_starts_after_it_was_given_up,
		gives_up_an_executor_that_does_not_return_with_its_agent,
		settles_every_difference_after_a_reconnect,
		cancels_what_was_sent_and_never_arrived,
		loses_no_cancel_that_was_verified,
		closes_the_older_stream_of_the_same_agent,
		gives_up_an_agent_that_stays_away,
		gives_up_an_executor_that_stays_away,
		ends_a_task_that_no_agent_takes_in_time,
		holds_back_starts_while_the_stream_is_full,
		listens_to_no_agent_about_the_tasks_of_another,
		wants_hello_first_and_once,
		starts_nothing_twice_when_the_executor_is_another_one,
		fails_what_ran_before_the_host_was_started_again)
