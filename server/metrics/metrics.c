/* metrics.c - the registry: metrics and their series */
#include "metrics/metrics.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/internal.h"

/* When a metric is full there is still room for its other labels' values with
 * "other" as the first, and then for one with nothing but that. */
enum { SPARE = 32 };

static const char other[] = "other";

const double metric_seconds[METRIC_SECONDS] = { 0.001, 0.0025, 0.005, 0.01,
	0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300 };

/* -------------------------------------------------------------------- series */

static unsigned
n_labels(const struct metric *m)
{
	unsigned n = 0;

	while (n < METRIC_LABELS && m->def.labels[n])
		n++;
	return n;
}

/* FNV-1a; whoever chooses values can make it slow only for METRIC_LABELS. */
static uint32_t
hash(const char *const *of)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < METRIC_LABELS && of[i]; i++) {
		for (size_t k = 0; of[i][k] && k < METRIC_VALUE - 1; k++)
			h = (h ^ (uint8_t)of[i][k]) * 16777619u;
		h = (h ^ 0xff) * 16777619u;
	}
	return h;
}

static bool
is_of(const struct series *s, const char *const *of)
{
	for (size_t i = 0; i < METRIC_LABELS && of[i]; i++)
		if (strncmp(s->values[i], of[i], METRIC_VALUE - 1) != 0)
			return false;
	return true;
}

/* The slot of these values, or the free one where they belong. */
static uint16_t *
slot(const struct metric *m, const char *const *of)
{
	unsigned i = hash(of) & (m->n_slots - 1);

	while (m->slots[i] && !is_of(&m->series[m->slots[i] - 1], of))
		i = (i + 1) & (m->n_slots - 1);
	return &m->slots[i];
}

static struct series *
make_series(struct metric *m, uint16_t *at, const char *const *of)
{
	struct series *s = &m->series[m->n];

	for (size_t i = 0; i < METRIC_LABELS && of[i]; i++)
		(void)strncpy(s->values[i], of[i], METRIC_VALUE - 1);
	if (m->buckets)
		s->buckets = m->buckets + m->n * (m->def.n_bounds + 1);
	*at = (uint16_t)++m->n;
	return s;
}

static struct series *
find(struct metric *m, const char *const *of)
{
	const char *instead[2][METRIC_LABELS] = { { other }, { other } };
	const unsigned full[] = { m->def.max, m->room - 1 };
	unsigned n = n_labels(m);
	uint16_t *at;

	if (!n)
		return m->series;
	for (unsigned i = 1; i < n; i++) {
		instead[0][i] = of[i];
		instead[1][i] = other;
	}
	at = slot(m, of);
	for (size_t i = 0; i < ARRAY_SIZE(full) && !*at && m->n >= full[i];
		i++) {
		of = instead[i];
		at = slot(m, of);
	}
	return *at ? &m->series[*at - 1] : make_series(m, at, of);
}

/* ------------------------------------------------------------------- counting */

void
metric_add(struct metric *m, const char *const *of, double n)
{
	if (m)
		find(m, of)->value += n;
}

void
metric_set(struct metric *m, const char *const *of, double value)
{
	if (m)
		find(m, of)->value = value;
}

void
metric_observe(struct metric *m, const char *const *of, double value)
{
	struct series *s;
	size_t i = 0;

	if (!m)
		return;
	if (value < 0)
		value = 0; /* a clock was set meanwhile */
	s = find(m, of);
	while (i < m->def.n_bounds && value > m->def.bounds[i])
		i++;
	s->buckets[i]++;
	s->value += value;
}

/* ----------------------------------------------------------------------- life */

static void
metric_free(struct metric *m)
{
	free(m->series);
	free(m->buckets);
	free(m->slots);
	free(m);
}

struct metric *
metric_new(struct metrics *owner, const struct metric_def *def)
{
	struct metric *m = owner ? calloc(1, sizeof *m) : NULL;

	if (!m)
		return NULL;
	m->def = *def;
	if (!m->def.max)
		m->def.max = 1;
	m->room = n_labels(m) ? m->def.max + SPARE : 1;
	assert(m->room < UINT16_MAX);
	for (m->n_slots = 1; m->n_slots < 2 * m->room;)
		m->n_slots *= 2;
	m->series = calloc(m->room, sizeof(*m->series));
	m->slots = calloc(m->n_slots, sizeof(*m->slots));
	if (def->type == METRIC_HISTOGRAM)
		m->buckets = calloc(
			m->room * (def->n_bounds + 1), sizeof(*m->buckets));
	if (!m->series || !m->slots ||
		(def->type == METRIC_HISTOGRAM && !m->buckets)) {
		metric_free(m);
		return NULL;
	}
	if (!n_labels(m)) {
		m->n = 1;
		m->series[0].buckets = m->buckets;
	}
	*owner->end = m;
	owner->end = &m->next;
	return m;
}

void
metrics_make(
	struct metrics *m, const struct metric_row *rows, size_t n, void *into)
{
	for (size_t i = 0; i < n; i++)
		*(struct metric **)(void *)((char *)into + rows[i].at) =
			metric_new(m, &rows[i].def);
}

struct metrics *
metrics_new(void)
{
	struct metrics *m = calloc(1, sizeof *m);

	if (m)
		m->end = &m->first;
	return m;
}

void
metrics_free(struct metrics *m)
{
	if (!m)
		return;
	while (m->first) {
		struct metric *next = m->first->next;

		metric_free(m->first);
		m->first = next;
	}
	free(m);
}

void
metrics_look(struct metrics *m, metrics_fn *fn, void *arg)
{
	if (!m)
		return;
	assert(m->n_looks < METRICS_LOOKS);
	m->looks[m->n_looks].fn = fn;
	m->looks[m->n_looks++].arg = arg;
}
