/* scratch.h - a private folder for each task, below one of the executor's
 *
 *	<id>/		the executor's; others may only pass through
 *	<id>/work/	the task's: NODELINK_TASK_DIR
 *	<id>/cancel	why it is cancelled, once it is: NODELINK_CANCEL_FILE
 *	<id>/defer	commands for its end, by its own: NODELINK_DEFER_FILE
 *
 * Making one and putting an unused one away is cheap. What a task left in its
 * folder is removed in slices on the loop, with no more rights than the task
 * had, never following a symbolic link nor into another file system, however
 * deep it is. What cannot be removed is said once, and stays. */
#ifndef NODELINK_EXECUTOR_SCRATCH_H
#define NODELINK_EXECUTOR_SCRATCH_H

#include <stdbool.h>

#include "base/auto.h"
#include "base/err.h"
#include "loop/loop.h"
#include "proc/user.h"

#define SCRATCH_WORK "work"
#define SCRATCH_CANCEL "cancel"
#define SCRATCH_DEFER "defer"

struct scratch;

/* Makes the folder when it is missing: 0711 for root, whose tasks may run as
 * others, else 0700. -EBUSY: another process has it. */
int scratch_new(struct loop *loop, const char *path, struct scratch **out,
	struct err *err);
/* What waits for its removal is left to the next start. */
void scratch_free(struct scratch *s);
AUTO_DEFINE(struct scratch *, scratch_free)

/* The folder itself, if nothing is left in it but what it keeps for later. */
void scratch_remove_all(struct scratch *s);

/* Absolute. */
const char *scratch_path(const struct scratch *s);

/* 0 or -errno. What an earlier one of that id left is removed first. */
int
scratch_make(struct scratch *s, const char *task_id, const struct user *user);
void scratch_remove(struct scratch *s, const char *task_id);

/* The task finds all of text or no file. Again: the new text. 0 or -errno. */
int
scratch_write_cancel(struct scratch *s, const char *task_id, const char *text);

/* To read what the task deferred: a descriptor for the caller to close, or
 * -errno. Never blocks: it is a plain file. */
int scratch_open_defer(struct scratch *s, const char *task_id);

/* The folder <id> itself, for files of the executor's own; a descriptor for
 * the caller to close, or -errno. */
int scratch_open(struct scratch *s, const char *task_id);

/* Does another executor of the plugin have a folder for the task? */
bool scratch_is_elsewhere(
	const struct scratch *s, const char *plugin, const char *task_id);

/* fn(arg, name) for each folder with the name of a task. 0 or -errno. */
int scratch_each(struct scratch *s, void (*fn)(void *arg, const char *task_id),
	void *arg);

#endif
