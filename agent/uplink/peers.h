/* peers.h - the executors of this host: find, connect, stay connected
 *
 * Every executor listens at <runtime dir>/executor-<plugin>.sock. A new socket
 * is seen by inotify and connected at once; a refused or lost connection is
 * tried again with a growing pause. A peer, once seen, is known for ever. */
#ifndef NODELINK_UPLINK_PEERS_H
#define NODELINK_UPLINK_PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/id.h"
#include "loop/loop.h"
#include "wire/link.h"

struct peers;

struct peer {
	char plugin[ID_MAX];
	struct link *link; /* NULL: not connected now */
	/* The uplink's: */
	bool current; /* its Inventory went out on the present stream */
	bool full; /* its queue is; the stream is paused for it */
	/* Ours: */
	struct peers *all;
	struct peer *next;
	struct loop_timer *retry;
	int64_t pause_ms; /* before the next try */
};

struct peers_ops {
	void (*on_up)(void *arg, struct peer *peer);
	void (*on_frame)(void *arg, struct peer *peer, const uint8_t *payload,
		size_t len);
	void (*on_drained)(void *arg, struct peer *peer);
	/* The link is freed already. */
	void (*on_down)(void *arg, struct peer *peer, const char *reason);
};

/* Starts looking. 0 or -errno with text when dir cannot be read. No callback
 * comes before the loop runs. */
int peers_new(struct loop *loop, const char *dir, const struct peers_ops *ops,
	void *arg, struct peers **out, struct err *err);
void peers_free(struct peers *peers);
AUTO_DEFINE(struct peers *, peers_free)

struct peer *peers_find(const struct peers *peers, const char *plugin);
/* All of them: start with NULL. */
struct peer *peers_next(const struct peers *peers, struct peer *previous);

#endif
