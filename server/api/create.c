/* create.c - POST /tasks/{plugin}: a task from JSON
 *
 * Three shapes, one path: the fields of shell and docker stand beside the
 * common ones, those of other plugins in an object "params". */
#include <errno.h>
#include <string.h>

#include "api/internal.h"
#include "api/params.h"
#include "base/limits.h"
#include "json/json.h"

enum {
	DEFAULT_TIMEOUT_MS = 300 * 1000,
	LIMIT_GRACE_S = 24 * 3600,
};

/* Fields that every plugin's task has. */
static const char *const common[] = { "agent_id", "timeout", "env", "stop",
	"start_timeout", "output_limit", "labels", "orphans", "containment" };
static const char *const shell_fields[] = { "agent_id", "timeout", "env",
	"stop", "start_timeout", "output_limit", "labels", "orphans",
	"containment", "cmd", "cwd", "user", "shell" };
static const char *const plugin_fields[] = { "agent_id", "timeout", "env",
	"stop", "start_timeout", "output_limit", "labels", "orphans",
	"containment", "params" };

struct draft { /* what the request says, while it is read */
	struct arena arena;
	json_t *body;
	struct hub_task task;
	struct err err;
};

static void
draft_done(struct draft *d)
{
	arena_done(&d->arena);
	json_decref(d->body);
}

static int
read_stop_fields(struct draft *d, const json_t *stop, struct err *err)
{
	static const char *const names[] = { "signal", "grace" };
	int signo = 0;
	int r = json_known(stop, names, ARRAY_SIZE(names), err);

	if (r == 0)
		r = json_get_signal(stop, "signal", &signo, err);
	if (r >= 0)
		r = json_get_duration(stop, "grace", LIMIT_GRACE_S,
			&d->task.start.grace_ms, err);
	d->task.start.stop_signal = (uint32_t)signo;
	return r < 0 ? r : 0;
}

static int
read_stop(struct draft *d)
{
	struct err inner;
	json_t *stop;
	int r = json_get_object(d->body, "stop", &stop, &d->err);

	if (r != JSON_GOT)
		return r == JSON_ABSENT ? 0 : r;
	r = read_stop_fields(d, stop, &inner);
	return r < 0 ? err_set(&d->err, r, "field 'stop': %.480s", inner.text)
		     : 0;
}

static int
read_labels(struct draft *d)
{
	struct task_label *labels;
	json_t *object, *value;
	const char *name;
	size_t n = 0;
	int r = json_get_object(d->body, "labels", &object, &d->err);

	if (r != JSON_GOT)
		return r == JSON_ABSENT ? 0 : r;
	if (json_object_size(object) > LIMIT_LABELS)
		return err_set(&d->err, -EINVAL, "field 'labels': more than %d",
			LIMIT_LABELS);
	labels = arena_array(
		&d->arena, json_object_size(object) + 1, sizeof *labels);
	if (!labels)
		return -ENOMEM;
	json_object_foreach(object, name, value)
	{
		if (!*name || strchr(name, '=') ||
			strlen(name) > LIMIT_LABEL_TEXT)
			return err_set(&d->err, -EINVAL,
				"field 'labels': '%.64s' is no label name",
				name);
		if (!json_plain_text(value) ||
			json_string_length(value) > LIMIT_LABEL_TEXT)
			return err_set(&d->err, -EINVAL,
				"field 'labels.%.64s': expected a text of at "
				"most %d bytes",
				name, LIMIT_LABEL_TEXT);
		/* The hub copies them; its struct only lacks the const. */
		labels[n].name = (char *)(uintptr_t)name;
		labels[n++].value = (char *)(uintptr_t)json_plain_text(value);
	}
	d->task.labels = labels;
	d->task.n_labels = n;
	return 0;
}

/* A field with two words; *second: it was the second one. */
static int
read_choice(struct draft *d, const char *name, const char *word_1,
	const char *word_2, bool *second)
{
	const char *text = word_1;
	int r = json_get_text(d->body, name, 16, &text, &d->err);

	if (r < 0)
		return r;
	if (strcmp(text, word_1) != 0 && strcmp(text, word_2) != 0)
		return err_set(&d->err, -EINVAL,
			"field '%s': expected \"%s\" or \"%s\", got \"%s\"",
			name, word_1, word_2, text);
	*second = strcmp(text, word_2) == 0;
	return 0;
}

static int
read_common(struct draft *d)
{
	struct msg_start *start = &d->task.start;
	int r;

	start->timeout_ms = DEFAULT_TIMEOUT_MS;
	start->grace_ms = -1;
	d->task.start_timeout_ms = -1;
	r = json_get_text(
		d->body, "agent_id", ID_LEN, &d->task.agent_id, &d->err);
	if (r == JSON_ABSENT)
		return err_set(
			&d->err, -EINVAL, "field 'agent_id' is required");
	if (r == 0 && !id_valid_agent(d->task.agent_id))
		return err_set(&d->err, -EINVAL,
			"field 'agent_id': '%s' is no id of an agent",
			d->task.agent_id);
	if (r == 0)
		r = json_get_seconds(d->body, "timeout", LIMIT_TIMEOUT_S,
			&start->timeout_ms, &d->err);
	if (r >= 0)
		r = json_get_duration(d->body, "start_timeout", LIMIT_TIMEOUT_S,
			&d->task.start_timeout_ms, &d->err);
	if (r >= 0)
		r = json_get_size(
			d->body, "output_limit", &start->output_limit, &d->err);
	if (r >= 0)
		r = read_stop(d);
	if (r >= 0)
		r = read_choice(
			d, "orphans", "kill", "wait", &start->wait_orphans);
	if (r >= 0)
		r = read_choice(
			d, "containment", "any", "strict", &start->strict);
	if (r >= 0)
		r = read_labels(d);
	if (r >= 0)
		r = params_read_env(d->body, &d->arena, start, &d->err);
	return r < 0 ? r : 0;
}

