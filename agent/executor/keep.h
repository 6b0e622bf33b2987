/* keep.h - what the next executor must know to run a dead one's hooks
 *
 * In the task's folder, beside what belongs to the task itself:
 *
 *	hooks     what was asked for, as it came (a packed MSG_START without
 *	          parameters); only when defaults would not do
 *	progress  which hook is the next to be begun; from the first one on
 *
 * A hook is begun at most once: progress moves on before it begins. One that
 * ran when the executor died was killed with it, and the next one follows. */
#ifndef NODELINK_EXECUTOR_KEEP_H
#define NODELINK_EXECUTOR_KEEP_H

#include <stdint.h>

#include "wire/msg.h"

struct executor;
struct task;

enum keep_status { KEEP_COMPLETED, KEEP_FAILED, KEEP_CANCELLED };
/* As in the API. */
const char *keep_status_name(enum keep_status status);

struct keep_progress {
	uint64_t defer_size; /* of the defer file when hooks began */
	uint32_t next; /* in the order of hooks.c */
	int32_t status; /* enum keep_status */
	int32_t exit_code; /* -1: none */
};

/* 0 or -errno. */
int keep_write(struct task *task, const struct msg_start *how);
/* 0; with *out NULL when there was nothing to be kept. Or -errno. */
int
keep_read(const struct executor *ex, const char *task_id, struct msg_box **out);

/* A descriptor for writing. 0 or -errno. */
int keep_progress_open(const struct task *task, int *out);
int keep_progress_write(int fd, const struct keep_progress *p);
/* Leaves it as it is when no hook was begun. */
void keep_progress_read(const struct task *task, struct keep_progress *p);

/* Bytes in the task's defer file. */
uint64_t keep_defer_size(const struct task *task);

/* NODELINK_CANCEL_FILE: why the task is cancelled, for the task to read. */
void keep_cancel(const struct task *task);

#endif
