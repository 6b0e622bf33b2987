/* count.c - what is counted of requests, for /metrics */
#include "http/internal.h"

#include <stdio.h>

#include "base/clock.h"

enum {
	ROUTES = 64, /* that have series of their own */
	OUTCOMES = 512, /* routes and statuses */
};

#define ROW(member) .at = offsetof(struct http_counts, member)

static const struct metric_row rows[] = {
	{ ROW(requests),
		.def = { .type = METRIC_COUNTER,
			.name = "nodelink_http_requests",
			.help = "Requests that are over; code 'none': the "
				"client left before its answer.",
			.labels = { "route", "method", "code" },
			.max = OUTCOMES } },
	{ ROW(seconds),
		.def = { .type = METRIC_HISTOGRAM,
			.name = "nodelink_http_request_seconds",
			.unit = "seconds",
			.help = "From the first line of a request until its "
				"answer began (monotonic clock).",
			.labels = { "route", "method" },
			.max = ROUTES,
			.bounds = metric_seconds,
			.n_bounds = METRIC_SECONDS } },
	{ ROW(open), .def = { .type = METRIC_GAUGE,
			     .name = "nodelink_http_requests_open",
			     .help = "Requests that are not over: this one, "
				     "streams, cancels that wait." } },
	{ ROW(connections), .def = { .type = METRIC_GAUGE,
				    .name = "nodelink_http_connections",
				    .help = "Connections of clients." } },
	{ ROW(streams),
		.def = { .type = METRIC_GAUGE,
			.name = "nodelink_http_streams",
			.help = "Answers under way, piece by piece: events "
				"(SSE clients) or output.",
			.labels = { "kind" },
			.max = 2 } },
	{ ROW(streamed),
		.def = { .type = METRIC_COUNTER,
			.name = "nodelink_http_streamed_bytes",
			.unit = "bytes",
			.help = "Bodies of such answers, as far as they were "
				"made.",
			.labels = { "kind" },
			.max = 2 } },
	{ ROW(broken),
		.def = { .type = METRIC_COUNTER,
			.name = "nodelink_http_streams_broken",
			.help = "Such answers that were cut since what they "
				"read could not be read." } },
};

static const char *
kind(bool events)
{
	return events ? "events" : "output";
}

static void
look(void *arg)
{
	struct http *http = arg;
	struct http_counts *c = &http->counts;

	metric_set(c->open, NULL, (double)c->n_open);
	metric_set(c->connections, NULL, (double)http->n_conns);
	for (int i = 0; i < 2; i++)
		metric_set(c->streams, METRIC_OF(kind(i)),
			(double)c->n_streams[i]);
}

void
http_count_begin(struct http *http)
{
	struct metrics *m = http->conf.metrics;

	metrics_make(m, rows, ARRAY_SIZE(rows), &http->counts);
	metrics_look(m, look, http);
	for (int i = 0; i < 2; i++)
		metric_add(http->counts.streamed, METRIC_OF(kind(i)), 0);
}

void
http_count_opened(struct http_request *req)
{
	req->began_us = clock_us();
	req->http->counts.n_open++;
}

/* What has no route is anything that anybody types. */
static const char *
route(const struct http_request *req)
{
	return req->route ? req->route->pattern : "none";
}

static const char *
method(const struct http_request *req)
{
	return req->route ? req->route->method : "none";
}

void
http_count_answered(struct http_request *req)
{
	metric_observe(req->http->counts.seconds,
		METRIC_OF(route(req), method(req)),
		(double)(clock_us() - req->began_us) / 1e6);
}

void
http_count_stream(struct http_request *req)
{
	req->http->counts.n_streams[req->comments]++;
}

void
http_count_streamed(struct http_request *req, ssize_t n)
{
	struct http_counts *c = &req->http->counts;

	if (n > 0)
		metric_add(
			c->streamed, METRIC_OF(kind(req->comments)), (double)n);
	else if (n == HTTP_BREAK)
		metric_add(c->broken, NULL, 1);
}

void
http_count_over(struct http_request *req)
{
	struct http_counts *c = &req->http->counts;
	char code[16] = "none";

	if (req->response)
		(void)snprintf(code, sizeof code, "%u", req->status);
	metric_add(c->requests, METRIC_OF(route(req), method(req), code), 1);
	c->n_open--;
	if (req->stream)
		c->n_streams[req->comments]--;
}
