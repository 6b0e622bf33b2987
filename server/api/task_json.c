/* task_json.c - a task's record as JSON */
#include <string.h>

#include "api/hooks.h"
#include "api/internal.h"
#include "api/options.h"
#include "api/task_webhooks.h"
#include "base/parse.h"
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
emit_limit(struct emit *e, const char *name, uint64_t value)
{
	if (value)
		emit_uint(e, name, value);
	else
		emit_null(e, name);
}

static void
emit_limits(struct emit *e, const struct msg_limits *l)
{
	emit_object(e, "limits");
	emit_limit(e, "pids", l->pids);
	emit_limit(e, "memory", l->memory);
	if (l->cpu_milli)
		emit_seconds(e, "cpu", l->cpu_milli); /* processors, in fact */
	else
		emit_null(e, "cpu");
	emit_limit(e, "open_files", l->open_files);
	emit_limit(e, "file_size", l->file_size);
	emit_object_end(e);
}
/* The node's own default is null. */
static void
emit_hook_timeout(struct emit *e, const struct msg_hook *h)
{
	if (h->timeout_ms)
		emit_seconds(e, "timeout", h->timeout_ms);
	else
		emit_null(e, "timeout");
}

static void
emit_stop(struct emit *e, const struct task *t, const struct msg_start *start)
{
	emit_object(e, "stop");
	emit_text(e, "signal",
		start->stop_signal ? signal_name((int)start->stop_signal)
				   : "SIGTERM");
	emit_seconds(e, "grace", t->grace_ms);
	if (*start->pre_stop.cmd) {
		emit_object(e, "pre_stop");
		emit_text(e, "cmd", start->pre_stop.cmd);
		emit_hook_timeout(e, &start->pre_stop);
		emit_object_end(e);
	} else {
		emit_null(e, "pre_stop");
	}
	emit_object_end(e);
}

static void
emit_cleanup(struct emit *e, const struct msg_start *start)
{
	emit_array(e, "cleanup");
	for (size_t i = 0; i < start->n_cleanup; i++) {
		const struct msg_hook *h = &start->cleanup[i];

		emit_object(e, NULL);
		emit_text(e, "cmd", h->cmd);
		emit_text(e, "when", hooks_when_name(h->when));
		emit_hook_timeout(e, h);
		emit_object_end(e);
	}
	emit_array_end(e);
}

/* As asked for, and as the node has made of it once it runs. */
static void
emit_effective(
	struct emit *e, const struct task *t, const struct msg_start *start)
{
	const char *user = start->user;
	const struct msg_limits *limits = &start->limits;
	const char *seccomp = options_seccomp_name(start->seccomp);
	AUTO(msg_free) struct msg_box *box = NULL;

	if (t->started.len && msg_unpack(MSG_TO_SERVER, t->started.data,
				      t->started.len, &box, NULL) == 0) {
		user = msg_get(box)->started.user;
		limits = &msg_get(box)->started.limits;
		seccomp = msg_get(box)->started.seccomp;
	}
	emit_text_or_null(e, "user", user);
	emit_limits(e, limits);
	emit_text_or_null(e, "seccomp", seccomp);
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
	emit_effective(e, t, start);
	emit_stop(e, t, start);
	emit_cleanup(e, start);
	emit_seconds(e, "idle_timeout", start->idle_timeout_ms);
	emit_uint(e, "output_limit", start->output_limit);
	emit_text(e, "orphans", start->wait_orphans ? "wait" : "kill");
	emit_bool(e, "strict_containment", start->strict);
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
	emit_text_or_null(e, "owner", t->owner);
	emit_text(e, "status", task_status_name(task_told(t)));
	emit_time(e, "created_at", t->created_at);
	emit_time(e, "sent_at", t->sent_at);
	emit_time(e, "started_at", t->started_at);
	emit_time(e, "finished_at", t->ended_at);
	if (start)
		emit_start(e, hub, t, &msg_get(start)->start);
	emit_seconds(e, "timeout", t->timeout_ms);
	emit_seconds(e, "start_timeout", t->start_timeout_ms);
	emit_labels(e, t->labels, t->n_labels);
	task_webhooks_json(e, t);
	if (t->pid)
		emit_int(e, "pid", t->pid);
	else
		emit_null(e, "pid");
	emit_text_or_null(e, "containment", t->containment);
	task_json_end(e, t, result ? &msg_get(result)->result : NULL);
}
