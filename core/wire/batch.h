/* batch.h - several small messages that travel as one
 *
 * Every message on a gRPC stream costs both ends system calls and wake-ups,
 * however small it is. Those of one turn of the loop go together: in the field
 * `batch` of an otherwise empty TaskRequest or TaskResponse, packed as they
 * are. A batch holds no batches. */
#ifndef NODELINK_WIRE_BATCH_H
#define NODELINK_WIRE_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum {
	BATCH_MAX = 64 << 10, /* bytes; then it is time to send */
	BATCH_ITEM_MAX = 16 << 10, /* larger ones gain nothing */
};

/* A zeroed struct is an empty one. */
struct batch {
	struct buf bytes;
	size_t items, first; /* first: header of item 1, skipped when alone */
};
void batch_done(struct batch *b);

/* 0; BATCH_FULL: not added, send it first (or the payload on its own when it
 * is over BATCH_ITEM_MAX); -ENOMEM. */
enum { BATCH_OK, BATCH_FULL };
int batch_add(struct batch *b, const uint8_t *payload, size_t len);

/* What to send: the batch, or its only item as it is. False: empty. */
bool batch_get(const struct batch *b, const uint8_t **data, size_t *len);
void batch_clear(struct batch *b);

/* Walk a received message: *rest begins as all of it. 1 and the next item,
 * which is the whole message when it is no batch; 0 at the end; -EBADMSG. */
struct batch_walk {
	const uint8_t *rest;
	size_t len;
	bool inside;
};
int batch_next(struct batch_walk *w, const uint8_t **item, size_t *len);

#endif
