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
agent_complain(struct agent *a, const char *fmt, ...)
{
	int64_t now = clock_ms();
	char text[512];
	va_list ap;

	if (now - a->complained_ms >= PERIOD_MS) {
		if (a->complaints > MOST)
			log_warn(0, "agent '%s': and %u more like these", a->id,
				a->complaints - MOST);
		a->complained_ms = now;
		a->complaints = 0;
	}
	if (a->complaints++ >= MOST)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	log_warn(0, "agent '%s': %s%s", a->id, text,
		a->complaints == MOST ? "; more is only counted for a minute"
				      : "");
}
