/* metrics.h - GET /metrics: what the API counts itself, and the handler's part */
#ifndef NODELINK_API_METRICS_H
#define NODELINK_API_METRICS_H

#include "metrics/metrics.h"
#include "metrics/process.h"

struct api;

struct api_counts {
	struct metric *refused; /* credentials, by the code of the error */
	struct metric *store_tasks, *store_waiting, *store_held, *store_output,
		*store_failing;
	struct metric *audit_lines, *audit_omitted, *audit_lost;
	struct metric *webhooks, *webhook_tries;
	struct metric *cpu, *memory, *virtual_memory, *fds, *max_fds, *start;
	struct metric *build;
	struct process process; /* main() opens it */
};

/* Once api is filled in; api->metrics may be NULL. */
void api_count(struct api *api);

/* What the answer is to be, of an Accept header that may be NULL. */
enum metrics_form api_metrics_form(const char *accept);

#endif
