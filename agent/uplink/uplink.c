/* uplink.c - between the server's stream and the executors' sockets
 *
 * Push-back, both ways: when the stream's queue is full, reading from all
 * executors stops until it is writable; when an executor's queue is full,
 * reading from the stream stops until that one has drained. The message that
 * finds the queue full is still taken, so nothing has to wait here. */
#include "uplink/uplink.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "uplink/credentials.h"
#include "uplink/group.h"
#include "uplink/internal.h"
#include "wire/batch.h"
#include "wire/msg.h"

enum {
	KEEPALIVE_MS = 20000,
	KEEPALIVE_TIMEOUT_MS = 10000,
	BACKOFF_MIN_MS = 100,
	BACKOFF_MAX_MS = 10000,
	LOOK_MS = 3600 * 1000,
};

/* ---------------------------------------------------------------- to server */

static void
server_full(void *arg)
{
	executors_pause(arg, true);
}

static void
say_hello(struct uplink *up)
{
	struct msg hello = {
		.kind = MSG_HELLO,
		.hello = { .version = PACKAGE_VERSION,
			.boot_id = up->host.boot_id,
			.hostname = up->host.name },
	};

	uplink_say(up, &hello);
}

/* A start for a plugin that this host does not have. */
static void
refuse(struct uplink *up, const struct msg *start)
{
	AUTO_BUF struct buf why = { 0 };
	int64_t now = clock_wall_ms();
	struct msg result = {
		.kind = MSG_RESULT,
		.task_id = start->task_id,
		.plugin = start->plugin,
		.seq = 1,
		.result = { .outcome = MSG_NOT_STARTED,
			.failure = "refused",
			.rule = "agent.plugins",
			.ended_at = now },
	};

	if (rpc_queued(up->stream) > LIMIT_SEND_QUEUE)
		return; /* whoever asks so much and reads nothing */
	/* without memory for it: a result without text */
	(void)buf_printf(&why, "agent '%s' has no plugin '%s'",
		up->conf->agent_id, start->plugin);
	result.result.message = buf_text(&why);
	log_info("task %s refused: %s", start->task_id, buf_text(&why));
	uplink_say(up, &result);
}

/* -------------------------------------------------------------- from server */

static void
to_peer(struct uplink *up, struct peer *peer, const uint8_t *payload,
	size_t len)
{
	int r = link_send_payload(peer->link, payload, len, false);

	if (r == LINK_FULL) {
		peer->full = true;
		rpc_pause(up->stream, true);
		r = link_send_payload(peer->link, payload, len, true);
	}
	if (r < 0) /* its end is coming, then the server sends again */
		log_debug("message for plugin '%s' lost: %s", peer->plugin,
			err_name(-r));
}

static void
route(struct uplink *up, const struct msg *msg, const uint8_t *payload,
	size_t len)
{
	struct peer *peer = group_choose(up->peers, msg);

	if (*msg->agent_id && strcmp(msg->agent_id, up->conf->agent_id) != 0)
		log_warn(0, "message for another agent ('%s') dropped",
			msg->agent_id);
	else if (peer && peer->link)
		to_peer(up, peer, payload, len);
	else if (peer) /* the server sends it again after the Inventory */
		log_debug("message for plugin '%s' dropped: not connected",
			peer->plugin);
	else if (msg->kind == MSG_START)
		refuse(up, msg);
	else
		log_debug("message for plugin '%s' dropped: it is not known "
			  "who is meant",
			msg->plugin);
}

static void
from_server(struct uplink *up, const uint8_t *payload, size_t len)
{
	AUTO(msg_free) struct msg_box *box = NULL;
	struct err err;
	int r = msg_unpack(MSG_TO_AGENT, payload, len, &box, &err);

	if (r == 0)
		route(up, msg_get(box), payload, len);
	else if (r == -EOPNOTSUPP)
		log_debug("message of an unknown kind ignored");
	else
		log_warn(0, "message from the server dropped: %s",
			r == -EBADMSG ? err.text : err_name(-r));
}

