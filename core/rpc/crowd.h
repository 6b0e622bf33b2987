/* crowd.h - how many connections our port has, of one address and in all
 *
 * Inside core/rpc only. gRPC accepts whatever comes, and nothing any more once
 * it had no descriptor left (core.h, rpc_deaf). So we count its sockets soon
 * after one has come, and cut what is beyond the limits: those that came last.
 * Until then there may be some more, so the limit should leave room. */
#ifndef NODELINK_RPC_CROWD_H
#define NODELINK_RPC_CROWD_H

#include <stdint.h>

#include "base/auto.h"
#include "base/err.h"
#include "loop/loop.h"

struct crowd;

/* So many connections were cut, the last one of this address (rates_address()),
 * since the address has as many as it may have, or all together have. */
typedef void
crowd_cut_fn(void *arg, unsigned n, const char *address, bool of_address);

struct crowd_conf {
	struct loop *loop;
	uint16_t port; /* that is being listened on */
	unsigned max, max_per_address; /* 0: any number */
	crowd_cut_fn *cut; /* or NULL */
	void *arg;
};

/* -errno with text. */
int
crowd_new(const struct crowd_conf *conf, struct crowd **out, struct err *err);
/* Before gRPC stops listening: as long as this is there, the port is open. */
void crowd_free(struct crowd *crowd);
AUTO_DEFINE(struct crowd *, crowd_free)

#endif
