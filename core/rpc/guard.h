/* guard.h - cuts connections that make gRPC hold memory without end
 *
 * Inside core/rpc only. gRPC 1.51 goes on reading a connection as long as there
 * is something to read, and holds some 14 KB for each call until it stops, also
 * for one that was reset; a peer that opens and resets calls without end is not
 * seen by us before that (CVE-2023-44487). So when this process has grown while
 * it was busy, we compare what each connection has received with what came out
 * of it as messages. */
#ifndef NODELINK_RPC_GUARD_H
#define NODELINK_RPC_GUARD_H

#include <stdint.h>

#include "base/auto.h"
#include "base/err.h"
#include "loop/loop.h"

struct guard;

/* Bytes that have become messages of this peer's streams, with what is around
 * them on the wire. All on the loop's thread. */
typedef uint64_t guard_messages_fn(void *arg, const char *peer);
typedef void guard_cut_fn(void *arg, const char *peer);

/* For a server that listens on this port; before its first connection. -errno
 * with text. */
int guard_new(struct loop *loop, uint16_t port, guard_messages_fn *messages,
	guard_cut_fn *cut, void *arg, struct guard **out, struct err *err);
void guard_free(struct guard *guard);
/* A stream of this peer has ended, with so many bytes in messages: what
 * messages() tells no longer has them. */
void guard_ended(struct guard *guard, const char *peer, uint64_t in_messages);
AUTO_DEFINE(struct guard *, guard_free)

#endif
