/* hooks.h - the hooks of a task, one after the other
 *
 * pre_stop runs before the first stop signal of a cancel. When no process of
 * the task is left, its defers run, the last registered first, and then its
 * cleanup in order. One begins when nothing of the one before is left; each is
 * begun at most once, whatever happens to this process (executor/keep.h). How
 * they end is recorded and changes nothing else.
 *
 * Only a task that has hooks has a struct hooks. */
#ifndef NODELINK_EXECUTOR_HOOKS_H
#define NODELINK_EXECUTOR_HOOKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/msg.h"

struct executor;
struct task;

/* What was given with the task. 0 or -ENOMEM. */
int hooks_new(struct task *task, const struct msg_start *how);
/* Kills the one that runs. */
void hooks_free(struct task *task);

bool hooks_have_pre_stop(const struct task *task);
/* For at most limit_ms; then cancel_pre_stopped(). */
void hooks_pre_stop(struct task *task, int64_t limit_ms);
/* It has no more time. */
void hooks_pre_stop_kill(struct task *task);

/* Nothing of the task is left: run the others; task_advance() is called when
 * they have. */
void hooks_begin(struct task *task);
bool hooks_are_over(const struct task *task);
/* ex->hooks_until has come closer. */
void hooks_hurry(struct task *task);
/* Some were not begun, for the next executor to run: keep the folder. */
bool hooks_are_left(const struct task *task);

/* For the result; the task's. */
const struct msg_hook_run *hooks_runs(const struct task *task, size_t *n);

#endif