/* ------------------------------------------------------------------- params */

static int
read_shell(struct draft *d)
{
	static const char *const own[] = { "cwd", "user", "shell" };
	const char *cmd = "", *text;
	int r = json_known(
		d->body, shell_fields, ARRAY_SIZE(shell_fields), &d->err);

	if (r == 0)
		r = json_get_text(d->body, "cmd", LIMIT_CMD, &cmd, &d->err);
	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(own); i++)
		r = json_get_text(d->body, own[i], LIMIT_CMD, &text, &d->err);
	if (r < 0)
		return r;
	if (!*cmd)
		return err_set(&d->err, -EINVAL, "field 'cmd' is required");
	return params_read(d->body, common, ARRAY_SIZE(common), &d->arena,
		&d->task.start, &d->err);
}

static int
read_generic(struct draft *d)
{
	json_t *params;
	int r = json_known(
		d->body, plugin_fields, ARRAY_SIZE(plugin_fields), &d->err);

	if (r == 0)
		r = json_get_object(d->body, "params", &params, &d->err);
	if (r != JSON_GOT)
		return r == JSON_ABSENT ? 0 : r;
	return params_read(params, NULL, 0, &d->arena, &d->task.start, &d->err);
}

static int
read_params(struct draft *d)
{
	if (strcmp(d->task.plugin, "shell") == 0)
		return read_shell(d);
	if (strcmp(d->task.plugin, "docker") == 0)
		return params_read(d->body, common, ARRAY_SIZE(common),
			&d->arena, &d->task.start, &d->err);
	return read_generic(d);
}

/* Against the plugin's declaration, as far as the agent has ever sent one. */
static int
check_params(struct draft *d, struct hub *hub)
{
	const struct agent *a = hub_agent(hub, d->task.agent_id);
	const struct hub_plugin *p = a ? agent_plugin(a, d->task.plugin) : NULL;
	AUTO(msg_free) struct msg_box *box = NULL;

	if (!p || !p->inventory.len ||
		msg_unpack(MSG_TO_SERVER, p->inventory.data, p->inventory.len,
			&box, NULL) < 0)
		return 0; /* the executor will check */
	return params_check(&d->task.start, &msg_get(box)->inventory, &d->err);
}

/* ------------------------------------------------------------------ handler */

static int
read_body(struct draft *d, struct http_request *req)
{
	const struct buf *body = http_body(req);
	int r;

	if (!body->len)
		return err_set(&d->err, -EINVAL, "a JSON body is needed");
	r = json_parse(body->data, body->len, &d->body, &d->err);
	if (r == 0 && !json_is_object(d->body))
		r = err_set(&d->err, -EINVAL, "the body must be an object");
	if (r == 0)
		r = read_common(d);
	return r < 0 ? r : read_params(d);
}

static void
created(void *arg, int r, struct task *t)
{
	struct hub *hub = ((struct asked *)arg)->api->hub;
	struct http_request *req = asked_done(arg);
	struct buf body = { 0 };
	struct emit e;

	if (!req)
		return; /* the task is there all the same: GET /tasks has it */
	if (r < 0) {
		reply_failure(req, r, "store the task");
		return;
	}
	emit_init(&e, &body);
	emit_object(&e, NULL);
	task_json(&e, hub, t);
	emit_object_end(&e);
	http_reply_json(req, 200, &body, emit_done(&e));
}

static void
reply_refusal(struct http_request *req, int r, const struct err *err)
{
	static const struct {
		int r;
		unsigned status;
		const char *code;
	} known[] = {
		{ -EINVAL, 400, "bad_request" },
		{ -ENOTSUP, 400, "no_such_plugin" },
		{ -ENOENT, 404, "no_such_agent" },
		{ -EMSGSIZE, 413, "task_too_large" },
		{ -EAGAIN, 429, "too_many_tasks" },
		{ -ENOMEM, 500, "no_memory" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i].r == r) {
			http_reply_error(req, known[i].status, known[i].code,
				NULL, "%s",
				*err->text ? err->text : "out of memory");
			return;
		}
	reply_failure(req, r, "create the task");
}

void
api_create(void *arg, struct http_request *req)
{
	struct api *api = arg;
	__attribute__((cleanup(draft_done))) struct draft d = { 0 };
	struct asked *asked;
	int r;

	d.task.plugin = http_param(req, "plugin");
	d.task.owner = "";
	if (!id_valid_plugin(d.task.plugin)) {
		http_reply_error(req, 404, "no_such_plugin", NULL,
			"'%.64s' is no name of a plugin", d.task.plugin);
		return;
	}
	r = read_body(&d, req);
	if (r == 0)
		r = check_params(&d, api->hub);
	if (r < 0) {
		reply_refusal(req, r, &d.err);
		return;
	}
	asked = asked_new(api, req);
	if (!asked)
		return;
	r = hub_create(api->hub, &d.task, created, asked, &d.err);
	if (r < 0)
		reply_refusal(asked_done(asked), r, &d.err);
}
