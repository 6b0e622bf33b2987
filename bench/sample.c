/* sample.c - keep them all, sort at the end: there are only thousands */
#include "bench/sample.h"

#include <err.h>
#include <stdlib.h>

void
sample_add(struct sample *s, int64_t us)
{
	if (s->n == s->cap) {
		s->cap = s->cap ? 2 * s->cap : 1024;
		s->us = reallocarray(s->us, s->cap, sizeof(*s->us));
		if (!s->us)
			err(1, "samples");
	}
	s->us[s->n++] = us;
}

void
sample_done(struct sample *s)
{
	free(s->us);
	*s = (struct sample){ 0 };
}

static int
compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

double
sample_ms(struct sample *s, double percent)
{
	size_t at;

	if (!s->n)
		return 0;
	qsort(s->us, s->n, sizeof(*s->us), compare);
	at = (size_t)((double)(s->n - 1) * percent / 100.0 + 0.5);
	return (double)s->us[at] / 1000.0;
}
