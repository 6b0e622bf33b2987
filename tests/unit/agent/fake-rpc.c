/* fake-rpc.c - the client side of core/rpc without a network */
#include "tests/unit/agent/fake-rpc.h"

#include <check.h>

#include "wire/batch.h"

struct fake_rpc fake_rpc;

/* Never looked into: there is one of each. */
static char the_stream, the_client;

static struct rpc_stream *
stream(void)
{
	return (struct rpc_stream *)(void *)&the_stream;
}

void
fake_rpc_open(void)
{
	fake_rpc.open = true;
	fake_rpc.full = fake_rpc.paused = fake_rpc.closed = false;
	fake_rpc.ops.on_open(fake_rpc.arg, stream());
}

void
fake_rpc_close(enum rpc_status status)
{
	fake_rpc.open = false;
	fake_rpc.ops.on_close(fake_rpc.arg, stream(), status, "test", 100);
}

void
fake_rpc_deliver(const struct msg *msg)
{
	AUTO_BUF struct buf payload = { 0 };

	ck_assert_int_eq(msg_pack(msg, &payload), 0);
	fake_rpc.ops.on_message(
		fake_rpc.arg, stream(), payload.data, payload.len);
}

struct msg_box *
fake_rpc_sent(size_t i)
{
	struct msg_box *box = NULL;
	struct err err = { "" };

	ck_assert_uint_lt(i, fake_rpc.n_sent);
	ck_assert_msg(msg_unpack(MSG_TO_SERVER, fake_rpc.sent[i].data,
			      fake_rpc.sent[i].len, &box, &err) == 0,
		"%s", err.text);
	return box;
}

void
fake_rpc_forget(void)
{
	while (fake_rpc.n_sent)
		buf_done(&fake_rpc.sent[--fake_rpc.n_sent]);
}

/* ----------------------------------------------------------- core/rpc/rpc.h */

const char *
rpc_status_name(enum rpc_status status)
{
	return status == RPC_STATUS_OK ? "ok" : "not ok";
}

const char *
rpc_peer(const struct rpc_stream *s)
{
	(void)s;
	return "fake";
}

size_t
rpc_queued(const struct rpc_stream *s)
{
	(void)s;
	return fake_rpc.queued;
}

int
rpc_send(struct rpc_stream *s, const void *data, size_t len, bool must)
{
	struct batch_walk walk = { data, len, false };
	const uint8_t *item;

	(void)s;
	ck_assert(fake_rpc.open);
	if (fake_rpc.closed)
		return RPC_GONE;
	if (fake_rpc.full && !must)
		return RPC_FULL;
	fake_rpc.forced += fake_rpc.full;
	while (batch_next(&walk, &item, &len) > 0) {
		ck_assert_uint_lt(fake_rpc.n_sent, FAKE_SENT_MAX);
		ck_assert_int_eq(
			buf_add(&fake_rpc.sent[fake_rpc.n_sent++], item, len),
			0);
	}
	return RPC_OK;
}

void
rpc_pause(struct rpc_stream *s, bool paused)
{
	(void)s;
	fake_rpc.paused = paused;
}

void
rpc_close(struct rpc_stream *s, enum rpc_status status, const char *text)
{
	(void)s, (void)status, (void)text;
	fake_rpc.closed = true;
}

int
rpc_client_new(struct loop *loop, const struct rpc_client_conf *conf,
	const struct rpc_client_ops *ops, void *arg, struct rpc_client **out,
	struct err *err)
{
	(void)loop, (void)err;
	fake_rpc.conf = *conf;
	fake_rpc.ops = *ops;
	fake_rpc.arg = arg;
	*out = (struct rpc_client *)(void *)&the_client;
	return 0;
}

int
rpc_client_set_tls(
	struct rpc_client *client, const struct rpc_tls *tls, struct err *err)
{
	(void)client, (void)tls, (void)err;
	fake_rpc.new_tls++;
	return 0;
}

void
rpc_client_stop(struct rpc_client *client, int64_t grace_ms, loop_fn *done,
	void *done_arg)
{
	(void)client, (void)grace_ms;
	fake_rpc.stopped = true;
	done(done_arg);
}

void
rpc_client_free(struct rpc_client *client)
{
	(void)client;
}
