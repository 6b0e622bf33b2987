/* create.c - POST /tasks/{plugin}: a task from JSON
 *
 * Three shapes, one path: the fields of shell and docker stand beside the
 * common ones, those of other plugins in an object "params". */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/access.h"
#include "api/asker.h"
#include "api/internal.h"
#include "api/keys.h"
#include "api/options.h"
#include "api/params.h"
#include "api/task_webhooks.h"
#include "base/limits.h"
#include "json/json.h"

static const char *const common[] = { OPTION_FIELDS, "user" };
static const char *const docker_common[] = { OPTION_FIELDS };
static const char *const shell_fields[] = { OPTION_FIELDS, "user", "cmd", "cwd",
	"shell" };
static const char *const plugin_fields[] = { OPTION_FIELDS, "user", "params" };

struct draft { /* what the request says, while it is read */
	struct arena arena;
	json_t *body;
	struct buf webhooks;
	struct hub_task task;
	struct err err;
};

static void
draft_done(struct draft *d)
{
	arena_done(&d->arena);
	buf_done(&d->webhooks);
	json_decref(d->body);
}

/* ------------------------------------------------------------------- params */

static int
read_shell(struct draft *d)
{
	static const char *const own[] = { "cwd", "shell" };
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

/* A container is not below the executor, whose limits do not reach it. */
static int
read_docker(struct draft *d)
{
	if (json_object_get(d->body, "limits"))
		return err_set(&d->err, -EINVAL,
			"field 'limits': a container has fields of its own for "
			"that: memory, cpus, pids");
	return params_read(d->body, docker_common, ARRAY_SIZE(docker_common),
		&d->arena, &d->task.start, &d->err);
}

static int
read_params(struct draft *d)
{
	if (strcmp(d->task.plugin, "shell") == 0)
		return read_shell(d);
	if (strcmp(d->task.plugin, "docker") == 0)
		return read_docker(d);
	return read_generic(d);
}

/* Against what the executor says of itself and of the plugin, as far as the
 * agent has ever sent that. */
static int
check(struct draft *d, struct hub *hub)
{
	const struct agent *a = hub_agent(hub, d->task.agent_id);
	const struct hub_plugin *p = a ? agent_plugin(a, d->task.plugin) : NULL;
	AUTO(msg_free) struct msg_box *box = NULL;
	int r;

	if (!p || !p->inventory.len ||
		msg_unpack(MSG_TO_SERVER, p->inventory.data, p->inventory.len,
			&box, NULL) < 0)
		return 0; /* the executor will check */
	r = params_check(&d->task.start, &msg_get(box)->inventory, &d->err);
	return r < 0 ? r
		     : options_check(&d->task.start, &msg_get(box)->inventory,
			       &d->err);
}

/* A token's labels come by themselves, with no other values for their names. */
static int
add_labels(struct draft *d, const struct user *user)
{
	const struct auth_token *token = user ? user->token : NULL;
	struct label *labels;
	size_t n = d->task.n_labels;

	if (!token || !token->n_labels)
		return 0;
	labels = arena_array(&d->arena, n + token->n_labels, sizeof *labels);
	if (!labels)
		return -ENOMEM;
	if (n)
		memcpy(labels, d->task.labels, n * sizeof *labels);
	for (size_t i = 0; i < token->n_labels; i++) {
		const struct label *own = &token->labels[i];
		const struct label *there = labels_find(labels, n, own->name);

		if (!there)
			labels[n++] = *own;
		else if (strcmp(there->value, own->value) != 0)
			return err_set(&d->err, -EPERM,
				"field 'labels.%s': your token makes only "
				"tasks with \"%s\"",
				own->name, own->value);
	}
	if (n > LIMIT_LABELS)
		return err_set(&d->err, -EINVAL,
			"field 'labels': more than %d with those of your token",
			LIMIT_LABELS);
	d->task.labels = labels;
	d->task.n_labels = n;
	return 0;
}

/* ------------------------------------------------------------------ handler */

static int
read_body(struct draft *d, const struct api *api, struct http_request *req)
{
	int r;

	if (!http_body(req)->len)
		return err_set(&d->err, -EINVAL, "a JSON body is needed");
	r = body_object(req, NULL, 0, &d->body, &d->err);
	if (r == 0)
		r = options_read(d->body, strcmp(d->task.plugin, "docker") != 0,
			&d->arena, &d->task, &d->err);
	if (r == 0)
		r = task_webhooks_read(
			api->webhook, d->body, &d->webhooks, &d->err);
	if (r == 0 && d->webhooks.len)
		d->task.webhooks = buf_text(&d->webhooks);
	return r < 0 ? r : read_params(d);
}

struct creating {
	struct asked *asked;
	struct key_use *key; /* or NULL */
	struct api *api;
	struct asker asker;
	char id[ID_MAX]; /* of the new task */
};

static struct http_request *
creating_done(struct creating *c)
{
	struct http_request *req = asked_done(c->asked);

	key_release(c->key);
	free(c);
	return req;
}

/* A new record as the answer; what is stored with a key is the same. */
static int
answer(void *arg, const struct task *t, struct buf *out)
{
	struct creating *c = arg;
	struct emit e;

	emit_init(&e, out);
	emit_object(&e, NULL);
	task_json(&e, c->asked->api->hub, t);
	emit_object_end(&e);
	return emit_done(&e);
}

static int
note(void *arg, const struct task *t)
{
	struct creating *c = arg;
	char detail[160];

	(void)snprintf(c->id, sizeof c->id, "%s", t->id);
	(void)snprintf(detail, sizeof detail, "plugin %s, agent %s%s",
		t->plugin, t->agent_id, t->webhooks ? ", with webhooks" : "");
	return asker_does(
		c->api, &c->asker, "task.create", t->id, detail, NULL);
}

static void
created(void *arg, int r, struct task *t)
{
	struct creating *c = arg;
	struct buf body = { 0 };
	struct http_request *req;
	int made = r == 0 ? answer(arg, t, &body) : 0;

	if (r < 0)
		asker_failed(
			c->api, &c->asker, "task.create", c->id, err_name(-r));
	req = creating_done(c);
	if (req && r == 0) {
		http_reply_json(req, 200, &body, made);
		return;
	}
	buf_done(&body); /* the task is there all the same: GET /tasks has it */
	if (req)
		reply_store_failing(req, r);
}

static void
reply_refusal(struct api *api, struct http_request *req,
	const struct asker *asker, int r, const struct err *err)
{
	static const struct {
		int r;
		unsigned status;
		const char *code;
	} known[] = {
		{ -EINVAL, 400, "bad_request" },
		{ -ENOTSUP, 400, "no_such_plugin" },
		{ -EPERM, 403, "outside_labels" },
		{ -ENOENT, 404, "no_such_agent" },
		{ -EMSGSIZE, 413, "task_too_large" },
		{ -EAGAIN, 429, "too_many_tasks" },
		{ -ENOMEM, 500, "no_memory" },
	};

	if (r == -EIO) {
		reply_unnoted(req);
		return;
	}
	asker_refused(api, asker, "task.create", NULL,
		http_param(req, "plugin"),
		*err->text ? err->text : err_name(-r));
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i].r == r) {
			if (r == -EAGAIN)
				http_add_header(req, "Retry-After", "5");
			http_reply_error(req, known[i].status, known[i].code,
				NULL, "%s",
				*err->text ? err->text : "out of memory");
			return;
		}
	reply_failure(req, r, "create the task");
}

