/* recv.c - messages of a stream on their way in
 *
 * One read is out at any time, so that the peer's end is noticed, unless the
 * stream already holds its share of undelivered messages: then gRPC's flow
 * control stops the peer. */
#include "rpc/stream.h"

#include <grpc/byte_buffer_reader.h>

enum { MESSAGE_OVERHEAD = 64 }; /* frames of HTTP/2 and TLS, at most */

void
rpc_read_next(struct rpc_stream *s)
{
	grpc_op op = { .op = GRPC_OP_RECV_MESSAGE };

	if (s->reading || s->read_end || s->ended)
		return;
	if (s->in.count >= RPC_HELD_COUNT || s->in.bytes >= RPC_HELD_BYTES)
		return;
	s->reading = true;
	s->read_bytes = NULL;
	op.data.recv_message.recv_message = &s->read_bytes;
	rpc_stream_begin(s, &op, 1, &s->op_read);
}

void
rpc_read_done(struct rpc_op *op, bool ok)
{
	struct rpc_stream *s = RPC_OWNER(op, struct rpc_stream, op_read);
	struct rpc_packet *p = NULL;
	bool aborted = false;

	if (ok && s->read_bytes)
		p = malloc(sizeof *p);
	else
		aborted = grpc_call_failed_before_recv_message(s->call) != 0;
	pthread_mutex_lock(&s->lock);
	s->reading = false;
	if (p) {
		p->bytes = TAKE(s->read_bytes);
		p->len = grpc_byte_buffer_length(p->bytes);
		s->received += p->len + p->len / 16 + MESSAGE_OVERHEAD;
		rpc_fifo_add(&s->in, p);
		rpc_read_next(s);
	} else {
		if (s->read_bytes) { /* no memory for it */
			grpc_byte_buffer_destroy(TAKE(s->read_bytes));
			grpc_call_cancel(s->call, NULL);
		}
		/* "No message" alone does not mean an orderly end. */
		s->half_closed = ok && !aborted;
		s->too_large = !ok && !aborted;
		s->read_end = true;
	}
	rpc_stream_over(s);
	rpc_stream_wake(s);
	pthread_mutex_unlock(&s->lock);
}

void
rpc_deliver_packet(struct rpc_stream *s, struct rpc_packet *p)
{
	grpc_byte_buffer_reader reader;
	grpc_slice whole;
	grpc_slice *only = NULL;

	if (!grpc_byte_buffer_reader_init(&reader, p->bytes))
		return; /* cannot fail for a raw buffer */
	if (p->bytes->data.raw.slice_buffer.count == 1 &&
		grpc_byte_buffer_reader_peek(&reader, &only)) {
		s->side->message(s, GRPC_SLICE_START_PTR(*only),
			GRPC_SLICE_LENGTH(*only));
	} else {
		whole = grpc_byte_buffer_reader_readall(&reader);
		s->side->message(s, GRPC_SLICE_START_PTR(whole),
			GRPC_SLICE_LENGTH(whole));
		grpc_slice_unref(whole);
	}
	grpc_byte_buffer_reader_destroy(&reader);
}
