/* hook.h - one hook of a task: a command line that /bin/sh runs
 *
 * It runs as the task's user, within the task's limits, and in a hold of its
 * own: when it is over, nothing of it is left. */
#ifndef NODELINK_EXECUTOR_HOOK_H
#define NODELINK_EXECUTOR_HOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "wire/msg.h"

struct executor;
struct task;
struct hook;

struct hook_how {
	const char *cmd;
	char *const *env;
	const char *name; /* of its hold */
	int out_fd; /* its stdout and stderr */
	int64_t timeout_ms; /* then SIGKILL */
};

struct hook_end {
	enum msg_outcome outcome; /* MSG_LOST: it survives SIGKILL */
	int32_t code;
	bool timed_out;
	int64_t started_at, duration_ms;
};

/* Runs it. `done` comes once and later, when nothing of it is left; also when
 * it could not be started. All of `how` is borrowed for this call only. NULL:
 * out of memory. */
struct hook *hook_start(struct task *task, const struct hook_how *how,
	void (*done)(void *arg, const struct hook_end *end), void *arg);
/* No more than that from now on. */
void hook_limit(struct hook *hook, int64_t ms);
/* SIGKILL now; `done` follows. */
void hook_kill(struct hook *hook);
/* Kills it without verifying; `done` does not come. */
void hook_free(struct hook *hook);

/* How many run. */
size_t hook_count(const struct executor *ex);
/* A child of ours has died. True when it was a hook, and is reaped. */
bool hook_reap(struct executor *ex, pid_t pid);

#endif
