/* count.c - what is counted of agents and their tasks */
#include "hub/count.h"

#include <stdio.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "hub/internal.h"
#include "task/reason.h"

#define LONGEST_MS (10 * 365 * 24 * 3600 * INT64_C(1000)) /* of a task */

/* ------------------------------------------------------------------ one task */

static struct hub_counts *
counts(const struct task *t)
{
	return &t->agent->hub->counts;
}

void
count_task(struct task *t)
{
	struct hub_counts *c = counts(t);
	bool stuck = t->cancel.phase == CANCEL_UNKILLABLE;

	if (!t->counted) {
		t->counted = true;
		/* an earlier server's */
		t->counted_bytes = transcript_total(t->transcript);
	} else {
		c->states[t->counted_status]--;
	}
	t->counted_status = t->status;
	c->states[t->counted_status]++;
	if (stuck != t->counted_stuck) {
		t->counted_stuck = stuck;
		c->unkillable += stuck ? 1 : -1;
		t->agent->n_unkillable += stuck ? 1 : -1;
	}
}

void
count_task_gone(struct task *t)
{
	struct hub_counts *c = counts(t);

	c->states[t->counted_status]--;
	if (!t->counted_stuck)
		return;
	c->unkillable--;
	t->agent->n_unkillable--;
}

void
count_stored(struct task *t)
{
	uint64_t now = transcript_total(t->transcript);

	metric_add(counts(t)->stored, NULL, (double)(now - t->counted_bytes));
	t->counted_bytes = now;
}

static const char *
stream_name(enum msg_stream stream)
{
	switch (stream) {
	case MSG_STDOUT: break;
	case MSG_STDERR: return "stderr";
	case MSG_HOOK: return "hook";
	}
	return "stdout";
}

void
count_received(struct task *t, enum msg_stream stream, size_t len)
{
	metric_add(counts(t)->received, METRIC_OF(stream_name(stream)),
		(double)len);
}

static const char *
find_plugin(const struct hub_counts *c, const char *name)
{
	for (size_t i = 0; i < c->n_plugins; i++)
		if (strcmp(c->plugins[i], name) == 0)
			return c->plugins[i];
	return NULL;
}

void
count_plugin(struct hub *hub, const char *name)
{
	struct hub_counts *c = &hub->counts;

	if (c->n_plugins < COUNT_PLUGINS && !find_plugin(c, name))
		(void)snprintf(c->plugins[c->n_plugins++], sizeof c->plugins[0],
			"%s", name);
}

static const char *
plugin_name(const struct task *t)
{
	const char *name = find_plugin(counts(t), t->plugin);

	return name ? name : "other";
}

void
count_created(struct task *t)
{
	metric_add(counts(t)->created, METRIC_OF(plugin_name(t)), 1);
}

static double
seconds(int64_t ms)
{
	return (double)ms / 1000;
}

void
count_started(struct task *t)
{
	metric_observe(counts(t)->start_seconds, METRIC_OF(plugin_name(t)),
		seconds(clock_wall_ms() - t->created_at));
}

/* Nodes say why; the names that they may say are ours. */
static const char *
failure_name(const char *failure)
{
	static const char *const known[] = { "exit", "signal", "oom", "refused",
		"spawn_error", "agent_lost", "executor_lost", "host_rebooted",
		"image_missing", "unknown" };

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strcmp(known[i], failure) == 0)
			return known[i];
	return "other";
}

static const char *
code_name(uint32_t code)
{
	const char *name = reason_name(code);

	if (name)
		return name;
	return code == REASON_SITE ? "site" : "other";
}

static const char *
cause(const struct task *t)
{
	switch (t->status) {
	case TASK_FAILED: return failure_name(t->failure);
	case TASK_CANCELLED: return code_name(t->cancel.code);
	case TASK_PENDING:
	case TASK_SENT:
	case TASK_IN_PROGRESS:
	case TASK_COMPLETED: break;
	}
	return "none";
}

void
count_ended(struct task *t)
{
	struct hub_counts *c = counts(t);

	metric_add(c->ended,
		METRIC_OF(
			plugin_name(t), task_status_name(t->status), cause(t)),
		1);
	if (cancel_is_final(t->cancel.phase))
		metric_add(c->cancels,
			METRIC_OF(cancel_phase_name(t->cancel.phase)), 1);
	if (t->status == TASK_CANCELLED && t->cancel_ms)
		metric_observe(c->cancel_seconds, NULL,
			seconds(clock_ms() - t->cancel_ms));
}

