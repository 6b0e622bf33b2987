/* test-hub-recover.c - what an earlier server left, and its executors do not
 * come back for */
#include <string.h>

#include "base/clock.h"
#include "hub-rig.h"
#include "task/reason.h"
#include "tests/unit/unit.h"

/* The agent is here again, and has another plugin only. */
static void
come_back_without(void)
{
	ck_assert_int_eq(open_as(&two, "a", ""), 0);
	hello(&two);
	say(&two, (struct msg){ .kind = MSG_INVENTORY,
			  .plugin = "countdown",
			  .inventory = { .instance = "i" } });
}

static void
wait_settled(void)
{
	int64_t end = clock_ms() + unit_wait_ms();

	while (!hub_agent(hub, "a")->settled && clock_ms() < end)
		loop_turn(loop, 50);
	ck_assert(hub_agent(hub, "a")->settled);
}

TEST(gives_up_what_ran_on_a_plugin_that_nobody_shows_any_more)
{
	AUTO(task_unref) struct task *t = NULL;

	settled_after_ms = 10;
	setup();
	connect_agent(&one);
	t = create();
	started(&one, t, 1);
	ck_assert_int_eq(cancel(t, -1), HUB_OK);
	restart(&t, 1);
	ck_assert_int_eq(t->status, TASK_IN_PROGRESS);
	come_back_without();
	wait_final(t);
	ck_assert_int_eq(t->status, TASK_FAILED);
	ck_assert_str_eq(t->failure, "executor_lost");
	ck_assert_int_eq(t->cancel.phase, CANCEL_UNDELIVERABLE);
	teardown();
}
END

/* Its executor hangs, and may be running it. */
TEST(refuses_no_task_that_may_run)
{
	AUTO(task_unref) struct task *sent = NULL, *waits = NULL;

	settled_after_ms = 10;
	setup();
	connect_agent(&one);
	sent = create();
	ck_assert_int_eq(sent->status, TASK_SENT);
	hub_rpc_ops.on_close(hub, &one, RPC_STATUS_UNAVAILABLE, "cut");
	waits = create();
	ck_assert_int_eq(waits->status, TASK_PENDING);
	restart((struct task *[]){ sent, waits }, 2);
	come_back_without();
	wait_final(waits);
	ck_assert_str_eq(waits->failure, "refused");
	wait_final(sent);
	ck_assert_str_eq(sent->failure, "executor_lost");
	teardown();
}
END

/* A new one looks what is left of an earlier one's tasks, and says nothing yet. */
TEST(keeps_what_waits_for_a_plugin_that_is_said_to_be_down)
{
	AUTO(task_unref) struct task *sent = NULL, *waits = NULL, *more = NULL;

	settled_after_ms = 10;
	setup();
	connect_agent(&one);
	sent = create();
	hub_rpc_ops.on_close(hub, &one, RPC_STATUS_UNAVAILABLE, "cut");
	waits = create();
	restart((struct task *[]){ sent, waits }, 2);
	ck_assert_int_eq(open_as(&two, "a", ""), 0);
	hello(&two);
	say(&two, (struct msg){ .kind = MSG_PLUGIN_DOWN,
			  .plugin_down = { "not yet" } });
	wait_settled();
	ck_assert_int_eq(waits->status, TASK_PENDING);
	ck_assert_int_eq(try_create("a", "shell", &more), 0);
	wait_final(sent);
	ck_assert_str_eq(sent->failure, "executor_lost");
	ck_assert_int_eq(waits->status, TASK_PENDING);
	inventory(&two, NULL, 0);
	took(&two, MSG_START);
	took(&two, MSG_START);
	teardown();
}
END

TEST(goes_on_with_an_executor_that_shows_itself_late)
{
	AUTO(task_unref) struct task *t = NULL;
	struct msg_held held;

	settled_after_ms = 1;
	lost_after_ms = 300;
	setup();
	connect_agent(&one);
	t = create();
	started(&one, t, 1);
	ck_assert_int_eq(cancel(t, -1), HUB_OK);
	restart(&t, 1);
	come_back_without();
	wait_settled();
	ck_assert_uint_eq(two.n_sent, 0);
	held = (struct msg_held){ t->id, 1, false };
	inventory(&two, &held, 1);
	took(&two, MSG_ACK);
	took(&two, MSG_CANCEL);
	while (hub_agent(hub, "a")->missing)
		loop_turn(loop, 50);
	ck_assert_int_eq(t->status, TASK_IN_PROGRESS);
	teardown();
}
END

TEST(waits_no_longer_than_start_timeout_whatever_the_clock_says)
{
	AUTO(task_unref) struct task *t = NULL;

	setup_guarded();
	ck_assert_int_eq(try_create_for("a", "shell", 30, &t), 0);
	t->created_at = clock_wall_ms() + 3600 * 1000;
	restart(&t, 1);
	wait_final(t);
	ck_assert_int_eq(t->status, TASK_CANCELLED);
	ck_assert_uint_eq(t->cancel.code, REASON_START_TIMEOUT);
	teardown();
}
END

	UNIT_MAIN("hub-recover",
		gives_up_what_ran_on_a_plugin_that_nobody_shows_any_more,
		refuses_no_task_that_may_run,
		keeps_what_waits_for_a_plugin_that_is_said_to_be_down,
		goes_on_with_an_executor_that_shows_itself_late,
		waits_no_longer_than_start_timeout_whatever_the_clock_says)
