/* link.h - one unix socket that carries frames, on the loop
 *
 * Used by the uplink (connects) and the executor (accepts). Writes never
 * block: they are gathered and go out at the end of the loop's turn with one
 * writev; what the socket does not take waits in a queue with a limit. */
#ifndef NODELINK_WIRE_LINK_H
#define NODELINK_WIRE_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop/loop.h"
#include "wire/msg.h"

struct link;

struct link_ops {
	/* One whole payload (as msg_unpack() wants it), valid during the call.
	 * The link may be freed from inside. */
	void (*on_frame)(void *arg, const uint8_t *payload, size_t len);
	/* The queue fell below half its limit after link_send() said full. */
	void (*on_drained)(void *arg);
	/* Peer gone or broke the protocol; called once, then only link_free()
	 * may follow. r is 0 for an orderly end, else -errno. */
	void (*on_end)(void *arg, int r);
};

/* Takes over fd (a connected stream socket), also on failure. NULL: no
 * memory. */
struct link *
link_new(struct loop *loop, int take_fd, const struct link_ops *ops, void *arg);
/* What is queued is tried once more, without waiting. */
void link_free(struct link *link);
AUTO_DEFINE(struct link *, link_free)

/* Queue one message or one ready payload. 0; LINK_FULL: over the limit, not
 * queued, wait for on_drained() -- except with `must`, which queues all the
 * same (small control messages); -errno: the link is dead or no memory. */
enum { LINK_OK, LINK_FULL };
int link_send(struct link *link, const struct msg *msg, bool must);
int link_send_payload(
	struct link *link, const uint8_t *payload, size_t len, bool must);

/* Stop and restart reading: the peer is pushed back by the kernel. */
void link_pause(struct link *link, bool paused);

/* Process at the other end, from the kernel; -1 when unknown. */
int link_peer_uid(const struct link *link);

#endif
