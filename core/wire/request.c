/* request.c - what travels from the server to an executor (TaskRequest) */
#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "wire/convert.h"

/* ------------------------------------------------------------------ packing */

/* The params that have no member of their own in ShellExecute and
 * DockerOperation travel as a list. */
struct named {
	const char *name;
	char **where;
};

static bool
put_named(const struct named *named, size_t n, const struct msg_param *param)
{
	for (size_t i = 0; i < n; i++)
		if (param->n_values == 1 &&
			strcmp(named[i].name, param->name) == 0) {
			*named[i].where = convert_text(param->values[0]);
			return true;
		}
	return false;
}

static int
put_params(struct arena *a, const struct msg_start *start,
	const struct named *named, size_t n_named, Nodelink__V1__Param ***out,
	size_t *n_out)
{
	Nodelink__V1__Param **list, *params;
	size_t n = 0;

	list = arena_array(a, start->n_params, sizeof *list);
	params = arena_array(a, start->n_params, sizeof *params);
	if (!list || !params)
		return -ENOMEM;
	for (size_t i = 0; i < start->n_params; i++) {
		const struct msg_param *from = &start->params[i];

		if (put_named(named, n_named, from))
			continue;
		nodelink__v1__param__init(&params[n]);
		params[n].name = convert_text(from->name);
		params[n].values = convert_texts(from->values);
		params[n].n_values = from->n_values;
		list[n] = &params[n];
		n++;
	}
	*out = list;
	*n_out = n;
	return 0;
}

static int
put_shell(struct arena *a, const struct msg_start *start,
	Nodelink__V1__TaskRequest *req)
{
	Nodelink__V1__ShellExecute *m = arena_alloc(a, sizeof *m);

	if (!m)
		return -ENOMEM;
	nodelink__v1__shell_execute__init(m);
	req->task_case = NODELINK__V1__TASK_REQUEST__TASK_SHELL_EXECUTE;
	req->shell_execute = m;
	m->user = convert_text(start->user); /* where older nodes look */
	const struct named named[] = { { "cmd", &m->cmd }, { "cwd", &m->cwd },
		{ "shell", &m->shell } };
	return put_params(
		a, start, named, ARRAY_SIZE(named), &m->params, &m->n_params);
}

static int
put_docker(struct arena *a, const struct msg_start *start,
	Nodelink__V1__TaskRequest *req)
{
	Nodelink__V1__DockerOperation *m = arena_alloc(a, sizeof *m);

	if (!m)
		return -ENOMEM;
	nodelink__v1__docker_operation__init(m);
	req->task_case = NODELINK__V1__TASK_REQUEST__TASK_DOCKER_OPERATION;
	req->docker_operation = m;
	const struct named named[] = { { "operation", &m->operation },
		{ "image", &m->image }, { "container_id", &m->container_id } };
	return put_params(
		a, start, named, ARRAY_SIZE(named), &m->params, &m->n_params);
}

static int
put_plugin_task(struct arena *a, const struct msg_start *start,
	Nodelink__V1__TaskRequest *req)
{
	Nodelink__V1__PluginTask *m = arena_alloc(a, sizeof *m);

	if (!m)
		return -ENOMEM;
	nodelink__v1__plugin_task__init(m);
	req->task_case = NODELINK__V1__TASK_REQUEST__TASK_PLUGIN_TASK;
	req->plugin_task = m;
	return put_params(a, start, NULL, 0, &m->params, &m->n_params);
}

static int
put_start(
	struct arena *a, const struct msg *msg, Nodelink__V1__TaskRequest *req)
{
	const char *plugin = msg->plugin ? msg->plugin : "";
	int r = convert_put_options(a, &msg->start, req);

	if (r < 0)
		return r;
	if (strcmp(plugin, "shell") == 0)
		return put_shell(a, &msg->start, req);
	if (strcmp(plugin, "docker") == 0)
		return put_docker(a, &msg->start, req);
	return put_plugin_task(a, &msg->start, req);
}

