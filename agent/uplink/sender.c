/* sender.c - payloads to the server: those of one turn go together */
#include "uplink/sender.h"

#include <errno.h>

#include "base/log.h"

static void
send_now(struct sender *s, const uint8_t *payload, size_t len)
{
	int r = rpc_send(s->stream, payload, len, false);

	if (r == RPC_FULL) {
		s->full(s->arg);
		r = rpc_send(s->stream, payload, len, true);
	}
	if (r < 0) {
		/* A hole in the sequence: start over with an Attach. */
		log_error(r, "cannot send to server, closing the stream");
		rpc_close(s->stream, RPC_STATUS_OTHER, "cannot send");
	}
	/* RPC_GONE: on_close() is coming, and after it the next Attach */
}

static void
turn_over(void *arg)
{
	sender_flush(arg);
}

int
sender_init(struct sender *s, struct loop *loop, loop_fn *full, void *arg)
{
	*s = (struct sender){ .full = full, .arg = arg };
	s->flush = loop_flush_new(loop, turn_over, s);
	return s->flush ? 0 : -ENOMEM;
}

void
sender_done(struct sender *s)
{
	loop_flush_free(s->flush);
	batch_done(&s->batch);
}

void
sender_open(struct sender *s, struct rpc_stream *stream)
{
	s->stream = stream;
}

void
sender_close(struct sender *s)
{
	s->stream = NULL;
	batch_clear(&s->batch);
}

void
sender_flush(struct sender *s)
{
	const uint8_t *data;
	size_t len;

	if (s->stream && batch_get(&s->batch, &data, &len))
		send_now(s, data, len);
	batch_clear(&s->batch);
}

void
sender_send(struct sender *s, const uint8_t *payload, size_t len)
{
	if (!s->stream || batch_add(&s->batch, payload, len) == BATCH_OK)
		return;
	sender_flush(s);
	/* Too large for company, or no memory for it. */
	if (batch_add(&s->batch, payload, len) != BATCH_OK)
		send_now(s, payload, len);
}
