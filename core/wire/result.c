/* result.c - how a task ended, to and from protobuf */
#include <errno.h>

#include "base/limits.h"
#include "wire/convert.h"

/* ------------------------------------------------------------------ packing */

static int
put_receipt(struct arena *a, const struct msg_receipt *from,
	Nodelink__V1__TaskResult *result)
{
	Nodelink__V1__Receipt *m = arena_alloc(a, sizeof *m);
	Nodelink__V1__Survivor *killed;

	if (!m)
		return -ENOMEM;
	nodelink__v1__receipt__init(m);
	m->code = from->code;
	m->name = convert_text(from->name);
	m->reason = convert_text(from->reason);
	m->actor = convert_text(from->actor);
	m->requested_at = from->requested_at;
	m->delivered_at = from->delivered_at;
	m->signalled_at = from->signalled_at;
	m->killed_at = from->killed_at;
	m->verified_at = from->verified_at;
	m->signals = convert_texts(from->signals);
	m->n_signals = from->n_signals;
	m->survivors = from->survivors;
	m->containment = convert_text(from->containment);
	m->killed = arena_array(a, from->n_killed, sizeof(*m->killed));
	killed = arena_array(a, from->n_killed, sizeof *killed);
	if (!m->killed || !killed)
		return -ENOMEM;
	m->n_killed = from->n_killed;
	for (size_t i = 0; i < from->n_killed; i++) {
		nodelink__v1__survivor__init(&killed[i]);
		killed[i].pid = from->killed[i].pid;
		killed[i].name = convert_text(from->killed[i].name);
		m->killed[i] = &killed[i];
	}
	result->receipt = m;
	return 0;
}

static int
put_hooks(struct arena *a, const struct msg_result *from,
	Nodelink__V1__TaskResult *m)
{
	Nodelink__V1__HookRun *runs =
		arena_array(a, from->n_hooks, sizeof *runs);

	m->hooks = arena_array(a, from->n_hooks, sizeof(*m->hooks));
	if (!m->hooks || !runs)
		return -ENOMEM;
	m->n_hooks = from->n_hooks;
	for (size_t i = 0; i < from->n_hooks; i++) {
		const struct msg_hook_run *h = &from->hooks[i];

		nodelink__v1__hook_run__init(&runs[i]);
		runs[i].kind = convert_text(h->kind);
		runs[i].cmd = convert_text(h->cmd);
		runs[i].outcome = (Nodelink__V1__Outcome)h->outcome;
		runs[i].code = h->code;
		runs[i].timed_out = h->timed_out;
		runs[i].started_at = h->started_at;
		runs[i].duration_ms = h->duration_ms;
		m->hooks[i] = &runs[i];
	}
	return 0;
}

int
convert_put_result(struct arena *a, const struct msg_result *from,
	Nodelink__V1__TaskResponse *resp)
{
	Nodelink__V1__TaskResult *m = arena_alloc(a, sizeof *m);
	int r;

	if (!m)
		return -ENOMEM;
	nodelink__v1__task_result__init(m);
	resp->is_final = true;
	resp->cancelled = from->cancelled;
	/* The seed's clients: a cancelled task is COMPLETED and cancelled. */
	resp->status = from->ok || from->cancelled
			       ? NODELINK__V1__STATUS__COMPLETED
			       : NODELINK__V1__STATUS__FAILURE;
	m->outcome = (Nodelink__V1__Outcome)from->outcome;
	m->code = from->code;
	m->failure = convert_text(from->failure);
	m->message = convert_text(from->message);
	m->rule = convert_text(from->rule);
	m->started_at = from->started_at;
	m->ended_at = from->ended_at;
	m->stdout_bytes = from->stdout_bytes;
	m->stderr_bytes = from->stderr_bytes;
	m->dropped_bytes = from->dropped_bytes;
	resp->result = m;
	r = put_hooks(a, from, m);
	if (r < 0)
		return r;
	return from->receipt ? put_receipt(a, from->receipt, m) : 0;
}

