/* fuzz-login.c - a server that wants to know who asks: Authorization, cookies,
 * POST /session
 *
 * Without the token, which is a viewer's, nothing is told of tasks and agents;
 * with it, nothing of them is changed. */
#include <string.h>

#include "tests/fuzz/ask.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct buf *got =
		ask_lines(RIG_GUARDED, (struct input){ data, len });
	struct hub_stats stats;

	if (!got)
		return -1;
	hub_stats(rig.hub, &stats);
	MUST(stats.tasks_live == 1 && stats.agents == 2);
	if (strncmp(buf_text(got), "HTTP/1.1 2", 10) == 0 &&
		!memmem(data, len, "$TOKEN", 6))
		MUST(!strstr(buf_text(got), "\"created_at\"") &&
			!strstr(buf_text(got), "\"hostname\""));
	return 0;
}
