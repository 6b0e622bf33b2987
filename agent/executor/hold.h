/* hold.h - a containment on the loop: kill until nobody is left, and say so
 *
 * A task has one for its attempt, and each hook one of its own. Which rung of
 * the ladder it stands on (proc/contain.h) is not asked here. */
#ifndef NODELINK_EXECUTOR_HOLD_H
#define NODELINK_EXECUTOR_HOLD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "proc/contain.h"

struct executor;
struct hold;

/* As ex->opt.containment says. 0, or -errno with text. */
int holds_new(struct executor *ex, struct err *err);
/* After the last hold_leave(). May wait a moment for processes to die. */
void holds_free(struct executor *ex);
/* For receipts: "cgroup2", ... */
const char *holds_name(const struct executor *ex);
bool holds_are_complete(const struct executor *ex);
/* As contain_host_sweep(). */
int
holds_sweep(const struct executor *ex, struct group_member *out, size_t max);
/* As contain_host_limit(). */
const char *holds_limit(const struct executor *ex, enum contain_limit which);

struct hold_watcher {
	/* hold_is_empty() may be true now; never called from within a
	 * function of this header. */
	void (*changed)(void *arg);
	/* These have survived another SIGKILL. */
	void (*alive)(void *arg, const struct group_member *alive, size_t n);
	void *arg;
};

/* 0 or -errno with text. name as contain_new(); one that is still being removed
 * does no harm. limits may be NULL. */
int hold_new(struct executor *ex, const char *name,
	const struct contain_limits *limits, const struct hold_watcher *watcher,
	struct hold **out, struct err *err);
struct contain *hold_contain(struct hold *hold); /* to spawn, reap, list */

/* SIGKILL to all, and again with back-off until nobody is left. False: nobody
 * was there. */
bool hold_kill(struct hold *hold);
/* Nobody is left, besides programs not reaped yet. While that is not so,
 * changed() comes. A hold that nothing entered is empty. */
bool hold_is_empty(struct hold *hold);
/* What is in it was signalled: look soon, where nothing tells. */
void hold_look_soon(struct hold *hold);
/* Over: what it has in the file system is removed, sometime. NULL is fine. */
void hold_leave(struct hold *hold);

#endif
