/* link.h - one unix socket that carries frames, on the loop
 *
 * Used by the uplink (connects) and the executor (accepts). Writes never
 * block: small ones are gathered and go out together at the end of the loop's
 * turn, big ones go at once from where they lie; what the socket does not take
 * waits in a queue with a limit. Because of "the end of the turn", do not send
 * from a loop_flush callback: the link's own may have run already. */
#ifndef NODELINK_WIRE_LINK_H
#define NODELINK_WIRE_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop/loop.h"
#include "wire/msg.h"

struct link;

struct link_ops {
	/* One whole payload (as msg_unpack() wants it), valid during the call,
	 * even when the link is freed from inside, which is fine. */
	void (*on_frame)(void *arg, const uint8_t *payload, size_t len);
	/* The queue fell below half its limit after link_send() said full. */
	void (*on_drained)(void *arg);
	/* Peer gone or broke the protocol; called once, after all whole frames
	 * it sent (so not while paused); then only link_free() may follow. r
	 * is 0 for an orderly end, else -errno: -EMSGSIZE for a frame over
	 * LIMIT_MESSAGE, -ECONNRESET for an end inside a frame. No callback
	 * comes from inside a call of a link function. */
	void (*on_end)(void *arg, int r);
};

/* Takes over fd (a connected stream socket), also on failure. NULL: no
 * memory. */
struct link *
link_new(struct loop *loop, int take_fd, const struct link_ops *ops, void *arg);
/* What is queued is tried once more, without waiting. */
void link_free(struct link *link);
AUTO_DEFINE(struct link *, link_free)

/* Queue one message or one ready payload. 0; LINK_FULL: the queue has reached
 * LIMIT_SEND_QUEUE, nothing was queued, wait for on_drained() -- except with
 * `must`, which queues all the same (small control messages); -errno: the link
 * is dead, the message is not packable, or no memory. */
enum { LINK_OK, LINK_FULL };
int link_send(struct link *link, const struct msg *msg, bool must);
int link_send_payload(
	struct link *link, const uint8_t *payload, size_t len, bool must);

/* Stop and restart reading: the peer is pushed back by the kernel. */
void link_pause(struct link *link, bool paused);

/* User at the other end, from the kernel; -1 when unknown. */
int link_peer_uid(const struct link *link);

#endif
