/* executors.c - from the executors to the server */
#include <errno.h>

#include "base/log.h"
#include "uplink/group.h"
#include "uplink/internal.h"
#include "wire/msg.h"

/* One that has said what it has waits until the others of its plugin have. */
static void
choose_reading(const struct uplink *up, struct peer *peer)
{
	if (peer->link)
		link_pause(peer->link,
			up->full || (peer->listed && !peer->current));
}

void
executors_pause(struct uplink *up, bool full)
{
	struct peer *peer = NULL;

	up->full = full;
	while ((peer = peers_next(up->peers, peer)) != NULL)
		choose_reading(up, peer);
}

void
uplink_say(struct uplink *up, struct msg *msg)
{
	AUTO_BUF struct buf payload = { 0 };
	int r;

	msg->agent_id = up->conf->agent_id;
	r = msg_pack(msg, &payload);
	if (r < 0)
		log_error(r, "cannot pack a message for the server");
	else
		sender_send(&up->sender, payload.data, payload.len);
}

static void
say_down(struct uplink *up, const struct peer *peer, const char *reason)
{
	struct msg down = {
		.kind = MSG_PLUGIN_DOWN,
		.plugin = peer->plugin,
		.plugin_down.reason = reason,
	};

	uplink_say(up, &down);
}

static void
attach(struct uplink *up, struct peer *peer)
{
	struct msg msg = {
		.kind = MSG_ATTACH,
		.agent_id = up->conf->agent_id,
		.plugin = peer->plugin,
	};
	int r = link_send(peer->link, &msg, true);

	peer->current = peer->listed = false;
	peers_await(peer);
	choose_reading(up, peer);
	if (r < 0) /* the link's end is coming, or it is out of memory */
		log_warn(r, "cannot attach to plugin '%s'", peer->plugin);
}

/* Whether somebody is there is mostly known at once; but one that hangs may
 * have as many connections waiting as it has room for. */
static void
await_unknown(struct uplink *up, const char *plugin)
{
	struct peer *peer = NULL;

	while ((peer = group_next(up->peers, plugin, peer)) != NULL)
		if (!peer->link && !peer->gone && !peer->awaited)
			peers_await(peer);
}

/* All executors of a plugin anew, since one has come or gone: the server has to
 * hear at one moment what they have. */
static void
attach_all(struct uplink *up, const char *plugin)
{
	size_t n = up->stream ? group_count(up->peers, plugin) : 0;
	struct peer *peer = NULL;

	if (up->stream && !n)
		await_unknown(up, plugin);
	while (n && (peer = group_next(up->peers, plugin, peer)) != NULL) {
		peer->alone = n == 1;
		if (peer->link)
			attach(up, peer);
		else
			group_forget(peer);
	}
}

static void
peer_up(void *arg, struct peer *peer)
{
	log_info("plugin '%s' connected", peer->plugin);
	peer->full = false;
	attach_all(arg, peer->plugin);
}

static void
peer_gone(void *arg, struct peer *peer)
{
	peers_await_stop(peer);
	peer->silent = false;
	attach_all(arg, peer->plugin);
}

/* To the server when the others have said theirs, or will not in time. */
static void
say_inventory(struct uplink *up, struct peer *peer)
{
	AUTO_BUF struct buf all = { 0 };
	const char *plugin = peer->plugin;
	int r = group_inventory(up->peers, plugin, up->conf->agent_id, &all);

	choose_reading(up, peer);
	if (r < 0) {
		if (r != -EAGAIN)
			log_error(r, "cannot say which tasks plugin '%s' has",
				plugin);
		return;
	}
	sender_send(&up->sender, all.data, all.len);
	for (peer = NULL; (peer = group_next(up->peers, plugin, peer));) {
		peer->current = peer->listed;
		choose_reading(up, peer);
	}
}

/* Nobody speaks for the plugin, as while a new executor finds something left of
 * an earlier one's tasks. A server that has just begun would take it for missing
 * soon, and refuse what waits for it. */
