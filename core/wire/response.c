/* response.c - what travels from an executor to the server (TaskResponse) */
#include <errno.h>
#include <string.h>

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
put_result(struct arena *a, const struct msg_result *from,
	Nodelink__V1__TaskResponse *resp)
{
	Nodelink__V1__TaskResult *m = arena_alloc(a, sizeof *m);

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
	m->started_at = from->started_at;
	m->ended_at = from->ended_at;
	m->stdout_bytes = from->stdout_bytes;
	m->stderr_bytes = from->stderr_bytes;
	m->dropped_bytes = from->dropped_bytes;
	resp->result = m;
	return from->receipt ? put_receipt(a, from->receipt, m) : 0;
}

static void
put_output(const struct msg_output *from, ProtobufCBinaryData *out,
	ProtobufCBinaryData *err)
{
	ProtobufCBinaryData *to = from->stream == MSG_STDERR ? err : out;

	to->data = (uint8_t *)(uintptr_t)from->data;
	to->len = from->len;
}

/* One message may hold any of these; they live until it is packed. */
union body {
	Nodelink__V1__ShellExecuteResponse shell;
	Nodelink__V1__DockerOperationResponse docker;
	Nodelink__V1__PluginTaskResponse plugin;
	Nodelink__V1__TaskCancelResponse cancel;
	Nodelink__V1__Started started;
	Nodelink__V1__Hello hello;
	Nodelink__V1__Inventory inventory;
	Nodelink__V1__PluginDown down;
};

/* Output and results have the seed's forms: one per kind of plugin. */
static void
put_work(const struct msg *msg, union body *body,
	Nodelink__V1__TaskResponse *resp)
{
	const char *plugin = msg->plugin ? msg->plugin : "";
	const struct msg_output none = { .stream = MSG_STDOUT };
	const struct msg_output *o = &none;
	int32_t code = 0;

	if (msg->kind == MSG_OUTPUT)
		o = &msg->output;
	else if (msg->result.outcome == MSG_EXITED)
		code = msg->result.code;
	if (strcmp(plugin, "shell") == 0) {
		nodelink__v1__shell_execute_response__init(&body->shell);
		put_output(o, &body->shell.stdout, &body->shell.stderr);
		body->shell.exit_code = code;
		resp->response_case =
			NODELINK__V1__TASK_RESPONSE__RESPONSE_SHELL_EXECUTE;
		resp->shell_execute = &body->shell;
	} else if (strcmp(plugin, "docker") == 0) {
		nodelink__v1__docker_operation_response__init(&body->docker);
		put_output(o, &body->docker.stdout, &body->docker.stderr);
		body->docker.exit_code = code;
		resp->response_case =
			NODELINK__V1__TASK_RESPONSE__RESPONSE_DOCKER_OPERATION;
		resp->docker_operation = &body->docker;
	} else {
		nodelink__v1__plugin_task_response__init(&body->plugin);
		put_output(o, &body->plugin.stdout, &body->plugin.stderr);
		body->plugin.exit_code = code;
		resp->response_case =
			NODELINK__V1__TASK_RESPONSE__RESPONSE_PLUGIN_TASK;
		resp->plugin_task = &body->plugin;
	}
}

