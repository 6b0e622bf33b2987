/* retry.h - when a webhook is tried again */
#ifndef NODELINK_WEBHOOK_RETRY_H
#define NODELINK_WEBHOOK_RETRY_H

#include <stdint.h>

enum {
	RETRY_FACTOR = 4,
	RETRY_LONGEST_MS = 12 * 3600 * 1000,
	RETRY_AFTER_MAX_MS = 24 * 3600 * 1000,
};

/* After so many tries (from 1 on) that have failed, ms: full jitter, from
 * nothing to first_ms * RETRY_FACTOR^(tries-1), at most RETRY_LONGEST_MS.
 * random: any number. after_ms: what the receiver has asked for, up to
 * RETRY_AFTER_MAX_MS it is not called sooner; 0: nothing. */
int64_t retry_delay(
	int64_t first_ms, unsigned tries, uint64_t random, int64_t after_ms);

#endif
