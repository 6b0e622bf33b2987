/* sample.h - durations, and what they say together */
#ifndef NODELINK_BENCH_SAMPLE_H
#define NODELINK_BENCH_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

struct sample { /* zeroed: empty */
	int64_t *us;
	size_t n, cap;
};

/* Ends the program when out of memory. */
void sample_add(struct sample *s, int64_t us);

void sample_done(struct sample *s);
#define AUTO_SAMPLE __attribute__((cleanup(sample_done)))

/* The value below which `percent` of them lie, in ms; sorts. 0 when empty. */
double sample_ms(struct sample *s, double percent);

#endif
