/* test-metrics.c - what is counted, and how it reads */
#include "metrics/metrics.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "metrics/process.h"
#include "tests/unit/unit.h"

static struct metrics *all;
static struct buf text;

static void
setup(void)
{
	all = metrics_new();
	ck_assert_ptr_nonnull(all);
}

static void
teardown(void)
{
	buf_done(&text);
	metrics_free(all);
}

static const char *
write_as(enum metrics_form form)
{
	buf_clear(&text);
	ck_assert_int_eq(metrics_write(all, form, &text), 0);
	return buf_text(&text);
}

static void
has(const char *line)
{
	const char *got = write_as(METRICS_OPENMETRICS);

	ck_assert_msg(strstr(got, line) != NULL, "no '%s' in:\n%s", line, got);
}

TEST(writes_each_type_as_openmetrics_has_it)
{
	static const double bounds[] = { 0.5, 2 };
	struct metric *m;

	setup();
	m = metric_new(all, &(struct metric_def){ .type = METRIC_COUNTER,
				    .name = "a_bytes",
				    .unit = "bytes",
				    .help = "Help.",
				    .labels = { "x", "y" },
				    .max = 2 });
	metric_add(m, METRIC_OF("1", "2"), 3);
	metric_add(m, METRIC_OF("1", "2"), 0.5);
	(void)metric_new(all,
		&(struct metric_def){
			.type = METRIC_GAUGE, .name = "b", .help = "Help." });
	m = metric_new(all, &(struct metric_def){ .type = METRIC_HISTOGRAM,
				    .name = "c_seconds",
				    .unit = "seconds",
				    .help = "Help.",
				    .bounds = bounds,
				    .n_bounds = 2 });
	metric_observe(m, NULL, 0.5);
	metric_observe(m, NULL, 0.75);
	metric_observe(m, NULL, 3);
	m = metric_new(all, &(struct metric_def){ .type = METRIC_INFO,
				    .name = "d",
				    .help = "Help.",
				    .labels = { "v" },
				    .max = 1 });
	metric_set(m, METRIC_OF("0.1"), 1);
	ck_assert_str_eq(write_as(METRICS_OPENMETRICS),
		"# HELP a_bytes Help.\n# TYPE a_bytes counter\n"
		"# UNIT a_bytes bytes\n"
		"a_bytes_total{x=\"1\",y=\"2\"} 3.5\n"
		"# HELP b Help.\n# TYPE b gauge\nb 0\n"
		"# HELP c_seconds Help.\n# TYPE c_seconds histogram\n"
		"# UNIT c_seconds seconds\n"
		"c_seconds_bucket{le=\"0.5\"} 1\n"
		"c_seconds_bucket{le=\"2.0\"} 2\n"
		"c_seconds_bucket{le=\"+Inf\"} 3\n"
		"c_seconds_count 3\nc_seconds_sum 4.25\n"
		"# HELP d Help.\n# TYPE d info\nd_info{v=\"0.1\"} 1\n"
		"# EOF\n");
	teardown();
}
END

TEST(writes_the_older_form_for_who_asks_for_it)
{
	setup();
	(void)metric_new(all, &(struct metric_def){ .type = METRIC_COUNTER,
				      .name = "a_bytes",
				      .unit = "bytes",
				      .help = "Help." });
	metric_set(metric_new(all, &(struct metric_def){ .type = METRIC_INFO,
					   .name = "d",
					   .help = "Help.",
					   .labels = { "v" },
					   .max = 1 }),
		METRIC_OF("1"), 1);
	ck_assert_str_eq(write_as(METRICS_PROMETHEUS),
		"# HELP a_bytes_total Help.\n# TYPE a_bytes_total counter\n"
		"a_bytes_total 0\n"
		"# HELP d_info Help.\n# TYPE d_info gauge\n"
		"d_info{v=\"1\"} 1\n");
	teardown();
}
END