/* ---------------------------------------------------------------- unpacking */

static int
get_receipt(
	struct arena *a, const Nodelink__V1__Receipt *m, struct msg_result *out)
{
	struct msg_receipt *to = arena_alloc(a, sizeof *to);
	struct msg_survivor *killed;

	killed = arena_array(a, m->n_killed, sizeof *killed);
	if (!to || !killed)
		return -ENOMEM;
	for (size_t i = 0; i < m->n_killed; i++) {
		killed[i].pid = m->killed[i]->pid;
		killed[i].name = m->killed[i]->name;
	}
	*to = (struct msg_receipt){ .code = m->code,
		.name = m->name,
		.reason = m->reason,
		.actor = m->actor,
		.requested_at = m->requested_at,
		.delivered_at = m->delivered_at,
		.signalled_at = m->signalled_at,
		.killed_at = m->killed_at,
		.verified_at = m->verified_at,
		.signals = (const char *const *)m->signals,
		.n_signals = m->n_signals,
		.killed = killed,
		.n_killed = m->n_killed,
		.survivors = m->survivors,
		.containment = m->containment };
	out->receipt = to;
	return 0;
}

static int
check_outcome(const char *what, Nodelink__V1__Outcome outcome, int32_t code,
	struct err *err)
{
	if ((unsigned)outcome > MSG_LOST)
		return err_set(err, -EBADMSG, "%s has unknown outcome %d", what,
			(int)outcome);
	if (outcome == NODELINK__V1__OUTCOME__SIGNALED &&
		(code < 1 || code > 64))
		return err_set(
			err, -EBADMSG, "%s has signal %d", what, (int)code);
	return 0;
}

static int
get_hooks(struct arena *a, const Nodelink__V1__TaskResult *m,
	struct msg_result *out, struct err *err)
{
	struct msg_hook_run *runs;
	int r;

	if (m->n_hooks > LIMIT_HOOK_RUNS)
		return err_set(err, -EBADMSG,
			"result names %zu hooks, the limit is %d", m->n_hooks,
			LIMIT_HOOK_RUNS);
	runs = arena_array(a, m->n_hooks, sizeof *runs);
	if (!runs)
		return -ENOMEM;
	for (size_t i = 0; i < m->n_hooks; i++) {
		const Nodelink__V1__HookRun *h = m->hooks[i];

		r = check_outcome("hook", h->outcome, h->code, err);
		if (r < 0)
			return r;
		runs[i] = (struct msg_hook_run){ h->kind, h->cmd,
			(enum msg_outcome)h->outcome, h->code, h->timed_out,
			h->started_at, h->duration_ms };
	}
	out->hooks = runs;
	out->n_hooks = m->n_hooks;
	return 0;
}

int
convert_get_result(struct arena *a, const Nodelink__V1__TaskResponse *resp,
	struct msg_result *out, struct err *err)
{
	const Nodelink__V1__TaskResult *m = resp->result;
	int r;

	if (!m)
		return err_set(
			err, -EBADMSG, "a final response without result");
	r = check_outcome("result", m->outcome, m->code, err);
	if (r < 0)
		return r;
	*out = (struct msg_result){
		.ok = resp->status == NODELINK__V1__STATUS__COMPLETED &&
		      !resp->cancelled,
		.cancelled = resp->cancelled,
		.outcome = (enum msg_outcome)m->outcome,
		.code = m->code,
		.failure = m->failure,
		.message = m->message,
		.rule = m->rule,
		.started_at = m->started_at,
		.ended_at = m->ended_at,
		.stdout_bytes = m->stdout_bytes,
		.stderr_bytes = m->stderr_bytes,
		.dropped_bytes = m->dropped_bytes,
	};
	r = get_hooks(a, m, out, err);
	if (r < 0)
		return r;
	return m->receipt ? get_receipt(a, m->receipt, out) : 0;
}
