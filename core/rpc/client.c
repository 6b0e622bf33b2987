/* client.c - an agent's stream, made again for ever
 *
 *	WAITING --timer--> TRYING --accepted--> OPEN
 *	   ^                  |                   |
 *	   +------ended-------+-------ended-------+
 *
 * Each try is a call that does not wait for the connection, so that a failed
 * one says why; gRPC's own reconnecting is kept out of it by a new channel
 * after each try that failed. */
#include "rpc/rpc.h"

#include <assert.h>
#include <errno.h>
#include <grpc/grpc_security.h>
#include <grpc/support/alloc.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "rpc/stream.h"

enum {
	CONNECT_MS = 10000, /* TCP, TLS and HTTP/2 together */
	ACCEPT_MS = 30000, /* until the server has said yes or no */
	STEADY_MS = 5000, /* up that long: back to the short backoff */
};

struct rpc_client {
	struct loop *loop;
	struct rpc_client_ops ops;
	void *arg;
	struct rpc_queue *queue;
	char *server;
	grpc_channel_credentials *creds;
	int max_message, keepalive_ms, keepalive_timeout_ms;
	bool own_connection;
	grpc_metadata head[2];
	size_t n_head;
	int64_t backoff_ms, backoff_min_ms, backoff_max_ms;

	grpc_channel *channel; /* NULL: make one for the next try */
	struct rpc_stream *stream; /* NULL: WAITING */
	int64_t opened_ms; /* of the stream, when OPEN */
	/* WAITING: next try. TRYING: give up. Stopping: cut, then done. */
	struct loop_timer *timer;
	bool stopping;
	loop_fn *done;
	void *done_arg;
};

/* ------------------------------------------------- on the queue's thread */

static bool
is_refused(const struct rpc_stream *s)
{
	for (size_t i = 0; i < s->head.count; i++)
		if (grpc_slice_str_cmp(s->head.metadata[i].key, RPC_REFUSED) ==
			0)
			return true;
	return false;
}

/* This comes for failed calls too, just ahead of their status. An empty batch
 * queues up behind that status: if it is not there then, we are accepted. */
static void
head_done(struct rpc_op *op, bool ok)
{
	struct rpc_stream *s = RPC_OWNER(op, struct rpc_stream, op_head);

	pthread_mutex_lock(&s->lock);
	if (ok && !s->ended && !is_refused(s))
		rpc_stream_begin(s, NULL, 0, &s->op_open);
	rpc_stream_over(s);
	pthread_mutex_unlock(&s->lock);
}

static void
open_done(struct rpc_op *op, bool ok)
{
	struct rpc_stream *s = RPC_OWNER(op, struct rpc_stream, op_open);

	pthread_mutex_lock(&s->lock);
	if (ok && !s->ended) {
		s->opening = true;
		rpc_stream_wake(s);
	}
	rpc_stream_over(s);
	pthread_mutex_unlock(&s->lock);
}

static void
ended(struct rpc_op *op, bool ok)
{
	struct rpc_stream *s = RPC_OWNER(op, struct rpc_stream, op_end);

	(void)ok; /* always true, says grpc.h */
	pthread_mutex_lock(&s->lock);
	s->ended = true;
	s->status = rpc_status_from_code(s->code);
	free(s->text);
	s->text = strndup((const char *)GRPC_SLICE_START_PTR(s->details),
		GRPC_SLICE_LENGTH(s->details)); /* without: no harm */
	rpc_stream_over(s);
	pthread_mutex_unlock(&s->lock);
}

/* ----------------------------------------------------------------- tries */

static void try_now(struct rpc_client *c);

static void
opened(struct rpc_stream *s)
{
	struct rpc_client *c = s->owner;
	char *peer = grpc_call_get_peer(s->call);

	s->peer = peer ? strdup(peer) : NULL; /* without: no harm */
	gpr_free(peer);
	if (c->stopping)
		return;
	s->accepted = true;
	c->opened_ms = clock_ms();
	loop_timer_stop(c->timer);
	c->ops.on_open(c->arg, s);
}

static void
message(struct rpc_stream *s, const uint8_t *data, size_t len)
{
	struct rpc_client *c = s->owner;

	c->ops.on_message(c->arg, s, data, len);
}

static void
writable(struct rpc_stream *s)
{
	struct rpc_client *c = s->owner;

	c->ops.on_writable(c->arg, s);
}

/* Between half and all of the backoff, so that the agents of a server that
 * comes back do not all knock at once. */
