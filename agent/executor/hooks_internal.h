/* hooks_internal.h - the state of one task's hooks, between hooks*.c */
#ifndef NODELINK_EXECUTOR_HOOKS_INTERNAL_H
#define NODELINK_EXECUTOR_HOOKS_INTERNAL_H

#include "executor/defers.h"
#include "executor/hook.h"
#include "executor/hooks.h"
#include "executor/keep.h"
#include "executor/turns.h"

enum { HOOKS_DEFAULT_MS = 30 * 1000 };

enum hook_kind { HOOK_PRE_STOP, HOOK_DEFER, HOOK_CLEANUP };

struct hook_cmd {
	enum hook_kind kind;
	enum msg_when when;
	int refused; /* an errno: not to be run */
	int64_t timeout_ms;
	const char *cmd;
};

struct hooks {
	struct turn turn; /* first; waits: the next one is to be begun then */
	struct task *task;
	struct hook *now;
	struct hook_cmd running; /* what `now` is */
	int out_fd; /* where they print; -1: not made yet */
	int progress_fd;
	struct keep_progress progress;
	bool begun, over, left;
	bool pre_stop_due;
	int64_t pre_stop_end; /* clock_ms(); no later than that */
	struct defers *defers;
	struct msg_hook_run *runs;
	size_t n_runs, max_runs;
	struct hook_cmd pre_stop; /* cmd NULL: none */
	size_t n_cleanup;
	struct hook_cmd cleanup[]; /* then their text */
};

/* --------------------------------------------------------- hooks_given.c */

/* NULL: out of memory. */
struct hooks *hooks_make(struct task *task, const struct msg_start *how);

/* -------------------------------------------------------- hooks_record.c */

/* "pre_stop", ... */
const char *hooks_kind_name(enum hook_kind kind);
void hooks_record(struct hooks *h, const struct hook_cmd *cmd,
	const struct hook_end *end);
/* It was not run, for this errno. */
void
hooks_record_not_run(struct hooks *h, const struct hook_cmd *cmd, int error);
void hooks_record_done(struct hooks *h);

#endif
