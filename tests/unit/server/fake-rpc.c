/* fake-rpc.c - core/rpc without a network */
#include "fake-rpc.h"

#include <string.h>

#include "tests/unit/unit.h"

int
rpc_send(struct rpc_stream *s, const void *data, size_t len, bool must)
{
	struct err err = { "" };

	if (s->closed)
		return RPC_GONE;
	if (s->full && !must)
		return RPC_FULL;
	ck_assert_uint_lt(s->n_sent, FAKE_SENT_MAX);
	ck_assert_msg(msg_unpack(MSG_TO_AGENT, data, len, &s->sent[s->n_sent++],
			      &err) == 0,
		"the hub sent: %s", err.text);
	return RPC_OK;
}

size_t
rpc_queued(const struct rpc_stream *s)
{
	(void)s;
	return 0;
}

void
rpc_pause(struct rpc_stream *s, bool paused)
{
	s->paused = paused;
}

void
rpc_close(struct rpc_stream *s, enum rpc_status status, const char *text)
{
	ck_assert_ptr_nonnull(text);
	s->closed = true;
	s->status = status;
}

void
rpc_set_user(struct rpc_stream *s, void *user)
{
	s->user = user;
}

void *
rpc_user(const struct rpc_stream *s)
{
	return s->user;
}

const char *
rpc_status_name(enum rpc_status status)
{
	(void)status;
	return "status";
}

struct msg_box *
fake_take(struct rpc_stream *s, enum msg_kind kind)
{
	struct msg_box *box;

	ck_assert_msg(
		s->n_sent > 0, "nothing was sent, expected kind %d", (int)kind);
	box = s->sent[0];
	s->n_sent--;
	memmove(s->sent, s->sent + 1, s->n_sent * sizeof(struct msg_box *));
	ck_assert_int_eq((int)msg_get(box)->kind, (int)kind);
	return box;
}

void
fake_done(struct rpc_stream *s)
{
	while (s->n_sent)
		msg_free(s->sent[--s->n_sent]);
}
