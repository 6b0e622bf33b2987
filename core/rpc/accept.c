/* accept.c - takes calls from gRPC and makes streams of them
 *
 * All of it on the queue's thread, except the public functions. */
#include "rpc/accept.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ----------------------------------------------------------- unknown calls */

struct farewell {
	struct rpc_op op;
	grpc_call *call;
};

static void
farewell_done(struct rpc_op *op, bool ok)
{
	struct farewell *f = RPC_OWNER(op, struct farewell, op);

	(void)ok; /* the peer may have left before */
	grpc_call_unref(f->call);
	free(f);
}

/* A call of an unknown method would hang until its own deadline. */
static void
answer_unimplemented(grpc_call *take_call)
{
	struct farewell *f = calloc(1, sizeof *f);
	grpc_slice text = grpc_slice_from_static_string("unknown method");
	grpc_op ops[] = {
		{ .op = GRPC_OP_SEND_INITIAL_METADATA },
		{ .op = GRPC_OP_SEND_STATUS_FROM_SERVER },
	};

	if (!f) {
		grpc_call_unref(take_call);
		return;
	}
	f->op.done = farewell_done;
	f->call = take_call;
	ops[1].data.send_status_from_server.status = GRPC_STATUS_UNIMPLEMENTED;
	ops[1].data.send_status_from_server.status_details = &text;
	rpc_batch(take_call, ops, ARRAY_SIZE(ops), &f->op);
}

static void
ask_for_other(struct rpc_accept *a)
{
	struct rpc_other_slot *o = &a->other;
	grpc_completion_queue *cq = rpc_queue_cq(a->queue);

	rpc_op_handover(&o->op);
	grpc_call_details_init(&o->details);
	grpc_metadata_array_init(&o->head);
	(void)grpc_server_request_call(a->grpc, &o->call, &o->details, &o->head,
		cq, cq, &o->op); /* fails only for a foreign cq */
}

static void
other_came(struct rpc_op *op, bool ok)
{
	struct rpc_other_slot *o = RPC_OWNER(op, struct rpc_other_slot, op);

	grpc_call_details_destroy(&o->details);
	grpc_metadata_array_destroy(&o->head);
	if (!ok) { /* the server is being shut down */
		rpc_accept_unref(o->accept);
		return;
	}
	answer_unimplemented(o->call);
	ask_for_other(o->accept);
}

/* --------------------------------------------------------------- our calls */

static void
ended(struct rpc_op *op, bool ok)
{
	struct rpc_stream *s = RPC_OWNER(op, struct rpc_stream, op_end);

	(void)ok; /* always true, says grpc.h */
	pthread_mutex_lock(&s->lock);
	s->ended = true;
	if (!s->closing)
		s->status = RPC_STATUS_UNAVAILABLE;
	rpc_stream_over(s);
	pthread_mutex_unlock(&s->lock);
}

static void
ask_for_call(struct rpc_slot *slot)
{
	struct rpc_accept *a = slot->accept;
	grpc_completion_queue *cq = rpc_queue_cq(a->queue);

	rpc_op_handover(&slot->op);
	grpc_metadata_array_init(&slot->head);
	(void)grpc_server_request_registered_call(a->grpc, a->method,
		&slot->call, &slot->deadline, &slot->head, NULL, cq, cq,
		&slot->op); /* fails only for a foreign cq */
}

static void
call_came(struct rpc_op *op, bool ok)
{
	struct rpc_slot *slot = RPC_OWNER(op, struct rpc_slot, op);
	struct rpc_accept *a = slot->accept;
	grpc_op end = { .op = GRPC_OP_RECV_CLOSE_ON_SERVER };
	struct rpc_stream *s = NULL;

	if (ok)
		s = rpc_stream_new(a->loop, slot->call, a->side, a->owner);
	if (!s) {
		grpc_metadata_array_destroy(&slot->head);
	} else {
		atomic_fetch_add(&a->refs, 1);
		s->head = slot->head;
		s->op_end.done = ended;
		end.data.recv_close_on_server.cancelled = &s->cancelled;
		pthread_mutex_lock(&s->lock);
		rpc_stream_begin(s, &end, 1, &s->op_end);
		s->opening = true;
		rpc_stream_wake(s);
		pthread_mutex_unlock(&s->lock);
	}
	if (ok)
		ask_for_call(slot);
	else
		rpc_accept_unref(a);
}

char *
rpc_accept_head(const struct rpc_stream *s, const char *key)
{
	const grpc_slice *found = NULL;
	size_t len;

	for (size_t i = 0; i < s->head.count; i++) {
		if (grpc_slice_str_cmp(s->head.metadata[i].key, key) != 0)
			continue;
		if (found)
			return NULL;
		found = &s->head.metadata[i].value;
	}
	if (!found)
		return strdup("");
	len = GRPC_SLICE_LENGTH(*found);
	if (memchr(GRPC_SLICE_START_PTR(*found), '\0', len))
		return NULL;
	return strndup((const char *)GRPC_SLICE_START_PTR(*found), len);
}

void
rpc_accept_unref(struct rpc_accept *a)
{
	if (atomic_fetch_sub(&a->refs, 1) == 1)
		loop_post(a->loop, &a->gone);
}

void
rpc_accept_begin(struct rpc_accept *a)
{
	atomic_fetch_add(&a->refs, ARRAY_SIZE(a->slots) + 1);
	for (size_t i = 0; i < ARRAY_SIZE(a->slots); i++) {
		a->slots[i].op.done = call_came;
		a->slots[i].accept = a;
		ask_for_call(&a->slots[i]);
	}
	a->other.op.done = other_came;
	a->other.accept = a;
	ask_for_other(a);
}
