/* metrics.h - what the server counts, and the text that Prometheus reads
 *
 * A metric has one series for each combination of its labels' values. Series
 * come with their first use and stay; the memory for all of them is taken when
 * the metric is made, so counting allocates nothing, and no peer can make more
 * of them than that.
 *
 * Who counts keeps the pointer that metric_new() gave. All functions take NULL
 * for it and do nothing then: a part that is tried alone needs no registry.
 * Everything belongs to the loop's thread. */
#ifndef NODELINK_METRICS_METRICS_H
#define NODELINK_METRICS_METRICS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/auto.h"
#include "base/buf.h"

struct metric;
struct metrics;

/* NULL: out of memory. */
struct metrics *metrics_new(void);
void metrics_free(struct metrics *m);
AUTO_DEFINE(struct metrics *, metrics_free)

enum metric_type {
	METRIC_COUNTER,
	METRIC_GAUGE,
	METRIC_HISTOGRAM,
	METRIC_INFO, /* a gauge that is 1; its labels tell */
};

enum {
	METRIC_LABELS = 3,
	METRIC_VALUE = 48, /* bytes of a label's value, with NUL; cut beyond */
};

struct metric_def { /* texts are borrowed for ever */
	enum metric_type type;
	const char *name; /* without _total, _info */
	const char *unit; /* that the name ends with, or NULL */
	const char *help;
	const char *labels[METRIC_LABELS]; /* names; the rest is NULL */
	/* Series, 0: one. When there are so many, a new value of the first
	 * label is counted as "other". */
	unsigned max;
	const double *bounds; /* of a histogram, ascending */
	size_t n_bounds;
};

/* It is shown behind those that were made before. NULL: out of memory, or m was
 * NULL. Without labels its series is there at once, with 0. */
struct metric *metric_new(struct metrics *m, const struct metric_def *def);

/* Several, each into the pointer that stands so far into a struct. */
struct metric_row {
	size_t at;
	struct metric_def def;
};
void metrics_make(
	struct metrics *m, const struct metric_row *rows, size_t n, void *into);

/* Values in the order of the names: METRIC_OF("shell", "failed"). */
#define METRIC_OF(...) ((const char *const[METRIC_LABELS]){ __VA_ARGS__ })

/* of: NULL for a metric without labels. Adding 0 makes the series. */
void metric_add(struct metric *m, const char *const *of, double n);
void metric_set(struct metric *m, const char *const *of, double value);
void metric_observe(struct metric *m, const char *const *of, double value);

/* For what is known elsewhere anyway: fn sets it just before it is shown. */
typedef void metrics_fn(void *arg);
enum { METRICS_LOOKS = 8 };
void metrics_look(struct metrics *m, metrics_fn *fn, void *arg);

enum metrics_form {
	METRICS_OPENMETRICS, /* 1.0.0 */
	METRICS_PROMETHEUS, /* text format 0.0.4 */
};
/* Everything; m may be NULL. 0 or -ENOMEM. */
int metrics_write(struct metrics *m, enum metrics_form form, struct buf *out);

/* Seconds, from 1 ms to 5 min. */
enum { METRIC_SECONDS = 16 };
extern const double metric_seconds[METRIC_SECONDS];

#endif
