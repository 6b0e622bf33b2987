/* hooks_given.c - the hooks that come with a task, kept until its end */
#include <errno.h>
#include <stdlib.h>

#include "executor/hooks_internal.h"
#include "executor/task.h"
#include "executor/text.h"

static struct hook_cmd
take_cmd(enum hook_kind kind, const struct msg_hook *from, char **text)
{
	int64_t timeout =
		from->timeout_ms > 0 ? from->timeout_ms : HOOKS_DEFAULT_MS;

	if (timeout > LIMIT_HOOK_S * 1000)
		timeout = LIMIT_HOOK_S * 1000;
	return (struct hook_cmd){ .kind = kind,
		.when = from->when,
		.timeout_ms = timeout,
		.cmd = text_put(text, from->cmd) };
}

static bool
is_given(const struct msg_hook *hook)
{
	return hook->cmd && *hook->cmd;
}

struct hooks *
hooks_make(struct task *task, const struct msg_start *how)
{
	size_t size =
		sizeof(struct hooks) + how->n_cleanup * sizeof(struct hook_cmd);
	size_t text_bytes = text_size(how->pre_stop.cmd);
	struct hooks *h;
	char *text;

	for (size_t i = 0; i < how->n_cleanup; i++)
		text_bytes += text_size(how->cleanup[i].cmd);
	h = calloc(1, size + text_bytes);
	if (!h)
		return NULL;
	text = (char *)h + size;
	h->task = task;
	h->out_fd = h->progress_fd = -1;
	if (is_given(&how->pre_stop))
		h->pre_stop = take_cmd(HOOK_PRE_STOP, &how->pre_stop, &text);
	for (size_t i = 0; i < how->n_cleanup; i++)
		h->cleanup[i] = take_cmd(HOOK_CLEANUP, &how->cleanup[i], &text);
	h->n_cleanup = how->n_cleanup;
	return h;
}

int
hooks_new(struct task *task, const struct msg_start *how)
{
	if (!is_given(&how->pre_stop) && !how->n_cleanup)
		return 0;
	task->hooks = hooks_make(task, how);
	return task->hooks ? 0 : -ENOMEM;
}
