/* intake.h - bytes out of a socket, on their way to be whole frames
 *
 * The reading half of a link, without loop and callbacks. A zeroed struct is an
 * empty one. Frames are handed out where they were read to: bytes move only
 * when part of a frame is left at the end of the buffer. */
#ifndef NODELINK_WIRE_INTAKE_H
#define NODELINK_WIRE_INTAKE_H

#include <stddef.h>
#include <stdint.h>

struct intake {
	uint8_t *data;
	size_t start, end; /* read and not handed out yet */
	size_t cap;
};

void intake_done(struct intake *in);

/* One read(2), without blocking. INTAKE_NONE: nothing there; INTAKE_SOME: got
 * what there was; INTAKE_MORE: filled the buffer, there may be more;
 * INTAKE_EOF: orderly end. -ECONNRESET: end inside a frame; other -errno. Take
 * all frames with intake_next() before the next read. */
enum { INTAKE_NONE, INTAKE_SOME, INTAKE_MORE, INTAKE_EOF };
int intake_read(struct intake *in, int fd);

/* 1 and the next whole payload, valid until the next read; 0 when there is
 * none; -EMSGSIZE when its length is over LIMIT_MESSAGE. */
int
intake_next(struct intake *in, const uint8_t **payload, size_t *payload_len);

#endif
