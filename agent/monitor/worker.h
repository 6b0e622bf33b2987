/* worker.h - one program that must run: start it, watch it, start it again
 *
 * When it dies it comes back after a pause, 100 ms at first, doubled up to
 * 10 s, and 100 ms again once it was up for 10 s. */
#ifndef NODELINK_MONITOR_WORKER_H
#define NODELINK_MONITOR_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/auto.h"
#include "loop/loop.h"
#include "monitor/args.h"
#include "proc/spawn.h"

struct worker;

struct worker_spec {
	char *name; /* for the log: "executor 'shell'" */
	struct args argv; /* argv[0] is the program's path */
	struct args envp;
	/* A unix socket of the program's: a process that is found listening
	 * there (left by a monitor that was killed) is taken over instead of
	 * starting another. NULL: none. */
	char *socket;
	uid_t socket_owner; /* of one that is taken over, from then on */
	/* Another one does its work: it is told so by its argv, or SIGUSR1 when
	 * it is taken over (SIGUSR2: no other does), and ends by itself, after
	 * which on_stopped() comes. folder: is gone when it has ended well. */
	bool retired;
	char *folder;
	const struct spawn_user *user; /* who runs it, with nothing to
					gain; NULL: ours */
	/* Before each start: a descriptor for it to have as number 3, or
	 * -errno. NULL: none. */
	int (*open_extra)(void *arg);
	void *extra_arg;
	bool die_with_us;
	bool outlives_us; /* it logs to our stderr by itself; else we read what
			     it says there, and log it when it dies */
	int64_t kill_after_ms; /* after worker_stop(): SIGKILL */
	loop_fn *on_stopped;
	void *arg;
};

/* Takes over what spec points to, also on failure. NULL: no memory. */
struct worker *worker_new(struct loop *loop, struct worker_spec *take_spec);
/* Leaves a process that still runs alone. */
void worker_free(struct worker *w);
AUTO_DEFINE(struct worker *, worker_free)

void worker_start(struct worker *w);
/* SIGTERM, and another for every further call; on_stopped() comes when it is
 * dead (on a later turn), once. There the worker may be freed. */
void worker_stop(struct worker *w);

#endif
