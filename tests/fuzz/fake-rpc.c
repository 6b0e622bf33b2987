/* fake-rpc.c - core/rpc without a network, for the hub
 *
 * Whatever agents have said, what is sent to them must be well-formed. */
#include "tests/fuzz/fake-rpc.h"

#include "tests/fuzz/fuzz.h"
#include "wire/batch.h"
#include "wire/msg.h"

int
rpc_send(struct rpc_stream *s, const void *data, size_t len, bool must)
{
	struct batch_walk walk = { data, len, false };
	const uint8_t *item;
	int r;

	(void)must;
	if (s->closed)
		return RPC_GONE;
	while ((r = batch_next(&walk, &item, &len)) > 0) {
		AUTO(msg_free) struct msg_box *box = NULL;

		MUST(msg_unpack(MSG_TO_AGENT, item, len, &box, NULL) == 0);
	}
	MUST(r == 0);
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
	(void)s;
	(void)paused;
}

void
rpc_close(struct rpc_stream *s, enum rpc_status status, const char *text)
{
	MUST(!s->closed && text && status != RPC_STATUS_OK);
	s->closed = true;
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
