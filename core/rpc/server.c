/* server.c - the agents' streams on the server's side */
#include "rpc/rpc.h"

#include <assert.h>
#include <errno.h>
#include <grpc/grpc_security.h>
#include <grpc/support/alloc.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/accept.h"
#include "rpc/crowd.h"
#include "rpc/guard.h"
#include "rpc/listen.h"

struct rpc_server {
	struct loop *loop;
	struct rpc_server_ops ops;
	void *arg;
	struct rpc_queue *queue;
	grpc_server *grpc;
	struct rpc_tls_source *tls; /* NULL: plaintext */
	struct guard *guard; /* NULL: no TCP */
	struct crowd *crowd; /* likewise, or no limit, or stopping */
	struct rpc_deaf deaf;
	rpc_deaf_fn *on_deaf; /* or NULL */
	void *deaf_arg;
	int max_streams;
	int n_streams;
	struct rpc_stream *streams; /* accepted ones */

	bool begun; /* calls are taken */
	bool stopping;
	struct loop_item begin; /* the loop runs for the first time */
	struct rpc_op op_shutdown;
	struct loop_timer *cut; /* after the grace time */
	loop_fn *done;
	void *done_arg;

	struct rpc_accept accept;
};

/* ------------------------------------------------------- what the loop does */

static void
accept_stream(struct rpc_server *server, struct rpc_stream *s)
{
	grpc_op start = { .op = GRPC_OP_SEND_INITIAL_METADATA };

	s->accepted = true;
	s->prev = NULL;
	s->next = server->streams;
	if (s->next)
		s->next->prev = s;
	server->streams = s;
	server->n_streams++;
	pthread_mutex_lock(&s->lock);
	if (!s->ended) {
		rpc_stream_begin(s, &start, 1, &s->op_start);
		s->started = true;
		rpc_read_next(s);
		rpc_write_next(s);
	}
	pthread_mutex_unlock(&s->lock);
}

static void
opened(struct rpc_stream *s)
{
	struct rpc_server *server = s->owner;
	AUTO_FREE char *id = rpc_accept_head(s, "agent_id");
	AUTO_FREE char *token = rpc_accept_head(s, "agent_token");
	struct rpc_peer_tls tls;
	int r = rpc_peer_tls(s->call, &tls);
	AUTO_FREE char **names = tls.names;
	char *peer = grpc_call_get_peer(s->call);
	enum rpc_status status = RPC_STATUS_OTHER;
	struct rpc_hello hello = { .agent_id = id,
		.agent_token = token,
		.verified = tls.verified,
		.tls_names = (const char *const *)names,
		.serial = tls.facts.serial,
		.not_after = tls.facts.not_after };
	struct err err = { "refused" };

	s->peer = strdup(peer ? peer : "");
	gpr_free(peer);
	grpc_metadata_array_destroy(&s->head);
	grpc_metadata_array_init(&s->head);
	if (server->stopping) {
		rpc_refuse(
			s, RPC_STATUS_UNAVAILABLE, "server is shutting down");
		return;
	}
	if (server->n_streams >= server->max_streams) {
		rpc_refuse(s, RPC_STATUS_UNAVAILABLE,
			"server has all the agents it may have");
		return;
	}
	if (!id || !token || r < 0 || !s->peer) {
		rpc_refuse(s, RPC_STATUS_INVALID,
			r < 0 ? "the certificate cannot be read"
			      : "agent_id or agent_token is malformed");
		return;
	}
	hello.peer = s->peer;
	if (server->ops.on_open(server->arg, s, &hello, &status, &err) != 0)
		rpc_refuse(s, status, err.text);
	else
		accept_stream(server, s);
}

static void
message(struct rpc_stream *s, const uint8_t *data, size_t len)
{
	struct rpc_server *server = s->owner;

	server->ops.on_message(server->arg, s, data, len);
}

static void
writable(struct rpc_stream *s)
{
	struct rpc_server *server = s->owner;

	server->ops.on_writable(server->arg, s);
}

static void
closed_accepted(struct rpc_server *server, struct rpc_stream *s)
{
	const char *text = s->text ? s->text : "";

	if (s->prev)
		s->prev->next = s->next;
	else
		server->streams = s->next;
	if (s->next)
		s->next->prev = s->prev;
	server->n_streams--;
	if (server->guard)
		guard_ended(server->guard, s->peer, s->received);
	if (!s->closing && s->too_large) {
		s->status = RPC_STATUS_TOO_LARGE;
		text = "agent sent a message over the limit";
	} else if (!s->closing) {
		text = "connection to the agent was lost";
	}
	server->ops.on_close(server->arg, s, s->status, text);
}

static void
closed(struct rpc_stream *s)
{
	struct rpc_server *server = s->owner;

	if (s->accepted)
		closed_accepted(server, s);
	rpc_accept_unref(&server->accept);
}

/* ------------------------------------------------------------------- guard */

static uint64_t
in_messages(void *arg, const char *peer)
{
	struct rpc_server *server = arg;
	uint64_t sum = 0;

	for (struct rpc_stream *s = server->streams; s; s = s->next) {
		if (strcmp(s->peer, peer) != 0)
			continue;
		pthread_mutex_lock(&s->lock);
		sum += s->received;
		pthread_mutex_unlock(&s->lock);
	}
	return sum;
}

static void
flooded(void *arg, const char *peer)
{
	struct rpc_server *server = arg;

	if (server->ops.on_flood)
		server->ops.on_flood(server->arg, peer);
}

