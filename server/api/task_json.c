/* task_json.c - a task's record as JSON */
#include <string.h>

#include "api/internal.h"
#include "base/parse.h"
#include "store/transcript.h"
#include "task/reason.h"
#include "wire/msg.h"

static void
emit_param(struct emit *e, const struct msg_param *p, bool hide)
{
	if (hide) {
		emit_foreign(e, p->name, "***");
	} else if (p->n_values == 1) {
		emit_foreign(e, p->name, p->values[0]);
	} else {
		emit_foreign_array(e, p->name);
		for (size_t i = 0; i < p->n_values; i++)
			emit_text(e, NULL, p->values[i]);
		emit_array_end(e);
	}
}

/* The plugin's own word on what is secret; NULL: not known (any more). */
static struct msg_box *
inventory_of(struct hub *hub, const struct task *t)
{
	const struct agent *a = hub_agent(hub, t->agent_id);
	const struct hub_plugin *p = a ? agent_plugin(a, t->plugin) : NULL;
	struct msg_box *box = NULL;

	if (!p || !p->inventory.len ||
		msg_unpack(MSG_TO_SERVER, p->inventory.data, p->inventory.len,
			&box, NULL) < 0)
		return NULL;
	return box;
}

static bool
is_secret(const struct msg_inventory *inventory, const char *name)
{
	for (size_t i = 0; i < inventory->n_params; i++)
		if (strcmp(inventory->params[i].name, name) == 0)
			return inventory->params[i].secret;
	return true; /* not a field of it, so nobody vouches for it */
}

static void
emit_params(struct emit *e, struct hub *hub, const struct task *t,
	const struct msg_start *start)
{
	/* These two have no secret fields, whatever an agent may say. */
	bool open = strcmp(t->plugin, "shell") == 0 ||
		    strcmp(t->plugin, "docker") == 0;
	AUTO(msg_free)
	struct msg_box *box = open ? NULL : inventory_of(hub, t);

	emit_object(e, "params");
	for (size_t i = 0; i < start->n_params; i++) {
		const struct msg_param *p = &start->params[i];

		emit_param(e, p,
			!open && (!box || is_secret(&msg_get(box)->inventory,
						  p->name)));
	}
	emit_object_end(e);
}

static void
emit_start(struct emit *e, struct hub *hub, const struct task *t,
	const struct msg_start *start)
{
	const char *cmd = NULL;

	for (size_t i = 0; i < start->n_params; i++)
		if (strcmp(start->params[i].name, "cmd") == 0 &&
			start->params[i].n_values == 1)
			cmd = start->params[i].values[0];
	if (strcmp(t->plugin, "shell") == 0)
		emit_text_or_null(e, "cmd", cmd);
	emit_params(e, hub, t, start);
	emit_object(e, "stop");
	emit_text(e, "signal",
		start->stop_signal ? signal_name((int)start->stop_signal)
				   : "SIGTERM");
	emit_seconds(e, "grace", t->grace_ms);
	emit_object_end(e);
	emit_uint(e, "output_limit", start->output_limit);
	emit_text(e, "orphans", start->wait_orphans ? "wait" : "kill");
	emit_bool(e, "strict_containment", start->strict);
}

static void
emit_labels(struct emit *e, const struct task *t)
{
	emit_object(e, "labels");
	for (size_t i = 0; i < t->n_labels; i++)
		emit_foreign(e, t->labels[i].name, t->labels[i].value);
	emit_object_end(e);
}

void
task_json_receipt(struct emit *e, const struct msg_result *result)
{
	const struct msg_receipt *r = result ? result->receipt : NULL;

	if (!r) {
		emit_null(e, "receipt");
		return;
	}
	emit_object(e, "receipt");
	emit_uint(e, "code", r->code);
	emit_text(e, "name", r->name);
	emit_text_or_null(e, "reason", r->reason);
	emit_text_or_null(e, "actor", r->actor);
	emit_time(e, "requested_at", r->requested_at);
	emit_time(e, "delivered_at", r->delivered_at);
	emit_time(e, "signalled_at", r->signalled_at);
	emit_time(e, "killed_at", r->killed_at);
	emit_time(e, "verified_at", r->verified_at);
	emit_array(e, "signals");
	for (size_t i = 0; i < r->n_signals; i++)
		emit_text(e, NULL, r->signals[i]);
	emit_array_end(e);
	emit_array(e, "killed");
	for (size_t i = 0; i < r->n_killed; i++) {
		emit_object(e, NULL);
		emit_int(e, "pid", r->killed[i].pid);
		emit_text(e, "name", r->killed[i].name);
		emit_object_end(e);
	}
	emit_array_end(e);
	emit_uint(e, "survivors", r->survivors);
	emit_text_or_null(e, "containment", r->containment);
	emit_object_end(e);
}

