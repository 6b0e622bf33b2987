/* tasks.c - what is stored of a task and told of it; dispatch and end */
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

/* ------------------------------------------------------------------ records */

void
task_save(struct hub *hub, struct task *t)
{
	if (t->agent)
		count_task(t);
	hub->conf.store->ops->update(hub->conf.store, t, NULL, NULL);
}

void
task_note(struct hub *hub, struct task *t, uint64_t seq, const char *fmt, ...)
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
		hub->conf.store, t, TRANSCRIPT_CANCEL, text, (size_t)n, seq);
	if (r == 0)
		return;
	/* only a notice: the record says the same */
	log_warn(r, "task '%s': cannot note '%s'", t->id, text);
	metric_add(hub->counts.lost, METRIC_OF("step"), 1);
}

/* The end is stored: now the node may forget the task, and so do we. */
static void
finish(struct hub *hub, struct task *t)
{
	struct agent *a = t->agent;

	if (t->end_seq)
		ack_final(a, t->id, t->plugin, t->end_seq);
	inventory_recall(t);
	count_ended(t);
	count_task_gone(t);
	DL_DELETE2(a->tasks, t, agent_prev, agent_next);
	task_uncount(a, t);
	HASH_DELETE(hh_live, hub->live, t);
	log_debug("task '%s' on agent '%s': %s %s", t->id, t->agent_id,
		task_status_name(t->status), t->failure);
	task_changed(t);
	task_unref(t);
}

void
task_stored(void *arg, struct task *t)
{
	struct hub *hub = arg;

	if (hub_live(hub, t->id) != t) {
		task_changed(t);
		return;
	}
	count_stored(t);
	if (task_over(t)) {
		finish(hub, t);
	} else {
		report_stored(t);
		task_changed(t);
	}
}

void
task_tell(struct hub *hub, struct task *t)
{
	if (hub->conf.tell)
		hub->conf.tell(hub->conf.tell_arg, t);
}

void
task_end(struct hub *hub, struct task *t, const char *failure,
	const char *message)
{
	int r;

	assert(task_is_final(t->status));
	(void)snprintf(t->failure, sizeof t->failure, "%s", failure);
	if (message && *message && !t->message)
		t->message = strdup(message); /* NULL: the end counts more */
	if (!t->ended_at)
		t->ended_at = clock_wall_ms();
	loop_timer_free(t->start_timer);
	t->start_timer = NULL;
	t->unsent = false;
	r = hub->conf.store->ops->append(
		hub->conf.store, t, TRANSCRIPT_FINAL, "", 0, t->end_seq);
	if (r < 0) {
		log_error(r, "task '%s': cannot store its last event", t->id);
		metric_add(hub->counts.lost, METRIC_OF("end"), 1);
	}
	task_tell(hub, t);
	task_save(hub, t);
}

void
task_lose(struct hub *hub, struct task *t, const char *failure,
	const char *message)
{
	if (t->cancel.phase == CANCEL_VERIFIED &&
		task_move(&t->status, TASK_EV_STOPPED) == STATE_OK) {
		t->given_up = true;
		task_end(hub, t, "", "its node was lost while its cleanup ran");
		return;
	}
	if (task_move(&t->status, TASK_EV_FAIL) != STATE_OK)
		return;
	t->given_up = true;
	if (t->cancel.phase != CANCEL_NONE)
		(void)cancel_move(&t->cancel.phase, CANCEL_EV_LOSE);
	task_end(hub, t, failure, message);
}

/* ----------------------------------------------------------------- dispatch */

struct placing { /* while the store works */
	struct hub *hub;
	struct task *task; /* own reference */
};

static void
placed(void *arg, int r)
{
	struct placing *p = arg;
	struct task *t = p->task;

	t->placing = false;
	t->placed = r == 0;
	if (t->placed && t->status == TASK_PENDING)
		(void)task_dispatch(p->hub, t); /* else with an inventory */
	task_unref(t);
	free(p);
}

void
task_place(struct task *t, const struct agent *a, const struct hub_plugin *p)
{
	(void)snprintf(t->instance, sizeof t->instance, "%s", p->instance);
	(void)snprintf(t->boot_id, sizeof t->boot_id, "%s", a->boot_id);
}

/* That this executor may have it is stored before it is sent there: whoever
 * finds the record later knows that no other one may start it. */
static int
place(struct hub *hub, struct task *t, const struct hub_plugin *plugin)
{
	struct placing *p;

	if (t->placing)
		return RPC_OK;
	p = calloc(1, sizeof *p);
	if (!p)
		return -ENOMEM;
	*p = (struct placing){ hub, task_ref(t) };
	task_place(t, t->agent, plugin);
	t->placing = true;
	t->placed = false;
	hub->conf.store->ops->update(hub->conf.store, t, placed, p);
	return RPC_OK;
}

/* Another executor may have it later, also by the word of a later server. */
static void
take_back(struct hub *hub, struct task *t)
{
	if (t->placing || !*t->instance)
		return;
	*t->instance = 0;
	t->placed = false;
	task_save(hub, t);
}

/* The packed start as it is stored, for the executor that it was placed at: one
 * that comes after it must not take it. */
static int
send_start(const struct task *t)
{
	AUTO_BUF struct buf b = { 0 };
	int r = buf_add(&b, t->start.data, t->start.len);

	if (r == 0)
		r = msg_address(&b, t->instance);
	if (r < 0 && r != -EMSGSIZE) /* an earlier server left no room */
		return r;
	return rpc_send(t->agent->stream, b.data, b.len, false);
}

/* Give the task to its executor, if that can be reached. */
int
task_dispatch(struct hub *hub, struct task *t)
{
	struct agent *a = t->agent;
	const struct hub_plugin *p = hub_plugin_find(a, t->plugin);
	int64_t now =
		clock_wall_ms(); /* the node may have it before we go on */
	int r;

	if (t->status == TASK_PENDING && (a->drain || (p && p->draining))) {
		take_back(hub, t);
		return RPC_GONE;
	}
	if (!a->connected || !p || !p->up)
		return RPC_GONE;
	if (!t->placed || strcmp(t->instance, p->instance) != 0)
		return place(hub, t, p);
	r = send_start(t);
	t->unsent = r != RPC_OK;
	if (r != RPC_OK || task_move(&t->status, TASK_EV_SEND) != STATE_OK)
		return r;
	t->sent_at = now;
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

void
task_refuse_unplaced(struct agent *a)
{
	struct task *t, *next;
	struct err err;

	DL_FOREACH_SAFE2(a->tasks, t, next, agent_next)
	{
		if (t->status != TASK_PENDING ||
			hub_plugin_find(a, t->plugin) ||
			task_move(&t->status, TASK_EV_REFUSE) != STATE_OK)
			continue;
		(void)no_plugin(a, t->plugin, &err); /* only for its text */
		task_end(a->hub, t, "refused", err.text);
	}
}

static bool
is_unshown(const struct task *t)
{
	return t->status != TASK_PENDING && !task_is_final(t->status) &&
	       !hub_plugin_find(t->agent, t->plugin);
}

bool
task_any_unshown(const struct agent *a)
{
	const struct task *t;

	DL_FOREACH2(a->tasks, t, agent_next)
	if (is_unshown(t))
		return true;
	return false;
}

void
task_lose_unshown(struct agent *a)
{
	struct task *t, *next;

	DL_FOREACH_SAFE2(a->tasks, t, next, agent_next)
	if (is_unshown(t))
		task_lose(a->hub, t, "executor_lost",
			"the executor that had it did not come back");
}
