/* frame.h - messages on a byte stream: 4 bytes of length, little endian,
 * then that many bytes */
#ifndef NODELINK_WIRE_FRAME_H
#define NODELINK_WIRE_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum { FRAME_HEADER = 4 };

/* Room for a header in out; its offset is what frame_end() wants back. Put
 * the payload behind it with msg_pack(). Negative errno on failure. */
int frame_begin(struct buf *out, size_t *start);
void frame_end(struct buf *out, size_t start);

/* The header alone, for a payload that is written from where it lies. */
void frame_header(uint8_t out[FRAME_HEADER], size_t payload_len);

/* Look at data[0..len): 1 and the payload when a whole frame is there; 0 when
 * more bytes are needed; -EMSGSIZE when the length is over LIMIT_MESSAGE.
 * *used is the frame's total size as soon as its header is there. */
int frame_next(const uint8_t *data, size_t len, const uint8_t **payload,
	size_t *payload_len, size_t *used);

#endif
