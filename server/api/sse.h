/* sse.h - a task's transcript as server-sent events, into any buffer
 *
 * One reader is a cursor: the number of the last entry it had, and how far it
 * is in the next one. Nothing is kept of what is sent, so a slow reader costs
 * no more than a fast one. */
#ifndef NODELINK_API_SSE_H
#define NODELINK_API_SSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "store/task.h"
#include "store/transcript.h"

enum sse_part { SSE_HEAD, SSE_CARRY, SSE_TEXT, SSE_TAIL };

struct hub;

struct sse {
	struct task *task; /* own reference */
	struct hub *hub; /* for the record in the last event; NULL: without */
	/* Output as the base64 of its exact bytes, piece by piece as it came.
	 * Else as text: U+FFFD for what is none, and whole characters. To be
	 * set before the first sse_fill(). */
	bool base64;
	bool no_output; /* only what is done to the task, and its end */
	bool more; /* nothing yet, but there is more to look at */
	uint64_t after; /* the last entry that was sent whole */
	enum sse_part part;
	size_t pos; /* in that part */
	struct buf prefix; /* what all events of this task begin with */
	struct buf final; /* the last event, once it is made */
};

/* 0 or -ENOMEM; sse_done() in any case. */
int sse_init(struct sse *s, struct task *task, struct hub *hub, uint64_t after);
void sse_done(struct sse *s);

/* Up to max bytes (at least 64). 0: nothing yet (or s->more); SSE_END: the last event has
 * been sent; other negative: -errno, the transcript cannot be read. */
enum { SSE_END = -1 };
ssize_t sse_fill(struct sse *s, uint8_t *out, size_t max);

/* True between two events: the place to stop. */
bool sse_at_rest(const struct sse *s);

#endif
