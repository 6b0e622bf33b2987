/* sum.c - eight bytes at a time: xor, rotate, multiply */
#include "bench/sum.h"

#include <string.h>

static uint64_t
mix(uint64_t hash, uint64_t word)
{
	hash ^= word;
	hash = hash << 29 | hash >> 35;
	return hash * UINT64_C(0x9e3779b97f4a7c15) + 1;
}

void
sum_add(struct sum *s, const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t have = s->bytes % 8;
	uint64_t hash = s->hash, word;

	s->bytes += len;
	if (have) {
		size_t n = len < 8 - have ? len : 8 - have;

		memcpy(s->tail + have, p, n);
		p += n;
		len -= n;
		if (have + n < 8)
			return;
		memcpy(&word, s->tail, 8);
		hash = mix(hash, word);
	}
	for (; len >= 8; p += 8, len -= 8) {
		memcpy(&word, p, 8);
		hash = mix(hash, word);
	}
	memcpy(s->tail, p, len);
	s->hash = hash;
}

uint64_t
sum_value(const struct sum *s)
{
	uint64_t word = 0;

	memcpy(&word, s->tail, s->bytes % 8);
	return mix(mix(s->hash, word), s->bytes);
}
