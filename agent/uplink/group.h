/* group.h - the executors of one plugin, which are one to the server
 *
 * Mostly there is one. After a start of the agent with other settings there is
 * also the one from before, draining, until its tasks have ended. Then one
 * Inventory goes to the server, made of all of theirs, and what it sends goes
 * to the one that has the task; a start to the one that it names, if that is
 * there, else to the one that is not draining. One that hangs is left out after
 * a few seconds, and the Inventory says that it is partial: the tasks of the
 * others do not wait for it. */
#ifndef NODELINK_UPLINK_GROUP_H
#define NODELINK_UPLINK_GROUP_H

#include <stdbool.h>

#include "base/buf.h"
#include "uplink/peers.h"

/* The next of a plugin: start with NULL. */
struct peer *group_next(
	const struct peers *peers, const char *plugin, struct peer *previous);

/* How many are connected, or may be there and cannot be reached. 0 while it is
 * not known of one whether it is there, which takes a moment. */
size_t group_count(const struct peers *peers, const char *plugin);

/* This is its Inventory. 0 or -ENOMEM. */
int group_list(struct peer *peer, struct msg_box *take_box);
/* It is not there any more, and has nothing. */
void group_forget(struct peer *peer);

/* Of all that have said theirs: 0; -EAGAIN: one has not, and may in time, or
 * none has; -EMSGSIZE: they have too many tasks together; -errno. */
int group_inventory(const struct peers *peers, const char *plugin,
	const char *agent_id, struct buf *out);

/* None has said its Inventory, and none that was asked may still do so in time. */
bool group_is_silent(const struct peers *peers, const char *plugin);

/* The one that takes new tasks; that is connected, not silent and not draining,
 * if there is such a one. NULL: there is no such plugin. */
struct peer *group_serving(const struct peers *peers, const char *plugin);
/* The one that a message is for. NULL: as above; or it is a cancel, and not known
 * who has the task: the server sends it again after the Inventory that comes. */
struct peer *group_choose(const struct peers *peers, const struct msg *msg);

#endif
