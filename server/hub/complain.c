/* complain.c - what is wrong with an agent, said in the log a few times a minute
 *
 * An agent that is broken, or taken over, can make us say something for every
 * byte that it sends. The rest is counted. */
#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "hub/internal.h"

enum { MOST = 10, PERIOD_MS = 60000 };

void
agent_complain(struct agent *a, enum complaint kind, const char *fmt, ...)
{
	int64_t *since = &a->complaints[kind].since_ms, now = clock_ms();
	unsigned *n = &a->complaints[kind].n;
	char text[512];
	va_list ap;

	metric_add(a->hub->counts.complaints,
		METRIC_OF(kind == COMPLAINT_CLOSED ? "closed" : "dropped"), 1);
	if (now - *since >= PERIOD_MS) {
		if (*n > MOST)
			log_warn(0, "agent '%s': and %u more like these", a->id,
				*n - MOST);
		*since = now;
		*n = 0;
	}
	if ((*n)++ >= MOST)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	log_warn(0, "agent '%s': %s%s", a->id, text,
		*n == MOST ? "; more is only counted for a minute" : "");
}
