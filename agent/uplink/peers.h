/* peers.h - the executors of this host: find, connect, stay connected
 *
 * Every executor listens at a place (base/place.h) in the runtime directory,
 * mostly the only one of its plugin; group.h has what follows when there are
 * several. A new socket is seen by inotify and connected at once; a refused or lost connection is
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
	unsigned place;
	struct link *link; /* NULL: not connected now */
	bool gone; /* nobody listens there, nor will soon */
	/* The uplink's: */
	bool current; /* its Inventory went out on the present stream */
	bool full; /* its queue is; the stream is paused for it */
	bool awaited; /* on_late() comes unless it answers */
	bool silent; /* it did not answer in time, and has not since */
	/* group.c's: */
	bool alone; /* the only one of its plugin, so none of the others */
	bool draining; /* it takes no new tasks */
	bool listed; /* its inventory is younger than the last Attach */
	struct msg_box *inventory; /* the last one; NULL: none yet */
	const char **held; /* its tasks' ids, sorted; texts are inventory's */
	size_t n_held;
	/* Ours: */
	struct peers *all;
	struct peer *next;
	int64_t refused_ms; /* clock_ms(): found dead; 0: not */
	struct loop_timer *retry;
	int64_t pause_ms; /* before the next try */
	struct loop_timer *late;
};

struct peers_ops {
	void (*on_up)(void *arg, struct peer *peer);
	void (*on_frame)(void *arg, struct peer *peer, const uint8_t *payload,
		size_t len);
	void (*on_drained)(void *arg, struct peer *peer);
	/* The link is freed already. */
	void (*on_down)(void *arg, struct peer *peer, const char *reason);
	/* It is not connected, and nobody is there who could be. */
	void (*on_gone)(void *arg, struct peer *peer);
	/* peers_await() was long ago. */
	void (*on_late)(void *arg, struct peer *peer);
};

/* Starts looking. 0 or -errno with text when dir cannot be read. No callback
 * comes before the loop runs. */
int peers_new(struct loop *loop, const char *dir, const struct peers_ops *ops,
	void *arg, struct peers **out, struct err *err);
void peers_free(struct peers *peers);
AUTO_DEFINE(struct peers *, peers_free)

/* It has to answer, or to be found or missed, within a few seconds. */
void peers_await(struct peer *peer);
/* It did, or nobody wants to know any more. */
void peers_await_stop(struct peer *peer);

/* The first of that plugin, or NULL. */
struct peer *peers_find(const struct peers *peers, const char *plugin);
/* All of them: start with NULL. */
struct peer *peers_next(const struct peers *peers, struct peer *previous);

#endif
