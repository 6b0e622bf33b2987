/* sse.h - server-sent events of one task, back into the bytes they stand for
 *
 * Understands what GET /stream sends: lines "data: {json}" whose shellExecute
 * holds "stdout" and "stderr" as JSON text. */
#ifndef NODELINK_BENCH_SSE_H
#define NODELINK_BENCH_SSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "bench/sum.h"

struct sse { /* zeroed: nothing has come */
	struct buf event; /* the one that is not complete */
	struct sum out; /* of stdout, decoded */
	uint64_t events;
	unsigned finals; /* events with isFinal true */
	bool cancelled, completed; /* as the final one says */
};

void sse_done(struct sse *s);

/* The next bytes of the stream, however cut. Ends the program when out of
 * memory. */
void sse_feed(struct sse *s, const char *data, size_t len);

#endif
