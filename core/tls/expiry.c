/* expiry.c - when to tell that a certificate ends, and in which words */
#include <stdio.h>

#include "base/clock.h"
#include "tls/tls.h"

#define DAY_MS (24 * 3600 * INT64_C(1000))
#define SOON_MS (7 * DAY_MS)

bool
tls_ends_soon(int64_t not_after, int64_t *told_ms, char text[TLS_END_TEXT])
{
	int64_t left = not_after - clock_wall_ms(), now = clock_ms();
	char when[CLOCK_TEXT];

	if (left > SOON_MS || (*told_ms && now - *told_ms < DAY_MS))
		return false;
	*told_ms = now;
	(void)snprintf(text, TLS_END_TEXT, "%s %s",
		left < 0 ? "has expired on" : "expires on",
		clock_text(not_after, when));
	return true;
}