static int
put_body(struct arena *a, const struct msg *msg, union body *body,
	Nodelink__V1__TaskResponse *resp)
{
	int r = 0;

	switch (msg->kind) {
	case MSG_RESULT:
		r = put_result(a, &msg->result, resp);
		put_work(msg, body, resp);
		return r;
	case MSG_OUTPUT: put_work(msg, body, resp); return 0;
	case MSG_STARTED:
		nodelink__v1__started__init(&body->started);
		body->started.at = msg->started.at;
		body->started.pid = msg->started.pid;
		body->started.containment =
			convert_text(msg->started.containment);
		body->started.grace_ms = msg->started.grace_ms;
		resp->response_case =
			NODELINK__V1__TASK_RESPONSE__RESPONSE_STARTED;
		resp->started = &body->started;
		return 0;
	case MSG_CANCEL_PHASE:
		nodelink__v1__task_cancel_response__init(&body->cancel);
		body->cancel.phase =
			(Nodelink__V1__CancelPhase)msg->cancel_phase.phase;
		body->cancel.message = convert_text(msg->cancel_phase.message);
		body->cancel.at = msg->cancel_phase.at;
		resp->response_case =
			NODELINK__V1__TASK_RESPONSE__RESPONSE_TASK_CANCEL;
		resp->task_cancel = &body->cancel;
		return 0;
	case MSG_HELLO:
		nodelink__v1__hello__init(&body->hello);
		body->hello.version = convert_text(msg->hello.version);
		body->hello.boot_id = convert_text(msg->hello.boot_id);
		body->hello.hostname = convert_text(msg->hello.hostname);
		resp->response_case =
			NODELINK__V1__TASK_RESPONSE__RESPONSE_HELLO;
		resp->hello = &body->hello;
		return 0;
	case MSG_INVENTORY:
		nodelink__v1__inventory__init(&body->inventory);
		resp->response_case =
			NODELINK__V1__TASK_RESPONSE__RESPONSE_INVENTORY;
		resp->inventory = &body->inventory;
		return convert_put_inventory(
			a, &msg->inventory, &body->inventory);
	case MSG_UNKNOWN: break;
	case MSG_PLUGIN_DOWN:
		nodelink__v1__plugin_down__init(&body->down);
		body->down.reason = convert_text(msg->plugin_down.reason);
		resp->response_case =
			NODELINK__V1__TASK_RESPONSE__RESPONSE_PLUGIN_DOWN;
		resp->plugin_down = &body->down;
		return 0;
	case MSG_START:
	case MSG_CANCEL:
	case MSG_ACK:
	case MSG_ATTACH: break;
	}
	return -EINVAL;
}

