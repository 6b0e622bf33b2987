/* test-hub.c - agents, their tasks, and everything that happens to a task
 *
 * The hub against fake streams, without a network or a process. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "hub-rig.h"
#include "task/reason.h"
#include "tests/unit/unit.h"

TEST(runs_a_task_from_pending_to_completed)
{
	AUTO(task_unref) struct task *t = NULL;

	setup_guarded();
	t = create();
	ck_assert_int_eq(t->status, TASK_PENDING);
	connect_agent(&one);
	ck_assert_int_eq(t->status, TASK_SENT);
	took(&one, MSG_START);
	started(&one, t, 1);
	ck_assert_int_eq(t->status, TASK_IN_PROGRESS);
	output(&one, t, 2, 10);
	ended(&one, t, 3, (struct msg_result){ .ok = true });
	ck_assert_int_eq(t->status, TASK_COMPLETED);
	ck_assert(transcript_ended(t->transcript));
	while (!one.n_sent)
		loop_turn(loop, 10);
	AUTO(msg_free) struct msg_box *ack = fake_take(&one, MSG_ACK);
	ck_assert(msg_get(ack)->ack.final);
	ck_assert_int_eq(cancel(t, -1), HUB_FINAL);
	teardown();
}
END

TEST(refuses_what_cannot_be_placed)
{
	AUTO(task_unref) struct task *t = NULL;

	setup();
	ck_assert_int_eq(try_create("nobody", "shell", &t), -ENOENT);
	connect_agent(&one);
	/* a new agent may still show the plugin; one that is settled not */
	ck_assert_int_eq(try_create("a", "docker", &t), 0);
	wait_final(t);
	ck_assert_int_eq(t->status, TASK_FAILED);
	ck_assert_str_eq(t->failure, "refused");
	ck_assert_ptr_nonnull(strstr(t->message, "it has: shell"));
	ck_assert_int_eq(try_create("a", "docker", &t), -ENOTSUP);
	teardown();
}
END

	static void
	keep_first(void *arg, int r, struct task *t)
{
	struct task **first = arg;

	ck_assert_int_eq(r, 0);
	if (!*first)
		*first = task_ref(t);
}

TEST(refuses_more_for_an_agent_than_may_be_held)
{
	enum { SIZE = 1000000, MOST = LIMIT_TASK_BYTES_PER_AGENT / SIZE + 1 };
	AUTO_FREE char *value = malloc(SIZE + 1);
	const char *const values = memset(value, 'x', SIZE);
	const struct msg_param param = { "cmd", &values, 1 };
	const struct hub_task spec = { .agent_id = "a",
		.plugin = "shell",
		.start_timeout_ms = -1,
		.start = { .params = &param, .n_params = 1, .grace_ms = -1 } };
	AUTO(task_unref) struct task *first = NULL;
	struct err err = { "" };
	int n = 0, r = 0;

	value[SIZE] = 0;
	setup_guarded();
	while (r == 0 && n <= MOST) {
		r = hub_create(hub, &spec, keep_first, &first, &err);
		n += r == 0;
	}
	ck_assert_int_eq(r, -EAGAIN);
	ck_assert_ptr_nonnull(strstr(err.text, "bytes"));
	ck_assert_int_eq(cancel(first, -1), HUB_OK);
	ck_assert_int_eq(hub_create(hub, &spec, keep_first, &first, &err), 0);
	teardown();
}
END

TEST(cancels_a_pending_task_at_once)
{
	AUTO(task_unref) struct task *t = NULL;

	setup_guarded();
	t = create();
	ck_assert_int_eq(cancel(t, -1), HUB_OK);
	ck_assert_int_eq(t->status, TASK_CANCELLED);
	ck_assert_int_eq(t->cancel.phase, CANCEL_VERIFIED);
	connect_agent(&one);
	ck_assert_uint_eq(one.n_sent, 0);
	teardown();
}
END

