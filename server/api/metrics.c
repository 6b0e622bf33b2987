/* metrics.c - GET /metrics: for Prometheus, and what reads the same */
#include "api/metrics.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "api/internal.h"

enum { REFUSALS = 8 };

#define ROW(member) .at = offsetof(struct api_counts, member)

static const struct metric_row rows[] = {
	{ ROW(refused),
		.def = { .type = METRIC_COUNTER,
			.name = "nodelink_auth_failures",
			.help = "Requests without a credential that is good, "
				"by the code of the error (401).",
			.labels = { "code" },
			.max = REFUSALS } },
	{ ROW(store_tasks),
		.def = { .type = METRIC_GAUGE,
			.name = "nodelink_store_tasks",
			.help = "Tasks in the store, finished ones too." } },
	{ ROW(store_waiting),
		.def = { .type = METRIC_GAUGE,
			.name = "nodelink_store_waiting",
			.help = "Tasks with something that waits for the next "
				"batch." } },
	{ ROW(store_held),
		.def = { .type = METRIC_GAUGE,
			.name = "nodelink_store_held_bytes",
			.unit = "bytes",
			.help = "Output that was received and is not stored "
				"yet." } },
	{ ROW(store_output),
		.def = { .type = METRIC_GAUGE,
			.name = "nodelink_store_output_bytes",
			.unit = "bytes",
			.help = "Output of finished tasks in the store." } },
	{ ROW(store_failing),
		.def = { .type = METRIC_GAUGE,
			.name = "nodelink_store_failing",
			.help = "1 while the store cannot write." } },
	{ ROW(audit_lines),
		.def = { .type = METRIC_COUNTER,
			.name = "nodelink_audit_lines",
			.help = "Lines of the audit log that this server has "
				"written." } },
	{ ROW(audit_omitted),
		.def = { .type = METRIC_COUNTER,
			.name = "nodelink_audit_omitted",
			.help = "Events that are only counted there: refusals "
				"and repeats beyond some in a minute." } },
	{ ROW(audit_lost),
		.def = { .type = METRIC_COUNTER,
			.name = "nodelink_audit_lost",
			.help = "Lines that could not be written." } },
	{ ROW(webhooks),
		.def = { .type = METRIC_GAUGE,
			.name = "nodelink_webhooks",
			.help = "Events that somebody is to be told of: on "
				"their way or waiting, or dead.",
			.labels = { "state" },
			.max = 2 } },
	{ ROW(webhook_tries),
		.def = { .type = METRIC_COUNTER,
			.name = "nodelink_webhook_tries",
			.help = "Tries of webhooks: delivered, to be tried "
				"again (waits), or given up (dead).",
			.labels = { "fate" },
			.max = 3 } },
	{ ROW(cpu), .def = { .type = METRIC_COUNTER,
			    .name = "process_cpu_seconds",
			    .unit = "seconds",
			    .help = "Time on processors, user and system." } },
	{ ROW(memory), .def = { .type = METRIC_GAUGE,
			       .name = "process_resident_memory_bytes",
			       .unit = "bytes",
			       .help = "Resident memory." } },
	{ ROW(virtual_memory), .def = { .type = METRIC_GAUGE,
				       .name = "process_virtual_memory_bytes",
				       .unit = "bytes",
				       .help = "Virtual memory." } },
	{ ROW(fds), .def = { .type = METRIC_GAUGE,
			    .name = "process_open_fds",
			    .help = "Open descriptors." } },
	{ ROW(max_fds), .def = { .type = METRIC_GAUGE,
				.name = "process_max_fds",
				.help = "How many it may have." } },
	{ ROW(start), .def = { .type = METRIC_GAUGE,
			      .name = "process_start_time_seconds",
			      .unit = "seconds",
			      .help = "When it started, since 1970." } },
	{ ROW(build), .def = { .type = METRIC_INFO,
			      .name = "nodelink_build",
			      .help = "Which server this is.",
			      .labels = { "version" },
			      .max = 1 } },
};

/* ------------------------------------------------------------------- looking */

static void
look_at_process(struct api_counts *c)
{
	struct process_use use;

	process_read(&c->process, &use);
	metric_set(c->cpu, NULL, use.cpu_seconds);
	metric_set(c->memory, NULL, (double)use.resident_bytes);
	metric_set(c->virtual_memory, NULL, (double)use.virtual_bytes);
	metric_set(c->fds, NULL, (double)use.fds);
	metric_set(c->max_fds, NULL, (double)c->process.max_fds);
}

