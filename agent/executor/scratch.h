/* scratch.h - a private folder for each task, below one of the executor's
 *
 * Making one and putting an unused one away is cheap. What a task left in its
 * folder is removed in slices on the loop, never following a symbolic
 * link, however deep it is. */
#ifndef NODELINK_EXECUTOR_SCRATCH_H
#define NODELINK_EXECUTOR_SCRATCH_H

#include "base/auto.h"
#include "base/err.h"
#include "loop/loop.h"

struct scratch;

/* Makes the folder (0700) when it is missing. */
int scratch_new(struct loop *loop, const char *path, struct scratch **out,
	struct err *err);
/* What waits for its removal is left to the next start. */
void scratch_free(struct scratch *s);
AUTO_DEFINE(struct scratch *, scratch_free)

/* Absolute. */
const char *scratch_path(const struct scratch *s);

/* 0 or -errno; one that exists already is fine. */
int scratch_make(struct scratch *s, const char *task_id);
void scratch_remove(struct scratch *s, const char *task_id);

/* fn(arg, name) for each folder with the name of a task. 0 or -errno. */
int scratch_each(struct scratch *s, void (*fn)(void *arg, const char *task_id),
	void *arg);

#endif
