/* rates.c - how often each may do something: token buckets by name
 *
 * A bucket is one number, the time at which it will be full again: taking a
 * token moves that on by one interval, and the bucket is empty when it lies
 * `burst` intervals ahead. */
#include "base/rates.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/limits.h"

struct bucket {
	char name[RATES_NAME];
	int64_t full_us;
	UT_hash_handle hh;
};

struct rates {
	int64_t interval_us, room_us; /* one token; a full bucket */
	struct bucket *buckets; /* the one used longest ago first */
};

struct rates *
rates_new(unsigned count, int64_t period_ms, unsigned burst)
{
	struct rates *rates = calloc(1, sizeof *rates);

	if (!rates)
		return NULL;
	rates->interval_us = period_ms * 1000 / count;
	rates->room_us = rates->interval_us * burst;
	return rates;
}

void
rates_free(struct rates *rates)
{
	struct bucket *b, *next;

	if (!rates)
		return;
	HASH_ITER(hh, rates->buckets, b, next) {
		HASH_DEL(rates->buckets, b);
		free(b);
	}
	free(rates);
}

/* The bucket of that name, as the one used last. */
static struct bucket *
bucket_of(struct rates *rates, const char *name)
{
	size_t len = strnlen(name, RATES_NAME - 1);
	struct bucket *b;

	HASH_FIND(hh, rates->buckets, name, len, b);
	if (!b && HASH_COUNT(rates->buckets) >= LIMIT_RATES) {
		b = rates->buckets; /* its memory is used again */
		HASH_DEL(rates->buckets, b);
		memset(b, 0, sizeof *b);
	} else if (b) {
		HASH_DEL(rates->buckets, b);
	} else {
		b = calloc(1, sizeof *b);
	}
	if (!b)
		return NULL;
	memcpy(b->name, name, len);
	HASH_ADD(hh, rates->buckets, name[0], len, b);
	return b;
}

int64_t
rates_take(struct rates *rates, const char *name)
{
	struct bucket *b = bucket_of(rates, name);
	int64_t now_us = clock_ms() * 1000, over_us;

	if (!b)
		return 0;
	if (b->full_us < now_us)
		b->full_us = now_us;
	over_us = b->full_us + rates->interval_us - now_us - rates->room_us;
	if (over_us > 0)
		return (over_us + 999) / 1000;
	b->full_us += rates->interval_us;
	return 0;
}

const char *
rates_address(const char *address, char out[RATES_NAME])
{
	bool named = strncmp(address, "ipv4:", 5) == 0 ||
		     strncmp(address, "ipv6:", 5) == 0;
	const char *start = address + (named ? 5 : 0);
	bool brackets = *start == '[' || strncmp(start, "%5B", 3) == 0;
	const char *colon;
	struct in6_addr v6;
	size_t len;

	if (brackets)
		start += *start == '[' ? 1 : 3;
	colon = strchr(start, ':');
	len = brackets ? strcspn(start, "]%") : strcspn(start, "%");

	if (colon && !strchr(colon + 1, ':'))
		len = (size_t)(colon - start); /* v4 with a port */
	(void)snprintf(out, RATES_NAME, "%.*s", (int)len, start);
	if (inet_pton(AF_INET6, out, &v6) != 1)
		return out;
	if (IN6_IS_ADDR_V4MAPPED(&v6)) {
		(void)inet_ntop(AF_INET, &v6.s6_addr[12], out, RATES_NAME);
	} else {
		memset(&v6.s6_addr[8], 0, 8);
		(void)inet_ntop(AF_INET6, &v6, out, RATES_NAME); /* has room */
	}
	return out;
}
