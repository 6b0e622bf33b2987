/* rig.h - a server and clients on one loop, for the tests of core/rpc */
#ifndef NODELINK_TESTS_RPC_RIG_H
#define NODELINK_TESTS_RPC_RIG_H

#include "base/clock.h"
#include "base/limits.h"
#include "loop/loop.h"
#include "rpc/rpc.h"
#include "tests/unit/unit.h"

/* What one end of a stream has seen. */
struct end {
	struct rig *rig;
	struct rpc_client *client; /* NULL for the server's end */
	struct rpc_stream *s;
	int opens, closes, tries, writables;
	enum rpc_status status; /* of the last close */
	char text[512];
	char id[128], token[128], peer[128], name[128], serial[64];
	bool verified;
	int64_t not_after;
	bool was_open; /* when it was closed */
	int64_t retry_ms;
	uint64_t got, bytes;
	bool out_of_order; /* messages begin with a number from 0 on */
	bool free_on_close, close_on_message;
};

struct rig {
	struct loop *loop;
	struct rpc_server *server;
	struct rpc_server_conf server_conf;
	struct rpc_client_conf client_conf;
	char address[64];
	uint16_t port;
	struct end at_server; /* all streams together; s is the newest */
	bool echo; /* the server sends back what it gets */
	bool refuse; /* the server lets nobody in */
	bool done;
	/* its clients ask for other credentials with each try; or NULL */
	const struct rpc_tls *next_tls;
};

void rig_init(struct rig *rig);
void rig_serve(struct rig *rig);
void rig_stop_server(struct rig *rig, int64_t grace_ms);
void rig_done(struct rig *rig);

void rig_connect(struct rig *rig, struct end *end);
/* Stop in good order, and free. */
void rig_disconnect(struct rig *rig, struct end *end);

/* Turn the loop until the condition holds; fails the test when it does not. */
#define RIG_UNTIL(rig, condition) UNIT_UNTIL((rig)->loop, condition)
/* Turn it for a while, to see that something does not happen. */
void rig_idle(struct rig *rig, int64_t ms);

/* Send messages number from..to-1 of this size, turning the loop whenever the
 * queue is full. */
void rig_send(struct rig *rig, struct rpc_stream *const *s, uint32_t from,
	uint32_t to, size_t size);

#endif
