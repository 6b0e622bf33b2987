/* queue.h - bytes of whole frames on their way into a socket
 *
 * The writing half of a link, without loop and callbacks. A zeroed struct is an
 * empty queue. Frames are made in place: frame_begin(&q->buf, ...). */
#ifndef NODELINK_WIRE_QUEUE_H
#define NODELINK_WIRE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct queue {
	struct buf buf;
	size_t sent; /* bytes at the front of buf that are gone */
	bool blocked; /* the socket took less than there was */
};

void queue_done(struct queue *q);

/* Bytes that wait. */
size_t queue_len(const struct queue *q);

/* Write what waits and, behind it, a frame with this payload from where it
 * lies (len 0: no frame), without blocking. *taken is how many bytes of that
 * frame the socket took; give it to queue_add(). 0 or -errno. */
int queue_write(struct queue *q, int fd, const uint8_t *payload, size_t len,
	size_t *taken);

/* Append a frame except for its first `taken` bytes. 0 or -ENOMEM. */
int
queue_add(struct queue *q, const uint8_t *payload, size_t len, size_t taken);

#endif
