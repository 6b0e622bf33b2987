/* tasks.c - create, dispatch, cancel, end */
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "hub/internal.h"
#include "task/reason.h"

/* ------------------------------------------------------------------ records */

void
task_save(struct hub *hub, struct task *t)
{
	hub->conf.store->ops->update(hub->conf.store, t, NULL, NULL);
	task_changed(t);
}

void
task_note(struct hub *hub, struct task *t, const char *fmt, ...)
{
	char text[LIMIT_REASON + 256];
	va_list ap;
	int n, r;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (n >= (int)sizeof text)
		n = (int)sizeof text - 1;
	r = hub->conf.store->ops->append(
		hub->conf.store, t, TRANSCRIPT_CANCEL, text, (size_t)n);
	if (r < 0) /* only a notice: the record says the same */
		log_warn(r, "task '%s': cannot note '%s'", t->id, text);
}

void
task_end(struct hub *hub, struct task *t, const char *failure,
	const char *message)
{
	struct agent *a = t->agent;
	int r;

	assert(task_is_final(t->status));
	(void)snprintf(t->failure, sizeof t->failure, "%s", failure);
	if (message && *message && !t->message)
		t->message = strdup(message); /* NULL: the end counts more */
	if (!t->ended_at)
		t->ended_at = clock_wall_ms();
	loop_timer_free(t->start_timer);
	t->start_timer = NULL;
	r = hub->conf.store->ops->append(
		hub->conf.store, t, TRANSCRIPT_FINAL, "", 0);
	if (r < 0)
		log_error(r, "task '%s': cannot store its last event", t->id);
	DL_DELETE2(a->tasks, t, agent_prev, agent_next);
	a->n_tasks--;
	HASH_DELETE(hh_live, hub->live, t);
	task_save(hub, t);
	log_debug("task '%s' on agent '%s': %s %s", t->id, t->agent_id,
		task_status_name(t->status), t->failure);
	task_unref(t);
}

void
task_lose(struct hub *hub, struct task *t, const char *failure,
	const char *message)
{
	if (task_move(&t->status, TASK_EV_FAIL) != STATE_OK)
		return;
	if (t->cancel.phase != CANCEL_NONE)
		(void)cancel_move(&t->cancel.phase, CANCEL_EV_LOSE);
	task_end(hub, t, failure, message);
}

/* ----------------------------------------------------------------- dispatch */

/* Give the task to its executor, if that can be reached. The packed start is
 * sent as it is stored. */
int
task_dispatch(struct hub *hub, struct task *t)
{
	struct agent *a = t->agent;
	const struct hub_plugin *p = hub_plugin_find(a, t->plugin);
	int r;

	if (!a->connected || !p || !p->up)
		return RPC_GONE;
	r = rpc_send(a->stream, t->start.data, t->start.len, false);
	t->unsent = r != RPC_OK;
	if (r != RPC_OK || task_move(&t->status, TASK_EV_SEND) != STATE_OK)
		return r;
	t->sent_at = clock_wall_ms();
	loop_timer_free(t->start_timer);
	t->start_timer = NULL;
	task_save(hub, t);
	return RPC_OK;
}

void
task_dispatch_all(struct agent *a)
{
	struct task *t, *next;

	DL_FOREACH_SAFE2(a->tasks, t, next, agent_next)
	if ((t->status == TASK_PENDING || t->unsent) &&
		task_dispatch(a->hub, t) == RPC_FULL)
		return; /* nobody overtakes */
}

static void
start_timed_out(void *arg)
{
	struct task *t = arg;
	const struct hub_cancel how = { .code = REASON_START_TIMEOUT,
		.reason = "no executor took it in time",
		.actor = "nodelink-server",
		.grace_ms = -1 };

	(void)hub_cancel(t->agent->hub, t, &how); /* pending: ends at once */
}

/* ------------------------------------------------------------------- create */

/* "agent 'a' has no plugin 'x'; it has: shell, countdown" */
static int
no_plugin(const struct agent *a, const char *plugin, struct err *err)
{
	AUTO_BUF struct buf names = { 0 };

	for (const struct hub_plugin *p = a->plugins; p; p = p->next)
		if (buf_printf(&names, "%s%s", names.len ? ", " : "", p->name) <
			0)
			break;
	return err_set(err, -ENOTSUP,
		"agent '%s' has no plugin '%s'; it has: %s", a->id, plugin,
		names.len ? buf_text(&names) : "none");
}

static int
check_place(const struct agent *a, const struct hub_task *spec, struct err *err)
{
	if (!a)
		return err_set(
			err, -ENOENT, "no agent '%s' is known", spec->agent_id);
	if (a->n_tasks >= LIMIT_TASKS_PER_AGENT)
		return err_set(err, -EAGAIN,
			"agent '%s' has %u unfinished tasks, the limit is %d",
			a->id, a->n_tasks, LIMIT_TASKS_PER_AGENT);
	/* One that is not settled may still show the plugin: then it waits. */
	if (a->settled && !hub_plugin_find(a, spec->plugin))
		return no_plugin(a, spec->plugin, err);
	return 0;
}

