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
	choose_reading(up, peer);
	if (r < 0) /* the link's end is coming, or it is out of memory */
		log_warn(r, "cannot attach to plugin '%s'", peer->plugin);
}

/* All executors of a plugin anew, since one has come or gone: the server has to
 * hear at one moment what they have. */
static void
attach_all(struct uplink *up, const char *plugin)
{
	size_t n = up->stream ? group_count(up->peers, plugin) : 0;
	struct peer *peer = NULL;

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
	attach_all(arg, peer->plugin);
}

/* To the server when the others have said theirs. */
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
		peer->current = peer->link != NULL;
		choose_reading(up, peer);
	}
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
	if (box && group_list(peer, TAKE(box)) == 0) {
		peer->current = pass = peer->alone;
		if (!peer->alone)
			say_inventory(up, peer);
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

	peer->current = peer->listed = false;
	peer_drained(up, peer);
	if (serving->link && !serving->draining) {
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

	while ((peer = peers_next(up->peers, peer)) != NULL)
		peer->current = peer->listed = false;
	executors_pause(up, false);
}
