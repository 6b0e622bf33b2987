/* limits.h - how much one client may ask for: wrong tokens, calls, open requests
 *
 * [limits] of nodelink-server.conf(5). Clients are told apart by their tokens,
 * those without one by their addresses. What is over a limit has been answered
 * 429, with Retry-After. NULL limits nothing. */
#ifndef NODELINK_API_LIMITS_H
#define NODELINK_API_LIMITS_H

#include <stdbool.h>

#include "base/auto.h"
#include "http/http.h"

struct limits;

struct limits_conf { /* 0: any number */
	unsigned failed_logins; /* in a minute, of one address */
	unsigned calls_per_second; /* of one client */
	unsigned open_requests; /* at a time, of one client: streams, waiting */
};

/* metrics may be NULL. NULL: out of memory. */
struct limits *
limits_new(const struct limits_conf *conf, struct metrics *metrics);
/* After the HTTP server: its requests are counted here. */
void limits_free(struct limits *limits);
AUTO_DEFINE(struct limits *, limits_free)

/* The credential of this request is wrong. True: tell it so (401). A right one
 * is never refused for the wrong ones before it: a secret of 256 bits is not
 * found by trying, and the address may be a proxy's. */
bool limits_login_failed(struct limits *limits, struct http_request *req);

/* One more call of this token (its public id; NULL: without one), which is open
 * until the request is over. True: go on. */
bool limits_call(
	struct limits *limits, struct http_request *req, const char *token_id);
/* One more of this address that is refused, whatever this says. It takes nothing
 * from those who need no token there: the address may be a proxy's. */
bool limits_refused(struct limits *limits, struct http_request *req);

#endif
