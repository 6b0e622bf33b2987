/* test-hub.c - agents, their tasks, and everything that happens to a task
 *
 * The hub against fake streams: every difference between what the server
 * believes and what a node says, without a network or a process. */
#include "hub/hub.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "fake-rpc.h"
#include "task/reason.h"
#include "tests/unit/unit.h"

static struct loop *loop;
static struct store *store;
static struct hub *hub;
static struct rpc_stream one, two; /* connections */

static void
setup(bool anonymous)
{
	const struct store_memory_conf mem = { .loop = loop = loop_new(),
		.dir = "/tmp",
		.retention_ms = 1000000,
		.max_tasks = 1000,
		.max_output = 1 << 30 };
	struct hub_conf conf = { .loop = loop,
		.default_grace_ms = 10000,
		.default_start_timeout_ms = 4000,
		.lost_after_ms = 20,
		.default_output_limit = 1 << 20,
		.window = 1000,
		.anonymous_agents = anonymous };

	log_set_level(LOG_LEVEL_ERROR);
	ck_assert_int_eq(store_memory_new(&mem, &store), 0);
	conf.store = store;
	ck_assert_int_eq(hub_new(&conf, &hub, NULL), 0);
	ck_assert_int_eq(hub_allow_agent(hub, "a", "secret"), 0);
	memset(&one, 0, sizeof one);
	memset(&two, 0, sizeof two);
}

static void
teardown(void)
{
	fake_done(&one);
	fake_done(&two);
	hub_free(hub);
	store->ops->free(store);
	loop_free(loop);
}

/* ------------------------------------------------------------- what nodes do */

static int
open_as(struct rpc_stream *s, const char *id, const char *token)
{
	const struct rpc_hello hello = {
		.agent_id = id, .agent_token = token, .peer = "test"
	};
	enum rpc_status status = RPC_STATUS_OK;
	struct err err = { "" };
	int r = hub_rpc_ops.on_open(hub, s, &hello, &status, &err);

	if (r < 0)
		ck_assert_int_eq((int)status, RPC_STATUS_UNAUTHENTICATED);
	return r;
}

static void
say(struct rpc_stream *s, struct msg msg)
{
	AUTO_BUF struct buf b = { 0 };

	if (!msg.plugin)
		msg.plugin = "shell";
	ck_assert_int_eq(msg_pack(&msg, &b), 0);
	hub_rpc_ops.on_message(hub, s, b.data, b.len);
}

static void
hello(struct rpc_stream *s)
{
	say(s, (struct msg){
		       .kind = MSG_HELLO, .hello = { "1", "boot", "host" } });
}

static void
inventory(struct rpc_stream *s, const struct msg_held *held, size_t n)
{
	say(s, (struct msg){ .kind = MSG_INVENTORY,
		       .inventory = { .instance = "i",
			       .tasks = held,
			       .n_tasks = n } });
}

static void
connect_agent(struct rpc_stream *s)
{
	ck_assert_int_eq(open_as(s, "a", "secret"), 0);
	hello(s);
	inventory(s, NULL, 0);
}

static void
started(struct rpc_stream *s, const struct task *t, uint64_t seq)
{
	say(s, (struct msg){ .kind = MSG_STARTED,
		       .task_id = t->id,
		       .seq = seq,
		       .started = { .at = 1, .pid = 42, .grace_ms = 10000 } });
}

static void
ended(struct rpc_stream *s, const struct task *t, uint64_t seq,
	struct msg_result result)
{
	result.ended_at = 5;
	say(s, (struct msg){ .kind = MSG_RESULT,
		       .task_id = t->id,
		       .seq = seq,
		       .result = result });
}

static void
output(struct rpc_stream *s, const struct task *t, uint64_t seq, size_t len)
{
	static const uint8_t bytes[4096];

	say(s, (struct msg){ .kind = MSG_OUTPUT,
		       .task_id = t->id,
		       .seq = seq,
		       .output = { MSG_STDOUT, bytes, len } });
}

/* ----------------------------------------------------------- what clients do */

static void
keep(void *arg, int r, struct task *t)
{
	ck_assert_int_eq(r, 0);
	*(struct task **)arg = task_ref(t);
}

static int
try_create_for(const char *agent, const char *plugin, int64_t start_timeout_ms,
	struct task **out)
{
	static const char *const value = "true";
	static const struct msg_param param = { "cmd", &value, 1 };
	const struct hub_task spec = { .agent_id = agent,
		.plugin = plugin,
		.start_timeout_ms = start_timeout_ms,
		.start = { .params = &param, .n_params = 1, .grace_ms = -1 } };
	struct err err = { "" };

	return hub_create(hub, &spec, keep, out, &err);
}

static int
try_create(const char *agent, const char *plugin, struct task **out)
{
	return try_create_for(agent, plugin, -1, out);
}

static struct task *
create(void)
{
	struct task *t = NULL;

	ck_assert_int_eq(try_create("a", "shell", &t), 0);
	ck_assert_ptr_nonnull(t);
	return t;
}

static int
cancel(struct task *t, int64_t grace_ms)
{
	return hub_cancel(hub, t,
		&(struct hub_cancel){ .code = REASON_USER_REQUEST,
			.reason = "enough",
			.actor = "me",
			.grace_ms = grace_ms });
}

static void
took(struct rpc_stream *s, enum msg_kind kind)
{
	msg_free(fake_take(s, kind));
}

static void
wait_final(const struct task *t)
{
	int64_t end = clock_ms() + 5000;

	while (!task_is_final(t->status) && clock_ms() < end)
		loop_turn(loop, 50);
	ck_assert(task_is_final(t->status));
}

/* -------------------------------------------------------------------- tests */

