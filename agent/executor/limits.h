/* limits.h - what a task may use, of what it asks for and the host can enforce
 *
 * Processes, memory and processor are limited by control groups, open files
 * and the size of files by rlimits. Memory has an rlimit to fall back to. */
#ifndef NODELINK_EXECUTOR_LIMITS_H
#define NODELINK_EXECUTOR_LIMITS_H

#include "base/err.h"
#include "proc/contain.h"
#include "proc/spawn.h"
#include "wire/msg.h"

struct executor;
struct task;

enum { LIMIT_KINDS = 5 };

/* "pids=100", "memory=1G", "cpu=1.5", "open_files=...", "file_size=..." set a
 * member. 0 or -EINVAL. */
int limits_parse(const char *text, struct msg_limits *out);

/* What is in force for a task that asks for these: the default where it says
 * nothing, never more than the maximum. -ENOTSUP with text when it asks for one
 * that this host cannot enforce. */
int limits_choose(const struct executor *ex, const struct msg_limits *asked,
	struct msg_limits *out, struct err *err);

/* The name of one that is beyond the maximum; NULL: none is. */
const char *
limits_beyond(const struct executor *ex, const struct msg_limits *asked);

/* How they are enforced for this task: on all of it, and on each process. */
void limits_by_group(const struct task *task, struct contain_limits *out);
void limits_by_rlimit(const struct task *task, struct spawn_rlimits *out);

/* What the limits did to it, for its result. While its hold is there. */
void limits_note(struct task *task);

/* What this host can enforce, for the inventory: how many were written. */
size_t
limits_list(const struct executor *ex, struct msg_limit_kind out[LIMIT_KINDS]);

#endif
