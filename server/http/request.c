/* request.c - one request: from its first line to its completion
 *
 * MHD calls request_begin() with the request line, request_go_on() with the
 * head, then with each piece of the body, then once more with none, and again
 * after each resume, and request_completed() at the end of all. The reply is
 * given to MHD from the last of these but one, never from the first: that
 * would close the connection, which is right only for what cannot be trusted
 * to be followed by a next request. */
#include "http/internal.h"

#include <arpa/inet.h>
#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/limits.h"
#include "base/log.h"

/* "%00" would end the decoded path early, a broken escape stays as it is, and
 * where a line with more than two spaces is to be cut is anybody's guess. */
static bool
uri_is_bad(const char *uri)
{
	if (strchr(uri, ' '))
		return true;
	for (const char *p = strchr(uri, '%'); p; p = strchr(p + 1, '%'))
		if (!isxdigit((unsigned char)p[1]) ||
			!isxdigit((unsigned char)p[2]) ||
			(p[1] == '0' && p[2] == '0'))
			return true;
	return false;
}

static struct http_conn *
connection_of(struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

void *
request_begin(void *cls, const char *uri, struct MHD_Connection *mhd)
{
	struct http_conn *conn = connection_of(mhd);
	struct http_request *req = conn ? calloc(1, sizeof *req) : NULL;

	if (!req)
		return NULL;
	req->http = cls;
	req->conn = conn;
	req->mhd = mhd;
	req->bad_uri = uri_is_bad(uri);
	req->long_uri = strlen(uri) > HTTP_URI_MAX;
	req->body.max = LIMIT_HTTP_BODY;
	conn->req = req;
	http_count_opened(req);
	if (conn->idle)
		connection_touch(conn); /* its time begins now */
	conn->idle = false;
	return req;
}

/* ------------------------------------------------------------------ giving */

static enum MHD_Result
queue(struct http_request *req)
{
	if (req->queued)
		return MHD_YES;
	if (!req->response)
		return MHD_NO; /* out of memory */
	req->queued = true;
	req->arrived = true;
	connection_touch(req->conn);
	return MHD_queue_response(req->mhd, req->status, req->response);
}

static bool
replied(const struct http_request *req)
{
	return req->status != 0;
}

/* A reply from here waits for the end of the body, unless whoever sends it
 * waits for us, or the end of it cannot be known. */
static enum MHD_Result
first_call(struct http_request *req, const char *url, const char *method)
{
	const struct http_gate *gate = req->http->conf.gate;
	struct http_refusal no = { 0 };
	bool good;

	req->begun = true;
	req->method = method;
	good = http_check_head(req, &no);
	if (good && http_route(req, url)) {
		if (gate)
			gate->admit(req->http->conf.arg, req);
	} else {
		if (gate && gate->refused)
			gate->refused(req->http->conf.arg, req);
		if (!replied(req) && good)
			http_no_route(req, url);
		else if (!replied(req))
			http_reply_error(
				req, no.status, no.code, NULL, "%s", no.text);
	}
	if (!replied(req) ||
		(!no.at_once && !http_header(req, MHD_HTTP_HEADER_EXPECT)))
		return MHD_YES;
	reply_is_last(req);
	return queue(req);
}

/* A chunked body shows its size only by coming. */
static enum MHD_Result
take_body(struct http_request *req, const char *data, size_t len)
{
	if (!replied(req) && buf_add(&req->body, data, len) == 0)
		return MHD_YES;
	if (!replied(req)) {
		http_reply_error(req, 413, "body_too_large", NULL,
			"the body is larger than 1 MiB");
		buf_done(&req->body);
	}
	req->drained += len;
	return req->drained > HTTP_DRAIN ? MHD_NO : MHD_YES;
}

static void
dispatch(struct http_request *req)
{
	req->arrived = true;
	connection_touch(req->conn);
	if (!replied(req) && http_route_query(req))
		req->route->handler(req->http->conf.arg, req);
	assert(replied(req) || req->gone);
}

static enum MHD_Result
suspend(struct http_request *req)
{
	if (connection_watch(req->conn) < 0) {
		request_gone(req);
		return MHD_NO;
	}
	MHD_suspend_connection(req->mhd);
	req->suspended = true;
	return MHD_YES;
}

enum MHD_Result
request_go_on(void *cls, struct MHD_Connection *mhd, const char *url,
	const char *method, const char *version, const char *upload,
	size_t *upload_size, void **con_cls)
{
	struct http_request *req = *con_cls;

	(void)cls;
	(void)mhd;
	(void)version;
	if (!req)
		return MHD_NO; /* out of memory at its beginning */
	if (!req->begun)
		return first_call(req, url, method);
	if (*upload_size) {
		size_t len = *upload_size;

		*upload_size = 0;
		return take_body(req, upload, len);
	}
	if (!req->arrived)
		dispatch(req);
	if (req->dead)
		return MHD_NO;
	return req->response || !req->gone ? queue(req) : suspend(req);
}

/* ----------------------------------------------------------------- leaving */

void
request_resume(struct http_request *req)
{
	if (!req->suspended)
		return;
	req->suspended = false;
	MHD_resume_connection(req->mhd);
	http_kick(req->http);
}

void
request_gone(struct http_request *req)
{
	loop_fn *gone = TAKE(req->gone);

	if (gone && !req->response)
		gone(req->gone_arg);
}

void
request_stop(struct http_request *req)
{
	if (req->gone && !req->response) {
		request_gone(req);
		http_reply_error(
			req, 503, "stopping", NULL, "the server is stopping");
	}
	if (req->stream)
		http_stream_wake(req);
}

void
request_completed(void *cls, struct MHD_Connection *mhd, void **con_cls,
	enum MHD_RequestTerminationCode why)
{
	struct http_request *req = TAKE(*con_cls);
	struct http_conn *conn;

	(void)cls;
	(void)mhd;
	(void)why;
	if (!req)
		return;
	conn = req->conn;
	request_gone(req);
	http_count_over(req);
	if (req->stream)
		req->stream->close(req->stream_arg);
	if (req->at_end)
		req->at_end(req->at_end_arg);
	if (req->response)
		MHD_destroy_response(req->response); /* our reference */
	for (size_t i = 0; i < req->n_headers; i++)
		free(req->headers[i].value);
	conn->req = NULL;
	conn->idle = true;
	connection_touch(conn);
	if (req->http->stopping)
		connection_shut(conn);
	if (req->user)
		req->http->conf.gate->unref(req->user);
	buf_done(&req->body);
	free(req->path);
	free(req);
}

/* ----------------------------------------------------------------- getters */

const char *
http_query(const struct http_request *req, const char *name)
{
	return MHD_lookup_connection_value(
		req->mhd, MHD_GET_ARGUMENT_KIND, name);
}

struct pairs {
	http_pair_fn *fn;
	void *arg;
	int r;
};

static enum MHD_Result
each_pair(
	void *arg, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct pairs *p = arg;

	(void)kind;
	p->r = p->fn(p->arg, name, value ? value : "");
	return p->r < 0 ? MHD_NO : MHD_YES;
}

int
http_query_each(const struct http_request *req, http_pair_fn *fn, void *arg)
{
	struct pairs pairs = { fn, arg, 0 };

	(void)MHD_get_connection_values(
		req->mhd, MHD_GET_ARGUMENT_KIND, each_pair, &pairs);
	return pairs.r < 0 ? pairs.r : 0;
}

const char *
http_header(const struct http_request *req, const char *name)
{
	return MHD_lookup_connection_value(req->mhd, MHD_HEADER_KIND, name);
}

const char *
http_cookie(const struct http_request *req, const char *name)
{
	return MHD_lookup_connection_value(req->mhd, MHD_COOKIE_KIND, name);
}

const struct buf *
http_body(const struct http_request *req)
{
	return &req->body;
}

/* Not getnameinfo(): the name of a link-local address's interface would cost a
 * socket, which the sandbox forbids. */
const char *
request_peer(struct MHD_Connection *mhd, char out[HTTP_PEER])
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *peer = info ? info->client_addr : NULL;
	const struct sockaddr_in6 *v6 = (const void *)peer;
	const void *address = NULL;
	size_t n;

	if (peer && peer->sa_family == AF_INET6)
		address = &v6->sin6_addr;
	else if (peer && peer->sa_family == AF_INET)
		address = &((const struct sockaddr_in *)(const void *)peer)
				   ->sin_addr;
	if (!address || !inet_ntop(peer->sa_family, address, out, HTTP_PEER)) {
		memcpy(out, "unknown", sizeof "unknown");
		return out;
	}
	n = strlen(out);
	if (peer->sa_family == AF_INET6 && v6->sin6_scope_id)
		(void)snprintf(out + n, HTTP_PEER - n, "%%%u",
			(unsigned)v6->sin6_scope_id);
	return out;
}

const char *
http_peer(const struct http_request *req, char out[HTTP_PEER])
{
	return request_peer(req->mhd, out);
}

bool
http_reads(const struct http_request *req)
{
	return strcmp(req->method, "GET") == 0 ||
	       strcmp(req->method, "HEAD") == 0;
}

unsigned
http_access(const struct http_request *req)
{
	return req->route->access;
}

const char *
http_pattern(const struct http_request *req)
{
	return req->route->pattern;
}

const char *
http_method(const struct http_request *req)
{
	return req->method;
}

void
http_take_user(struct http_request *req, void *take_user)
{
	assert(!req->user);
	req->user = take_user;
}

void *
http_user(const struct http_request *req)
{
	return req->user;
}

void
http_defer(struct http_request *req, loop_fn *gone, void *arg)
{
	req->gone = gone;
	req->gone_arg = arg;
}

void
http_at_end(struct http_request *req, loop_fn *fn, void *arg)
{
	assert(!req->at_end);
	req->at_end = fn;
	req->at_end_arg = arg;
}

bool
http_stopping(const struct http_request *req)
{
	return req->http->stopping;
}