/* What is neither a start nor in the arena lives here until it is packed. */
union body {
	Nodelink__V1__TaskCancel cancel;
	Nodelink__V1__Ack ack;
	Nodelink__V1__Attach attach;
};

static void
put_cancel(const struct msg_cancel *from, union body *body,
	Nodelink__V1__TaskRequest *req)
{
	Nodelink__V1__TaskCancel *m = &body->cancel;

	nodelink__v1__task_cancel__init(m);
	m->reason = convert_text(from->reason);
	m->code = from->code;
	m->name = convert_text(from->name);
	m->actor = convert_text(from->actor);
	m->grace_ms = from->grace_ms;
	m->requested_at = from->requested_at;
	req->task_case = NODELINK__V1__TASK_REQUEST__TASK_TASK_CANCEL;
	req->task_cancel = m;
}

static void
put_ack(const struct msg_ack *from, union body *body,
	Nodelink__V1__TaskRequest *req)
{
	Nodelink__V1__Ack *m = &body->ack;

	nodelink__v1__ack__init(m);
	m->seq = from->seq;
	m->window = from->window;
	m->final = from->final;
	req->task_case = NODELINK__V1__TASK_REQUEST__TASK_ACK;
	req->ack = m;
}

static void
put_attach(union body *body, Nodelink__V1__TaskRequest *req)
{
	nodelink__v1__attach__init(&body->attach);
	req->task_case = NODELINK__V1__TASK_REQUEST__TASK_ATTACH;
	req->attach = &body->attach;
}

static int
put_body(struct arena *a, const struct msg *msg, union body *body,
	Nodelink__V1__TaskRequest *req)
{
	switch (msg->kind) {
	case MSG_START:
		req->instance = convert_text(msg->instance);
		return put_start(a, msg, req);
	case MSG_CANCEL:
		req->instance = convert_text(msg->instance);
		put_cancel(&msg->cancel, body, req);
		return 0;
	case MSG_ACK: put_ack(&msg->ack, body, req); return 0;
	case MSG_ATTACH: put_attach(body, req); return 0;
	case MSG_STARTED:
	case MSG_OUTPUT:
	case MSG_CANCEL_PHASE:
	case MSG_RESULT:
	case MSG_HELLO:
	case MSG_INVENTORY:
	case MSG_PLUGIN_DOWN:
	case MSG_UNKNOWN: break;
	}
	return -EINVAL;
}

int
convert_pack_request(struct arena *a, const struct msg *msg, struct buf *out)
{
	Nodelink__V1__TaskRequest req;
	union body body;
	int r;

	nodelink__v1__task_request__init(&req);
	req.agent_id = convert_text(msg->agent_id);
	req.task_id = convert_text(msg->task_id);
	req.plugin = convert_text(msg->plugin);
	r = put_body(a, msg, &body, &req);
	return r < 0 ? r : convert_append(&req.base, out);
}

/* ---------------------------------------------------------------- unpacking */

static int
get_param(struct msg_param *to, const char *name, char **values, size_t n,
	struct err *err)
{
	if (n > LIMIT_LIST)
		return err_set(err, -EBADMSG,
			"field '%s' has %zu values, the limit is %d", name, n,
			LIMIT_LIST);
	to->name = name;
	to->values = (const char *const *)values;
	to->n_values = n;
	return 0;
}

/* The members with a name of their own come first; empty is absent. */
static int
get_params(struct arena *a, const struct named *named, size_t n_named,
	Nodelink__V1__Param *const *list, size_t n, struct msg_start *out,
	struct err *err)
{
	struct msg_param *params;
	size_t used = 0;
	int r;

