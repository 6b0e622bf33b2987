/* http.h - a minimal HTTP/1.1 client connection, kept alive between requests
 *
 * Why not libcurl: this is a measuring instrument, and on a machine of two
 * cores its own CPU time counts against the system that is measured. A request
 * costs libcurl 30 to 60 us; here it is one send, one recv and a walk over the
 * header. Only what nodelink-server answers is understood: Content-Length,
 * chunked, or until close; no redirects, no proxies, no TLS, IPv4 only.
 *
 * Requests are small and are written with one blocking send(); replies are
 * taken as they come, one recv() a call, and their bodies handed on in pieces
 * without a copy. */
#ifndef NODELINK_BENCH_HTTP_H
#define NODELINK_BENCH_HTTP_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

typedef void http_body_fn(void *arg, const char *data, size_t len);

enum http_state {
	HTTP_HEAD,
	HTTP_LENGTH,
	HTTP_CHUNK_SIZE,
	HTTP_CHUNK,
	HTTP_CHUNK_END,
	HTTP_TRAILER,
	HTTP_UNTIL_CLOSE,
};

struct http {
	int fd;
	const struct sockaddr_in *addr;
	http_body_fn *body;
	void *arg;
	int status; /* of the reply; 0 until its first line is there */
	/* the parser's */
	enum http_state state;
	bool keep, chunked, head_done;
	uint64_t left; /* of the body or chunk */
	char line[2048];
	size_t line_len;
};

/* "127.0.0.1:8080"; ends the program when it is not such an address. */
void http_address(const char *text, struct sockaddr_in *out);

/* Connect, blocking. addr is borrowed; body may be NULL. 0 or -errno. */
int http_open(struct http *h, const struct sockaddr_in *addr,
	http_body_fn *body, void *arg);
void http_close(struct http *h);

/* Send a request; reconnects first when the server has ended the connection.
 * body NULL: none. 0 or -errno. */
int http_send(
	struct http *h, const char *method, const char *path, const char *body);

/* After the socket has become readable. HTTP_MORE: the reply goes on;
 * HTTP_DONE: it is complete; -errno: the connection broke before that. */
enum { HTTP_MORE, HTTP_DONE };
int http_read(struct http *h);

/* Request and wait for the whole reply; its body in `reply` (cleared first).
 * For a connection opened without a body function. Ends the program when the
 * connection breaks; returns the status. */
int http_call(struct http *h, const char *method, const char *path,
	const char *body, struct buf *reply);

#endif