static void
peer_late(void *arg, struct peer *peer)
{
	struct uplink *up = arg;

	log_warn(0, "plugin '%s': an executor does not answer", peer->plugin);
	if (!peer->link)
		attach_all(up, peer->plugin);
	else if (group_is_silent(up->peers, peer->plugin))
		say_down(up, peer, "no executor answers yet");
	else
		say_inventory(up, peer);
}

/* It was left out: what the others have said is too old to be put beside what
 * it says now. Those that are silent themselves have been asked. */
static void
attach_others(struct uplink *up, const struct peer *back)
{
	struct peer *peer = NULL;

	log_info("plugin '%s': the executor answers again", back->plugin);
	while ((peer = group_next(up->peers, back->plugin, peer)) != NULL)
		if (peer != back && peer->link && !peer->silent)
			attach(up, peer);
}

static void
take_inventory(struct uplink *up, struct peer *peer, struct msg_box *take_box)
{
	bool late = peer->silent && !peer->awaited;

	peers_await_stop(peer);
	peer->silent = false;
	if (group_list(peer, take_box) < 0)
		return;
	peer->current = peer->alone;
	if (peer->alone)
		return;
	if (late)
		attach_others(up, peer);
	say_inventory(up, peer);
}

static struct msg_box *
read_inventory(const uint8_t *payload, size_t len)
{
	AUTO(msg_free) struct msg_box *box = NULL;

	return msg_unpack(MSG_TO_SERVER, payload, len, &box, NULL) == 0 &&
			       msg_get(box)->kind == MSG_INVENTORY
		       ? TAKE(box)
		       : NULL;
}

static void
peer_frame(void *arg, struct peer *peer, const uint8_t *payload, size_t len)
{
	AUTO(msg_free) struct msg_box *box = NULL;
	struct uplink *up = arg;
	bool pass = peer->current;

	if (up->stream && !(peer->current && peer->alone))
		box = read_inventory(payload, len);
	if (box && peer->current) { /* it drains from now on */
		attach_all(up, peer->plugin);
		return;
	}
	if (box) {
		take_inventory(up, peer, TAKE(box));
		pass = peer->alone && peer->current;
	}
	if (up->stream && pass) /* else from before the Attach: comes again */
		sender_send(&up->sender, payload, len);
}

/* The stream goes on when no executor's queue is full any more. */
static void
resume_stream(struct uplink *up)
{
	struct peer *peer = NULL;

	while ((peer = peers_next(up->peers, peer)) != NULL)
		if (peer->full)
			return;
	if (up->stream)
		rpc_pause(up->stream, false);
}

static void
peer_drained(void *arg, struct peer *peer)
{
	peer->full = false;
	resume_stream(arg);
}

static void
peer_down(void *arg, struct peer *peer, const char *reason)
{
	struct uplink *up = arg;

	const struct peer *serving = group_serving(up->peers, peer->plugin);

	peer->current = peer->listed = peer->silent = false;
	peers_await_stop(peer);
	if (up->stream)
		peers_await(peer); /* another one may listen there */
	peer_drained(up, peer);
	if (serving->link && !serving->draining && !serving->silent) {
		log_info("plugin '%s': the executor before is gone",
			peer->plugin);
		return; /* and what it had will not be in the Inventory */
	}
	log_warn(0, "plugin '%s' lost: %s", peer->plugin, reason);
	if (up->stream)
		say_down(up, peer, reason);
}

const struct peers_ops executors_ops = {
	.on_up = peer_up,
	.on_frame = peer_frame,
	.on_drained = peer_drained,
	.on_down = peer_down,
	.on_gone = peer_gone,
	.on_late = peer_late,
};

void
executors_attach(struct uplink *up)
{
	struct peer *peer = NULL;

	while ((peer = peers_next(up->peers, peer)) != NULL)
		if (peers_find(up->peers, peer->plugin) != peer)
			continue; /* done with the first of the plugin */
		else if (group_serving(up->peers, peer->plugin)->link)
			attach_all(up, peer->plugin);
		else
			say_down(up, peer, "executor is not running");
}

void
executors_detach(struct uplink *up)
{
	struct peer *peer = NULL;

	while ((peer = peers_next(up->peers, peer)) != NULL) {
		peer->current = peer->listed = false;
		peers_await_stop(peer);
	}
	executors_pause(up, false);
}
