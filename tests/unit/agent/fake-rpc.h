/* fake-rpc.h - the client side of core/rpc without a network
 *
 * The test plays the server: it opens and closes the one stream, delivers
 * messages, and looks at what was sent. */
#ifndef NODELINK_TESTS_FAKE_RPC_H
#define NODELINK_TESTS_FAKE_RPC_H

#include "base/buf.h"
#include "rpc/rpc.h"
#include "wire/msg.h"

enum { FAKE_SENT_MAX = 64 };

struct fake_rpc {
	struct rpc_client_conf conf;
	struct rpc_client_ops ops;
	void *arg;
	bool open, full, paused, closed, stopped;
	size_t queued; /* bytes that wait, if anybody asks */
	size_t forced; /* sends with `must` while full */
	size_t new_tls; /* calls of rpc_client_set_tls() */
	struct buf sent[FAKE_SENT_MAX];
	size_t n_sent;
};

extern struct fake_rpc fake_rpc;

void fake_rpc_open(void);
void fake_rpc_close(enum rpc_status status);
void fake_rpc_deliver(const struct msg *msg);
/* The i-th message sent so far, unpacked; free with msg_free(). */
struct msg_box *fake_rpc_sent(size_t i);
/* Forget the messages sent so far. */
void fake_rpc_forget(void);

#endif
