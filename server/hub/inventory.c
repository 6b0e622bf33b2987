/* inventory.c - what executors hold against what we believe
 *
 * An executor says what it has after every (re)connection of the agent and
 * after every start of its own. Each difference is settled here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/limits.h"
#include "base/log.h"
#include "hub/internal.h"
#include "task/reason.h"

void
inventory_free(struct agent *a)
{
	while (a->plugins) {
		struct hub_plugin *p = a->plugins;

		a->plugins = p->next;
		buf_done(&p->inventory);
		loop_timer_free(p->timer);
		free(p);
	}
}

static int
n_plugins(const struct agent *a)
{
	int n = 0;

	for (const struct hub_plugin *p = a->plugins; p; p = p->next)
		n++;
	return n;
}

/* Its executor does not come back, or one of several does not answer, and nobody
 * else can say what became of its tasks. */
static void
down_for_too_long(void *arg)
{
	struct hub_plugin *p = arg;
	struct agent *a = p->agent;
	struct task *t, *next;

	DL_FOREACH_SAFE2(a->tasks, t, next, agent_next)
	if (t->status != TASK_PENDING && (!p->up || t->doubted) &&
		strcmp(t->plugin, p->name) == 0)
		task_lose(a->hub, t, "executor_lost",
			"the executor that had it did not come back");
}

/* NULL: too many, or out of memory, which the log has. */
static struct hub_plugin *
make_plugin(struct agent *a, const char *name)
{
	struct hub_plugin **end = &a->plugins, *p = hub_plugin_find(a, name);

	if (p)
		return p;
	if (n_plugins(a) < LIMIT_PLUGINS)
		p = calloc(1, sizeof *p);
	if (p)
		p->timer =
			loop_timer_new(a->hub->conf.loop, down_for_too_long, p);
	if (!p || !p->timer) {
		agent_complain(a, COMPLAINT_DROPPED,
			"plugin '%s' is ignored: more than %d, or out of "
			"memory",
			name, LIMIT_PLUGINS);
		free(p);
		return NULL;
	}
	p->agent = a;
	(void)strncpy(p->name, name, sizeof p->name - 1);
	while (*end && strcmp((*end)->name, name) < 0)
		end = &(*end)->next;
	p->next = *end;
	*end = p;
	count_plugin(a->hub, p->name);
	return p;
}

static void
send_stop(struct agent *a, const char *task_id, const char *plugin,
	const char *reason)
{
	const struct msg cancel = { .kind = MSG_CANCEL,
		.agent_id = a->id,
		.task_id = task_id,
		.plugin = plugin,
		.cancel = { .reason = reason,
			.code = REASON_AGENT_PARTITION,
			.name = reason_name(REASON_AGENT_PARTITION),
			.actor = "nodelink-server",
			.grace_ms = -1 } };

	(void)agent_send(a, &cancel, true); /* else at the next inventory */
}

/* Without it the output of what is told to stop would wait for ever. */
static void
ack_all(struct agent *a, const char *task_id, const char *plugin)
{
	ack_now(a, task_id, plugin,
		&(struct msg_ack){ .seq = UINT64_MAX, .final = true });
}

/* A record of ours was lost, or it ended here as lost. Nothing may run unknown
 * to us. */
void
inventory_stop(struct agent *a, const char *task_id, const char *plugin)
{
	agent_complain(a, COMPLAINT_DROPPED,
		"it runs task '%s', which is unknown here, ended, or another "
		"agent's: it is told to stop it",
		task_id);
	send_stop(a, task_id, plugin, "the server no longer knows this task");
	ack_all(a, task_id, plugin);
}

/* An executor that is down or away says what it has when it comes, and then
 * the task is unknown here. One that is there may have said so already, while
 * the end was being stored, or its start may be on the way to it. */
void
inventory_recall(const struct task *t)
{
	struct agent *a = t->agent;
	const struct hub_plugin *p = hub_plugin_find(a, t->plugin);

	if (!t->given_up || !a->connected || !p || !p->up)
		return;
	send_stop(a, t->id, t->plugin, "the server has given this task up");
	if (task_over(t)) /* until then a later server may ask for it */
		ack_all(a, t->id, t->plugin);
}

