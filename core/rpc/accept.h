/* accept.h - takes calls from gRPC and makes streams of them
 *
 * Inside core/rpc only. A few requests for a new call are always out; each
 * call that comes becomes a stream, whose side is asked on the loop's thread
 * (opened()) what to do with it. Calls of unknown methods are answered. */
#ifndef NODELINK_RPC_ACCEPT_H
#define NODELINK_RPC_ACCEPT_H

#include <stdatomic.h>

#include "rpc/stream.h"

struct rpc_slot { /* one request for a call of our method */
	struct rpc_op op;
	struct rpc_accept *accept;
	grpc_call *call;
	gpr_timespec deadline;
	grpc_metadata_array head;
};

struct rpc_other_slot { /* ... for a call of any other method */
	struct rpc_op op;
	struct rpc_accept *accept;
	grpc_call *call;
	grpc_call_details details;
	grpc_metadata_array head;
};

struct rpc_accept {
	grpc_server *grpc;
	void *method;
	struct rpc_queue *queue;
	struct loop *loop;
	const struct rpc_side *side;
	void *owner;
	/* Requests, streams, and one of the server's until gRPC says that it
	 * is shut down - which it may say before the last stream has ended.
	 * At 0, and not before, the server may be freed; `gone` is posted. */
	atomic_uint refs;
	struct loop_item gone;
	struct rpc_slot slots[64];
	struct rpc_other_slot other;
};

/* Start asking; ends by itself when the server is shut down. The members
 * above `slots` are set by the caller, with refs 1. */
void rpc_accept_begin(struct rpc_accept *a);

/* What the call's head says under this key, "" when nothing; to be freed. NULL:
 * given twice, or with a NUL, either of which could mean different things to
 * different readers. While s->head is there. */
char *rpc_accept_head(const struct rpc_stream *s, const char *key);

/* For each stream when it is closed, and for the server. */
void rpc_accept_unref(struct rpc_accept *a);

#endif
