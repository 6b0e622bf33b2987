/* internal.h - what the files of server/metrics share */
#ifndef NODELINK_METRICS_INTERNAL_H
#define NODELINK_METRICS_INTERNAL_H

#include <stdint.h>

#include "metrics/metrics.h"

struct series {
	char values[METRIC_LABELS][METRIC_VALUE];
	double value; /* of a histogram: the sum */
	uint64_t *buckets; /* n_bounds + 1, each for itself; NULL: none */
};

struct metric {
	struct metric_def def;
	struct series *series; /* in the order of their first use */
	unsigned n, room;
	uint64_t *buckets; /* of all series */
	uint16_t *slots; /* 1 + number of a series, by hash; 0: free */
	unsigned n_slots; /* a power of 2 */
	struct metric *next;
};

struct metrics {
	struct metric *first, **end;
	struct {
		metrics_fn *fn;
		void *arg;
	} looks[METRICS_LOOKS];
	size_t n_looks;
};

#endif