static void
look_at_webhooks(struct api *api)
{
	static const char *const fates[] = {
		[LETTER_WAITS] = "waits",
		[LETTER_DELIVERED] = "delivered",
		[LETTER_DEAD] = "dead",
	};
	const struct api_counts *c = &api->counts;
	size_t waiting = 0, dead = 0;
	struct webhook_stats stats;

	/* What cannot be read now stays as it was. */
	if (api->store->ops->letter_count(api->store, &waiting, &dead) == 0) {
		metric_set(c->webhooks, METRIC_OF("waiting"), (double)waiting);
		metric_set(c->webhooks, METRIC_OF("dead"), (double)dead);
	}
	webhook_stats(api->webhook, &stats);
	for (size_t i = 0; i < ARRAY_SIZE(fates); i++)
		metric_set(c->webhook_tries, METRIC_OF(fates[i]),
			(double)stats.tries[i]);
}

static void
look(void *arg)
{
	struct api *api = arg;
	struct api_counts *c = &api->counts;
	struct store_stats store;
	struct audit_stats audit;

	api->store->ops->stats(api->store, &store);
	metric_set(c->store_tasks, NULL, (double)store.tasks);
	metric_set(c->store_waiting, NULL, (double)store.waiting);
	metric_set(c->store_held, NULL, (double)store.held);
	metric_set(c->store_output, NULL, (double)store.output);
	metric_set(c->store_failing, NULL, store.trouble != 0);
	audit_stats(api->audit, &audit);
	metric_set(c->audit_lines, NULL, (double)audit.lines);
	metric_set(c->audit_omitted, NULL, (double)audit.omitted);
	metric_set(c->audit_lost, NULL, (double)audit.lost);
	look_at_webhooks(api);
	look_at_process(c);
}

void
api_count(struct api *api)
{
	struct api_counts *c = &api->counts;

	metrics_make(api->metrics, rows, ARRAY_SIZE(rows), c);
	metrics_look(api->metrics, look, api);
	metric_set(c->start, NULL, (double)api->started_at / 1000);
	metric_set(c->build, METRIC_OF(PACKAGE_VERSION), 1);
}

/* -------------------------------------------------------------------- asking */

/* Where the value of the parameter q begins; NULL: there is none. */
static const char *
find_q(const char *part, const char *end)
{
	const char *p = part;

	while ((p = memchr(p, ';', (size_t)(end - p)))) {
		p++;
		while (p < end && (*p == ' ' || *p == '\t'))
			p++;
		if (end - p >= 2 && (*p == 'q' || *p == 'Q') && p[1] == '=')
			return p + 2;
	}
	return NULL;
}

/* "q=0.5" of one part, as 0 to 1000; what cannot be read counts as 0. */
static int
weight(const char *part, size_t len)
{
	const char *end = part + len, *q = find_q(part, end);
	int w = 0, digit = 1000;

	if (!q)
		return 1000;
	for (; q < end && digit; q++) {
		if (*q == '.')
			continue;
		if (*q < '0' || *q > '9')
			break;
		w += (*q - '0') * digit;
		digit /= 10;
	}
	return w < 1000 ? w : 1000;
}

static bool
is_type(const char *part, size_t len, const char *type)
{
	size_t n = strlen(type);

	return len >= n && strncasecmp(part, type, n) == 0 &&
	       (len == n || strchr("; \t", part[n]));
}

/* OpenMetrics, unless the older form is liked better. */
enum metrics_form
api_metrics_form(const char *accept)
{
	int open = 0, text = 0;

	for (const char *p = accept ? accept : ""; *p;) {
		size_t len;
		int w;

		p += strspn(p, ", \t");
		len = strcspn(p, ",");
		w = weight(p, len);
		if (is_type(p, len, "application/openmetrics-text") && w > open)
			open = w;
		else if (is_type(p, len, "text/plain") && w > text)
			text = w;
		p += len;
	}
	return text > open ? METRICS_PROMETHEUS : METRICS_OPENMETRICS;
}

void
api_metrics(void *arg, struct http_request *req)
{
	static const char *const types[] = {
		[METRICS_OPENMETRICS] = "application/openmetrics-text; "
					"version=1.0.0; charset=utf-8",
		[METRICS_PROMETHEUS] =
			"text/plain; version=0.0.4; charset=utf-8",
	};
	struct api *api = arg;
	enum metrics_form form = api_metrics_form(http_header(req, "Accept"));
	struct buf body = { 0 };

	http_reply_text(req, 200, types[form], &body,
		metrics_write(api->metrics, form, &body));
}
