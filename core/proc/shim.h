/* shim.h - what nodelink-executor and a nodelink-shim say to each other
 *
 * Short messages on a socket that keeps them apart. The executor sends START;
 * the answer is STARTED or FAILED. Later ENDED, once, when the program is
 * dead: it stays a zombie, so that its numbers are nobody else's, until the
 * executor sends RELEASE. The shim ends when it has no children left; on rung
 * subreaper KILL makes that soon. The end of the socket says that the other
 * side is dead. */
#ifndef NODELINK_PROC_SHIM_H
#define NODELINK_PROC_SHIM_H

#include <stdbool.h>
#include <stdint.h>

#include "proc/child.h"
#include "proc/spawn.h"

enum { SHIM_FD = 3 }; /* its end, from birth */

enum shim_word {
	SHIM_START, /* with the descriptor of an order (order.h) */
	SHIM_STARTED, /* with the program's pidfd */
	SHIM_FAILED, /* step and error */
	SHIM_ENDED, /* exit */
	SHIM_RELEASE,
	SHIM_KILL,
};

struct shim_msg {
	enum shim_word word;
	enum spawn_step step;
	int error; /* errno */
	struct child_exit exit;
};

/* fd: a descriptor to go with it, or -1. Does not wait. 0 or -errno. */
int shim_send(int socket, const struct shim_msg *msg, int fd);

enum { SHIM_OVER = 1 };
/* Waits at most wait_ms (-1: for ever). *fd is the caller's: what came with it,
 * or -1. 0, SHIM_OVER: the other side is gone; -EAGAIN: nothing came; -EBADMSG;
 * or another -errno. */
int shim_receive(int socket, int wait_ms, struct shim_msg *out, int *fd);

/* The same without waiting and without taking it away, for what comes without a
 * descriptor. */
int shim_peek(int socket, struct shim_msg *out);

#endif
