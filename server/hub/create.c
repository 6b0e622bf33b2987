/* create.c - new tasks */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "hub/internal.h"
#include "task/reason.h"

/* For the instance that it goes to, which is added when it is sent. */
enum { ADDRESS_ROOM = sizeof((struct task *)0)->instance + 8 };

/* Of an agent's text, which is not to be cut within a character. */
enum { DRAINING_REASON_MAX = 200 };

int
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
	if (a->hub->conf.auth && auth_agent_is_barred(a->hub->conf.auth, a->id))
		return err_set(err, -ENOENT, "agent '%s' was revoked", a->id);
	if (a->n_tasks >= LIMIT_TASKS_PER_AGENT)
		return err_set(err, -EAGAIN,
			"agent '%s' has %u unfinished tasks, the limit is %d",
			a->id, a->n_tasks, LIMIT_TASKS_PER_AGENT);
	if (a->task_bytes >= LIMIT_TASK_BYTES_PER_AGENT)
		return err_set(err, -EAGAIN,
			"agent '%s' has unfinished tasks of %zu bytes, the "
			"limit is %d",
			a->id, a->task_bytes, LIMIT_TASK_BYTES_PER_AGENT);
	/* One that is not settled may still show the plugin: then it waits. */
	if (a->settled && !hub_plugin_find(a, spec->plugin))
		return no_plugin(a, spec->plugin, err);
	return 0;
}

static int
fill_task(struct hub *hub, struct task *t, const struct hub_task *spec,
	struct err *err)
{
	struct msg msg = { .kind = MSG_START,
		.agent_id = spec->agent_id,
		.task_id = t->id,
		.plugin = spec->plugin,
		.start = spec->start };
	const struct agent *a = hub_agent(hub, spec->agent_id);
	const struct hub_plugin *p = hub_plugin_find(a, spec->plugin);
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
	if (a->connected && p && p->up && !p->draining && !a->drain)
		task_place(t, a, p);
	t->webhooks = spec->webhooks ? strdup(spec->webhooks) : NULL;
	r = t->owner && !t->webhooks == !spec->webhooks ? 0 : -ENOMEM;
	if (r == 0)
		r = labels_copy(
			&t->labels, &t->n_labels, spec->labels, spec->n_labels);
	if (r == 0)
		r = msg_pack(&msg, &t->start);
	if (r == 0 && t->start.len > LIMIT_MESSAGE - ADDRESS_ROOM)
		r = -EMSGSIZE;
	if (r == -EMSGSIZE)
		return err_set(err, r,
			"the task with all its fields is over %d bytes",
			LIMIT_MESSAGE - ADDRESS_ROOM);
	return r < 0 ? err_set(err, r, "server is out of memory") : 0;
}

/* -------------------------------------------------------------------- storing */

/* ": the settings of the agent have changed, and ..." */
static void
say_draining(const struct hub_plugin *p, struct err *out)
{
	AUTO(msg_free) struct msg_box *box = NULL;
	const char *why = NULL;

	if (msg_unpack(MSG_TO_SERVER, p->inventory.data, p->inventory.len, &box,
		    NULL) == 0)
		why = msg_get(box)->inventory.draining_reason;
	if (!why || strlen(why) > DRAINING_REASON_MAX)
		why = "";
	(void)err_set(out, 0, "plugin '%s' takes no new tasks%s%s", p->name,
		*why ? ": " : "", why);
}

/* Why a task waits, as far as it is known. */
static void
say_waiting(const struct task *t, struct err *out)
{
	const struct agent *a = t->agent;
	const struct hub_plugin *p = hub_plugin_find(a, t->plugin);

	if (!a->connected)
		(void)err_set(out, 0, "agent '%s' is not connected", a->id);
	else if (a->drain)
		(void)err_set(out, 0, "agent '%s' is drained", a->id);
	else if (p && !p->up)
		(void)err_set(out, 0, "plugin '%s' is down", p->name);
	else if (p && p->draining)
		say_draining(p, out);
}

void
task_start_timed_out(void *arg)
{
	struct task *t = arg;
	struct err why = { "" }, text;
	const struct hub_cancel how = { .code = REASON_START_TIMEOUT,
		.reason = text.text,
		.actor = "nodelink-server",
		.grace_ms = -1 };

	say_waiting(t, &why);
	(void)err_set(&text, 0, "no executor took it in time%s%s",
		*why.text ? ": " : "", why.text);

	/* pending: it ends at once */
	(void)hub_cancel(t->agent->hub, t, &how, NULL, NULL);
}

void
task_count(struct agent *a, const struct task *t)
{
	a->n_tasks++;
	a->task_bytes += t->start.len;
}

void
task_uncount(struct agent *a, const struct task *t)
{
	a->n_tasks--;
	a->task_bytes -= t->start.len;
}

void
task_enlist(struct hub *hub, struct task *t, struct agent *a)
{
	t->agent = a;
	(void)task_ref(t); /* the macro would do it several times */
	HASH_ADD(hh_live, hub->live, id[0], strlen(t->id), t);
	DL_APPEND2(a->tasks, t, agent_prev, agent_next);
	count_task(t);
	if (t->status == TASK_PENDING)
		t->start_timer =
			loop_timer_new(hub->conf.loop, task_start_timed_out, t);
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
		t->placed = *t->instance != 0;
		task_enlist(hub, t, a);
		count_created(t);
		if (t->start_timer && t->start_timeout_ms)
			loop_timer_set(t->start_timer, t->start_timeout_ms);
		(void)task_dispatch(hub, t);
	} else {
		task_uncount(a, t);
		log_debug("task '%s' cannot be stored: %s", t->id,
			err_name(-r)); /* the store has logged why */
	}
	c->done(c->arg, r, r == 0 ? t : NULL);
	task_unref(t);
	free(c);
}

/* With the key goes the answer that a repeat of the request will get. */
static int
store_with_key(struct hub *hub, struct task *t, const struct hub_task *spec,
	struct creation *c)
{
	AUTO_BUF struct buf answer = { 0 };
	struct store_key key = { .name = spec->key };
	int r = spec->answer(c->arg, t, &answer);

	if (r < 0)
		return r;
	memcpy(key.digest, spec->digest, sizeof key.digest);
	key.answer = buf_text(&answer);
	hub->conf.store->ops->create(hub->conf.store, t, &key, created, c);
	return 0;
}

int
hub_create(struct hub *hub, const struct hub_task *spec, hub_created_fn *done,
	void *arg, struct err *err)
{
	AUTO(task_unref) struct task *t = NULL;
	AUTO_FREE struct creation *c = NULL;
	struct agent *a = hub_agent(hub, spec->agent_id);
	int r = check_place(a, spec, err);

	if (r < 0)
		return r;
	t = task_new();
	c = calloc(1, sizeof *c);
	if (!t || !c)
		return err_set(err, -ENOMEM, "server is out of memory");
	r = fill_task(hub, t, spec, err);
	if (r == 0 && spec->before)
		r = spec->before(arg, t);
	if (r < 0)
		return r;
	*c = (struct creation){ hub, task_ref(t), done, arg };
	task_count(a, t);
	if (!spec->key) {
		hub->conf.store->ops->create(
			hub->conf.store, t, NULL, created, TAKE(c));
		return 0;
	}
	r = store_with_key(hub, t, spec, c);
	if (r < 0) {
		task_uncount(a, t);
		task_unref(c->task);
		return err_set(err, r, "server is out of memory");
	}
	c = NULL; /* created() frees it, or has done so */
	return 0;
}