void
task_refuse_unplaced(struct agent *a)
{
	struct task *t, *next;
	struct err err;

	DL_FOREACH_SAFE2(a->tasks, t, next, agent_next)
	{
		if (hub_plugin_find(a, t->plugin) ||
			task_move(&t->status, TASK_EV_REFUSE) != STATE_OK)
			continue;
		(void)no_plugin(a, t->plugin, &err); /* only for its text */
		task_end(a->hub, t, "refused", err.text);
	}
}

static int
copy_labels(struct task *t, const struct hub_task *spec)
{
	if (!spec->n_labels)
		return 0;
	t->labels = calloc(spec->n_labels, sizeof(*t->labels));
	if (!t->labels)
		return -ENOMEM;
	for (size_t i = 0; i < spec->n_labels; i++) {
		t->labels[i].name = strdup(spec->labels[i].name);
		t->labels[i].value = strdup(spec->labels[i].value);
		t->n_labels++;
		if (!t->labels[i].name || !t->labels[i].value)
			return -ENOMEM;
	}
	return 0;
}

static int
fill_task(const struct hub *hub, struct task *t, const struct hub_task *spec,
	struct err *err)
{
	struct msg msg = { .kind = MSG_START,
		.agent_id = spec->agent_id,
		.task_id = t->id,
		.plugin = spec->plugin,
		.start = spec->start };
	int r;

	if (msg.start.grace_ms < 0)
		msg.start.grace_ms = hub->conf.default_grace_ms;
	if (!msg.start.output_limit)
		msg.start.output_limit = hub->conf.default_output_limit;
	msg.start.window = hub->conf.window;
	msg.start.attempt = 1;
	id_new(t->id);
	(void)snprintf(t->agent_id, sizeof t->agent_id, "%s", spec->agent_id);
	(void)snprintf(t->plugin, sizeof t->plugin, "%s", spec->plugin);
	t->owner = strdup(spec->owner ? spec->owner : "");
	t->timeout_ms = msg.start.timeout_ms;
	t->grace_ms = msg.start.grace_ms;
	if (!t->grace_ms)
		msg.start.grace_ms = -1; /* 0 on the wire: not said */
	t->start_timeout_ms = spec->start_timeout_ms >= 0
				      ? spec->start_timeout_ms
				      : hub->conf.default_start_timeout_ms;
	t->created_at = clock_wall_ms();
	r = t->owner ? copy_labels(t, spec) : -ENOMEM;
	if (r == 0)
		r = msg_pack(&msg, &t->start);
	if (r == -EMSGSIZE)
		return err_set(err, r,
			"the task with all its fields is over %d bytes",
			LIMIT_MESSAGE);
	return r < 0 ? err_set(err, r, "server is out of memory") : 0;
}

struct creation { /* while the store works */
	struct hub *hub;
	struct task *task; /* own reference */
	hub_created_fn *done;
	void *arg;
};

static void
created(void *arg, int r)
{
	struct creation *c = arg;
	struct hub *hub = c->hub;
	struct task *t = c->task;
	struct agent *a = hub_agent(hub, t->agent_id);

	if (r == 0) {
		t->start_timer =
			loop_timer_new(hub->conf.loop, start_timed_out, t);
		t->agent = a;
		(void)task_ref(t); /* the macro would do it several times */
		HASH_ADD(hh_live, hub->live, id[0], strlen(t->id), t);
		DL_APPEND2(a->tasks, t, agent_prev, agent_next);
		a->n_tasks++;
		if (t->start_timer && t->start_timeout_ms)
			loop_timer_set(t->start_timer, t->start_timeout_ms);
		(void)task_dispatch(hub, t);
	} else {
		log_error(r, "task '%s' cannot be stored", t->id);
	}
	c->done(c->arg, r, r == 0 ? t : NULL);
	task_unref(t);
	free(c);
}

int
hub_create(struct hub *hub, const struct hub_task *spec, hub_created_fn *done,
	void *arg, struct err *err)
{
	AUTO(task_unref) struct task *t = NULL;
	struct creation *c;
	int r = check_place(hub_agent(hub, spec->agent_id), spec, err);

	if (r < 0)
		return r;
	t = task_new();
	if (!t)
		return err_set(err, -ENOMEM, "server is out of memory");
	r = fill_task(hub, t, spec, err);
	if (r < 0)
		return r;
	c = calloc(1, sizeof *c);
	if (!c)
		return err_set(err, -ENOMEM, "server is out of memory");
	*c = (struct creation){ hub, t, done, arg };
	hub->conf.store->ops->create(hub->conf.store, TAKE(t), created, c);
	return 0;
}
