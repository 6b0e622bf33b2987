/* retry.c - when a webhook is tried again
 *
 * Full jitter: receivers that were away are not all called at one moment when
 * they are back. */
#include "webhook/retry.h"

int64_t
retry_delay(int64_t first_ms, unsigned tries, uint64_t random, int64_t after_ms)
{
	int64_t most = first_ms, delay;

	while (--tries && most < RETRY_LONGEST_MS)
		most *= RETRY_FACTOR;
	if (most > RETRY_LONGEST_MS)
		most = RETRY_LONGEST_MS;
	delay = 1 + (int64_t)(random % (uint64_t)(most > 0 ? most : 1));
	if (after_ms > RETRY_AFTER_MAX_MS)
		after_ms = RETRY_AFTER_MAX_MS;
	return delay > after_ms ? delay : after_ms;
}
