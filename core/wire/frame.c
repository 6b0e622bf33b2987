/* frame.c - messages on a byte stream: 4 bytes of length, then the payload */
#include "wire/frame.h"

#include <assert.h>
#include <errno.h>

#include "base/limits.h"

int
frame_begin(struct buf *out, size_t *start)
{
	static const uint8_t header[FRAME_HEADER];
	size_t offset = out->len;
	int r = buf_add(out, header, sizeof header);

	if (r < 0)
		return r;
	*start = offset;
	return 0;
}

void
frame_header(uint8_t out[FRAME_HEADER], size_t payload_len)
{
	assert(payload_len <= LIMIT_MESSAGE);
	for (int i = 0; i < FRAME_HEADER; i++)
		out[i] = (uint8_t)(payload_len >> (8 * i));
}

void
frame_end(struct buf *out, size_t start)
{
	frame_header(out->data + start, out->len - start - FRAME_HEADER);
}

int
frame_next(const uint8_t *data, size_t len, const uint8_t **payload,
	size_t *payload_len, size_t *used)
{
	size_t n = 0;

	if (len < FRAME_HEADER)
		return 0;
	for (int i = 0; i < FRAME_HEADER; i++)
		n |= (size_t)data[i] << (8 * i);
	if (n > LIMIT_MESSAGE)
		return -EMSGSIZE;
	*used = FRAME_HEADER + n;
	if (len < *used)
		return 0;
	*payload = data + FRAME_HEADER;
	*payload_len = n;
	return 1;
}