TEST(runs_a_task_from_pending_to_completed)
{
	AUTO(task_unref) struct task *t = NULL;

	setup(false);
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

	setup(false);
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

TEST(lets_in_only_agents_with_their_token)
{
	setup(false);
	ck_assert_int_eq(open_as(&one, "a", "wrong"), -EACCES);
	ck_assert_int_eq(open_as(&one, "a", ""), -EACCES);
	ck_assert_int_eq(open_as(&one, "b", "secret"), -EACCES);
	ck_assert_int_eq(open_as(&one, "", "secret"), -EACCES);
	ck_assert_int_eq(open_as(&one, "../x", "secret"), -EACCES);
	ck_assert_int_eq(open_as(&one, "a", "secret"), 0);
	teardown();
	setup(true);
	ck_assert_int_eq(open_as(&one, "anyone", ""), 0);
	teardown();
}
END

TEST(cancels_a_pending_task_at_once)
{
	AUTO(task_unref) struct task *t = NULL;

	setup(false);
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

	setup(false);
	connect_agent(&one);
	t = create();
	took(&one, MSG_START);
	started(&one, t, 1);
	ck_assert_int_eq(cancel(t, -1), HUB_OK);
	took(&one, MSG_CANCEL);
	for (unsigned i = MSG_PHASE_DELIVERED; i <= MSG_PHASE_KILLING; i++) {
		say(&one,
			(struct msg){ .kind = MSG_CANCEL_PHASE,
				.task_id = t->id,
				.seq = i + 1,
				.cancel_phase = { (enum msg_phase)i, "", i } });
		ck_assert_int_eq(t->status, TASK_IN_PROGRESS);
	}
	ck_assert_int_eq(t->cancel.phase, CANCEL_KILLING);
	ended(&one, t, 5,
		(struct msg_result){ .cancelled = true, .receipt = &receipt });
	ck_assert_int_eq(t->status, TASK_CANCELLED);
	ck_assert_int_eq(t->cancel.phase, CANCEL_VERIFIED);
	ck_assert_int_eq(t->cancel.verified_at, 9);
	ck_assert_str_eq(t->cancel.reason, "enough");
	teardown();
}
END

TEST(keeps_the_real_result_when_the_cancel_came_too_late)
{
	AUTO(task_unref) struct task *t = NULL;

	setup(false);
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

	setup(false);
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

	setup(false);
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

	setup(false);
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

TEST(settles_every_difference_after_a_reconnect)
{
	AUTO(task_unref) struct task *sent = NULL, *lost = NULL, *kept = NULL;
	struct msg_held held[2];

	setup(false);
	connect_agent(&one);
	sent = create();
	lost = create();
	kept = create();
	started(&one, lost, 1);
	started(&one, kept, 1);
	ck_assert_int_eq(cancel(kept, -1), HUB_OK);
	hub_rpc_ops.on_close(hub, &one, RPC_STATUS_UNAVAILABLE, "cut");
	ck_assert(!hub_agent(hub, "a")->connected);

	ck_assert_int_eq(open_as(&two, "a", "secret"), 0);
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
	AUTO(msg_free) struct msg_box *again = fake_take(&two, MSG_START);
	ck_assert_str_eq(msg_get(again)->task_id, sent->id);
	took(&two, MSG_ACK);
	AUTO(msg_free) struct msg_box *waiting = fake_take(&two, MSG_CANCEL);
	ck_assert_str_eq(msg_get(waiting)->task_id, kept->id);
	teardown();
}
END

TEST(cancels_what_was_sent_and_never_arrived)
{
	AUTO(task_unref) struct task *t = NULL;

	setup(false);
	connect_agent(&one);
	t = create();
	hub_rpc_ops.on_close(hub, &one, RPC_STATUS_UNAVAILABLE, "cut");
	ck_assert_int_eq(cancel(t, -1), HUB_OK);
	ck_assert_int_eq(t->status, TASK_SENT);
	connect_agent(&two);
	ck_assert_int_eq(t->status, TASK_CANCELLED);
	ck_assert_int_eq(t->cancel.phase, CANCEL_VERIFIED);
	ck_assert_uint_eq(two.n_sent, 0);
	teardown();
}
END

TEST(closes_the_older_stream_of_the_same_agent)
{
	AUTO(task_unref) struct task *t = NULL;

	setup(false);
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

	setup(false);
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

	setup(false);
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

	setup(false);
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

	setup(false);
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

	setup(true);
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

TEST(wants_hello_first)
{
	setup(false);
	ck_assert_int_eq(open_as(&one, "a", "secret"), 0);
	inventory(&one, NULL, 0);
	ck_assert(one.closed);
	ck_assert_int_eq((int)one.status, RPC_STATUS_INVALID);
	teardown();
}
END

	UNIT_MAIN("hub", runs_a_task_from_pending_to_completed,
		refuses_what_cannot_be_placed,
		lets_in_only_agents_with_their_token,
		cancels_a_pending_task_at_once,
		says_cancelled_only_when_the_node_has_verified_it,
		keeps_the_real_result_when_the_cancel_came_too_late,
		joins_a_second_cancel_and_only_shortens_its_grace,
		takes_each_report_once_and_in_order,
		opens_the_window_before_it_is_used_up,
		settles_every_difference_after_a_reconnect,
		cancels_what_was_sent_and_never_arrived,
		closes_the_older_stream_of_the_same_agent,
		gives_up_an_agent_that_stays_away,
		gives_up_an_executor_that_stays_away,
		ends_a_task_that_no_agent_takes_in_time,
		holds_back_starts_while_the_stream_is_full,
		listens_to_no_agent_about_the_tasks_of_another,
		wants_hello_first)
