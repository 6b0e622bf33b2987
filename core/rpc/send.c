/* send.c - messages of a stream on their way out
 *
 * One write is out at any time; the next one starts where the end of the one
 * before is noticed, mostly on the queue's thread. While more is queued, gRPC
 * is told not to flush, which makes small messages five times cheaper. */
#include "rpc/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

void
rpc_write_end(struct rpc_stream *s)
{
	grpc_op ops[2] = { { .op = GRPC_OP_SEND_CLOSE_FROM_CLIENT } };
	grpc_op *op = ops;
	grpc_metadata refused;
	grpc_slice text;

	s->finished = true;
	if (!s->side->server) {
		rpc_stream_begin(s, ops, 1, &s->op_finish);
		return;
	}
	if (!s->started) {
		/* Refused. The status may arrive later than this. */
		refused.key = grpc_slice_from_static_string(RPC_REFUSED);
		refused.value = grpc_slice_from_static_string("1");
		op->op = GRPC_OP_SEND_INITIAL_METADATA;
		op->data.send_initial_metadata.count = 1;
		op->data.send_initial_metadata.metadata = &refused;
		op++;
	}
	text = grpc_slice_from_copied_string(s->text ? s->text : "");
	op->op = GRPC_OP_SEND_STATUS_FROM_SERVER;
	op->data.send_status_from_server.status = rpc_status_to_code(s->status);
	op->data.send_status_from_server.status_details = &text;
	rpc_stream_begin(s, ops, (size_t)(op - ops) + 1, &s->op_finish);
	grpc_slice_unref(text);
}

void
rpc_write_next(struct rpc_stream *s)
{
	grpc_op op = { .op = GRPC_OP_SEND_MESSAGE };

	if (s->writing || !s->started || s->finished || s->ended)
		return;
	s->writing = rpc_fifo_take(&s->out);
	if (s->writing) {
		if (s->out.first)
			op.flags = GRPC_WRITE_BUFFER_HINT;
		op.data.send_message.send_message = s->writing->bytes;
		rpc_stream_begin(s, &op, 1, &s->op_write);
	} else if (s->closing) {
		rpc_write_end(s);
	}
}

/* What is being written counts as queued. */
static size_t
queued(const struct rpc_stream *s)
{
	return s->out.bytes + (s->writing ? s->writing->len : 0);
}

void
rpc_write_done(struct rpc_op *op, bool ok)
{
	struct rpc_stream *s = RPC_OWNER(op, struct rpc_stream, op_write);
	struct rpc_packet *done;

	pthread_mutex_lock(&s->lock);
	done = TAKE(s->writing);
	if (ok)
		rpc_write_next(s);
	else
		rpc_fifo_clear(&s->out); /* the call is dead; its end comes */
	if (s->want_writable && queued(s) <= LIMIT_SEND_QUEUE / 2) {
		s->want_writable = false;
		s->writable = true;
		rpc_stream_wake(s);
	}
	rpc_stream_over(s);
	pthread_mutex_unlock(&s->lock);
	rpc_packet_free(done);
}

static struct rpc_packet *
packet_new(const void *data, size_t len)
{
	struct rpc_packet *p = malloc(sizeof *p);
	grpc_slice slice;

	if (!p)
		return NULL;
	slice = grpc_slice_from_copied_buffer(data, len);
	p->bytes = grpc_raw_byte_buffer_create(&slice, 1);
	p->len = len;
	grpc_slice_unref(slice);
	return p;
}

int
rpc_send(struct rpc_stream *s, const void *data, size_t len, bool must)
{
	struct rpc_packet *p = packet_new(data, len);
	int r = RPC_OK;

	if (!p)
		return -ENOMEM;
	pthread_mutex_lock(&s->lock);
	if (s->ended || s->closing) {
		r = RPC_GONE;
	} else if (!must && queued(s) > 0 &&
		   queued(s) + len > LIMIT_SEND_QUEUE) {
		s->want_writable = true;
		r = RPC_FULL;
	} else {
		rpc_fifo_add(&s->out, TAKE(p));
		rpc_write_next(s);
	}
	pthread_mutex_unlock(&s->lock);
	rpc_packet_free(p);
	return r;
}

size_t
rpc_queued(const struct rpc_stream *s)
{
	pthread_mutex_t *lock = (pthread_mutex_t *)(uintptr_t)&s->lock;
	size_t n;

	pthread_mutex_lock(lock);
	n = queued(s);
	pthread_mutex_unlock(lock);
	return n;
}

void
rpc_refuse(struct rpc_stream *s, enum rpc_status status, const char *text)
{
	pthread_mutex_lock(&s->lock);
	if (!s->ended) {
		s->closing = true;
		s->status = status;
		free(s->text);
		s->text = strdup(text); /* without: no harm */
		rpc_fifo_clear(&s->out);
		rpc_write_end(s);
	}
	pthread_mutex_unlock(&s->lock);
}