TEST(says_cancelled_only_when_the_node_has_verified_it)
{
	AUTO(task_unref) struct task *t = NULL;
	const struct msg_receipt receipt = { .code = 100, .verified_at = 9 };

	setup();
	connect_agent(&one);
	t = create();
	took(&one, MSG_START);
	started(&one, t, 1);
	ck_assert_int_eq(cancel(t, -1), HUB_OK);
	took(&one, MSG_CANCEL);
	for (unsigned i = MSG_PHASE_DELIVERED; i <= MSG_PHASE_VERIFIED; i++) {
		say(&one, (struct msg){ .kind = MSG_CANCEL_PHASE,
				  .task_id = t->id,
				  .seq = i + 1,
				  .cancel_phase = { .phase = (enum msg_phase)i,
					  .message = "",
					  .at = i } });
		ck_assert_int_eq(t->status, TASK_IN_PROGRESS);
	}
	ck_assert_int_eq(t->cancel.phase, CANCEL_VERIFIED);
	ck_assert_int_eq(t->cancel.verified_at, MSG_PHASE_VERIFIED);
	ended(&one, t, 7,
		(struct msg_result){ .cancelled = true, .receipt = &receipt });
	ck_assert_int_eq(t->status, TASK_CANCELLED);
	ck_assert_int_eq(t->cancel.phase, CANCEL_VERIFIED);
	ck_assert_int_eq(t->cancel.verified_at, 9);
	ck_assert_str_eq(t->cancel.reason, "enough");
	teardown();
}
END

TEST(tells_the_cause_that_the_node_acts_upon)
{
	AUTO(task_unref) struct task *t = NULL;
	const struct msg_receipt receipt = {
		.code = 200, .reason = "too long", .actor = "nodelink"
	};

	setup();
	connect_agent(&one);
	t = create();
	started(&one, t, 1);
	say(&one, (struct msg){ .kind = MSG_CANCEL_PHASE,
			  .task_id = t->id,
			  .seq = 2,
			  .cancel_phase = { MSG_PHASE_STOPPING, "", 7, 200,
				  "too long", "nodelink" } });
	ck_assert_uint_eq(t->cancel.code, 200);
	ck_assert_str_eq(t->cancel.reason, "too long");
	ck_assert_str_eq(t->cancel.actor, "nodelink");
	ck_assert_int_eq(cancel(t, -1), HUB_OK); /* joins */
	ck_assert_uint_eq(t->cancel.code, 200);
	ended(&one, t, 3,
		(struct msg_result){ .cancelled = true, .receipt = &receipt });
	ck_assert_uint_eq(t->cancel.code, 200);
	ck_assert_str_eq(t->cancel.reason, "too long");
	teardown();
}
END

TEST(takes_the_nodes_cause_when_a_request_has_crossed_it)
{
	AUTO(task_unref) struct task *t = NULL;
	const struct msg_receipt receipt = {
		.code = 202, .reason = "silent", .actor = "nodelink"
	};

	setup();
	connect_agent(&one);
	t = create();
	started(&one, t, 1);
	ck_assert_int_eq(cancel(t, -1), HUB_OK);
	ck_assert_uint_eq(t->cancel.code, 100);
	ended(&one, t, 2,
		(struct msg_result){ .cancelled = true, .receipt = &receipt });
	ck_assert_uint_eq(t->cancel.code, 202);
	ck_assert_str_eq(t->cancel.reason, "silent");
	teardown();
}
END

TEST(keeps_the_real_result_when_the_cancel_came_too_late)
{
	AUTO(task_unref) struct task *t = NULL;

	setup();
	connect_agent(&one);
	t = create();
	started(&one, t, 1);
	ck_assert_int_eq(cancel(t, -1), HUB_OK);
	ended(&one, t, 2, (struct msg_result){ .ok = true });
	ck_assert_int_eq(t->status, TASK_COMPLETED);
	ck_assert_int_eq(t->cancel.phase, CANCEL_TOO_LATE);
	teardown();
}
END

