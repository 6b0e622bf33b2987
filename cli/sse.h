/* sse.h - an event stream in pieces, as events
 *
 * As the HTML standard reads text/event-stream, except that an event may have
 * at most LIMIT_EVENT bytes. Pure: bytes in, calls out. A zeroed struct sse is
 * the beginning of a stream. */
#ifndef NODELINK_CLI_SSE_H
#define NODELINK_CLI_SSE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct sse_event { /* borrowed, until the callback returns */
	const char *name; /* "message" when it has none */
	const char *data; /* NUL at its end */
	size_t len;
	const char *id; /* the last one that the stream has told, or "" */
};

/* Negative: stop, sse_feed() returns it. */
typedef int sse_fn(void *arg, const struct sse_event *event);

struct sse {
	struct buf line; /* the present one, as far as it has come */
	struct buf name, data, next_id; /* of the present event */
	struct buf id; /* of the last one that was complete */
	bool after_cr; /* a LF now belongs to the CR before */
	bool begun; /* a BOM was looked for */
};

/* The next piece of the stream; fn for each event that it completes. 0, what
 * fn returned, -EMSGSIZE over the limit, -ENOMEM. */
int
sse_feed(struct sse *sse, const void *data, size_t len, sse_fn *fn, void *arg);

/* A new connection: what was not complete is forgotten, with its id. 0 or
 * -ENOMEM. */
int sse_restart(struct sse *sse);
void sse_done(struct sse *sse);

#endif
