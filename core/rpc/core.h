/* core.h - the gRPC library of a process: start, log, completion queues
 *
 * Inside core/rpc only. An operation given to gRPC carries a struct rpc_op as
 * its tag; when it is over, the queue's thread calls op->done(). That thread
 * drives all I/O, so done() may only note what happened and loop_post(). */
#ifndef NODELINK_RPC_CORE_H
#define NODELINK_RPC_CORE_H

#include <grpc/grpc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "loop/loop.h"

#define RPC_METHOD "/nodelink.v1.AgentService/StreamTasks"
/* In the server's initial metadata: you will not be let in, wait for why. */
#define RPC_REFUSED "nodelink-refused"

/* What the peer may send us unread, per stream; bounds a server's memory.
 * Also the largest HTTP/2 frame. */
enum { RPC_LOOKAHEAD = 128 << 10 };

#define RPC_ARG(name, number) \
	{ \
		.type = GRPC_ARG_INTEGER, .key = (char *)(uintptr_t)(name), \
		.value = { \
			.integer = (number) \
		} \
	}

struct rpc_op {
	void (*done)(struct rpc_op *op, bool ok);
};
#define RPC_OWNER(ptr, type, member) \
	((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/* Call with the tag before anything is started with it: ThreadSanitizer
 * does not see through libgrpc. */
void rpc_op_handover(struct rpc_op *op);

/* Start a batch on a call. Refusal is a mistake of ours, so it asserts. */
void
rpc_batch(grpc_call *call, const grpc_op *ops, size_t n, struct rpc_op *op);

struct rpc_queue;

/* A completion queue with a thread. NULL with errno's text in err. */
struct rpc_queue *rpc_queue_new(struct err *err);
/* Waits until every operation started on it has ended; none may follow. */
void rpc_queue_drain(struct rpc_queue *q);
/* Drains, if that was not done. */
void rpc_queue_free(struct rpc_queue *q);
grpc_completion_queue *rpc_queue_cq(const struct rpc_queue *q);

/* The queue shared by all clients of this process. */
struct rpc_queue *rpc_queue_shared(struct err *err);
void rpc_queue_unshare(void);

/* What gRPC logs on this thread from begin to end goes to err as well: for
 * some failures the reason is told nowhere else. */
void rpc_log_capture_begin(struct err *err);
void rpc_log_capture_end(void);

/* That gRPC could not accept a connection is told by its log only, and without
 * descriptors left 1.51 does not try again: nobody can come any more. */
struct rpc_deaf {
	struct loop *loop;
	struct loop_item item; /* posted once */
	bool told;
	char why[128]; /* in its words */
};
/* One of a process, the first. From the loop's thread. */
void rpc_deaf_follow(struct rpc_deaf *deaf);
void rpc_deaf_unfollow(struct rpc_deaf *deaf);

#endif