static void
stream_message(
	void *arg, struct rpc_stream *s, const uint8_t *payload, size_t len)
{
	struct batch_walk walk = { payload, len, false };
	const uint8_t *item;
	int r;

	(void)s;
	while ((r = batch_next(&walk, &item, &len)) > 0)
		from_server(arg, item, len);
	if (r < 0)
		log_warn(0, "broken batch from the server dropped");
}

static void
stream_open(void *arg, struct rpc_stream *s)
{
	struct uplink *up = arg;

	log_info(
		"connected to server '%s' (%s)", up->conf->server, rpc_peer(s));
	telling_reset(&up->telling);
	up->stream = s;
	sender_open(&up->sender, s);
	say_hello(up);
	executors_attach(up);
}

static void
stream_writable(void *arg, struct rpc_stream *s)
{
	(void)s;
	executors_pause(arg, false);
}

static void
stream_close(void *arg, struct rpc_stream *s, enum rpc_status status,
	const char *text, int64_t retry_ms)
{
	struct uplink *up = arg;

	(void)s;
	up->stream = NULL;
	sender_close(&up->sender);
	executors_detach(up);
	if (retry_ms >= 0) /* else we are leaving, and it is no news */
		telling_say(&up->telling, up->conf, status, text);
	credentials_ask(up->conf->credentials);
	up->conf->on_disconnected(up->conf->arg);
}

static void
stream_try(void *arg)
{
	struct uplink *up = arg;

	if (credentials_renew(up->conf->credentials, up->client))
		up->conf->on_new_token(up->conf->arg);
}

/* A stream may last for longer than its certificate, which nobody would know
 * the end of. What has come is what the files were an hour ago; a new token
 * counts at the next try. */
static void
look_again(void *arg)
{
	struct uplink *up = arg;

	(void)credentials_renew(up->conf->credentials, up->client);
	credentials_ask(up->conf->credentials);
	loop_timer_set(up->look, LOOK_MS);
}

static const struct rpc_client_ops client_ops = {
	.on_open = stream_open,
	.on_message = stream_message,
	.on_writable = stream_writable,
	.on_close = stream_close,
	.on_try = stream_try,
};

/* ------------------------------------------------------------------- public */

int
uplink_new(struct loop *loop, const struct uplink_conf *conf,
	struct uplink **out, struct err *err)
{
	AUTO(uplink_free) struct uplink *up = calloc(1, sizeof *up);
	struct rpc_client_conf rpc = {
		.server = conf->server,
		.agent_id = conf->agent_id,
		.agent_token = conf->credentials->token,
		.tls = credentials_tls(conf->credentials),
		.max_message = LIMIT_MESSAGE,
		.keepalive_ms = KEEPALIVE_MS,
		.keepalive_timeout_ms = KEEPALIVE_TIMEOUT_MS,
		.backoff_min_ms = BACKOFF_MIN_MS,
		.backoff_max_ms = BACKOFF_MAX_MS,
	};
	int r;

	if (!up)
		return err_set(err, -ENOMEM, "out of memory");
	up->conf = conf;
	host_learn(&up->host);
	r = sender_init(&up->sender, loop, server_full, up);
	if (r < 0)
		return err_set(err, r, "out of memory");
	r = peers_new(
		loop, conf->runtime_dir, &executors_ops, up, &up->peers, err);
	if (r < 0)
		return r;
	up->look = loop_timer_new(loop, look_again, up);
	if (!up->look)
		return err_set(err, -ENOMEM, "out of memory");
	loop_timer_set(up->look, LOOK_MS);
	r = rpc_client_new(loop, &rpc, &client_ops, up, &up->client, err);
	if (r < 0)
		return r;
	*out = TAKE(up);
	return 0;
}

void
uplink_free(struct uplink *up)
{
	if (!up)
		return;
	rpc_client_free(up->client);
	loop_timer_free(up->look);
	peers_free(up->peers);
	sender_done(&up->sender);
	free(up);
}

void
uplink_stop(struct uplink *up, int64_t grace_ms, loop_fn *done, void *arg)
{
	sender_flush(&up->sender);
	rpc_client_stop(up->client, grace_ms, done, arg);
}
