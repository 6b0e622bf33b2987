/* hub.c - life of the hub, agents by id */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/limits.h"
#include "base/rates.h"
#include "hub/internal.h"

enum {
	NOISE_PER_MINUTE = 60,
	/* Executors that are there have said so by then, though one that
	 * hangs has kept the others of its plugin waiting. */
	SETTLED_AFTER_MS = 4000,
};

int
hub_new(const struct hub_conf *conf, struct hub **out, struct err *err)
{
	struct hub *hub = calloc(1, sizeof *hub);

	if (!hub)
		return err_set(err, -ENOMEM, "out of memory");
	hub->conf = *conf;
	hub->noise = rates_new(NOISE_PER_MINUTE, 60 * 1000, NOISE_PER_MINUTE);
	hub->expiry = loop_timer_new(conf->loop, admit_tick, hub);
	if (!hub->noise || !hub->expiry) {
		rates_free(hub->noise);
		loop_timer_free(hub->expiry);
		free(hub);
		return err_set(err, -ENOMEM, "out of memory");
	}
	if (!hub->conf.settled_after_ms)
		hub->conf.settled_after_ms = SETTLED_AFTER_MS;
	if (!hub->conf.window)
		hub->conf.window = LIMIT_TASK_WINDOW;
	count_begin(hub);
	store_listen(conf->store, task_stored, agents_resume, hub);
	hub_recheck_agents(hub);
	*out = hub;
	return 0;
}

static void
drop_task(struct hub *hub, struct task *t)
{
	loop_timer_free(t->start_timer);
	t->start_timer = NULL;
	HASH_DELETE(hh_live, hub->live, t);
	task_unref(t);
}

void
hub_free(struct hub *hub)
{
	struct agent *a, *next;
	struct task *t, *next_task;

	if (!hub)
		return;
	store_listen(hub->conf.store, NULL, NULL, NULL);
	HASH_ITER(hh_live, hub->live, t, next_task)
		drop_task(hub, t);
	HASH_ITER(hh, hub->agents, a, next) {
		HASH_DEL(hub->agents, a);
		inventory_free(a);
		acks_free(a);
		drain_free(a->drain);
		loop_timer_free(a->timer);
		free(a);
	}
	loop_timer_free(hub->expiry);
	rates_free(hub->noise);
	free(hub);
}

struct agent *
hub_agent(struct hub *hub, const char *id)
{
	struct agent *a;

	HASH_FIND_STR(hub->agents, id, a);
	return a;
}

static int
by_id(const struct agent *a, const struct agent *b)
{
	return strcmp(a->id, b->id);
}

struct agent *
hub_agent_make(struct hub *hub, const char *id)
{
	struct agent *a = hub_agent(hub, id);

	if (a)
		return a;
	a = calloc(1, sizeof *a);
	if (!a)
		return NULL;
	a->hub = hub;
	(void)strncpy(a->id, id, sizeof a->id - 1);
	HASH_ADD_INORDER(hh, hub->agents, id[0], strlen(a->id), a, by_id);
	return a;
}

struct agent *
hub_agents(struct hub *hub, const struct agent *after)
{
	return after ? after->hh.next : hub->agents;
}

struct hub_plugin *
hub_plugin_find(const struct agent *a, const char *name)
{
	for (struct hub_plugin *p = a->plugins; p; p = p->next)
		if (strcmp(p->name, name) == 0)
			return p;
	return NULL;
}

const struct hub_plugin *
agent_plugin(const struct agent *a, const char *name)
{
	return hub_plugin_find(a, name);
}

struct task *
hub_live(struct hub *hub, const char *id)
{
	struct task *t;

	HASH_FIND(hh_live, hub->live, id, strlen(id), t);
	return t;
}

void
hub_get(struct hub *hub, const char *id, store_got_fn *done, void *arg)
{
	struct task *t = id_valid(id) ? hub_live(hub, id) : NULL;

	if (!id_valid(id))
		done(arg, -ENOENT, NULL);
	else if (t && !task_is_final(t->status))
		done(arg, 0, t);
	else
		hub->conf.store->ops->get(hub->conf.store, id, done, arg);
}

void
hub_stats(const struct hub *hub, struct hub_stats *out)
{
	struct store_stats store;

	hub->conf.store->ops->stats(hub->conf.store, &store);
	*out = (struct hub_stats){
		.agents = HASH_COUNT(hub->agents),
		.agents_connected = hub->n_connected,
		.tasks_live = HASH_CNT(hh_live, hub->live),
		.tasks_stored = store.tasks,
		.trouble = store.trouble,
	};
}