int
convert_pack_response(struct arena *a, const struct msg *msg, struct buf *out)
{
	Nodelink__V1__TaskResponse resp;
	union body body;
	int r;

	nodelink__v1__task_response__init(&resp);
	resp.agent_id = convert_text(msg->agent_id);
	resp.task_id = convert_text(msg->task_id);
	resp.plugin = convert_text(msg->plugin);
	resp.seq = msg->seq;
	r = put_body(a, msg, &body, &resp);
	return r < 0 ? r : convert_append(&resp.base, out);
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
get_result(struct arena *a, const Nodelink__V1__TaskResponse *resp,
	struct msg_result *out, struct err *err)
{
	const Nodelink__V1__TaskResult *m = resp->result;

	if (!m)
		return err_set(
			err, -EBADMSG, "a final response without result");
	if ((unsigned)m->outcome > MSG_LOST)
		return err_set(err, -EBADMSG, "result has unknown outcome %d",
			(int)m->outcome);
	if (m->outcome == NODELINK__V1__OUTCOME__SIGNALED &&
		(m->code < 1 || m->code > 64))
		return err_set(
			err, -EBADMSG, "result has signal %d", (int)m->code);
	*out = (struct msg_result){
		.ok = resp->status == NODELINK__V1__STATUS__COMPLETED &&
		      !resp->cancelled,
		.cancelled = resp->cancelled,
		.outcome = (enum msg_outcome)m->outcome,
		.code = m->code,
		.failure = m->failure,
		.message = m->message,
		.started_at = m->started_at,
		.ended_at = m->ended_at,
		.stdout_bytes = m->stdout_bytes,
		.stderr_bytes = m->stderr_bytes,
		.dropped_bytes = m->dropped_bytes,
	};
	return m->receipt ? get_receipt(a, m->receipt, out) : 0;
}

static int
get_output(const ProtobufCBinaryData *out, const ProtobufCBinaryData *err_data,
	struct msg *msg, struct err *err)
{
	const ProtobufCBinaryData *data = out->len ? out : err_data;

	if (out->len && err_data->len)
		return err_set(err, -EBADMSG,
			"a response with stdout and stderr at once");
	if (data->len > LIMIT_OUTPUT_CHUNK)
		return err_set(err, -EBADMSG,
			"output of %zu bytes in one response, the limit is %d",
			data->len, LIMIT_OUTPUT_CHUNK);
	msg->kind = MSG_OUTPUT;
	msg->output.stream = out->len ? MSG_STDOUT : MSG_STDERR;
	msg->output.data = data->data;
	msg->output.len = data->len;
	return 0;
}

/* A newer agent's. What it says about a task has a number all the same. */
static int
get_unknown(
	const Nodelink__V1__TaskResponse *m, struct msg *msg, struct err *err)
{
	msg->kind = MSG_UNKNOWN;
	if (m->seq)
		return 0;
	return err_set(err, -EOPNOTSUPP,
		"a response of a kind this version does not know");
}

static int
get_body(struct arena *a, const Nodelink__V1__TaskResponse *m, struct msg *msg,
	struct err *err)
{
	switch (m->response_case) {
	case NODELINK__V1__TASK_RESPONSE__RESPONSE_SHELL_EXECUTE:
		return get_output(&m->shell_execute->stdout,
			&m->shell_execute->stderr, msg, err);
	case NODELINK__V1__TASK_RESPONSE__RESPONSE_DOCKER_OPERATION:
		return get_output(&m->docker_operation->stdout,
			&m->docker_operation->stderr, msg, err);
	case NODELINK__V1__TASK_RESPONSE__RESPONSE_PLUGIN_TASK:
		return get_output(&m->plugin_task->stdout,
			&m->plugin_task->stderr, msg, err);
	case NODELINK__V1__TASK_RESPONSE__RESPONSE_TASK_CANCEL:
		msg->kind = MSG_CANCEL_PHASE;
		if ((unsigned)m->task_cancel->phase > MSG_PHASE_UNKILLABLE)
			return get_unknown(m, msg, err);
		msg->cancel_phase = (struct msg_cancel_phase){
			(enum msg_phase)m->task_cancel->phase,
			m->task_cancel->message, m->task_cancel->at
		};
		return 0;
	case NODELINK__V1__TASK_RESPONSE__RESPONSE_STARTED:
		msg->kind = MSG_STARTED;
		msg->started =
			(struct msg_started){ m->started->at, m->started->pid,
				m->started->containment, m->started->grace_ms };
		return 0;
	case NODELINK__V1__TASK_RESPONSE__RESPONSE_HELLO:
		msg->kind = MSG_HELLO;
		msg->hello = (struct msg_hello){ m->hello->version,
			m->hello->boot_id, m->hello->hostname };
		return 0;
	case NODELINK__V1__TASK_RESPONSE__RESPONSE_INVENTORY:
		msg->kind = MSG_INVENTORY;
		return convert_get_inventory(
			a, m->inventory, &msg->inventory, err);
	case NODELINK__V1__TASK_RESPONSE__RESPONSE_PLUGIN_DOWN:
		msg->kind = MSG_PLUGIN_DOWN;
		msg->plugin_down.reason = m->plugin_down->reason;
		return 0;
	default: /* somebody else's enum */ return get_unknown(m, msg, err);
	}
}

int
convert_response(struct arena *a, const Nodelink__V1__TaskResponse *m,
	struct msg *msg, struct err *err)
{
	msg->agent_id = m->agent_id;
	msg->task_id = m->task_id;
	msg->plugin = m->plugin;
	msg->seq = m->seq;
	if (m->is_final) {
		msg->kind = MSG_RESULT;
		return get_result(a, m, &msg->result, err);
	}
	return get_body(a, m, msg, err);
}
