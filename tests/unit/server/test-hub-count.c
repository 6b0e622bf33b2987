/* test-hub-count.c - what is counted of tasks, cancels and agents */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "hub-rig.h"
#include "task/reason.h"
#include "tests/unit/unit.h"

/* The sample that begins so is there, with this value. */
static void
is(const char *sample, const char *value)
{
	AUTO_BUF struct buf text = { 0 };
	char line[256];

	ck_assert_int_eq(metrics_write(metrics, METRICS_OPENMETRICS, &text), 0);
	(void)snprintf(line, sizeof line, "\n%s %s\n", sample, value);
	ck_assert_msg(strstr(buf_text(&text), line) != NULL, "no '%s' in\n%s",
		line + 1, buf_text(&text));
}

static void
state_is(const char *state, const char *value)
{
	char sample[64];

	(void)snprintf(
		sample, sizeof sample, "nodelink_tasks{state=\"%s\"}", state);
	is(sample, value);
}

static void
phase(const struct task *t, uint64_t seq, enum msg_phase phase)
{
	say(&one, (struct msg){ .kind = MSG_CANCEL_PHASE,
			  .task_id = t->id,
			  .seq = seq,
			  .cancel_phase = { .phase = phase,
				  .at = 1000,
				  .message = "",
				  .reason = "",
				  .actor = "" } });
}

TEST(counts_tasks_by_state_while_they_change)
{
	AUTO(task_unref) struct task *first = NULL, *second = NULL;

	setup();
	connect_agent(&one);
	first = create();
	second = create();
	took(&one, MSG_START);
	took(&one, MSG_START);
	state_is("pending", "0");
	state_is("sent", "2");
	started(&one, first, 1);
	state_is("sent", "1");
	state_is("in_progress", "1");
	ended(&one, first, 2, (struct msg_result){ .ok = true });
	ended(&one, second, 1,
		(struct msg_result){
			.failure = "refused", .outcome = MSG_NOT_STARTED });
	state_is("sent", "0");
	state_is("in_progress", "0");
	state_is("ending", "0");
	is("nodelink_tasks_created_total{plugin=\"shell\"}", "2");
	is("nodelink_tasks_ended_total{plugin=\"shell\",status=\"completed\","
	   "cause=\"none\"}",
		"1");
	is("nodelink_tasks_ended_total{plugin=\"shell\",status=\"failed\","
	   "cause=\"refused\"}",
		"1");
	is("nodelink_task_start_seconds_count{plugin=\"shell\"}", "1");
	teardown();
}
END

TEST(observes_each_step_of_a_cancel_once)
{
	static const char *const signals[] = { "SIGTERM" };
	const struct msg_receipt receipt = { .code = REASON_USER_REQUEST,
		.reason = "",
		.actor = "me",
		.requested_at = 900,
		.delivered_at = 1000,
		.signalled_at = 1250,
		.killed_at = 3250,
		.verified_at = 3750,
		.signals = signals,
		.n_signals = 1 };
	AUTO(task_unref) struct task *t = NULL;

	setup();
	connect_agent(&one);
	t = create();
	took(&one, MSG_START);
	started(&one, t, 1);
	clock_set(clock_ms());
	ck_assert_int_eq(cancel(t, -1), HUB_OK);
	ck_assert_int_eq(cancel(t, 0), HUB_OK); /* sooner */
	clock_set(clock_ms() + 40);
	phase(t, 2, MSG_PHASE_DELIVERED);
	phase(t, 3, MSG_PHASE_STOPPING);
	clock_set(clock_ms() + 2710);
	ended(&one, t, 4,
		(struct msg_result){ .cancelled = true,
			.outcome = MSG_SIGNALED,
			.code = 9,
			.receipt = &receipt });
	ck_assert_int_eq(t->status, TASK_CANCELLED);
	is("nodelink_cancel_requests_total{code=\"user_request\"}", "2");
	is("nodelink_cancels_ended_total{end=\"verified\"}", "1");
	is("nodelink_cancels_killed_total", "1");
	is("nodelink_cancel_delivered_seconds_count", "1");
	is("nodelink_cancel_delivered_seconds_sum", "0.04");
	is("nodelink_cancel_signalled_seconds_count", "1");
	is("nodelink_cancel_signalled_seconds_sum", "0.25");
	is("nodelink_cancel_verified_seconds_count", "1");
	is("nodelink_cancel_verified_seconds_sum", "2.5");
	is("nodelink_cancel_seconds_count", "1");
	is("nodelink_cancel_seconds_sum", "2.75");
	is("nodelink_tasks_ended_total{plugin=\"shell\",status=\"cancelled\","
	   "cause=\"user_request\"}",
		"1");
	clock_set(-1);
	teardown();
}
END

