/* test-hub-drain.c - agents that are to have no new tasks */
#include <string.h>

#include "base/clock.h"
#include "hub-rig.h"
#include "task/reason.h"
#include "tests/unit/unit.h"

static void
drain(int64_t timeout_ms, int64_t grace_ms)
{
	const struct hub_drain how = { .timeout_ms = timeout_ms,
		.grace_ms = grace_ms,
		.reason = "new kernel",
		.actor = "ops" };

	ck_assert_int_eq(hub_drain(hub, hub_agent(hub, "a"), &how), 0);
}

static void
undrain(void)
{
	hub_undrain(hub_agent(hub, "a"));
}

static struct task *
create_running(void)
{
	struct task *t = create();

	took(&one, MSG_START);
	started(&one, t, 1);
	return t;
}

TEST(sends_nothing_new_until_the_drain_is_over)
{
	AUTO(task_unref) struct task *before = NULL, *t = NULL;

	setup();
	connect_agent(&one);
	before = create_running();
	drain(-1, -1);
	t = create();
	ck_assert_int_eq(t->status, TASK_PENDING);
	inventory(&one, &(struct msg_held){ before->id, 1, false }, 1);
	took(&one, MSG_ACK);
	hub_rpc_ops.on_writable(hub, &one);
	ck_assert_uint_eq(one.n_sent, 0);
	ended(&one, before, 2, (struct msg_result){ .ok = true });
	ck_assert_int_eq(before->status, TASK_COMPLETED);
	undrain();
	ck_assert_ptr_null(hub_agent(hub, "a")->drain);
	fake_done(&one);
	ck_assert_int_eq(t->status, TASK_SENT);
	undrain(); /* twice is no mistake */
	teardown();
}
END

TEST(leaves_what_has_not_gone_out_to_any_executor)
{
	AUTO(task_unref) struct task *t = NULL;

	setup();
	connect_agent(&one);
	one.full = true;
	t = create();
	ck_assert_int_eq(t->status, TASK_PENDING);
	ck_assert_str_eq(t->instance, "i");
	drain(-1, -1);
	/* else a later server would take it for one that may have begun */
	ck_assert_str_eq(t->instance, "");
	one.full = false;
	undrain();
	ck_assert_int_eq(t->status, TASK_SENT);
	ck_assert_str_eq(t->instance, "i");
	teardown();
}
END

TEST(cancels_what_still_runs_when_the_time_is_up)
{
	AUTO(task_unref) struct task *t = NULL, *waiting = NULL;
	AUTO(msg_free) struct msg_box *box = NULL;
	int64_t began = clock_ms();
	const struct msg *msg;

	setup();
	connect_agent(&one);
	t = create_running();
	drain(50, 700);
	waiting = create();
	ck_assert_uint_eq(one.n_sent, 0);
	UNIT_UNTIL(loop, one.n_sent);
	ck_assert_int_ge(clock_ms() - began, 50);
	box = fake_take(&one, MSG_CANCEL);
	msg = msg_get(box);
	ck_assert_str_eq(msg->task_id, t->id);
	ck_assert_uint_eq(msg->cancel.code, REASON_AGENT_DRAIN);
	ck_assert_str_eq(msg->cancel.name, "agent_drain");
	ck_assert_str_eq(msg->cancel.reason, "new kernel");
	ck_assert_str_eq(msg->cancel.actor, "ops");
	ck_assert_int_eq(msg->cancel.grace_ms, 700);
	ck_assert_uint_eq(one.n_sent, 0);
	ck_assert_int_eq(waiting->status, TASK_PENDING);
	ck_assert_int_eq(waiting->cancel.phase, CANCEL_NONE);
	ck_assert_ptr_nonnull(hub_agent(hub, "a")->drain);
	teardown();
}
END

TEST(cancels_nothing_after_other_terms)
{
	AUTO(task_unref) struct task *t = NULL;
	int64_t since;

	setup();
	connect_agent(&one);
	t = create_running();
	drain(10, -1);
	since = hub_agent(hub, "a")->drain->since;
	drain(60000, -1);
	ck_assert_int_eq(hub_agent(hub, "a")->drain->since, since);
	ck_assert_int_gt(hub_agent(hub, "a")->drain->until, since + 10000);
	loop_turn(loop, 30);
	drain(10, -1);
	undrain();
	loop_turn(loop, 30);
	ck_assert_int_eq(t->cancel.phase, CANCEL_NONE);
	ck_assert_uint_eq(one.n_sent, 0);
	teardown();
}
END

	static void
	inventory_of(const char *instance, bool draining)
{
	say(&one, (struct msg){ .kind = MSG_INVENTORY,
			  .inventory = { .instance = instance,
				  .draining = draining,
				  .draining_reason = draining ? "why" : "" } });
}

TEST(sends_nothing_new_to_an_executor_that_is_about_to_end)
{
	AUTO(task_unref) struct task *t = NULL;

	setup();
	connect_agent(&one);
	inventory_of("i", true);
	t = create();
	ck_assert_int_eq(t->status, TASK_PENDING);
	ck_assert_str_eq(t->instance, "");
	ck_assert_uint_eq(one.n_sent, 0);
	inventory_of("k", false);
	took(&one, MSG_START);
	ck_assert_str_eq(t->instance, "k");
	teardown();
}
END

TEST(says_why_a_task_has_waited_for_too_long)
{
	AUTO(task_unref) struct task *t = NULL;

	setup();
	connect_agent(&one);
	inventory_of("i", true);
	ck_assert_int_eq(try_create_for("a", "shell", 1, &t), 0);
	wait_final(t);
	ck_assert_str_eq(t->cancel.reason,
		"no executor took it in time: plugin 'shell' takes no new "
		"tasks: why");
	teardown();
}
END

	UNIT_MAIN("hub: drain", sends_nothing_new_until_the_drain_is_over,
		leaves_what_has_not_gone_out_to_any_executor,
		cancels_what_still_runs_when_the_time_is_up,
		cancels_nothing_after_other_terms,
		sends_nothing_new_to_an_executor_that_is_about_to_end,
		says_why_a_task_has_waited_for_too_long)
