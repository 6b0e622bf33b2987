/* response.c - what travels from an executor to the server (TaskResponse) */
#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "wire/convert.h"

/* ------------------------------------------------------------------ packing */

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
	Nodelink__V1__HookOutput hook;
};

static void
put_bytes(const struct msg_output *from, ProtobufCBinaryData *to)
{
	to->data = (uint8_t *)(uintptr_t)from->data;
	to->len = from->len;
}

static void
put_output(const struct msg_output *from, ProtobufCBinaryData *out,
	ProtobufCBinaryData *err)
{
	put_bytes(from, from->stream == MSG_STDERR ? err : out);
}

static void
put_hook_output(const struct msg_output *from, union body *body,
	Nodelink__V1__TaskResponse *resp)
{
	nodelink__v1__hook_output__init(&body->hook);
	put_bytes(from, &body->hook.data);
	resp->response_case = NODELINK__V1__TASK_RESPONSE__RESPONSE_HOOK_OUTPUT;
	resp->hook_output = &body->hook;
}

static int
put_started(struct arena *a, const struct msg_started *from, union body *body,
	Nodelink__V1__TaskResponse *resp)
{
	Nodelink__V1__Started *m = &body->started;

	nodelink__v1__started__init(m);
	m->at = from->at;
	m->pid = from->pid;
	m->containment = convert_text(from->containment);
	m->grace_ms = from->grace_ms;
	m->user = convert_text(from->user);
	m->timeout_ms = from->timeout_ms;
	m->seccomp = convert_text(from->seccomp);
	resp->response_case = NODELINK__V1__TASK_RESPONSE__RESPONSE_STARTED;
	resp->started = m;
	return convert_put_limits(a, &from->limits, &m->limits);
}

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

static void
put_cancel_phase(const struct msg_cancel_phase *from, union body *body,
	Nodelink__V1__TaskResponse *resp)
{
	Nodelink__V1__TaskCancelResponse *m = &body->cancel;

	nodelink__v1__task_cancel_response__init(m);
	m->phase = (Nodelink__V1__CancelPhase)from->phase;
	m->message = convert_text(from->message);
	m->at = from->at;
	m->code = from->code;
	m->reason = convert_text(from->reason);
	m->actor = convert_text(from->actor);
	resp->response_case = NODELINK__V1__TASK_RESPONSE__RESPONSE_TASK_CANCEL;
	resp->task_cancel = m;
}

static void
put_hello(const struct msg_hello *from, union body *body,
	Nodelink__V1__TaskResponse *resp)
{
	Nodelink__V1__Hello *m = &body->hello;

	nodelink__v1__hello__init(m);
	m->version = convert_text(from->version);
	m->boot_id = convert_text(from->boot_id);
	m->hostname = convert_text(from->hostname);
	resp->response_case = NODELINK__V1__TASK_RESPONSE__RESPONSE_HELLO;
	resp->hello = m;
}

static int
put_inventory(struct arena *a, const struct msg_inventory *from,
	union body *body, Nodelink__V1__TaskResponse *resp)
{
	nodelink__v1__inventory__init(&body->inventory);
	resp->response_case = NODELINK__V1__TASK_RESPONSE__RESPONSE_INVENTORY;
	resp->inventory = &body->inventory;
	return convert_put_inventory(a, from, &body->inventory);
}

static void
put_plugin_down(
	const char *reason, union body *body, Nodelink__V1__TaskResponse *resp)
{
	nodelink__v1__plugin_down__init(&body->down);
	body->down.reason = convert_text(reason);
	resp->response_case = NODELINK__V1__TASK_RESPONSE__RESPONSE_PLUGIN_DOWN;
	resp->plugin_down = &body->down;
}

static int
put_body(struct arena *a, const struct msg *msg, union body *body,
	Nodelink__V1__TaskResponse *resp)
{
	switch (msg->kind) {
	case MSG_RESULT:
		put_work(msg, body, resp);
		return convert_put_result(a, &msg->result, resp);
	case MSG_OUTPUT:
		if (msg->output.stream == MSG_HOOK)
			put_hook_output(&msg->output, body, resp);
		else
			put_work(msg, body, resp);
		return 0;
	case MSG_STARTED: return put_started(a, &msg->started, body, resp);
	case MSG_CANCEL_PHASE:
		put_cancel_phase(&msg->cancel_phase, body, resp);
		return 0;
	case MSG_HELLO: put_hello(&msg->hello, body, resp); return 0;
	case MSG_INVENTORY:
		return put_inventory(a, &msg->inventory, body, resp);
	case MSG_PLUGIN_DOWN:
		put_plugin_down(msg->plugin_down.reason, body, resp);
		return 0;
	case MSG_START:
	case MSG_CANCEL:
	case MSG_ACK:
	case MSG_ATTACH:
	case MSG_UNKNOWN: break;
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
get_output(enum msg_stream stream, const ProtobufCBinaryData *data,
	struct msg *msg, struct err *err)
{
	if (data->len > LIMIT_OUTPUT_CHUNK)
		return err_set(err, -EBADMSG,
			"output of %zu bytes in one response, the limit is %d",
			data->len, LIMIT_OUTPUT_CHUNK);
	msg->kind = MSG_OUTPUT;
	msg->output = (struct msg_output){ stream, data->data, data->len };
	return 0;
}

static int
get_work(const ProtobufCBinaryData *out, const ProtobufCBinaryData *err_data,
	struct msg *msg, struct err *err)
{
	if (out->len && err_data->len)
		return err_set(err, -EBADMSG,
			"a response with stdout and stderr at once");
	return out->len ? get_output(MSG_STDOUT, out, msg, err)
			: get_output(MSG_STDERR, err_data, msg, err);
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
		return get_work(&m->shell_execute->stdout,
			&m->shell_execute->stderr, msg, err);
	case NODELINK__V1__TASK_RESPONSE__RESPONSE_DOCKER_OPERATION:
		return get_work(&m->docker_operation->stdout,
			&m->docker_operation->stderr, msg, err);
	case NODELINK__V1__TASK_RESPONSE__RESPONSE_PLUGIN_TASK:
		return get_work(&m->plugin_task->stdout,
			&m->plugin_task->stderr, msg, err);
	case NODELINK__V1__TASK_RESPONSE__RESPONSE_TASK_CANCEL:
		msg->kind = MSG_CANCEL_PHASE;
		if ((unsigned)m->task_cancel->phase > MSG_PHASE_VERIFIED)
			return get_unknown(m, msg, err);
		msg->cancel_phase = (struct msg_cancel_phase){
			(enum msg_phase)m->task_cancel->phase,
			m->task_cancel->message, m->task_cancel->at,
			m->task_cancel->code, m->task_cancel->reason,
			m->task_cancel->actor
		};
		return 0;
	case NODELINK__V1__TASK_RESPONSE__RESPONSE_STARTED:
		msg->kind = MSG_STARTED;
		msg->started = (struct msg_started){ m->started->at,
			m->started->pid, m->started->containment,
			m->started->grace_ms, m->started->user,
			convert_get_limits(m->started->limits),
			m->started->timeout_ms, m->started->seccomp };
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
	case NODELINK__V1__TASK_RESPONSE__RESPONSE_HOOK_OUTPUT:
		return get_output(MSG_HOOK, &m->hook_output->data, msg, err);
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
	msg->instance = "";
	msg->seq = m->seq;
	if (m->is_final) {
		msg->kind = MSG_RESULT;
		return convert_get_result(a, m, &msg->result, err);
	}
	return get_body(a, m, msg, err);
}
