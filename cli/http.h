/* http.h - questions to the server, one or several at a time
 *
 * Over libcurl. Connections are kept and used again, so a second question costs
 * no handshake. Nothing is called back: calls are started, http_turn() moves
 * all of them, and what has come is in http_in() until it is taken.
 *
 *	AUTO(http_free) struct http *http = NULL;
 *	HTTP_ANSWER(answer);
 *	r = http_new(&call->context, &http, err);
 *	if (r == 0)
 *		r = http_get(http, &answer, err, "/tasks/%s", id);
 *	... answer.doc ...
 */
#ifndef NODELINK_CLI_HTTP_H
#define NODELINK_CLI_HTTP_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/err.h"
#include "cli/context.h"
#include "json/json.h"

struct http;
struct http_call;

/* 0 or -ENOMEM with text. Nothing is connected yet. The context is borrowed. */
int http_new(const struct context *context, struct http **out, struct err *err);
void http_free(struct http *http); /* after its calls */
AUTO_DEFINE(struct http *, http_free)
/* A descriptor of interrupt_open(), borrowed: from now on http_ask() and what
 * asks by it end with -EINTR when a signal is there, and leave it there. */
void http_heed(struct http *http, int signals);
int http_heeded(const struct http *http); /* or -1 */

enum { HTTP_WAIT_MS = 30 * 1000, HTTP_EVER = -1 };

struct http_request {
	const char *method; /* NULL: GET */
	const char *path; /* "/tasks?limit=5" */
	const json_t *body; /* or NULL */
	const char *key; /* Idempotency-Key, or NULL */
	const char *after; /* Last-Event-ID, or NULL */
	int64_t wait_ms; /* for the whole answer; 0: HTTP_WAIT_MS; HTTP_EVER */
	bool stream; /* the body is no JSON: it is taken from http_in() as it
			comes, and silence of a minute counts as broken */
};

struct http_answer {
	long status; /* 0: the server was not reached */
	json_t *doc; /* own; NULL: none, or no JSON */
	int64_t retry_ms; /* after which it wants to be asked again; or 0 */
};
void http_answer_done(struct http_answer *answer);
#define HTTP_ANSWER(name) \
	__attribute__(( \
		cleanup(http_answer_done))) struct http_answer name = { 0 }

/* Texts of failures name the server, say what it says, and what to do:
 * -ECONNREFUSED  not reached
 * -EIO      the connection broke, or no answer came in time
 * -EACCES   401, 403
 * -ENOENT   404, 410
 * -EREMOTEIO  another refusal
 * -EBADMSG  not an answer of this server
 * *answer has status and doc also when the server refuses. */
int http_ask(struct http *http, const struct http_request *request,
	struct http_answer *answer, struct err *err);
/* GET of a path that is put together; pieces of it by http_escape(). */
int http_get(struct http *http, struct http_answer *answer, struct err *err,
	const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Of a result: there was no answer, and later there may be one. */
bool http_away(int r);
/* Of a result: what the server made of it is not known. With an
 * Idempotency-Key it may be asked again. A full disk stays so for a while. */
bool http_lost(int r, const struct http_answer *answer);
/* The client has asked for too much. Nothing was done; later it may be. */
bool http_limited(const struct http_answer *answer);

/* Append what a text is within a path or a query. As buf_add(). */
int http_escape(struct buf *out, const char *text);

/* A member that is a text; "" when it is missing, null or something else: what
 * a server says is shown as far as it is understood. Borrowed. */
const char *http_text(const json_t *object, const char *name);

/* The stable word of a refusal ("no_such_task"), or "". Borrowed. */
const char *http_code(const struct http_answer *answer);

/* ---------------------------------------------------- several at the same time
 *
 * 0 or -ENOMEM with text; failures of the request come as its result. */
int http_start(struct http *http, const struct http_request *request,
	struct http_call **out, struct err *err);
/* Ends it if it is under way. */
void http_stop(struct http_call *call);
AUTO_DEFINE(struct http_call *, http_stop)

/* Waits until a call has moved, one of fds (poll(2), at most HTTP_FDS) is
 * ready, or for wait_ms (negative: for ever). 0; -errno with text. */
enum { HTTP_FDS = 4 };
int http_turn(struct http *http, struct pollfd *fds, size_t n_fds,
	int64_t wait_ms, struct err *err);

/* What has come of a stream and was not taken: the caller drops what he takes.
 * While it is large nothing more is read. Only bytes of an answer of 200. */
struct buf *http_in(struct http_call *call);
bool http_ended(const struct http_call *call);
/* Something of the request may have reached the server. */
bool http_sent(const struct http_call *call);
/* Of a call that has ended: as http_ask(). */
int http_result(
	struct http_call *call, struct http_answer *answer, struct err *err);

#endif
