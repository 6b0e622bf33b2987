/* sum.h - a checksum of a byte stream, fast enough not to be what is measured
 *
 * Depends on every byte and its position, not on how the stream was cut into
 * pieces. Several GB/s on one core; no cryptography. */
#ifndef NODELINK_BENCH_SUM_H
#define NODELINK_BENCH_SUM_H

#include <stddef.h>
#include <stdint.h>

struct sum { /* zeroed: the sum of nothing */
	uint64_t hash;
	uint64_t bytes;
	uint8_t tail[8]; /* bytes % 8 of them wait for a whole word */
};

void sum_add(struct sum *s, const void *data, size_t len);
/* The stream may go on afterwards. */
uint64_t sum_value(const struct sum *s);

#endif
