/* remote.c - a test plugin whose work is somewhere else, as far as the host
 * can tell
 *
 * how=stuck: after force it says that it cannot end the task, and ends it
 * RETRY_MS later. how=own-end: cancelled, it says that the task had ended by
 * itself. how=full: cancelled, it writes until there is no room, and ends the
 * task when there is. how=named: refuses, with a name and a text for that.
 * What an earlier executor has left is gone after RETRY_MS.
 * how=tell: writes what the host says of the node, the task and the cancel. */
#include <errno.h>
#include <string.h>

#include <nodelink/plugin.h>

enum { RETRY_MS = 300 };

static const struct ndl_host *host;

static const struct ndl_field params[] = {
	{ "how", "tell", "in which way", NDL_TEXT, 0 },
	{ 0 },
};

static int
init(const struct ndl_host *h, const struct ndl_conf *conf, void **self)
{
	(void)conf;
	(void)self;
	host = h;
	return 0;
}

static void
swept(void *arg)
{
	(void)arg;
	host->left(host, NULL);
}

static void
sweep(void *self, const char *task_id)
{
	(void)self;
	(void)task_id;
	host->left(host, "work elsewhere");
	(void)host->timer(host, NULL, RETRY_MS, swept, NULL);
}

static void
finish(struct ndl_task *task, unsigned outcome, int code, unsigned flags,
	const char *failure, const char *message)
{
	const struct ndl_result r = { .size = sizeof r,
		.outcome = outcome,
		.code = code,
		.flags = flags,
		.message = message,
		.failure = failure };

	host->finish(task, &r);
}

static void
end_at_last(void *arg)
{
	finish(arg, NDL_EXITED, 0, 0, NULL, "gone at last");
}

static void
fill(struct ndl_task *task)
{
	static const char piece[NDL_EMIT_MAX];

	while (host->emit(task, NDL_OUT, piece, sizeof piece) == 0)
		;
}

static int
start(void *self, struct ndl_task *task, void **work)
{
	const char *const *env = host->env(task);

	(void)self;
	*work = task;
	if (strcmp(host->param(task, "how"), "named") == 0) {
		finish(task, NDL_FAILED, ENOENT, 0, "image_missing",
			"no such \xff\nimage");
		return -ENOENT;
	}
	(void)host->emit(task, NDL_OUT, host->agent, strlen(host->agent));
	for (; *env; env++)
		(void)host->emit(task, NDL_ERR, *env, strlen(*env));
	return 0;
}

static int
cancel(void *self, void *work, const struct ndl_cancel *why)
{
	const char *how = host->param(work, "how");
	const char signo = (char)why->signo;

	(void)self;
	if (strcmp(how, "stuck") == 0 && why->force) {
		host->stuck(work, "no answer");
		return host->timer(host, work, RETRY_MS, end_at_last, work) < 0;
	}
	if (strcmp(how, "own-end") == 0)
		finish(work, NDL_EXITED, 7, NDL_OWN_END, NULL, NULL);
	if (strcmp(how, "full") == 0)
		fill(work);
	if (strcmp(how, "tell") == 0) {
		(void)host->emit(work, NDL_OUT, &signo, 1);
		finish(work, NDL_EXITED, 0, 0, NULL, NULL);
	}
	return 0;
}

static void
drained(void *self, void *work, unsigned stream)
{
	(void)self;
	(void)stream;
	finish(work, NDL_EXITED, 0, 0, NULL, NULL);
}

NDL_PLUGIN(.name = "remote", .version = "1.0", .params = params, .init = init,
	.sweep = sweep, .start = start, .cancel = cancel, .drained = drained);
