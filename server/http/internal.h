/* internal.h - what the files of server/http share */
#ifndef NODELINK_HTTP_INTERNAL_H
#define NODELINK_HTTP_INTERNAL_H

#include <microhttpd.h>

#include "http/http.h"

enum {
	HTTP_URI_MAX = 4096,
	HTTP_HEADERS_MAX = 8192,
	HTTP_SEGMENTS = 8, /* of a path */
	/* A refused body is read to its end up to this size, because closing
	 * earlier would make the kernel throw the reply away. */
	HTTP_DRAIN = 8 << 20,
};

struct http_conn { /* one connection */
	struct http *http;
	struct MHD_Connection *mhd;
	struct http_request *req; /* the present one, or NULL */
	struct loop_watch *watch; /* for the hang-up; made when first needed */
	int fd;
	int64_t since_ms; /* clock_ms() of the last step forward */
	bool idle; /* between two requests */
	struct share *share; /* its address's */
	struct http_conn *prev, *next;
};

struct http_request {
	struct http *http;
	struct http_conn *conn;
	struct MHD_Connection *mhd;
	const struct http_route *route;
	void *user; /* the gate's, counted there */
	const char *method; /* MHD's, valid as long as the request */
	char *path; /* split at '/', own */
	char *segments[HTTP_SEGMENTS];
	size_t n_segments;
	struct buf body;
	uint64_t drained; /* bytes of the body thrown away */
	int64_t began_us;

	bool begun; /* the first call has come */
	bool arrived; /* complete, a handler has it */
	bool bad_uri, long_uri;
	bool dead; /* the client has gone */
	bool suspended;
	bool woken; /* since read() was last asked */
	bool comments, comment_due;

	struct MHD_Response *response; /* NULL: not replied, or no memory */
	unsigned status; /* 0: not replied */
	bool queued; /* MHD has it */
	struct {
		const char *name; /* static */
		char *value;
	} headers[4];
	size_t n_headers;

	loop_fn *gone; /* deferred */
	void *gone_arg;
	const struct http_stream_ops *stream;
	void *stream_arg;
	loop_fn *at_end; /* or NULL */
	void *at_end_arg;
};

struct http_counts {
	size_t n_open, n_streams[2]; /* of output, of events */
	struct metric *requests, *seconds, *open, *connections, *streams,
		*streamed, *broken;
};

struct http {
	struct loop *loop;
	struct http_conf conf;
	struct MHD_Daemon *mhd;
	struct loop_watch *watch; /* of MHD's epoll descriptor */
	struct loop_flush *flush; /* runs MHD once per turn, when dirty */
	struct loop_timer *kick; /* keeps the loop from waiting */
	struct loop_timer *tick; /* deadlines and heartbeats */
	struct loop_timer *stop_timer;
	bool dirty; /* MHD has something to do */
	bool stopping;
	bool tls;
	struct http_conn *conns;
	size_t n_conns;
	struct shares *shares; /* of connections, by address */
	struct http_counts counts;
	loop_fn *done;
	void *done_arg;
};

/* server.c */
void http_kick(struct http *http); /* run MHD soon */

void http_stop_now(void *http);

/* request.c */
void *
request_begin(void *cls, const char *uri, struct MHD_Connection *connection);
enum MHD_Result request_go_on(void *cls, struct MHD_Connection *connection,
	const char *url, const char *method, const char *version,
	const char *upload, size_t *upload_size, void **req);
void request_completed(void *cls, struct MHD_Connection *connection, void **req,
	enum MHD_RequestTerminationCode why);
void request_resume(struct http_request *req);
const char *
request_peer(struct MHD_Connection *connection, char out[HTTP_PEER]);
/* The client has gone: tell whoever works for it. */
void request_gone(struct http_request *req);
/* The server stops: end it as well as it goes. */
void request_stop(struct http_request *req);

/* reply.c: add the headers and give it to MHD; response NULL: out of memory. */
void reply_with(struct http_request *req, unsigned status, const char *type,
	struct MHD_Response *response);
/* The connection ends with the reply that has been made. */
void reply_is_last(struct http_request *req);

/* check.c: false, or refuse with this code and text. */
struct http_refusal {
	unsigned status;
	const char *code, *text;
	bool at_once; /* nothing after this head can be trusted or is wanted */
};
bool http_check_head(const struct http_request *req, struct http_refusal *out);

/* route.c: finds req->route. */
bool http_route(struct http_request *req, const char *url);
/* There is none: replies 404 or 405. */
void http_no_route(struct http_request *req, const char *url);
/* Whether its query has only names of its route; or replies 400. */
bool http_route_query(struct http_request *req);

/* count.c */
void http_count_begin(struct http *http);
void http_count_opened(struct http_request *req);
void http_count_answered(struct http_request *req);
void http_count_stream(struct http_request *req);
void http_count_streamed(struct http_request *req, ssize_t n);
void http_count_over(struct http_request *req);

/* connection.c */
void connection_notify(void *cls, struct MHD_Connection *connection,
	void **conn, enum MHD_ConnectionNotificationCode what);
int connection_watch(struct http_conn *conn);
void connection_shut(struct http_conn *conn);
void connection_touch(struct http_conn *conn);
void connections_tick(void *http);

#endif
