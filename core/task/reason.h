/* reason.h - the stable numbers and names of why a task is cancelled */
#ifndef NODELINK_TASK_REASON_H
#define NODELINK_TASK_REASON_H

#include <stdint.h>

enum reason_code {
	REASON_USER_REQUEST = 100,
	REASON_SUPERSEDED = 101,
	REASON_BULK = 102,
	REASON_TIMEOUT = 200,
	REASON_START_TIMEOUT = 201,
	REASON_IDLE_TIMEOUT = 202,
	REASON_OUTPUT_LIMIT = 203,
	REASON_MEMORY_LIMIT = 204,
	REASON_PIDS_LIMIT = 205,
	REASON_ADMIN_REQUEST = 300,
	REASON_AGENT_DRAIN = 301,
	REASON_MAINTENANCE = 302,
	REASON_PREEMPTED = 303,
	REASON_AGENT_STOPPING = 400,
	REASON_AGENT_PARTITION = 401,
	REASON_HOST_SHUTDOWN = 402,
	REASON_PLUGIN_FAILED = 403,
	REASON_SITE = 900, /* of somebody else's making: its name says more */
};

enum { REASON_NAME = 64 }; /* bytes of the longest one of a site, with NUL */

/* "user_request" for 100; NULL when there is no such code, or a site has named
 * it. */
const char *reason_name(uint32_t code);

/* From a number ("100") or a name; REASON_SITE for "x.SITE.NAME", both of a-z,
 * 0-9, '-' and '_'. 0 or -EINVAL. */
int reason_parse(const char *text, uint32_t *code);

#endif
