/* rates.h - how often each may do something: token buckets by name
 *
 * A bucket holds `burst` tokens and is filled at a steady rate; whoever finds
 * it empty is told how long to wait. An unknown name has a full bucket. The
 * number of names is bounded (LIMIT_RATES): beyond it the one that was used
 * longest ago is forgotten, which gives it a full bucket again and nobody else
 * anything. One thread. */
#ifndef NODELINK_BASE_RATES_H
#define NODELINK_BASE_RATES_H

#include <stdint.h>

#include "base/auto.h"

struct rates;

/* `count` tokens come back in each `period_ms`; count and burst at least 1.
 * NULL: out of memory. */
struct rates *rates_new(unsigned count, int64_t period_ms, unsigned burst);
void rates_free(struct rates *rates);
AUTO_DEFINE(struct rates *, rates_free)

/* 0: one was taken. Otherwise none was there, and one will be in so many
 * milliseconds. Out of memory counts as a full bucket. */
int64_t rates_take(struct rates *rates, const char *name);

/* The name under which an address is counted: itself, but of IPv6 only the
 * network of 64 bits, in which a client may take any address it likes. A port
 * at the end ("1.2.3.4:5", "[::1]:5") does not count, nor what gRPC adds
 * ("ipv4:1.2.3.4:5", "ipv6:%5B::1%5D:5"). */
enum { RATES_NAME = 64 };
const char *rates_address(const char *address, char out[RATES_NAME]);

#endif
