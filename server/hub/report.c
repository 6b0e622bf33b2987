/* report.c - what nodes say about tasks
 *
 * Responses of a task are numbered; each is taken once, in order, and
 * acknowledged when it is stored. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "hub/internal.h"
#include "task/reason.h"

struct msg_ack
report_take_ack(struct task *t)
{
	t->acked_seq = t->stored_seq;
	t->acked_bytes = transcript_total(t->transcript);
	return (struct msg_ack){ .seq = t->acked_seq,
		.window = t->acked_bytes + t->agent->hub->conf.window };
}

void
report_ack(struct task *t)
{
	const struct msg_ack ack = report_take_ack(t);

	ack_now(t->agent, t->id, t->plugin, &ack);
}

void
report_stored(struct task *t)
{
	/* Not for every piece: often enough that the node never has to wait. */
	if (transcript_total(t->transcript) - t->acked_bytes >=
		t->agent->hub->conf.window / 4)
		report_ack(t);
	else if (t->stored_seq > t->acked_seq)
		ack_late(t->agent); /* many a little fills the node, too */
}

static int
on_started(struct hub *hub, struct task *t, const struct msg_started *m,
	const uint8_t *packed, size_t len)
{
	if (t->status == TASK_SENT && buf_add(&t->started, packed, len) < 0)
		return -ENOMEM;
	if (task_move(&t->status, TASK_EV_START) != STATE_OK) {
		agent_complain(t->agent, COMPLAINT_DROPPED,
			"task '%s' reported started while %s", t->id,
			task_status_name(t->status));
		return 0;
	}
	count_started(t);
	t->started_at = m->at;
	t->pid = m->pid;
	if (m->grace_ms >= 0 && m->grace_ms < t->grace_ms)
		t->grace_ms = m->grace_ms; /* capped there */
	if (m->timeout_ms > 0 &&
		(!t->timeout_ms || m->timeout_ms < t->timeout_ms))
		t->timeout_ms = m->timeout_ms; /* there, too */
	(void)snprintf(
		t->containment, sizeof t->containment, "%s", m->containment);
	task_save(hub, t);
	return 0;
}

static enum transcript_kind
kind_of(enum msg_stream stream)
{
	switch (stream) {
	case MSG_STDOUT: break;
	case MSG_STDERR: return TRANSCRIPT_STDERR;
	case MSG_HOOK: return TRANSCRIPT_HOOK;
	}
	return TRANSCRIPT_STDOUT;
}

static uint64_t
output_limit(struct task *t)
{
	AUTO(msg_free) struct msg_box *box = NULL;

	if (t->output_limit)
		return t->output_limit;
	t->output_limit = UINT64_MAX;
	if (msg_unpack(MSG_TO_AGENT, t->start.data, t->start.len, &box, NULL) ==
			0 &&
		msg_get(box)->start.output_limit)
		t->output_limit = msg_get(box)->start.output_limit;
	return t->output_limit;
}

/* No executor sends what neither window nor output_limit lets out: what does is
 * something else, and would fill our disk. */
static bool
is_too_much(struct task *t, uint64_t seq, size_t len)
{
	uint64_t taken = transcript_taken(t->transcript);
	uint64_t window = t->agent->hub->conf.window;

	if (seq <= transcript_seq(t->transcript))
		return false; /* had it before a restart */
	if (window < LIMIT_OUTPUT_CHUNK)
		window = LIMIT_OUTPUT_CHUNK; /* what executors make of it */
	return taken + len > transcript_total(t->transcript) + window ||
	       taken + len > output_limit(t);
}

static int
on_output(struct hub *hub, struct task *t, uint64_t seq,
	const struct msg_output *m)
{
	struct store *store = hub->conf.store;
	int r;

	if (!m->len)
		return 0;
	r = store->ops->append(
		store, t, kind_of(m->stream), m->data, m->len, seq);
	if (r < 0)
		return r;
	count_received(t, m->stream, m->len);
	if (store->ops->full(store))
		agent_pause(t->agent);
	return 0;
}

/* What the node acts upon is the cause, whoever else has asked meanwhile. */
static void
set_cause(struct task_cancel *c, uint32_t code, const char *reason,
	const char *actor)
{
	if (!code || code == c->code)
		return;
	c->code = code;
	free(TAKE(c->name));
	free(c->reason);
	free(c->actor);
	c->reason = *reason ? strdup(reason) : NULL;
	c->actor = strdup(actor);
}

static void
on_phase(struct hub *hub, struct task *t, uint64_t seq,
	const struct msg_cancel_phase *m)
{
	static const enum cancel_event events[] = {
		[MSG_PHASE_DELIVERED] = CANCEL_EV_DELIVER,
		[MSG_PHASE_STOPPING] = CANCEL_EV_STOP,
		[MSG_PHASE_KILLING] = CANCEL_EV_KILL,
		[MSG_PHASE_UNKILLABLE] = CANCEL_EV_STUCK,
		[MSG_PHASE_VERIFIED] = CANCEL_EV_VERIFY,
	};
	struct task_cancel *c = &t->cancel;
	enum cancel_phase before = c->phase;
	bool by_node = before == CANCEL_NONE;

	if (m->phase == MSG_PHASE_NONE ||
		cancel_move(&c->phase, events[m->phase]) != STATE_OK)
		return; /* a repeat */
	if (by_node) { /* a time limit, or the agent is stopping */
		c->grace_ms = t->grace_ms;
		c->requested_at = m->at;
	}
	count_cancel(t, before);
	set_cause(c, m->code, m->reason, m->actor);
	if (m->phase == MSG_PHASE_DELIVERED)
		c->delivered_at = m->at;
	else if (m->phase == MSG_PHASE_STOPPING)
		c->stopping_at = m->at;
	else if (m->phase == MSG_PHASE_KILLING)
		c->killing_at = m->at;
	else if (m->phase == MSG_PHASE_VERIFIED)
		c->verified_at = m->at;
	task_note(hub, t, seq, "%s",
		*m->message ? m->message : cancel_phase_name(c->phase));
	if (by_node)
		task_tell(hub, t);
	task_save(hub, t);
}