TEST(counts_new_values_beyond_the_limit_as_other)
{
	struct metric *m;
	char plugin[16], status[16];

	setup();
	m = metric_new(all, &(struct metric_def){ .type = METRIC_COUNTER,
				    .name = "a",
				    .help = "Help.",
				    .labels = { "plugin", "status" },
				    .max = 2 });
	for (int i = 0; i < 1000; i++) {
		(void)snprintf(plugin, sizeof plugin, "p%d", i);
		metric_add(m, METRIC_OF(plugin, i % 2 ? "odd" : "even"), 1);
	}
	metric_add(m, METRIC_OF("p0", "even"), 1);
	has("a_total{plugin=\"p0\",status=\"even\"} 2\n"
	    "a_total{plugin=\"p1\",status=\"odd\"} 1\n"
	    "a_total{plugin=\"other\",status=\"even\"} 499\n"
	    "a_total{plugin=\"other\",status=\"odd\"} 499\n"
	    "# EOF\n");
	for (int i = 0; i < 1000; i++) {
		(void)snprintf(status, sizeof status, "s%d", i);
		metric_add(m, METRIC_OF("p", status), 1);
	}
	/* 32 more, of which two were there and one is for all the rest */
	has("a_total{plugin=\"other\",status=\"s28\"} 1\n"
	    "a_total{plugin=\"other\",status=\"other\"} 971\n"
	    "# EOF\n");
	teardown();
}
END

TEST(cuts_and_escapes_values)
{
	char value[100];
	struct metric *m;

	setup();
	m = metric_new(all, &(struct metric_def){ .type = METRIC_GAUGE,
				    .name = "a",
				    .help = "Help.",
				    .labels = { "x" },
				    .max = 4 });
	memset(value, 'v', sizeof value - 1);
	value[sizeof value - 1] = 0;
	metric_add(m, METRIC_OF(value), 1);
	metric_add(m, METRIC_OF(value), 1);
	metric_set(m, METRIC_OF("\"\\\n"), -1.5);
	value[METRIC_VALUE - 1] = 0;
	has(value);
	has("v\"} 2\na{x=\"\\\"\\\\\\n\"} -1.5\n");
	teardown();
}
END

TEST(takes_large_numbers_exactly_and_no_time_below_0)
{
	static const double bounds[] = { 1 };
	struct metric *m;

	setup();
	metric_add(metric_new(all, &(struct metric_def){ .type = METRIC_COUNTER,
					   .name = "a",
					   .help = "Help." }),
		NULL, 9007199254740991.0);
	m = metric_new(all, &(struct metric_def){ .type = METRIC_HISTOGRAM,
				    .name = "c",
				    .help = "Help.",
				    .bounds = bounds,
				    .n_bounds = 1 });
	metric_observe(m, NULL, -7);
	has("a_total 9007199254740991\n");
	has("c_bucket{le=\"1.0\"} 1\nc_bucket{le=\"+Inf\"} 1\nc_count 1\n"
	    "c_sum 0\n");
	teardown();
}
END

	static void
	look(void *arg)
{
	metric_set(arg, NULL, 42);
}

TEST(looks_when_it_is_read)
{
	struct metric *m;

	setup();
	m = metric_new(all,
		&(struct metric_def){
			.type = METRIC_GAUGE, .name = "a", .help = "Help." });
	metrics_look(all, look, m);
	has("a 42\n");
	teardown();
}
END

TEST(counts_nothing_without_a_registry)
{
	struct metric *m = metric_new(NULL,
		&(struct metric_def){
			.type = METRIC_GAUGE, .name = "a", .help = "Help." });

	ck_assert_ptr_null(m);
	metric_add(m, NULL, 1);
	metric_set(m, NULL, 1);
	metric_observe(m, NULL, 1);
	metrics_look(NULL, look, NULL);
}
END

TEST(knows_what_the_process_uses)
{
	struct process p;
	struct process_use before, after;
	int extra;

	process_open(&p);
	process_read(&p, &before);
	extra = dup(STDERR_FILENO);
	process_read(&p, &after);
	ck_assert_uint_eq(after.fds, before.fds + 1);
	ck_assert_uint_ge(before.fds, 5);
	ck_assert_uint_gt(after.resident_bytes, 1 << 18);
	ck_assert_uint_gt(after.virtual_bytes, after.resident_bytes);
	ck_assert_uint_gt(p.max_fds, before.fds);
	ck_assert(after.cpu_seconds >= before.cpu_seconds);
	(void)close(extra);
	process_close(&p);
	process_read(&p, &after);
	ck_assert_uint_eq(after.fds, 0);
	ck_assert_uint_eq(after.resident_bytes, 0);
}
END

	UNIT_MAIN("metrics", writes_each_type_as_openmetrics_has_it,
		writes_the_older_form_for_who_asks_for_it,
		counts_new_values_beyond_the_limit_as_other,
		cuts_and_escapes_values,
		takes_large_numbers_exactly_and_no_time_below_0,
		looks_when_it_is_read, counts_nothing_without_a_registry,
		knows_what_the_process_uses)
