/* hold_internal.h - what hold.c and holds.c share */
#ifndef NODELINK_EXECUTOR_HOLD_INTERNAL_H
#define NODELINK_EXECUTOR_HOLD_INTERNAL_H

#include "executor/hold.h"
#include "loop/loop.h"

enum { HOLD_NAME = 96 };

struct hold {
	struct contain *contain;
	struct executor *ex;
	struct hold_watcher watcher;
	struct loop_watch *watch; /* of the kernel's event, or of a survivor */
	int follow_fd; /* pidfd of that survivor */
	struct loop_timer *look; /* made when something lingers */
	unsigned looks; /* since the last news */
	bool awaited; /* the watcher wants to know when it is empty */
	bool killed;
	bool strokes; /* each look kills again */
	struct hold *next; /* of those that are to be removed */
	char name[HOLD_NAME];
};

/* Of an executor. */
struct holds {
	struct contain_host *host;
	struct hold *leaving;
	struct loop_timer *timer;
	unsigned tries; /* since one came in last */
};

/* Nobody waits for its end any more. */
void hold_rest(struct hold *hold);
/* One stroke. */
void hold_kill_once(struct hold *hold);

#endif