/* The executor that speaks says nothing of what another one was given. */
static bool
is_doubtful(const struct task *t, const struct hub_plugin *p)
{
	return !t->held &&
	       (t->status == TASK_SENT || t->status == TASK_IN_PROGRESS) &&
	       strcmp(t->instance, p->instance) != 0;
}

static void
settle_task(struct agent *a, struct task *t, const struct hub_plugin *p)
{
	if (task_is_final(t->status))
		return; /* it is being stored */
	if (t->doubted) {
		t->unsent = false; /* nobody else may have it */
		return;
	}
	if (t->held) {
		t->unsent = false;
		/* What we acknowledged last may have been lost on the way. */
		report_ack(t);
		if (t->cancel.requests > 0)
			task_send_cancel(t);
	} else if (t->status == TASK_SENT &&
		   strcmp(t->instance, p->instance) != 0) {
		/* A second start must not happen, so there is no new try. */
		task_lose(a->hub, t, "executor_lost",
			"the executor that it was given to has died; whether "
			"the task had begun is not known");
	} else if (t->status == TASK_IN_PROGRESS) {
		task_lose(a->hub, t, "executor_lost",
			"the executor that ran it has died");
	} else if (t->status == TASK_SENT && t->cancel.phase != CANCEL_NONE) {
		/* It may still be on its way: a tombstone waits for it. */
		task_send_cancel(t);
	} else if (t->status == TASK_SENT) {
		/* What the executor has not, it never started. */
		(void)task_dispatch(a->hub, t);
	}
}

/* They are lost if nobody has them for lost_after, as if the plugin were down. */
static void
doubt(struct hub_plugin *p, bool partial)
{
	struct task *t;
	bool any = false;

	DL_FOREACH2(p->agent->tasks, t, agent_next)
	if (strcmp(t->plugin, p->name) == 0) {
		t->doubted = partial && is_doubtful(t, p);
		any = any || t->doubted;
	}
	if (!any)
		loop_timer_stop(p->timer);
	else if (!loop_timer_active(p->timer))
		loop_timer_set(p->timer, p->agent->hub->conf.lost_after_ms);
}

int
inventory_came(struct agent *a, const struct msg *msg)
{
	const struct msg_inventory *inv = &msg->inventory;
	struct hub_plugin *p = make_plugin(a, msg->plugin);
	struct msg bare = *msg;
	struct task *t, *next;
	int r;

	if (!p)
		return 0;
	buf_clear(&p->inventory);
	bare.inventory.tasks = NULL; /* only what it is, to be shown */
	bare.inventory.n_tasks = 0;
	r = msg_pack(&bare, &p->inventory);
	if (r < 0)
		return r;
	p->up = true;
	p->draining = inv->draining;
	(void)snprintf(p->instance, sizeof p->instance, "%s", inv->instance);
	log_debug("agent '%s' has plugin '%s' %s, %zu tasks", a->id,
		msg->plugin, inv->version, inv->n_tasks);
	DL_FOREACH2(a->tasks, t, agent_next)
	t->held = false;
	for (size_t i = 0; i < inv->n_tasks; i++) {
		t = hub_live(a->hub, inv->tasks[i].task_id);
		if (t && strcmp(t->agent_id, a->id) == 0 &&
			strcmp(t->plugin, msg->plugin) == 0) {
			t->held = true;
			if (!inv->tasks[i].ended)
				inventory_recall(t);
		} else if (!inv->tasks[i].ended) { /* else its result comes */
			inventory_stop(a, inv->tasks[i].task_id, msg->plugin);
		}
	}
	doubt(p, inv->partial);
	DL_FOREACH_SAFE2(a->tasks, t, next, agent_next)
	if (strcmp(t->plugin, msg->plugin) == 0)
		settle_task(a, t, p);
	task_dispatch_all(a);
	return 0;
}

/* One that this server has not seen yet is known from now on: its executor may
 * need a while, and what waits for it must not be refused. */
void
inventory_gone(struct agent *a, const char *plugin, const char *why)
{
	struct hub_plugin *p = hub_plugin_find(a, plugin);

	if (p && !p->up)
		return;
	p = make_plugin(a, plugin);
	if (!p)
		return;
	p->up = false;
	loop_timer_set(p->timer, a->hub->conf.lost_after_ms);
	agent_complain(
		a, COMPLAINT_DROPPED, "plugin '%s' is down: %s", plugin, why);
}
