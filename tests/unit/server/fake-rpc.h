/* fake-rpc.h - core/rpc without a network: keeps what is sent, for the hub */
#ifndef NODELINK_TESTS_FAKE_RPC_H
#define NODELINK_TESTS_FAKE_RPC_H

#include "rpc/rpc.h"
#include "wire/msg.h"

enum { FAKE_SENT_MAX = 64 };

struct rpc_stream {
	void *user;
	struct msg_box *sent[FAKE_SENT_MAX]; /* not looked at yet */
	size_t n_sent;
	bool full; /* answer RPC_FULL */
	bool paused;
	bool closed;
	enum rpc_status status;
};

/* The oldest message not looked at, which must be of this kind. The caller
 * frees it. */
struct msg_box *fake_take(struct rpc_stream *s, enum msg_kind kind);
void fake_done(struct rpc_stream *s);

#endif
