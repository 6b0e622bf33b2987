/* batch.c - several small messages that travel as one
 *
 * Written by hand rather than with protobuf-c, which would copy every item
 * twice: a field of bytes is its tag, its length and the bytes. */
#include "wire/batch.h"

#include <errno.h>

enum { TAG_SIZE = 2, VARINT_MAX = 5 };

/* Field 31, length-delimited. */
static const uint8_t tag[TAG_SIZE] = { 0xfa, 0x01 };

void
batch_done(struct batch *b)
{
	buf_done(&b->bytes);
	b->items = 0;
}

int
batch_add(struct batch *b, const uint8_t *payload, size_t len)
{
	uint8_t head[TAG_SIZE + VARINT_MAX] = { tag[0], tag[1] };
	size_t n = TAG_SIZE, left = len;
	int r;

	if (len > BATCH_ITEM_MAX || b->bytes.len + len > BATCH_MAX)
		return BATCH_FULL;
	for (; left >= 0x80; left >>= 7)
		head[n++] = (uint8_t)(left | 0x80);
	head[n++] = (uint8_t)left;
	r = buf_reserve(&b->bytes, n + len);
	if (r < 0)
		return r;
	(void)buf_add(&b->bytes, head, n); /* has room */
	(void)buf_add(&b->bytes, payload, len);
	if (b->items++ == 0)
		b->first = n;
	return BATCH_OK;
}

bool
batch_get(const struct batch *b, const uint8_t **data, size_t *len)
{
	size_t skip = b->items == 1 ? b->first : 0;

	if (!b->items)
		return false;
	*data = b->bytes.data + skip;
	*len = b->bytes.len - skip;
	return true;
}

void
batch_clear(struct batch *b)
{
	buf_clear(&b->bytes);
	b->items = 0;
}

static bool
at_item(const struct batch_walk *w)
{
	return w->len >= TAG_SIZE && w->rest[0] == tag[0] &&
	       w->rest[1] == tag[1];
}

int
batch_next(struct batch_walk *w, const uint8_t **item, size_t *len)
{
	size_t n = TAG_SIZE, size = 0;
	unsigned shift = 0;
	uint8_t byte;

	if (!w->len)
		return 0;
	if (!at_item(w)) {
		if (w->inside)
			return -EBADMSG; /* items, and nothing else */
		*item = w->rest;
		*len = w->len;
		w->len = 0;
		return 1;
	}
	do {
		if (n >= w->len || n == TAG_SIZE + VARINT_MAX)
			return -EBADMSG;
		byte = w->rest[n++];
		size |= (size_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	if (size > w->len - n)
		return -EBADMSG;
	*item = w->rest + n;
	*len = size;
	w->rest += n + size;
	w->len -= n + size;
	w->inside = true;
	return 1;
}