static void
create(struct api *api, struct http_request *req, struct key_use *key)
{
	__attribute__((cleanup(draft_done))) struct draft d = { 0 };
	const struct user *user = access_user(req);
	struct asker asker;
	struct creating *c;
	int r;

	asker_read(req, &asker);
	d.task.plugin = http_param(req, "plugin");
	d.task.owner = user_client(user);
	r = read_body(&d, api, req);
	if (r == 0)
		r = add_labels(&d, user);
	if (r == 0)
		r = check(&d, api->hub);
	c = r == 0 ? calloc(1, sizeof *c) : NULL;
	if (!c) {
		key_release(key);
		reply_refusal(api, req, &asker, r < 0 ? r : -ENOMEM, &d.err);
		return;
	}
	c->asked = asked_new(api, req);
	if (!c->asked) {
		key_release(key);
		free(c);
		return;
	}
	c->api = api;
	c->asker = asker;
	d.task.before = note;
	if (key) {
		c->key = key;
		d.task.key = key->name;
		d.task.answer = answer;
		memcpy(d.task.digest, key->digest, sizeof d.task.digest);
	}
	r = hub_create(api->hub, &d.task, created, c, &d.err);
	if (r < 0)
		reply_refusal(api, creating_done(c), &asker, r, &d.err);
}

void
api_create(void *arg, struct http_request *req)
{
	const char *plugin = http_param(req, "plugin");

	if (id_valid_plugin(plugin))
		key_check(arg, req, create);
	else
		http_reply_error(req, 404, "no_such_plugin", NULL,
			"'%.64s' is no name of a plugin", plugin);
}
