/* order.h - a spawn description as a file, for another process to carry out
 *
 * nodelink-executor writes it and nodelink-shim reads it; both are of one
 * release. What a number cannot carry over stays with the receiver:
 * descriptors, control groups, namespaces. */
#ifndef NODELINK_PROC_ORDER_H
#define NODELINK_PROC_ORDER_H

#include "base/auto.h"
#include "proc/spawn.h"

/* A descriptor of a file in memory, the caller's, or -errno. -E2BIG: more than
 * any kernel takes as arguments. */
int order_write(const struct spawn *how);

/* What order_write() took, with nothing in the other members; owns what it
 * points to. */
struct order {
	struct spawn how;
	struct spawn_user user;
	struct spawn_filter filter;
	const char **words;
	void *map;
	size_t size;
};
/* fd is borrowed. 0 or -errno; -EBADMSG: not ours. */
int order_read(int fd, struct order *out);
void order_done(struct order *order);
#define AUTO_ORDER __attribute__((cleanup(order_done)))

#endif