void
task_json_cancel(struct emit *e, const struct task *t)
{
	const struct task_cancel *c = &t->cancel;

	if (c->phase == CANCEL_NONE) {
		emit_null(e, "cancel");
		return;
	}
	emit_object(e, "cancel");
	emit_text(e, "phase", cancel_phase_name(c->phase));
	emit_uint(e, "code", c->code);
	emit_text_or_null(e, "name", reason_name(c->code));
	emit_text_or_null(e, "reason", c->reason);
	emit_text_or_null(e, "actor", c->actor);
	emit_seconds(e, "grace", c->grace_ms);
	emit_uint(e, "requests", c->requests);
	emit_time(e, "requested_at", c->requested_at);
	emit_time(e, "delivered_at", c->delivered_at);
	emit_time(e, "stopping_at", c->stopping_at);
	emit_time(e, "killing_at", c->killing_at);
	emit_time(e, "verified_at", c->verified_at);
	emit_object_end(e);
}

static void
emit_end(struct emit *e, const struct task *t, const struct msg_result *result)
{
	const struct transcript *log = t->transcript;

	if (result && result->outcome == MSG_EXITED)
		emit_int(e, "exit_code", result->code);
	else
		emit_null(e, "exit_code");
	emit_text_or_null(e, "signal",
		result && result->outcome == MSG_SIGNALED
			? signal_name(result->code)
			: NULL);
	emit_text_or_null(e, "failure", t->failure);
	emit_text_or_null(e, "message", t->message);
	task_json_cancel(e, t);
	task_json_receipt(e, result);
	emit_object(e, "output");
	emit_uint(e, "stdout_bytes",
		log ? transcript_bytes(log, TRANSCRIPT_STDOUT) : 0);
	emit_uint(e, "stderr_bytes",
		log ? transcript_bytes(log, TRANSCRIPT_STDERR) : 0);
	emit_uint(e, "dropped_bytes", result ? result->dropped_bytes : 0);
	emit_object_end(e);
}

void
task_json(struct emit *e, struct hub *hub, const struct task *t)
{
	AUTO(msg_free) struct msg_box *start = NULL;
	AUTO(msg_free) struct msg_box *result = NULL;

	/* Both were made or checked by the hub: failing means no memory, and
	 * a record without them is still of use. */
	if (t->start.len)
		(void)msg_unpack(MSG_TO_AGENT, t->start.data, t->start.len,
			&start, NULL);
	if (t->result.len)
		(void)msg_unpack(MSG_TO_SERVER, t->result.data, t->result.len,
			&result, NULL);
	emit_text(e, "task_id", t->id);
	emit_text(e, "agent_id", t->agent_id);
	emit_text(e, "plugin", t->plugin);
	emit_text(e, "status", task_status_name(t->status));
	emit_time(e, "created_at", t->created_at);
	emit_time(e, "sent_at", t->sent_at);
	emit_time(e, "started_at", t->started_at);
	emit_time(e, "finished_at", t->ended_at);
	if (start)
		emit_start(e, hub, t, &msg_get(start)->start);
	emit_seconds(e, "timeout", t->timeout_ms);
	emit_seconds(e, "start_timeout", t->start_timeout_ms);
	emit_labels(e, t);
	if (t->pid)
		emit_int(e, "pid", t->pid);
	else
		emit_null(e, "pid");
	emit_text_or_null(e, "containment", t->containment);
	emit_end(e, t, result ? &msg_get(result)->result : NULL);
}
