/* task_json_end.c - how a task ended, and on what evidence, as JSON */
#include "api/internal.h"
#include "base/err.h"
#include "base/parse.h"
#include "store/transcript.h"
#include "task/reason.h"
#include "wire/msg.h"

/* "exit_code" and "signal": one of them, or none. */
static void
emit_outcome(struct emit *e, enum msg_outcome outcome, int32_t code)
{
	if (outcome == MSG_EXITED)
		emit_int(e, "exit_code", code);
	else
		emit_null(e, "exit_code");
	emit_text_or_null(e, "signal",
		outcome == MSG_SIGNALED ? signal_name(code) : NULL);
}

/* Why it has neither exit code nor signal. */
static const char *
hook_error(const struct msg_hook_run *h)
{
	if (h->outcome == MSG_LOST)
		return "it survives SIGKILL";
	return h->outcome == MSG_NOT_STARTED ? err_name(h->code) : NULL;
}

static void
emit_hooks(struct emit *e, const struct msg_result *result)
{
	emit_array(e, "hooks");
	for (size_t i = 0; result && i < result->n_hooks; i++) {
		const struct msg_hook_run *h = &result->hooks[i];

		emit_object(e, NULL);
		emit_text(e, "kind", h->kind);
		emit_text(e, "cmd", h->cmd);
		emit_outcome(e, h->outcome, h->code);
		emit_text_or_null(e, "error", hook_error(h));
		emit_bool(e, "timed_out", h->timed_out);
		emit_time(e, "started_at", h->started_at);
		emit_seconds(e, "duration", h->duration_ms);
		emit_object_end(e);
	}
	emit_array_end(e);
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
	emit_hooks(e, result);
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
	emit_text_or_null(e, "name", task_cancel_name(c));
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

/* The sums are there when nothing more can come. */
static void
emit_output(
	struct emit *e, const struct task *t, const struct msg_result *result)
{
	static const struct {
		const char *bytes, *sum;
		enum transcript_kind kind;
	} streams[] = {
		{ "stdout_bytes", "stdout_sha256", TRANSCRIPT_STDOUT },
		{ "stderr_bytes", "stderr_sha256", TRANSCRIPT_STDERR },
		{ "hook_bytes", "hook_sha256", TRANSCRIPT_HOOK },
	};
	const struct transcript *log = t->transcript;
	char sum[TRANSCRIPT_SUM] = "";

	emit_object(e, "output");
	for (size_t i = 0; i < ARRAY_SIZE(streams); i++)
		emit_uint(e, streams[i].bytes,
			log ? transcript_bytes(log, streams[i].kind) : 0);
	for (size_t i = 0; i < ARRAY_SIZE(streams); i++) {
		if (log && transcript_ended(log))
			(void)transcript_sum(log, streams[i].kind, sum);
		emit_text_or_null(e, streams[i].sum, sum);
	}
	emit_uint(e, "dropped_bytes", result ? result->dropped_bytes : 0);
	emit_object_end(e);
}

void
task_json_end(
	struct emit *e, const struct task *t, const struct msg_result *result)
{
	emit_outcome(e, result ? result->outcome : MSG_LOST,
		result ? result->code : 0);
	emit_text_or_null(e, "failure", t->failure);
	emit_text_or_null(e, "rule", result ? result->rule : NULL);
	emit_text_or_null(e, "message", t->message);
	task_json_cancel(e, t);
	task_json_receipt(e, result);
	emit_hooks(e, result);
	emit_output(e, t, result);
}
