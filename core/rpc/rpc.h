/* rpc.h - one bidirectional stream of messages between server and agents
 *
 * A thin layer over the gRPC C core; nothing above it sees a grpc type. The
 * method is /nodelink.v1.AgentService/StreamTasks; payloads are opaque here
 * (core/wire knows them).
 *
 * Threads: gRPC's completion queue has a thread of its own, which only moves
 * events into the loop given at creation, in batches. Every function here
 * belongs to that loop's thread and every callback comes on it. rpc_send()
 * writes to the socket from the calling thread, so going out costs no hand-off.
 *
 * Flow control: each stream has a send queue with a limit in bytes
 * (LIMIT_SEND_QUEUE); rpc_send() says RPC_FULL instead of growing it. Each
 * stream holds at most 128 messages or 256 KB (or one message) undelivered,
 * once more of that while it delivers; then it stops reading, which pushes
 * back to the peer. rpc_pause() makes it stop.
 *
 * A stream that ends abruptly may have lost what was sent last (a fact of
 * gRPC): results need acknowledgements, which are not this layer's. */
#ifndef NODELINK_RPC_RPC_H
#define NODELINK_RPC_RPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/err.h"
#include "loop/loop.h"

/* What gRPC complains of by itself, failed handshakes above all, at most once a
 * second; left_out: complaints since the last one that was told. On any thread.
 * Once, before the first server or client is made. */
typedef void rpc_trouble_fn(const char *text, unsigned left_out);
void rpc_on_trouble(rpc_trouble_fn *fn);

struct rpc_stream; /* one agent's connection, on either side */

/* Why a stream ended, in terms that callers act on. */
enum rpc_status {
	RPC_STATUS_OK, /* orderly */
	RPC_STATUS_UNAVAILABLE, /* no connection, peer died or shut down */
	RPC_STATUS_UNAUTHENTICATED, /* token refused */
	RPC_STATUS_REPLACED, /* a newer stream of the same agent */
	RPC_STATUS_TOO_LARGE, /* message over the limit */
	RPC_STATUS_INVALID, /* peer broke the protocol */
	RPC_STATUS_OTHER,
};
const char *rpc_status_name(enum rpc_status status);

/* Credentials, all PEM in memory; copied. Without this struct: plaintext. Only
 * TLS 1.3 is spoken, by both sides. */
struct rpc_tls {
	/* Whom to trust. NULL: client: the system's; server: no client
	 * certificates are asked for. */
	const char *ca;
	const char *cert; /* own chain; a client may have none */
	const char *key;
};

/* Queue a copy of the message. 0; RPC_FULL: queue at its limit, nothing
 * queued, on_writable() will come; RPC_GONE: the stream has ended or is being
 * closed. -ENOMEM. With `must` the limit does not apply (small control
 * messages, which must not wait behind bulk). */
enum { RPC_OK, RPC_FULL, RPC_GONE };
int rpc_send(struct rpc_stream *s, const void *data, size_t len, bool must);

/* Bytes waiting in the send queue. */
size_t rpc_queued(const struct rpc_stream *s);

/* Stop or restart delivering messages; at once, even inside on_message(). A
 * paused stream that breaks is closed all the same, without what it held back;
 * an orderly end waits. A paused client whose share of undelivered messages is
 * full learns of any end only when it goes on. */
void rpc_pause(struct rpc_stream *s, bool paused);

/* End the stream. Server: with this status and text; with RPC_STATUS_OK after
 * the whole queue, else after the message in flight; no on_message() comes any
 * more. Client: half-close after the whole queue; the server's messages still
 * come. A peer that does not take it within 5 s is cut off. on_close() still
 * comes, exactly once, and the stream is freed after it returns. */
void rpc_close(struct rpc_stream *s, enum rpc_status status, const char *text);

/* The user's pointer of this stream (set in on_open or by rpc_client). */
void rpc_set_user(struct rpc_stream *s, void *user);
void *rpc_user(const struct rpc_stream *s);
/* "ipv4:127.0.0.1:4711" or the like. */
const char *rpc_peer(const struct rpc_stream *s);

/* ------------------------------------------------------------------ server */

struct rpc_server;

struct rpc_hello { /* borrowed, valid during on_open() */
	const char *agent_id; /* "" when not sent */
	const char *agent_token; /* "" when not sent */
	const char *peer;
	/* The client's certificate, which our CA has signed: */
	bool verified; /* there is one; if not, the rest is empty */
	const char *const *tls_names; /* its URIs, NULL-terminated */
	const char *serial; /* hex */
	int64_t not_after; /* wall ms; its end */
};

