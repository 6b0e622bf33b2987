/* cancel.c - the intent to end a task, on its way to the node */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "hub/internal.h"
#include "task/reason.h"

void
task_send_cancel(struct task *t)
{
	const struct hub_plugin *p = hub_plugin_find(t->agent, t->plugin);
	const struct msg msg = { .kind = MSG_CANCEL,
		.agent_id = t->agent_id,
		.task_id = t->id,
		.plugin = t->plugin,
		.instance = t->instance,
		.cancel = { .reason = t->cancel.reason,
			.code = t->cancel.code,
			.name = task_cancel_name(&t->cancel),
			.actor = t->cancel.actor,
			.grace_ms = t->cancel.grace_ms,
			.requested_at = t->cancel.requested_at } };
	int r;

	if (!t->agent->connected || !p || !p->up || t->doubted)
		return; /* the next inventory asks for it */
	r = agent_send(t->agent, &msg, true);
	if (r != RPC_OK)
		log_warn(r < 0 ? r : 0,
			"task '%s': its cancel waits for the "
			"agent to come back",
			t->id);
}

static void
end_pending(struct hub *hub, struct task *t)
{
	if (task_move(&t->status, TASK_EV_NEVER_STARTED) != STATE_OK)
		return;
	(void)cancel_move(&t->cancel.phase, CANCEL_EV_VERIFY);
	t->cancel.verified_at = clock_wall_ms();
	task_end(hub, t, "", "never started");
}

static bool
first_request(struct hub *hub, struct task *t, const struct hub_cancel *how)
{
	struct task_cancel *c = &t->cancel;
	const char *name;

	/* A node may have begun by itself (timeout): the first cause stays. */
	if (cancel_move(&c->phase, CANCEL_EV_REQUEST) != STATE_OK)
		return false;
	c->code = how->code;
	c->name = how->name ? strdup(how->name) : NULL;
	c->reason = how->reason ? strdup(how->reason) : NULL;
	c->actor = strdup(how->actor ? how->actor : "");
	c->grace_ms = how->grace_ms >= 0 ? how->grace_ms : t->grace_ms;
	c->requested_at = clock_wall_ms();
	name = task_cancel_name(c);
	task_note(hub, t, 0, "cancel requested by %s: %s%s%s",
		how->actor && *how->actor ? how->actor : "anonymous",
		name ? name : "?", how->reason && *how->reason ? ": " : "",
		how->reason ? how->reason : "");
	task_tell(hub, t);
	return true;
}

struct intent { /* while it is being stored */
	struct task *task; /* own reference */
	store_done_fn *done;
	void *arg;
};

static void
intent_stored(void *arg, int r)
{
	struct intent *i = arg;

	if (i->done)
		i->done(i->arg, r);
	task_unref(i->task);
	free(i);
}

static void
store_intent(struct hub *hub, struct task *t, store_done_fn *done, void *arg)
{
	struct store *store = hub->conf.store;
	struct intent *i = calloc(1, sizeof *i);
	struct store_stats stats;

	store->ops->stats(store, &stats);
	if (!i || stats.trouble) {
		free(i);
		task_save(hub, t);
		if (done)
			done(arg, stats.trouble ? stats.trouble : -ENOMEM);
		return;
	}
	*i = (struct intent){ task_ref(t), done, arg };
	store->ops->update(store, t, intent_stored, i);
}

int
hub_cancel(struct hub *hub, struct task *t, const struct hub_cancel *how,
	store_done_fn *done, void *arg)
{
	struct task_cancel *c = &t->cancel;
	bool first, sooner;

	if (task_is_final(t->status) || hub_live(hub, t->id) != t)
		return HUB_FINAL;
	(void)task_ref(t); /* the end of a pending one may drop the last */
	first = c->requests++ == 0 && first_request(hub, t, how);
	count_asked(t, how->code);
	/* A later one joins; a deadline is never lengthened. */
	sooner = how->grace_ms >= 0 && how->grace_ms < c->grace_ms;
	if (sooner)
		c->grace_ms = how->grace_ms;
	if (first && t->status != TASK_PENDING)
		t->cancel_ms = clock_ms();
	if (t->status == TASK_PENDING)
		end_pending(hub, t);
	else if (first || sooner)
		/* Before it is stored: that the task ends counts more than
		 * that we know why after a crash, and a full disk must not
		 * keep it running. Nobody is told until it is stored. */
		task_send_cancel(t);
	store_intent(hub, t, done, arg);
	task_unref(t);
	return HUB_OK;
}

size_t
hub_match(struct hub *hub, const struct store_filter *filter, struct task **out,
	size_t max)
{
	struct task *t, *next;
	size_t n = 0;

	HASH_ITER(hh_live, hub->live, t, next) {
		if (task_is_final(t->status) || !store_matches(filter, t))
			continue;
		if (n < max)
			out[n] = t;
		n++;
	}
	return n;
}