static int
watch_port(struct rpc_server *server, const struct rpc_server_conf *conf,
	uint16_t port, struct err *err)
{
	const struct crowd_conf crowd = { .loop = server->loop,
		.port = port,
		.max = conf->max_connections,
		.max_per_address = conf->max_per_address,
		.cut = server->ops.on_crowd,
		.arg = server->arg };
	int r = guard_new(server->loop, port, in_messages, flooded, server,
		&server->guard, err);

	if (r == 0 && (conf->max_connections || conf->max_per_address))
		r = crowd_new(&crowd, &server->crowd, err);
	return r;
}

static void
deaf(void *arg)
{
	struct rpc_server *server = arg;

	if (server->on_deaf && !server->stopping)
		server->on_deaf(server->deaf_arg, server->deaf.why);
}

void
rpc_server_on_deaf(struct rpc_server *server, rpc_deaf_fn *fn, void *arg)
{
	server->on_deaf = fn;
	server->deaf_arg = arg;
}

static const struct rpc_side server_side = {
	.server = true,
	.opened = opened,
	.message = message,
	.writable = writable,
	.closed = closed,
};

/* ------------------------------------------------------------ start, stop */

/* Only now are calls taken, so a server whose loop never ran has none. */
static void
begin(void *arg)
{
	struct rpc_server *server = arg;

	server->begun = true;
	rpc_accept_begin(&server->accept);
}

static void
shutdown_done(struct rpc_op *op, bool ok)
{
	struct rpc_server *server =
		RPC_OWNER(op, struct rpc_server, op_shutdown);

	(void)ok;
	rpc_accept_unref(&server->accept);
}

static void
shut_down(void *arg)
{
	struct rpc_server *server = arg;

	loop_timer_free(TAKE(server->cut));
	server->done(server->done_arg); /* may free the server */
}

static void
cut_all(void *arg)
{
	struct rpc_server *server = arg;

	grpc_server_cancel_all_calls(server->grpc);
}

static void
shut_grpc(struct rpc_server *server, void (*done)(struct rpc_op *, bool))
{
	server->op_shutdown.done = done;
	rpc_op_handover(&server->op_shutdown);
	grpc_server_shutdown_and_notify(server->grpc,
		rpc_queue_cq(server->queue), &server->op_shutdown);
}

void
rpc_server_stop(struct rpc_server *server, int64_t grace_ms, loop_fn *done,
	void *done_arg)
{
	server->done = done;
	server->done_arg = done_arg;
	if (server->stopping)
		return;
	server->stopping = true;
	if (!server->begun)
		loop_unpost(server->loop, &server->begin);
	crowd_free(TAKE(server->crowd));
	shut_grpc(server, shutdown_done);
	for (struct rpc_stream *s = server->streams; s; s = s->next)
		rpc_close(s, RPC_STATUS_UNAVAILABLE, "server is shutting down");
	loop_timer_set(server->cut, grace_ms);
}

static void
ignore(struct rpc_op *op, bool ok)
{
	(void)op;
	(void)ok;
}

void
rpc_server_free(struct rpc_server *server)
{
	if (!server)
		return;
	assert(!server->streams);
	loop_unpost(server->loop, &server->begin);
	crowd_free(server->crowd);
	rpc_deaf_unfollow(&server->deaf);
	if (server->grpc && !server->stopping) {
		assert(!server->begun);
		shut_grpc(server, ignore);
		grpc_server_cancel_all_calls(server->grpc);
	}
	rpc_queue_drain(server->queue);
	if (server->grpc)
		grpc_server_destroy(server->grpc);
	guard_free(server->guard);
	rpc_tls_source_free(server->tls);
	rpc_queue_free(server->queue);
	loop_timer_free(server->cut);
	free(server);
}

int
rpc_server_new(struct loop *loop, const struct rpc_server_conf *conf,
	const struct rpc_server_ops *ops, void *arg, struct rpc_server **out,
	uint16_t *port, struct err *err)
{
	AUTO(rpc_server_free)
	struct rpc_server *server = calloc(1, sizeof *server);
	int r;

	if (!server)
		return err_set(err, -ENOMEM, "out of memory");
	server->loop = loop;
	server->ops = *ops;
	server->arg = arg;
	server->max_streams = conf->max_streams;
	server->begin.fn = begin;
	server->begin.arg = server;
	server->deaf.loop = loop;
	server->deaf.item = (struct loop_item){ .fn = deaf, .arg = server };
	rpc_deaf_follow(&server->deaf);
	server->cut = loop_timer_new(loop, cut_all, server);
	if (!server->cut)
		return err_set(err, -ENOMEM, "out of memory");
	server->queue = rpc_queue_new(err);
	if (!server->queue)
		return -EAGAIN;
	server->grpc = rpc_listen_make(conf);
	grpc_server_register_completion_queue(
		server->grpc, rpc_queue_cq(server->queue), NULL);
	server->accept = (struct rpc_accept){
		.grpc = server->grpc,
		.method = grpc_server_register_method(server->grpc, RPC_METHOD,
			NULL, GRPC_SRM_PAYLOAD_NONE, 0),
		.queue = server->queue,
		.loop = loop,
		.side = &server_side,
		.owner = server,
		.refs = 1,
		.gone = { .fn = shut_down, .arg = server },
	};
	r = conf->tls ? rpc_tls_source_new(conf->tls, &server->tls, err) : 0;
	if (r == 0)
		r = rpc_listen(
			server->grpc, conf->listen, server->tls, port, err);
	if (r < 0)
		return r;
	if (*port)
		r = watch_port(server, conf, *port, err);
	if (r < 0)
		return r;
	grpc_server_start(server->grpc);
	loop_post(loop, &server->begin);
	*out = TAKE(server);
	return 0;
}

int
rpc_server_set_tls(
	struct rpc_server *server, const struct rpc_tls *tls, struct err *err)
{
	if (!server->tls)
		return err_set(
			err, -EINVAL, "the server has begun without TLS");
	return rpc_tls_source_set(server->tls, tls, err);
}
