/* listen.h - the executor's unix socket: who may connect, and the newest wins
 */
#ifndef NODELINK_EXECUTOR_LISTEN_H
#define NODELINK_EXECUTOR_LISTEN_H

#include <sys/types.h>

#include "base/auto.h"
#include "base/err.h"
#include "executor/executor.h"

struct listener;

/* A socket at path (0600), in place of one that nobody listens on any more,
 * which belongs to this user, -1: ours. Accepts our own user, root, and whom it
 * belongs to at that time. 0, or -errno with text; -EADDRINUSE when another
 * executor is alive there. */
int listen_start(struct loop *loop, const char *path, uid_t owner,
	struct executor *ex, struct listener **out, struct err *err);
/* Removes the socket's file. */
void listen_stop(struct listener *l);
AUTO_DEFINE(struct listener *, listen_stop)

#endif
