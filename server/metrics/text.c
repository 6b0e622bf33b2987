/* text.c - all metrics as text: OpenMetrics 1.0.0, and what was before it
 *
 * The two differ in the names of counters' families, in UNIT and EOF, and in
 * the type of an info. */
#include <float.h>
#include <stdio.h>
#include <string.h>

#include "metrics/internal.h"

enum { NUMBER = 32, BOUND = NUMBER + 2, EXACT_DIGITS = 17 };

static const double exact = 9007199254740992; /* 2^53 */

static const char *
number(double value, char out[NUMBER])
{
	bool whole = value < exact && value > -exact &&
		     (double)(int64_t)value == value;

	(void)snprintf(
		out, NUMBER, "%.*g", whole ? EXACT_DIGITS : DBL_DIG, value);
	return out;
}

/* "1.0": a float always has a point there. */
static const char *
bound(double value, char out[BOUND])
{
	char text[NUMBER];

	(void)number(value, text);
	(void)snprintf(
		out, BOUND, "%s%s", text, strpbrk(text, ".e") ? "" : ".0");
	return out;
}

static int
add_escaped(struct buf *out, const char *text)
{
	int r = 0;

	for (; *text && r == 0; text++) {
		if (*text == '\n')
			r = buf_add_text(out, "\\n");
		else if (*text == '"' || *text == '\\')
			r = buf_printf(out, "\\%c", *text);
		else
			r = buf_add(out, text, 1);
	}
	return r;
}

/* {a="1",le="0.5"}; le may be NULL. */
static int
add_labels(struct buf *out, const struct metric *m, const struct series *s,
	const char *le)
{
	const char *sep = "{";
	int r = 0;

	for (size_t i = 0; i < METRIC_LABELS && m->def.labels[i] && r == 0;
		i++) {
		r = buf_printf(out, "%s%s=\"", sep, m->def.labels[i]);
		if (r == 0)
			r = add_escaped(out, s->values[i]);
		if (r == 0)
			r = buf_add(out, "\"", 1);
		sep = ",";
	}
	if (le && r == 0)
		r = buf_printf(out, "%sle=\"%s\"", sep, le);
	if (r == 0 && (le || m->def.labels[0]))
		r = buf_add(out, "}", 1);
	return r;
}

static int
add_sample(struct buf *out, const struct metric *m, const struct series *s,
	const char *suffix, const char *le, double value)
{
	char text[NUMBER];
	int r = buf_printf(out, "%s%s", m->def.name, suffix);

	if (r == 0)
		r = add_labels(out, m, s, le);
	return r < 0 ? r : buf_printf(out, " %s\n", number(value, text));
}

static int
add_histogram(struct buf *out, const struct metric *m, const struct series *s)
{
	char le[BOUND];
	uint64_t sum = 0;
	int r = 0;

	for (size_t i = 0; i < m->def.n_bounds && r == 0; i++) {
		sum += s->buckets[i];
		r = add_sample(out, m, s, "_bucket",
			bound(m->def.bounds[i], le), (double)sum);
	}
	sum += s->buckets[m->def.n_bounds];
	if (r == 0)
		r = add_sample(out, m, s, "_bucket", "+Inf", (double)sum);
	if (r == 0)
		r = add_sample(out, m, s, "_count", NULL, (double)sum);
	return r < 0 ? r : add_sample(out, m, s, "_sum", NULL, s->value);
}

static int
add_series(struct buf *out, const struct metric *m, const struct series *s)
{
	switch (m->def.type) {
	case METRIC_COUNTER:
		return add_sample(out, m, s, "_total", NULL, s->value);
	case METRIC_GAUGE: break;
	case METRIC_HISTOGRAM: return add_histogram(out, m, s);
	case METRIC_INFO: return add_sample(out, m, s, "_info", NULL, s->value);
	}
	return add_sample(out, m, s, "", NULL, s->value);
}

static int
add_head(struct buf *out, const struct metric *m, enum metrics_form form)
{
	static const char *const types[] = {
		[METRIC_COUNTER] = "counter",
		[METRIC_GAUGE] = "gauge",
		[METRIC_HISTOGRAM] = "histogram",
		[METRIC_INFO] = "info",
	};
	const char *type = types[m->def.type], *suffix = "";
	int r;

	if (form == METRICS_PROMETHEUS && m->def.type == METRIC_COUNTER) {
		suffix = "_total";
	} else if (form == METRICS_PROMETHEUS && m->def.type == METRIC_INFO) {
		suffix = "_info";
		type = types[METRIC_GAUGE];
	}
	r = buf_printf(out, "# HELP %s%s %s\n# TYPE %s%s %s\n", m->def.name,
		suffix, m->def.help, m->def.name, suffix, type);
	if (r == 0 && form == METRICS_OPENMETRICS && m->def.unit)
		r = buf_printf(out, "# UNIT %s %s\n", m->def.name, m->def.unit);
	return r;
}

int
metrics_write(struct metrics *all, enum metrics_form form, struct buf *out)
{
	int r = 0;

	for (size_t i = 0; all && i < all->n_looks; i++)
		all->looks[i].fn(all->looks[i].arg);
	for (const struct metric *m = all ? all->first : NULL; m && r == 0;
		m = m->next) {
		r = add_head(out, m, form);
		for (unsigned i = 0; i < m->n && r == 0; i++)
			r = add_series(out, m, &m->series[i]);
	}
	if (r == 0 && form == METRICS_OPENMETRICS)
		r = buf_add_text(out, "# EOF\n");
	return r;
}