static int64_t
next_delay(struct rpc_client *c, const struct rpc_stream *ended)
{
	int64_t half;
	uint32_t random = 0;

	if (ended->status == RPC_STATUS_REPLACED)
		/* Two agents with one id: not as fast as they can. */
		c->backoff_ms = c->backoff_max_ms;
	else if (ended->accepted && clock_ms() - c->opened_ms >= STEADY_MS)
		c->backoff_ms = c->backoff_min_ms;
	half = c->backoff_ms / 2;
	c->backoff_ms *= 2;
	if (c->backoff_ms > c->backoff_max_ms)
		c->backoff_ms = c->backoff_max_ms;
	if (getrandom(&random, sizeof random, GRND_NONBLOCK) < 0)
		random = (uint32_t)clock_us(); /* any spread will do */
	return half + (int64_t)(random % (uint64_t)(half + 1));
}

static void
drop_channel(struct rpc_client *c)
{
	if (c->channel)
		grpc_channel_destroy(TAKE(c->channel));
}

static void
closed(struct rpc_stream *s)
{
	struct rpc_client *c = s->owner;
	int64_t retry_ms = c->stopping ? -1 : next_delay(c, s);
	enum rpc_status status = s->status;
	const char *text = s->text ? s->text : "";

	if (s->was_cut) {
		status = RPC_STATUS_UNAVAILABLE;
		text = c->stopping ? "client was stopped"
				   : "server did not answer in time";
	}
	if (!s->accepted)
		drop_channel(c);
	c->ops.on_close(c->arg, s->accepted ? s : NULL, status, text, retry_ms);
	if (!s->owner)
		return; /* the client was freed */
	c->stream = NULL;
	loop_timer_set(c->timer, c->stopping ? 0 : retry_ms);
}

static const struct rpc_side client_side = {
	.opened = opened,
	.message = message,
	.writable = writable,
	.closed = closed,
};

static grpc_channel *
make_channel(const struct rpc_client *c)
{
	grpc_arg list[] = {
		RPC_ARG(GRPC_ARG_KEEPALIVE_TIME_MS, c->keepalive_ms),
		RPC_ARG(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, c->keepalive_timeout_ms),
		RPC_ARG(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1),
		RPC_ARG(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0),
		RPC_ARG(GRPC_ARG_HTTP2_BDP_PROBE, 0),
		RPC_ARG(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, RPC_LOOKAHEAD),
		RPC_ARG(GRPC_ARG_HTTP2_MAX_FRAME_SIZE, RPC_LOOKAHEAD),
		RPC_ARG(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, c->max_message),
		/* else $http_proxy is obeyed even for 127.0.0.1 */
		RPC_ARG(GRPC_ARG_ENABLE_HTTP_PROXY, 0),
		RPC_ARG(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1),
		RPC_ARG(GRPC_ARG_ENABLE_RETRIES, 0),
		RPC_ARG(GRPC_ARG_ENABLE_CHANNELZ, 0),
		/* this is also the time for one connection attempt */
		RPC_ARG(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, CONNECT_MS),
		RPC_ARG(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, c->own_connection),
	};
	grpc_channel_args args = { ARRAY_SIZE(list), list };

	return grpc_channel_create(c->server, c->creds, &args);
}

static void
start_stream(struct rpc_client *c, struct rpc_stream *s)
{
	grpc_op end = { .op = GRPC_OP_RECV_STATUS_ON_CLIENT };
	grpc_op start = { .op = GRPC_OP_SEND_INITIAL_METADATA };
	grpc_op head = { .op = GRPC_OP_RECV_INITIAL_METADATA };

	s->op_end.done = ended;
	s->op_head.done = head_done;
	s->op_open.done = open_done;
	end.data.recv_status_on_client.trailing_metadata = &s->trailer;
	end.data.recv_status_on_client.status = &s->code;
	end.data.recv_status_on_client.status_details = &s->details;
	start.data.send_initial_metadata.count = c->n_head;
	start.data.send_initial_metadata.metadata = c->head;
	head.data.recv_initial_metadata.recv_initial_metadata = &s->head;
	pthread_mutex_lock(&s->lock);
	rpc_stream_begin(s, &end, 1, &s->op_end);
	rpc_stream_begin(s, &start, 1, &s->op_start);
	rpc_stream_begin(s, &head, 1, &s->op_head);
	s->started = true;
	rpc_read_next(s);
	pthread_mutex_unlock(&s->lock);
}

