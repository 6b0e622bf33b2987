/* reason.c - the stable numbers and names of why a task is cancelled */
#include "task/reason.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/auto.h"
#include "base/parse.h"

static const struct {
	uint32_t code;
	const char *name;
} reasons[] = {
	{ REASON_USER_REQUEST, "user_request" },
	{ REASON_SUPERSEDED, "superseded" },
	{ REASON_BULK, "bulk" },
	{ REASON_TIMEOUT, "timeout" },
	{ REASON_START_TIMEOUT, "start_timeout" },
	{ REASON_IDLE_TIMEOUT, "idle_timeout" },
	{ REASON_OUTPUT_LIMIT, "output_limit" },
	{ REASON_MEMORY_LIMIT, "memory_limit" },
	{ REASON_PIDS_LIMIT, "pids_limit" },
	{ REASON_ADMIN_REQUEST, "admin_request" },
	{ REASON_AGENT_DRAIN, "agent_drain" },
	{ REASON_MAINTENANCE, "maintenance" },
	{ REASON_PREEMPTED, "preempted" },
	{ REASON_AGENT_STOPPING, "agent_stopping" },
	{ REASON_AGENT_PARTITION, "agent_partition" },
	{ REASON_HOST_SHUTDOWN, "host_shutdown" },
	{ REASON_PLUGIN_FAILED, "plugin_failed" },
};

const char *
reason_name(uint32_t code)
{
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (reasons[i].code == code)
			return reasons[i].name;
	return NULL;
}

/* "x.SITE.NAME" */
static bool
is_site(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
	size_t site, name;

	if (strncmp(text, "x.", 2) != 0)
		return false;
	site = strspn(text + 2, letters);
	if (!site || text[2 + site] != '.')
		return false;
	name = strspn(text + 3 + site, letters);
	return name && !text[3 + site + name] && 3 + site + name < REASON_NAME;
}

int
reason_parse(const char *text, uint32_t *code)
{
	uint64_t number;

	if (is_site(text)) {
		*code = REASON_SITE;
		return 0;
	}

	if (parse_u64(text, 1, 999, &number) == 0) {
		if (!reason_name((uint32_t)number))
			return -EINVAL;
		*code = (uint32_t)number;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (strcmp(reasons[i].name, text) == 0) {
			*code = reasons[i].code;
			return 0;
		}
	return -EINVAL;
}
