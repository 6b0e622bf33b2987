/* internal.h - between uplink.c, which has the server's side of the forwarding,
 * and executors.c, which has the other */
#ifndef NODELINK_UPLINK_INTERNAL_H
#define NODELINK_UPLINK_INTERNAL_H

#include "uplink/host.h"
#include "uplink/peers.h"
#include "uplink/sender.h"
#include "uplink/telling.h"
#include "uplink/uplink.h"

struct uplink {
	const struct uplink_conf *conf;
	struct rpc_client *client;
	struct rpc_stream *stream; /* NULL: none is open */
	struct peers *peers;
	struct host host;
	struct telling telling;
	struct sender sender;
	struct loop_timer *look; /* at the certificate, while all is well */
	bool full; /* the stream's queue: no executor is read */
};

/* agent_id is filled in. */
void uplink_say(struct uplink *up, struct msg *msg);

extern const struct peers_ops executors_ops;

/* A stream has opened: all of them, or that they are not there. */
void executors_attach(struct uplink *up);
/* It has closed. */
void executors_detach(struct uplink *up);
/* Is the stream's queue full? Then none is read. */
void executors_pause(struct uplink *up, bool full);

#endif
