/* group.h - the executors of one plugin, which are one to the server
 *
 * Mostly there is one. After a start of the agent with other settings there is
 * also the one from before, draining, until its tasks have ended. Then one
 * Inventory goes to the server, made of all of theirs, and what it sends goes
 * to the one that has the task; a start to the one that is not draining. */
#ifndef NODELINK_UPLINK_GROUP_H
#define NODELINK_UPLINK_GROUP_H

#include <stdbool.h>

#include "base/buf.h"
#include "uplink/peers.h"

/* The next of a plugin: start with NULL. */
struct peer *group_next(
	const struct peers *peers, const char *plugin, struct peer *previous);

/* How many are connected. 0 also while it is not known of one whether it is
 * there: a task that only it has would be taken for lost. */
size_t group_count(const struct peers *peers, const char *plugin);

/* This is its Inventory. 0 or -ENOMEM. */
int group_list(struct peer *peer, struct msg_box *take_box);
/* It is not there any more, and has nothing. */
void group_forget(struct peer *peer);

/* Of all that are connected, when each has said its own: 0; -EAGAIN: one has
 * not; -EMSGSIZE: they have too many tasks together; -errno. */
int group_inventory(const struct peers *peers, const char *plugin,
	const char *agent_id, struct buf *out);

/* The one that takes new tasks; that is connected and not draining, if there is
 * such a one. NULL: there is no such plugin. */
struct peer *group_serving(const struct peers *peers, const char *plugin);
/* The one that a message is for. NULL: as above. */
struct peer *group_choose(const struct peers *peers, const struct msg *msg);

#endif