TEST(measures_no_cancel_that_no_node_had)
{
	AUTO(task_unref) struct task *t = NULL;

	setup();
	connect_agent(&one);
	hub_rpc_ops.on_close(hub, &one, RPC_STATUS_UNAVAILABLE, "");
	t = create();
	state_is("pending", "1");
	ck_assert_int_eq(cancel(t, -1), HUB_OK);
	state_is("pending", "0");
	is("nodelink_cancels_ended_total{end=\"verified\"}", "1");
	is("nodelink_cancel_seconds_count", "0");
	is("nodelink_cancel_delivered_seconds_count", "0");
	teardown();
}
END

TEST(tells_degraded_agents_and_those_that_are_drained)
{
	AUTO(task_unref) struct task *t = NULL;
	const struct hub_drain drain = {
		.timeout_ms = -1, .grace_ms = -1, .actor = "ops"
	};

	setup();
	connect_agent(&one);
	is("nodelink_agents", "1");
	is("nodelink_agents_connected", "1");
	is("nodelink_agents_degraded", "0");
	t = create();
	took(&one, MSG_START);
	started(&one, t, 1);
	ck_assert_int_eq(cancel(t, 0), HUB_OK);
	phase(t, 2, MSG_PHASE_KILLING);
	phase(t, 3, MSG_PHASE_UNKILLABLE);
	is("nodelink_tasks_unkillable", "1");
	is("nodelink_agents_degraded", "1");
	ended(&one, t, 4, (struct msg_result){ .cancelled = true });
	is("nodelink_tasks_unkillable", "0");
	is("nodelink_agents_degraded", "0");
	ck_assert_int_eq(hub_drain(hub, hub_agent(hub, "a"), &drain), 0);
	is("nodelink_agents_draining", "1");
	hub_rpc_ops.on_close(hub, &one, RPC_STATUS_UNAVAILABLE, "");
	is("nodelink_agents_connected", "0");
	is("nodelink_agents", "1");
	teardown();
}
END

TEST(counts_output_that_comes_and_that_is_cut)
{
	AUTO(task_unref) struct task *t = NULL;

	setup();
	connect_agent(&one);
	t = create();
	took(&one, MSG_START);
	started(&one, t, 1);
	output(&one, t, 2, 300);
	is("nodelink_output_received_bytes_total{stream=\"stdout\"}", "300");
	is("nodelink_output_stored_bytes_total", "300");
	slow_store(t);
	output(&one, t, 3, 200);
	is("nodelink_output_received_bytes_total{stream=\"stdout\"}", "500");
	is("nodelink_output_stored_bytes_total", "300");
	ended(&one, t, 4,
		(struct msg_result){ .ok = true, .dropped_bytes = 77 });
	is("nodelink_output_cut_bytes_total", "77");
	fake_done(&one);
	teardown();
}
END

TEST(takes_no_names_from_agents)
{
	AUTO(task_unref) struct task *t = NULL;

	setup();
	connect_agent(&one);
	t = create();
	took(&one, MSG_START);
	started(&one, t, 1);
	ended(&one, t, 2, (struct msg_result){ .failure = "mine" });
	is("nodelink_tasks_ended_total{plugin=\"shell\",status=\"failed\","
	   "cause=\"other\"}",
		"1");
	started(&one, t, 3); /* it is unknown by now */
	is("nodelink_agent_complaints_total{consequence=\"dropped\"}", "1");
	fake_done(&one);
	teardown();
}
END

TEST(takes_no_names_of_plugins_from_clients)
{
	AUTO(task_unref) struct task *real = NULL;
	struct task *t;
	char name[33];

	setup();
	ck_assert_int_eq(open_as(&one, "a", auth ? agent_token : ""), 0);
	for (int i = 0; i < 40; i++) { /* it has not shown any yet */
		(void)snprintf(name, sizeof name, "x%d", i);
		t = NULL;
		ck_assert_int_eq(try_create("a", name, &t), 0);
		ck_assert_int_eq(cancel(t, -1), HUB_OK);
		task_unref(t);
	}
	hello(&one);
	inventory(&one, NULL, 0);
	real = create();
	is("nodelink_tasks_created_total{plugin=\"other\"}", "40");
	is("nodelink_tasks_ended_total{plugin=\"other\",status=\"cancelled\","
	   "cause=\"user_request\"}",
		"40");
	is("nodelink_tasks_created_total{plugin=\"shell\"}", "1");
	teardown();
}
END

	UNIT_MAIN("hub-count", counts_tasks_by_state_while_they_change,
		observes_each_step_of_a_cancel_once,
		measures_no_cancel_that_no_node_had,
		tells_degraded_agents_and_those_that_are_drained,
		counts_output_that_comes_and_that_is_cut,
		takes_no_names_from_agents,
		takes_no_names_of_plugins_from_clients)