TEST(joins_a_second_cancel_and_only_shortens_its_grace)
{
	AUTO(task_unref) struct task *t = NULL;
	AUTO(msg_free) struct msg_box *box = NULL;

	setup();
	connect_agent(&one);
	t = create();
	took(&one, MSG_START);
	started(&one, t, 1);
	ck_assert_int_eq(cancel(t, 5000), HUB_OK);
	took(&one, MSG_CANCEL);
	ck_assert_int_eq(cancel(t, 6000), HUB_OK);
	ck_assert_int_eq(cancel(t, -1), HUB_OK);
	ck_assert_uint_eq(one.n_sent, 0);
	ck_assert_int_eq(cancel(t, 0), HUB_OK);
	box = fake_take(&one, MSG_CANCEL);
	ck_assert_int_eq(msg_get(box)->cancel.grace_ms, 0);
	ck_assert_uint_eq(t->cancel.requests, 4);
	teardown();
}
END

TEST(takes_each_report_once_and_in_order)
{
	AUTO(task_unref) struct task *t = NULL;

	setup();
	connect_agent(&one);
	t = create();
	started(&one, t, 1);
	output(&one, t, 2, 5);
	output(&one, t, 2, 5); /* sent again after a reconnect */
	ck_assert_uint_eq(
		transcript_bytes(t->transcript, TRANSCRIPT_STDOUT), 5);
	output(&one, t, 4, 5);
	ck_assert(one.closed);
	ck_assert_int_eq((int)one.status, RPC_STATUS_INVALID);
	teardown();
}
END

TEST(opens_the_window_before_it_is_used_up)
{
	AUTO(task_unref) struct task *t = NULL;
	AUTO(msg_free) struct msg_box *box = NULL;

	setup();
	connect_agent(&one);
	t = create();
	box = fake_take(&one, MSG_START);
	ck_assert_uint_eq(msg_get(box)->start.window, 1000);
	started(&one, t, 1);
	output(&one, t, 2, 249);
	ck_assert_uint_eq(one.n_sent, 0);
	output(&one, t, 3, 1);
	AUTO(msg_free) struct msg_box *ack = fake_take(&one, MSG_ACK);
	ck_assert_uint_eq(msg_get(ack)->ack.seq, 3);
	ck_assert_uint_eq(msg_get(ack)->ack.window, 1250);
	teardown();
}
END

/* A node keeps what it is not told to forget, for each task; a little of very
 * many would fill it. */
TEST(acknowledges_a_little_before_long)
{
	AUTO(task_unref) struct task *t = NULL;

	setup();
	connect_agent(&one);
	t = create();
	took(&one, MSG_START);
	started(&one, t, 1);
	output(&one, t, 2, 10);
	output(&one, t, 3, 10);
	while (!one.n_sent)
		loop_turn(loop, 100);
	AUTO(msg_free) struct msg_box *ack = fake_take(&one, MSG_ACK);
	ck_assert_uint_eq(msg_get(ack)->ack.seq, 3);
	ck_assert_uint_eq(msg_get(ack)->ack.window, 1020);
	ck_assert(!msg_get(ack)->ack.final);
	ck_assert_uint_eq(one.n_sent, 0);
	teardown();
}
END

	UNIT_MAIN("hub", runs_a_task_from_pending_to_completed,
		refuses_what_cannot_be_placed,
		refuses_more_for_an_agent_than_may_be_held,
		cancels_a_pending_task_at_once,
		says_cancelled_only_when_the_node_has_verified_it,
		tells_the_cause_that_the_node_acts_upon,
		takes_the_nodes_cause_when_a_request_has_crossed_it,
		keeps_the_real_result_when_the_cancel_came_too_late,
		joins_a_second_cancel_and_only_shortens_its_grace,
		takes_each_report_once_and_in_order,
		opens_the_window_before_it_is_used_up,
		acknowledges_a_little_before_long)
