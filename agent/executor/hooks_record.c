/* hooks_record.c - what has become of each hook, for the task's result */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "executor/hooks_internal.h"
#include "executor/task.h"

enum { SHOWN = 128 }; /* bytes of a command */

const char *
hooks_kind_name(enum hook_kind kind)
{
	switch (kind) {
	case HOOK_PRE_STOP: return "pre_stop";
	case HOOK_DEFER: return "defer";
	case HOOK_CLEANUP: return "cleanup";
	}
	return "";
}

/* The beginning of the command, as text: it may hold any bytes. */
static char *
shown(const char *cmd)
{
	char *out = malloc(SHOWN + 1);

	if (out)
		utf8_clean(cmd, strcspn(cmd, "\n"), out, SHOWN + 1);
	return out;
}

void
hooks_record(
	struct hooks *h, const struct hook_cmd *cmd, const struct hook_end *end)
{
	struct msg_hook_run *run;

	if (h->n_runs == h->max_runs) {
		size_t max = h->max_runs ? 2 * h->max_runs : 4;

		run = reallocarray(h->runs, max, sizeof *run);
		if (!run) {
			executor_fail(h->task->ex, "out of memory");
			return;
		}
		h->runs = run;
		h->max_runs = max;
	}
	run = &h->runs[h->n_runs];
	*run = (struct msg_hook_run){
		.kind = hooks_kind_name(cmd->kind),
		.cmd = shown(cmd->cmd),
		.outcome = end->outcome,
		.code = end->code,
		.timed_out = end->timed_out,
		.started_at = end->started_at,
		.duration_ms = end->duration_ms,
	};
	if (run->cmd)
		h->n_runs++;
	else
		executor_fail(h->task->ex, "out of memory");
}

void
hooks_record_not_run(struct hooks *h, const struct hook_cmd *cmd, int error)
{
	const struct hook_end end = { .outcome = MSG_NOT_STARTED,
		.code = error };

	hooks_record(h, cmd, &end);
}

const struct msg_hook_run *
hooks_runs(const struct task *task, size_t *n)
{
	*n = task->hooks ? task->hooks->n_runs : 0;
	return *n ? task->hooks->runs : NULL;
}

void
hooks_record_done(struct hooks *h)
{
	for (size_t i = 0; i < h->n_runs; i++)
		free((char *)(uintptr_t)h->runs[i].cmd);
	free(h->runs);
}
