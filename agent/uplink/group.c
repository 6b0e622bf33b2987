/* group.c - the executors of one plugin, which are one to the server */
#include "uplink/group.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

struct peer *
group_next(const struct peers *peers, const char *plugin, struct peer *previous)
{
	struct peer *peer = peers_next(peers, previous);

	while (peer && strcmp(peer->plugin, plugin) != 0)
		peer = peers_next(peers, peer);
	return peer;
}

size_t
group_count(const struct peers *peers, const char *plugin)
{
	struct peer *peer = NULL;
	size_t n = 0;

	while ((peer = group_next(peers, plugin, peer)) != NULL) {
		if (!peer->link && !peer->gone && !peer->silent)
			return 0;
		n += !peer->gone;
	}
	return n;
}

/* ------------------------------------------------------------------------ one */

static int
by_id(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int
group_list(struct peer *peer, struct msg_box *take_box)
{
	const struct msg_inventory *inv = &msg_get(take_box)->inventory;

	group_forget(peer);
	peer->inventory = take_box;
	peer->listed = true;
	peer->draining = inv->draining;
	peer->held = calloc(inv->n_tasks + 1, sizeof *peer->held);
	if (!peer->held) {
		group_forget(peer);
		return -ENOMEM;
	}
	for (size_t i = 0; i < inv->n_tasks; i++)
		peer->held[peer->n_held++] = inv->tasks[i].task_id;
	qsort(peer->held, peer->n_held, sizeof *peer->held, by_id);
	return 0;
}

void
group_forget(struct peer *peer)
{
	msg_free(TAKE(peer->inventory));
	free(TAKE(peer->held));
	peer->n_held = 0;
	peer->listed = false;
}

static bool
holds(const struct peer *peer, const char *task_id)
{
	return peer->held && bsearch(&task_id, peer->held, peer->n_held,
				     sizeof task_id, by_id);
}

/* ------------------------------------------------------------------ all of it */

/* What a silent one said of itself may have been true once. */
static int
fitness(const struct peer *peer)
{
	if (!peer->link)
		return 0;
	return peer->silent ? 1 : peer->draining ? 2 : 3;
}

static bool
is_fitter(const struct peer *peer, const struct peer *than)
{
	int a = fitness(peer), b = fitness(than);

	return a > b || (a == b && peer->link && than->draining);
}

struct peer *
group_serving(const struct peers *peers, const char *plugin)
{
	struct peer *peer = NULL, *best = NULL;

	while ((peer = group_next(peers, plugin, peer)) != NULL)
		if (!best || is_fitter(peer, best))
			best = peer;
	return best;
}

/* The one that has the task, as far as it has said so. What it has begun since it
 * spoke is not known here. */
static struct peer *
find_holder(const struct peers *peers, const struct msg *msg)
{
	struct peer *peer = NULL;

	while ((peer = group_next(peers, msg->plugin, peer)) != NULL)
		if (peer->link && holds(peer, msg->task_id))
			return peer;
	return NULL;
}

/* The one that the server names. */
static struct peer *
find_named(const struct peers *peers, const struct msg *msg)
{
	struct peer *peer = NULL;

	while (*msg->instance &&
		(peer = group_next(peers, msg->plugin, peer)) != NULL)
		if (peer->link && peer->inventory &&
			strcmp(msg_get(peer->inventory)->inventory.instance,
				msg->instance) == 0)
			return peer;
	return NULL;
}

static bool
is_awaited(const struct peers *peers, const char *plugin)
{
	struct peer *peer = NULL;

	while ((peer = group_next(peers, plugin, peer)) != NULL)
		if (peer->awaited)
			return true;
	return false;
}

bool
group_is_silent(const struct peers *peers, const char *plugin)
{
	struct peer *peer = NULL;

	while ((peer = group_next(peers, plugin, peer)) != NULL)
		if (peer->listed || peer->awaited)
			return false;
	return true;
}

/* A cancel that meets an executor which has not got the task is answered "never
 * started", which another one beside it could make a lie. A start for one that has
 * been retired meanwhile is refused by it, with the reason; another drops it. */
struct peer *
group_choose(const struct peers *peers, const struct msg *msg)
{
	struct peer *holder = NULL;

	if (msg->kind != MSG_START)
		holder = find_holder(peers, msg);
	if (!holder)
		holder = find_named(peers, msg);
	if (holder)
		return holder;
	if (msg->kind == MSG_CANCEL &&
		(*msg->instance || is_awaited(peers, msg->plugin)))
		return NULL;
	return group_serving(peers, msg->plugin);
}

int
group_inventory(const struct peers *peers, const char *plugin,
	const char *agent_id, struct buf *out)
{
	const struct peer *first = group_serving(peers, plugin);
	AUTO_FREE struct msg_held *tasks = NULL;
	struct peer *peer = NULL;
	bool partial = false;
	struct msg all;
	size_t n = 0;
	int r;

	while ((peer = group_next(peers, plugin, peer)) != NULL) {
		if (peer->awaited)
			return -EAGAIN;
		partial = partial || (!peer->gone && !peer->listed);
		n += peer->listed ? peer->n_held : 0;
	}
	if (!first->listed)
		return -EAGAIN;
	if (n > LIMIT_TASKS_PER_AGENT)
		return -EMSGSIZE;
	tasks = calloc(n + 1, sizeof *tasks);
	if (!tasks)
		return -ENOMEM;
	n = 0;
	while ((peer = group_next(peers, plugin, peer)) != NULL) {
		const struct msg_inventory *inv;

		if (!peer->listed)
			continue;
		inv = &msg_get(peer->inventory)->inventory;
		memcpy(tasks + n, inv->tasks, inv->n_tasks * sizeof *tasks);
		n += inv->n_tasks;
	}
	all = *msg_get(first->inventory);
	all.agent_id = agent_id;
	all.inventory.tasks = tasks;
	all.inventory.n_tasks = n;
	all.inventory.partial = partial;
	r = msg_pack(&all, out);
	return r == 0 && out->len > LIMIT_MESSAGE ? -EMSGSIZE : r;
}
