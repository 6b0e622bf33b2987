/* countdown.c - example plugin: count down, stop when told
 *
 * Shows what a plugin without programs does: timers, output of its own, and a
 * cancel hook that ends the task at once. */
#include <errno.h>
#include <stdlib.h>

#include <nodelink/plugin.h>

struct countdown {
	struct ndl_task *task;
	int64_t left, interval_ms;
};

static const struct ndl_host *host; /* one per process, for its whole life */

static const struct ndl_field params[] = {
	{ "from", "3", "number to count down from", NDL_INT, 0 },
	{ "interval", "1000", "milliseconds from one number to the next",
		NDL_INT, 0 },
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

/* emit() copies; when the reader is slow, the number comes a tick later. */
static void
tick(void *arg)
{
	struct countdown *c = arg;
	char line[32];
	int n = snprintf(line, sizeof line, "%lld\n", (long long)c->left);

	if (host->emit(c->task, NDL_OUT, line, (size_t)n) == 0)
		c->left--;
	if (c->left < 0)
		ndl_finish(host, c->task, NDL_EXITED, 0, NULL);
	else if (host->timer(host, c->task, c->interval_ms, tick, c) < 0)
		ndl_finish(host, c->task, NDL_FAILED, ENOMEM, "no timer");
}

static int
start(void *self, struct ndl_task *task, void **work)
{
	struct countdown *c = calloc(1, sizeof *c);
	int64_t timer;

	(void)self;
	if (!c)
		return -ENOMEM;
	c->task = task;
	c->left = ndl_int(host->param(task, "from"));
	c->interval_ms = ndl_int(host->param(task, "interval"));
	timer = c->left < 0 || c->interval_ms < 0
			? -EINVAL
			: host->timer(host, task, 0, tick, c);
	if (timer < 0) {
		free(c);
		return (int)timer;
	}
	*work = c; /* ours until reap() */
	return 0;
}

/* The timer needs no drop(): finish() ends all that belongs to the task. */
static int
cancel(void *self, void *work, const struct ndl_cancel *why)
{
	struct countdown *c = work;
	char text[64];

	(void)self;
	(void)why;
	(void)snprintf(
		text, sizeof text, "stopped before %lld", (long long)c->left);
	ndl_finish(host, c->task, NDL_EXITED, 0, text);
	return 0;
}

static void
reap(void *self, void *work)
{
	(void)self;
	free(work);
}

NDL_PLUGIN(.name = "countdown", .version = PACKAGE_VERSION,
	.summary = "count down, as an example", .params = params, .init = init,
	.start = start, .cancel = cancel, .reap = reap);
