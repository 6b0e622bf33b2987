/* escape.h - bytes as the inside of a JSON string
 *
 * For output that is too hot for trees: runs of plain bytes are copied as they
 * are. What is no UTF-8 becomes U+FFFD, once per broken character, as browsers
 * and Python do it. */
#ifndef NODELINK_JSON_ESCAPE_H
#define NODELINK_JSON_ESCAPE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum { ESCAPE_MAX = 6 }; /* the longest thing one character becomes */

/* Write as much of in[0..len) as fits into out[0..room), whole characters
 * only, so that a later call goes on at in + *used. Returns the bytes written.
 * *used < len afterwards means that less than ESCAPE_MAX bytes of room were
 * left. A character cut off by the end of `in` counts as broken. */
size_t escape_json(
	const uint8_t *in, size_t len, size_t *used, uint8_t *out, size_t room);

/* Append all of it, without quotes. As buf_add(). */
int escape_json_buf(struct buf *out, const void *in, size_t len);

#endif
