/* test-api-metrics.c - GET /metrics: which form, and what the API counts */
#include "api/metrics.h"

#include "api-rig.h"
#include "tests/unit/unit.h"

TEST(answers_what_is_asked_for_and_openmetrics_otherwise)
{
	static const struct {
		const char *accept;
		enum metrics_form form;
	} cases[] = {
		{ NULL, METRICS_OPENMETRICS },
		{ "", METRICS_OPENMETRICS },
		{ "*/*", METRICS_OPENMETRICS },
		/* Prometheus 2.42, 3 */
		{ "application/openmetrics-text;version=1.0.0,application/"
		  "openmetrics-text;version=0.0.1;q=0.75,text/"
		  "plain;version=0.0.4;q=0.5,*/*;q=0.1",
			METRICS_OPENMETRICS },
		{ "text/plain;version=1.0.0;q=0.5,application/"
		  "openmetrics-text;version=1.0.0;q=0.6,*/*;q=0.2",
			METRICS_OPENMETRICS },
		/* with scrape_protocols: [PrometheusText0.0.4] */
		{ "text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
			METRICS_PROMETHEUS },
		{ "text/plain", METRICS_PROMETHEUS },
		{ "Text/Plain , application/openmetrics-text;q=0.999",
			METRICS_PROMETHEUS },
		{ "text/plain;q=0.30, application/openmetrics-text;q=0.3",
			METRICS_OPENMETRICS },
		{ "text/plain;Q=0.2, application/openmetrics-text;Q=0.1",
			METRICS_PROMETHEUS },
		{ "text/plain;seq=0, application/openmetrics-text;q=0.9",
			METRICS_PROMETHEUS },
		{ "text/plainer", METRICS_OPENMETRICS },
		{ "text/plain;q=", METRICS_OPENMETRICS },
		{ "text/plain;q=99999999999", METRICS_PROMETHEUS },
		{ ",;,", METRICS_OPENMETRICS },
		{ "text/html, application/xml;q=0.9", METRICS_OPENMETRICS },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		ck_assert_msg(
			api_metrics_form(cases[i].accept) == cases[i].form,
			"%s", cases[i].accept);
}
END

TEST(tells_what_it_counts)
{
	setup();
	api.metrics = metrics_new();
	api_count(&api);
	get("/metrics");
	client_expect(&c, "Content-Type: application/openmetrics-text; "
			  "version=1.0.0; charset=utf-8\r\n");
	client_expect(&c, "\nnodelink_store_failing 0\n");
	client_expect(&c,
		"\nnodelink_build_info{version=\"" PACKAGE_VERSION "\"} 1\n");
	client_expect(&c, "\n# EOF\n");
	metrics_free(api.metrics);
	teardown();
}
END

TEST(counts_credentials_that_are_no_good)
{
	setup_asking();
	api.metrics = metrics_new();
	api_count(&api);
	get("/metrics");
	client_expect(&c, "401 Unauthorized");
	as("nonsense");
	get("/metrics");
	client_expect(&c, "401 Unauthorized");
	as(token_for("eve", AUTH_VIEWER, NULL, NULL));
	get("/metrics");
	client_expect(&c, "200 OK");
	client_expect(
		&c, "nodelink_auth_failures_total{code=\"no_token\"} 1\n");
	client_expect(
		&c, "nodelink_auth_failures_total{code=\"bad_token\"} 1\n");
	metrics_free(api.metrics);
	teardown();
}
END

	UNIT_MAIN("api-metrics",
		answers_what_is_asked_for_and_openmetrics_otherwise,
		tells_what_it_counts, counts_credentials_that_are_no_good)