/* ------------------------------------------------------------------- cancels */

void
count_asked(struct task *t, uint32_t code)
{
	metric_add(counts(t)->asked, METRIC_OF(code_name(code)), 1);
}

void
count_cancel(struct task *t, enum cancel_phase before)
{
	if (before == CANCEL_REQUESTED && t->cancel_ms)
		metric_observe(counts(t)->delivered_seconds, NULL,
			seconds(clock_ms() - t->cancel_ms));
}

/* Between two times that a node has told: what cannot be is not counted. */
static void
observe_node(struct metric *m, const char *const *labels, int64_t from_ms,
	int64_t to_ms)
{
	if (from_ms > 0 && to_ms >= from_ms && to_ms - from_ms <= LONGEST_MS)
		metric_observe(m, labels, seconds(to_ms - from_ms));
}

void
count_result(struct task *t, const struct msg_result *result)
{
	const struct msg_receipt *r =
		result->cancelled ? result->receipt : NULL;
	struct hub_counts *c = counts(t);
	int64_t first;

	metric_add(c->cut, NULL, (double)result->dropped_bytes);
	observe_node(c->run_seconds, METRIC_OF(plugin_name(t)),
		result->started_at, result->ended_at);
	if (!r)
		return;
	metric_add(c->killed, NULL, r->killed_at != 0);
	first = r->signalled_at ? r->signalled_at : r->killed_at;
	if (!first)
		return; /* it never ran */
	observe_node(c->signalled_seconds, NULL, r->delivered_at, first);
	observe_node(c->verified_seconds, NULL, first, r->verified_at);
}

/* ---------------------------------------------------------------- all of them */

static void
look_at_agents(struct hub *hub)
{
	struct hub_counts *c = &hub->counts;
	size_t draining = 0, degraded = 0, paused = 0, sum = 0, longest = 0;
	int64_t ends = 0;

	for (const struct agent *a = hub->agents; a; a = a->hh.next) {
		size_t n = a->stream ? rpc_queued(a->stream) : 0;

		draining += a->drain != NULL;
		degraded += a->n_unkillable != 0;
		paused += a->paused;
		sum += n;
		if (a->not_after && (!ends || a->not_after < ends))
			ends = a->not_after;
		if (n > longest)
			longest = n;
	}
	metric_set(c->agents, NULL, HASH_COUNT(hub->agents));
	metric_set(c->connected, NULL, (double)hub->n_connected);
	metric_set(c->draining, NULL, (double)draining);
	metric_set(c->degraded, NULL, (double)degraded);
	metric_set(c->paused, NULL, (double)paused);
	metric_set(c->certificate, NULL, seconds(ends));
	metric_set(c->queued, NULL, (double)sum);
	metric_set(c->longest, NULL, (double)longest);
}

static void
look(void *arg)
{
	struct hub *hub = arg;
	struct hub_counts *c = &hub->counts;
	size_t ending = 0;

	for (size_t i = 0; i < ARRAY_SIZE(c->states); i++)
		if (task_is_final((enum task_status)i))
			ending += c->states[i];
		else
			metric_set(c->tasks,
				METRIC_OF(
					task_status_name((enum task_status)i)),
				(double)c->states[i]);
	metric_set(c->tasks, METRIC_OF("ending"), (double)ending);
	metric_set(c->unkillable_tasks, NULL, (double)c->unkillable);
	look_at_agents(hub);
}

void
count_begin(struct hub *hub)
{
	struct hub_counts *c = &hub->counts;

	count_make(c, hub->conf.metrics);
	metrics_look(hub->conf.metrics, look, hub);
	/* What should never move is shown from the start. */
	metric_add(c->lost, METRIC_OF("step"), 0);
	metric_add(c->lost, METRIC_OF("end"), 0);
	metric_add(c->streams, METRIC_OF("accepted"), 0);
	metric_add(c->streams, METRIC_OF("refused"), 0);
	metric_add(c->complaints, METRIC_OF("dropped"), 0);
	metric_add(c->complaints, METRIC_OF("closed"), 0);
	for (int p = CANCEL_VERIFIED; p <= CANCEL_UNDELIVERABLE; p++)
		metric_add(c->cancels,
			METRIC_OF(cancel_phase_name((enum cancel_phase)p)), 0);
	for (int s = MSG_STDOUT; s <= MSG_HOOK; s++)
		metric_add(c->received,
			METRIC_OF(stream_name((enum msg_stream)s)), 0);
}