struct rpc_server_ops {
	/* A new stream. 0: accepted. Otherwise it is refused with
	 * *status and the text in err, and never mentioned again. */
	int (*on_open)(void *arg, struct rpc_stream *s,
		const struct rpc_hello *hello, enum rpc_status *status,
		struct err *err);
	void (*on_message)(void *arg, struct rpc_stream *s, const uint8_t *data,
		size_t len);
	void (*on_writable)(void *arg, struct rpc_stream *s);
	/* Exactly once for an accepted stream; it is freed on return. The
	 * status is rpc_close()'s, or OK when the agent has half-closed, or
	 * UNAVAILABLE, or TOO_LARGE. */
	void (*on_close)(void *arg, struct rpc_stream *s,
		enum rpc_status status, const char *text);
	/* The connection of this peer was cut: it opened and reset calls
	 * without end. May be NULL. */
	void (*on_flood)(void *arg, const char *peer);
	/* So many connections were cut, the last one of this address, since
	 * the address has as many as it may have, or (not of_address) all
	 * together have. May be NULL. */
	void (*on_crowd)(
		void *arg, unsigned n, const char *address, bool of_address);
};

struct rpc_server_conf {
	/* "127.0.0.1:9090", "[::1]:0", "unix:/path" (its port is 0) */
	const char *listen;
	const struct rpc_tls *tls; /* or NULL */
	size_t max_message; /* bytes; larger ones end the stream */
	int keepalive_ms, keepalive_timeout_ms; /* agents should not ping more
		than four times as often as the server */
	int max_streams; /* refused beyond */
	/* Connections of all, and of one address (or IPv6 network); cut beyond,
	 * the last ones first. 0: any number. Not of a unix socket. */
	unsigned max_connections, max_per_address;
};

/* Listening when it returns 0; *port is the real one. -EADDRINUSE and others
 * with text. */
int rpc_server_new(struct loop *loop, const struct rpc_server_conf *conf,
	const struct rpc_server_ops *ops, void *arg, struct rpc_server **out,
	uint16_t *port, struct err *err);

/* Show other certificates, or trust others, from the next connection on; those
 * that are open stay. A server that was begun without TLS cannot get it, and one
 * with a CA must keep having one. -EINVAL with text: nothing has changed. */
int rpc_server_set_tls(
	struct rpc_server *server, const struct rpc_tls *tls, struct err *err);

/* fn(arg), once, when no agent can connect any more: a connection could not be
 * accepted, and gRPC does not try again. why: its words. */
typedef void rpc_deaf_fn(void *arg, const char *why);
void rpc_server_on_deaf(struct rpc_server *server, rpc_deaf_fn *fn, void *arg);

/* Take no new streams and end the present ones with UNAVAILABLE; after
 * grace_ms what is left is cut. done(done_arg) comes once all on_close() have
 * been called. */
void rpc_server_stop(struct rpc_server *server, int64_t grace_ms, loop_fn *done,
	void *done_arg);
/* After done(), from there even, or before the loop has run. Joins the gRPC
 * thread. */
void rpc_server_free(struct rpc_server *server);
AUTO_DEFINE(struct rpc_server *, rpc_server_free)

/* ------------------------------------------------------------------ client */

struct rpc_client;

struct rpc_client_ops {
	/* The server has accepted the stream: say hello. (With a server that
	 * is not ours a refusal may look like this for a moment.) */
	void (*on_open)(void *arg, struct rpc_stream *s);
	void (*on_message)(void *arg, struct rpc_stream *s, const uint8_t *data,
		size_t len);
	void (*on_writable)(void *arg, struct rpc_stream *s);
	/* The stream (or the try for one) has ended; unless the client is
	 * being stopped (retry_ms -1) the next try comes after retry_ms, by
	 * itself. s is NULL when it was never open. */
	void (*on_close)(void *arg, struct rpc_stream *s,
		enum rpc_status status, const char *text, int64_t retry_ms);
	/* A try begins now: the place for rpc_client_set_tls(). The client must
	 * not be freed from it. May be NULL. */
	void (*on_try)(void *arg);
};

struct rpc_client_conf {
	const char *server; /* "host:port" or "unix:/path" */
	const struct rpc_tls *tls;
	const char *agent_id, *agent_token; /* metadata; copied */
	size_t max_message;
	int keepalive_ms, keepalive_timeout_ms;
	int64_t backoff_min_ms, backoff_max_ms; /* doubled with jitter; back
		to the minimum after a stream stayed up for 5 s; the
		maximum at once after RPC_STATUS_REPLACED */
	bool own_connection; /* do not share one with equal clients of the
				process (simulators) */
};

/* Starts trying at once and goes on for ever. 0 or -errno with text for what
 * can never work (an illegal agent id or token, unreadable PEM). */
int rpc_client_new(struct loop *loop, const struct rpc_client_conf *conf,
	const struct rpc_client_ops *ops, void *arg, struct rpc_client **out,
	struct err *err);

/* Other credentials, for the next connection; a stream that is open stays on the
 * old one. -EINVAL with text: nothing has changed. */
int rpc_client_set_tls(
	struct rpc_client *client, const struct rpc_tls *tls, struct err *err);

/* Half-close and wait for the server's status, at most grace_ms; a try is
 * given up at once. done(done_arg) comes on a later turn, after on_close(). */
void rpc_client_stop(struct rpc_client *client, int64_t grace_ms, loop_fn *done,
	void *done_arg);
/* At any time, from callbacks even; without a stop the server sees a broken
 * stream. No callback comes after it. */
void rpc_client_free(struct rpc_client *client);
AUTO_DEFINE(struct rpc_client *, rpc_client_free)

#endif