static void
try_now(struct rpc_client *c)
{
	grpc_call *call;

	if (c->ops.on_try)
		c->ops.on_try(c->arg);
	if (!c->channel)
		c->channel = make_channel(c);
	call = grpc_channel_create_call(c->channel, NULL,
		GRPC_PROPAGATE_DEFAULTS, rpc_queue_cq(c->queue),
		grpc_slice_from_static_string(RPC_METHOD), NULL,
		gpr_inf_future(GPR_CLOCK_REALTIME), NULL);
	c->stream = rpc_stream_new(c->loop, call, &client_side, c);
	if (!c->stream) { /* out of memory: perhaps not for long */
		loop_timer_set(c->timer, c->backoff_max_ms);
		return;
	}
	start_stream(c, c->stream);
	loop_timer_set(c->timer, ACCEPT_MS);
}

static void
timer_due(void *arg)
{
	struct rpc_client *c = arg;

	if (c->stream)
		rpc_stream_cut(c->stream);
	else if (c->stopping)
		c->done(c->done_arg); /* may free the client */
	else
		try_now(c);
}

/* ------------------------------------------------------------ start, stop */

static int
add_head(struct rpc_client *c, const char *key, const char *value,
	struct err *err)
{
	grpc_metadata *md = &c->head[c->n_head];

	if (!value || !*value)
		return 0;
	md->key = grpc_slice_from_static_string(key);
	md->value = grpc_slice_from_copied_string(value);
	c->n_head++;
	/* gRPC would spoil the call, and say nothing helpful. */
	if (!grpc_header_nonbin_value_is_legal(md->value))
		return err_set(err, -EINVAL,
			"%s has a character that is not printable ASCII", key);
	/* HTTP/2 readers trim; the server would see another id. */
	if (value[0] == ' ' || value[strlen(value) - 1] == ' ')
		return err_set(
			err, -EINVAL, "%s begins or ends with a space", key);
	return 0;
}

int
rpc_client_new(struct loop *loop, const struct rpc_client_conf *conf,
	const struct rpc_client_ops *ops, void *arg, struct rpc_client **out,
	struct err *err)
{
	AUTO(rpc_client_free) struct rpc_client *c = calloc(1, sizeof *c);
	int r;

	if (!c)
		return err_set(err, -ENOMEM, "out of memory");
	c->loop = loop;
	c->ops = *ops;
	c->arg = arg;
	c->max_message = (int)conf->max_message;
	c->keepalive_ms = conf->keepalive_ms;
	c->keepalive_timeout_ms = conf->keepalive_timeout_ms;
	c->own_connection = conf->own_connection;
	c->backoff_ms = c->backoff_min_ms = conf->backoff_min_ms;
	c->backoff_max_ms = conf->backoff_max_ms;
	c->server = strdup(conf->server);
	c->timer = loop_timer_new(loop, timer_due, c);
	if (!c->server || !c->timer)
		return err_set(err, -ENOMEM, "out of memory");
	c->queue = rpc_queue_shared(err);
	if (!c->queue)
		return -EAGAIN;
	c->creds = rpc_client_creds(conf->tls, err);
	if (!c->creds)
		return -EINVAL;
	r = add_head(c, "agent_id", conf->agent_id, err);
	if (r == 0)
		r = add_head(c, "agent_token", conf->agent_token, err);
	if (r < 0)
		return r;
	loop_timer_set(c->timer, 0);
	*out = TAKE(c);
	return 0;
}

int
rpc_client_set_tls(
	struct rpc_client *c, const struct rpc_tls *tls, struct err *err)
{
	grpc_channel_credentials *creds = rpc_client_creds(tls, err);

	if (!creds)
		return -EINVAL;
	grpc_channel_credentials_release(c->creds);
	c->creds = creds;
	drop_channel(c); /* an open stream holds on to its connection */
	return 0;
}

void
rpc_client_stop(
	struct rpc_client *c, int64_t grace_ms, loop_fn *done, void *done_arg)
{
	c->done = done;
	c->done_arg = done_arg;
	if (c->stopping)
		return;
	c->stopping = true;
	loop_timer_set(c->timer, c->stream ? grace_ms : 0);
	if (c->stream && c->stream->accepted)
		rpc_close(c->stream, RPC_STATUS_OK, "");
	else if (c->stream)
		rpc_stream_cut(c->stream);
}

void
rpc_client_free(struct rpc_client *c)
{
	if (!c)
		return;
	if (c->stream)
		rpc_stream_abandon(c->stream);
	drop_channel(c);
	loop_timer_free(c->timer);
	for (size_t i = 0; i < c->n_head; i++)
		grpc_slice_unref(c->head[i].value);
	if (c->creds)
		grpc_channel_credentials_release(c->creds);
	if (c->queue)
		rpc_queue_unshare();
	free(c->server);
	free(c);
}