/* The receipt is the node's evidence; times that we noted from phases agree
 * with it or are missing. */
static void
take_receipt(struct task *t, const struct msg_receipt *receipt)
{
	struct task_cancel *c = &t->cancel;

	count_cancel(t, c->phase);
	(void)cancel_move(&c->phase, CANCEL_EV_VERIFY);
	if (receipt) {
		set_cause(c, receipt->code, receipt->reason, receipt->actor);
		if (!c->requested_at)
			c->requested_at = receipt->requested_at;
		c->delivered_at = receipt->delivered_at;
		c->stopping_at = receipt->signalled_at;
		c->killing_at = receipt->killed_at;
		c->verified_at = receipt->verified_at;
	}
	if (!c->verified_at)
		c->verified_at = clock_wall_ms();
}

static enum task_event
event_of(const struct task *t, const struct msg_result *m)
{
	if (m->cancelled)
		return t->status == TASK_SENT ? TASK_EV_NEVER_STARTED
					      : TASK_EV_STOPPED;
	if (m->ok)
		return TASK_EV_SUCCEED;
	return t->status == TASK_SENT ? TASK_EV_REFUSE : TASK_EV_FAIL;
}

static int
on_result(struct hub *hub, struct task *t, const struct msg_result *m,
	const uint8_t *packed, size_t len)
{
	enum task_event event;

	if (t->status == TASK_SENT && m->outcome != MSG_NOT_STARTED &&
		task_move(&t->status, TASK_EV_START) == STATE_OK)
		count_started(t);
	event = event_of(t, m);
	if (buf_add(&t->result, packed, len) < 0)
		return -ENOMEM;
	if (task_move(&t->status, event) != STATE_OK) {
		/* Only a broken node does this; taking it anew helps nobody. */
		agent_complain(t->agent, COMPLAINT_DROPPED,
			"the result of task '%s' does not fit status '%s'",
			t->id, task_status_name(t->status));
		buf_clear(&t->result);
		return 0;
	}
	if (m->started_at)
		t->started_at = m->started_at;
	t->ended_at = m->ended_at;
	t->end_seq = t->agent_seq;
	count_result(t, m);
	if (m->cancelled)
		take_receipt(t, m->receipt);
	else if (m->outcome == MSG_LOST ||
		 cancel_move(&t->cancel.phase, CANCEL_EV_MISS) != STATE_OK)
		(void)cancel_move(&t->cancel.phase, CANCEL_EV_LOSE);
	task_end(hub, t, m->failure, m->message);
	return 0;
}

static int
take(struct hub *hub, struct task *t, const struct msg *msg,
	const uint8_t *packed, size_t len)
{
	switch (msg->kind) {
	case MSG_STARTED: return on_started(hub, t, &msg->started, packed, len);
	case MSG_OUTPUT: return on_output(hub, t, msg->seq, &msg->output);
	case MSG_CANCEL_PHASE:
		on_phase(hub, t, msg->seq, &msg->cancel_phase);
		return 0;
	case MSG_RESULT: return on_result(hub, t, &msg->result, packed, len);
	case MSG_UNKNOWN: return 0; /* taken, not understood */
	case MSG_START:
	case MSG_CANCEL:
	case MSG_ACK:
	case MSG_ATTACH:
	case MSG_HELLO:
	case MSG_INVENTORY:
	case MSG_PLUGIN_DOWN: break;
	}
	return -EPROTO;
}

/* Numbers have no gap. After a restart of the server the transcript may be
 * ahead of the record, and the node may have forgotten what both have. */
static bool
is_next(const struct task *t, uint64_t seq)
{
	return seq == t->agent_seq + 1 ||
	       (seq > t->agent_seq && seq <= transcript_seq(t->transcript) + 1);
}

int
report_came(struct agent *a, const struct msg *msg, const uint8_t *packed,
	size_t len)
{
	struct task *t = hub_live(a->hub, msg->task_id);
	uint64_t before;
	int r;

	if (!t || t->agent != a) {
		/* Ended here, or never ours: late evidence. The node may forget
		 * it once it is over there as well. */
		if (t)
			agent_complain(a, COMPLAINT_DROPPED,
				"dropped what it says of task '%s', which is "
				"on agent '%s'",
				t->id, t->agent_id);
		if (!t && msg->kind == MSG_STARTED)
			inventory_stop(a, msg->task_id, msg->plugin);
		if (msg->kind == MSG_RESULT)
			ack_final(a, msg->task_id, msg->plugin, msg->seq);
		return REPORT_OK;
	}
	if (task_is_final(t->status)) {
		if (msg->kind == MSG_STARTED)
			inventory_recall(t);
		return REPORT_OK; /* answered when that is stored */
	}
	if (msg->seq <= t->agent_seq)
		return REPORT_OK; /* had it before the stream broke */
	if (!is_next(t, msg->seq))
		return REPORT_GAP;
	if (msg->kind == MSG_OUTPUT &&
		is_too_much(t, msg->seq, msg->output.len))
		return REPORT_TOO_MUCH;
	before = t->agent_seq;
	t->agent_seq = msg->seq; /* first: the store may be done at once */
	r = take(a->hub, t, msg, packed, len);
	if (r < 0)
		t->agent_seq = before;
	return r; /* t may be gone */
}