	if (n > LIMIT_PARAMS)
		return err_set(err, -EBADMSG, "%zu params, the limit is %d", n,
			LIMIT_PARAMS);
	params = arena_array(a, n_named + n, sizeof *params);
	if (!params)
		return -ENOMEM;
	for (size_t i = 0; i < n_named; i++)
		if (**named[i].where)
			(void)get_param(&params[used++], named[i].name,
				named[i].where, 1, err); /* 1 is in the limit */
	for (size_t i = 0; i < n; i++) {
		r = get_param(&params[used++], list[i]->name, list[i]->values,
			list[i]->n_values, err);
		if (r < 0)
			return r;
	}
	out->params = params;
	out->n_params = used;
	return 0;
}

static int
get_shell(struct arena *a, Nodelink__V1__ShellExecute *m, struct msg *msg,
	struct err *err)
{
	const struct named named[] = { { "cmd", &m->cmd }, { "cwd", &m->cwd },
		{ "shell", &m->shell } };

	if (!*msg->plugin)
		msg->plugin = "shell"; /* the seed's form names none */
	msg->start.user = m->user; /* and its user, who is an option now */
	return get_params(a, named, ARRAY_SIZE(named), m->params, m->n_params,
		&msg->start, err);
}

static int
get_docker(struct arena *a, Nodelink__V1__DockerOperation *m, struct msg *msg,
	struct err *err)
{
	const struct named named[] = { { "operation", &m->operation },
		{ "image", &m->image }, { "container_id", &m->container_id } };

	if (!*msg->plugin)
		msg->plugin = "docker";
	return get_params(a, named, ARRAY_SIZE(named), m->params, m->n_params,
		&msg->start, err);
}

/* A cancel is not refused for being wordy, but its words travel on: to the
 * environment of hooks, and back with the result, which has to fit. */
static const char *
shortened(char *text)
{
	size_t len = strlen(text);

	if (len > LIMIT_REASON) {
		len = LIMIT_REASON;
		text[len - utf8_cut((const uint8_t *)text, len)] = 0;
	}
	return text;
}

static void
get_cancel(const Nodelink__V1__TaskCancel *m, struct msg_cancel *out)
{
	out->reason = shortened(m->reason);
	out->code = m->code;
	out->name = shortened(m->name);
	out->actor = shortened(m->actor);
	out->grace_ms = m->grace_ms;
	out->requested_at = m->requested_at;
}

int
convert_request(struct arena *a, const Nodelink__V1__TaskRequest *m,
	struct msg *msg, struct err *err)
{
	int r = 0;

	msg->agent_id = m->agent_id;
	msg->task_id = m->task_id;
	msg->plugin = m->plugin;
	msg->instance = m->instance;
	msg->kind = MSG_START;
	switch (m->task_case) {
	case NODELINK__V1__TASK_REQUEST__TASK_SHELL_EXECUTE:
		r = get_shell(a, m->shell_execute, msg, err);
		break;
	case NODELINK__V1__TASK_REQUEST__TASK_DOCKER_OPERATION:
		r = get_docker(a, m->docker_operation, msg, err);
		break;
	case NODELINK__V1__TASK_REQUEST__TASK_PLUGIN_TASK:
		r = get_params(a, NULL, 0, m->plugin_task->params,
			m->plugin_task->n_params, &msg->start, err);
		break;
	case NODELINK__V1__TASK_REQUEST__TASK_TASK_CANCEL:
		msg->kind = MSG_CANCEL;
		get_cancel(m->task_cancel, &msg->cancel);
		return 0;
	case NODELINK__V1__TASK_REQUEST__TASK_ACK:
		msg->kind = MSG_ACK;
		msg->ack.seq = m->ack->seq;
		msg->ack.window = m->ack->window;
		msg->ack.final = m->ack->final;
		return 0;
	case NODELINK__V1__TASK_REQUEST__TASK_ATTACH:
		msg->kind = MSG_ATTACH;
		return 0;
	default: /* a newer server's message: somebody else's enum */
		return err_set(err, -EOPNOTSUPP,
			"a request of a kind this version does not know");
	}
	return r < 0 ? r : convert_get_options(a, m->options, &msg->start, err);
}
