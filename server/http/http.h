/* http.h - an HTTP/1.1 server on our loop: routes, replies, streams
 *
 * Over libmicrohttpd in external epoll mode; nothing above it sees an MHD
 * type. A handler gets a whole request, body included, and either replies,
 * defers the reply, or starts a stream. Everything belongs to the loop's
 * thread; nothing here calls a handler from inside one of its own calls.
 *
 * What is refused before any handler sees it: ambiguous framing (the shapes of
 * request smuggling), URIs and headers over their limits, bodies that are too
 * large or not JSON, text that is not UTF-8, writes from a foreign web page,
 * requests that take too long to arrive; then whatever the gate refuses. */
#ifndef NODELINK_HTTP_HTTP_H
#define NODELINK_HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "loop/loop.h"
#include "metrics/metrics.h"

struct http;
struct http_request;

typedef void http_handler_fn(void *arg, struct http_request *req);

/* GET serves HEAD too. "{name}" in a pattern stands for one segment. The
 * first row that fits wins. */
struct http_route {
	const char *method;
	const char *pattern;
	unsigned access; /* for the gate: http_access() */
	http_handler_fn *handler;
	/* The names that its query may have, with a space between them; others
	 * are refused. NULL: it looks at none. */
	const char *query;
};

/* Who may do what. A user is whatever the gate makes of the request's
 * credentials. */
struct http_gate {
	/* The head is there and the route known, the body not yet: reply, or
	 * let the request go on, perhaps with http_take_user(). */
	http_handler_fn *admit;
	/* The request is refused, for its head or since no route fits; it has
	 * none. Reply something else, or nothing. May be NULL. */
	http_handler_fn *refused;
	/* May this user's requests that are open go on? Asked each second. */
	bool (*still)(const void *user);
	void (*unref)(void *user);
};

/* PEM in memory, copied; core/tls has seen that they belong together. */
struct http_tls {
	const char *cert, *key;
};

struct http_conf {
	const char *host; /* literal address, or "localhost" */
	uint16_t port; /* 0: any free one */
	/* NULL: plain HTTP. One HTTPS server in a process. */
	const struct http_tls *tls;
	const struct http_route *routes; /* borrowed for ever */
	size_t n_routes;
	const struct http_gate *gate; /* borrowed; NULL: all may do all */
	/* The gate asks for what no web page can know or a browser adds: then
	 * a page that changes something may come from any name of this host. */
	bool asks;
	/* Nobody is asked who he is, and only this host may come: requests for
	 * a name that anybody may point here are refused. */
	bool local;
	void *arg; /* for the handlers and the gate */
	struct metrics *metrics; /* NULL: nothing is counted */
	unsigned max_connections, max_per_ip; /* 0: as the open files allow */
	/* 0: 15 s for a request to arrive, a minute between two of them, 10 min
	 * for a reader that takes nothing, 15 s between a stream's comments */
	int64_t request_timeout_ms, idle_timeout_ms;
	int64_t stall_timeout_ms, heartbeat_ms;
};

/* Listening when it returns 0; *port is the real one. -EADDRINUSE, -EINVAL
 * and others with text. */
int http_new(struct loop *loop, const struct http_conf *conf, struct http **out,
	uint16_t *port, struct err *err);

/* Show another certificate to new connections; those that are open stay. A
 * server that was begun without TLS cannot get it. -EINVAL with text: nothing
 * has changed. */
int
http_set_tls(struct http *http, const struct http_tls *tls, struct err *err);

/* Stop listening; streams end where they may (http_stopping()), deferred
 * requests are told that the server stops; after grace_ms what is left is cut.
 * Then done(done_arg), on a fresh turn. */
void
http_stop(struct http *http, int64_t grace_ms, loop_fn *done, void *done_arg);
/* Cuts what is still open. */
void http_free(struct http *http);

size_t http_connections(const struct http *http);

/* Ask the gate again about every request that is open, and cut the
 * connections of those whose users may not go on. */
void http_recheck(struct http *http);

/* ---------------------------------------------------------------- requests */

/* Borrowed until the reply has been sent; NULL when there is no such thing.
 * All of it is valid UTF-8. */
const char *http_param(const struct http_request *req, const char *name);
const char *http_query(const struct http_request *req, const char *name);
/* Every pair of the query, in order; value "" where there is none. Ends when
 * fn returns negative, with that; else 0. */
typedef int http_pair_fn(void *arg, const char *name, const char *value);
int
http_query_each(const struct http_request *req, http_pair_fn *fn, void *arg);
const char *http_header(const struct http_request *req, const char *name);
const char *http_cookie(const struct http_request *req, const char *name);
const struct buf *http_body(const struct http_request *req);
/* The client's address as text, without port. */
enum { HTTP_PEER = 48 };
const char *http_peer(const struct http_request *req, char out[HTTP_PEER]);
/* GET or HEAD. */
bool http_reads(const struct http_request *req);
/* Of its route, as it stands in the table. */
unsigned http_access(const struct http_request *req);
const char *http_pattern(const struct http_request *req);
const char *http_method(const struct http_request *req);
/* For the gate: the request's reference to this user. */
void http_take_user(struct http_request *req, void *take_user);
/* NULL: none was given. */
void *http_user(const struct http_request *req);

/* A header for the reply; call it before the reply. */
void
http_add_header(struct http_request *req, const char *name, const char *value);

/* ----------------------------------------------------------------- replies */

/* Exactly one of these per request. The body's memory is taken; a newline is
 * added to it. r: what emit_done() said; when negative the reply is 500. */
void http_reply_json(struct http_request *req, unsigned status,
	struct buf *take_body, int r);
/* {"error": text, "code": code, "details": details}; details may be NULL. */
void http_reply_error(struct http_request *req, unsigned status,
	const char *code, const char *details, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
/* Text; its memory is taken. r as above. */
void http_reply_text(struct http_request *req, unsigned status,
	const char *type, struct buf *take_body, int r);
/* Body that lives for ever. */
void http_reply_static(struct http_request *req, unsigned status,
	const char *type, const char *body);

/* The reply comes later. When the client goes away before that, or the server
 * stops, gone(arg) comes once, and the request must not be touched any more. */
void http_defer(struct http_request *req, loop_fn *gone, void *arg);

/* fn(arg) when the request is over, whatever its end; one fn per request. */
void http_at_end(struct http_request *req, loop_fn *fn, void *arg);

/* ----------------------------------------------------------------- streams */

struct http_stream_ops {
	/* Fill up to max bytes (at least 64) and say how many, or one of: */
#define HTTP_LATER 0 /* nothing yet: http_stream_wake() will be called */
#define HTTP_END (-1) /* complete */
#define HTTP_BREAK (-2) /* cannot go on: cut the connection */
	ssize_t (*read)(void *arg, uint8_t *out, size_t max);
	/* The stream is over, whatever the cause; exactly once. */
	void (*close)(void *arg);
};

enum { HTTP_SIZE_UNKNOWN = -1 };

/* Reply with a stream. With `comments`, ":" lines (SSE comments) are sent
 * while read() has nothing: the first at once, so that the client sees the
 * headers. size: of the whole body, or HTTP_SIZE_UNKNOWN. */
void http_stream(struct http_request *req, unsigned status, const char *type,
	int64_t size, bool comments, const struct http_stream_ops *ops,
	void *arg);
/* There is something to read now, or the stream should look again. Cheap, and
 * fine at any time between http_stream() and close(). */
void http_stream_wake(struct http_request *req);

/* Streams should end at their next good place. */
bool http_stopping(const struct http_request *req);

#endif
