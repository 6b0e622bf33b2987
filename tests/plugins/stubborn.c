/* stubborn.c - a test plugin that does not keep its word
 *
 * how=ignore: cancel() says that it stops the task, and does not.
 * how=hang: cancel() does not return.
 * how=twice: finish() is called twice.
 * how=noise: finish() says a megabyte that is no text. */
#include <string.h>
#include <unistd.h>

#include <nodelink/plugin.h>

static const struct ndl_host *host;

static const struct ndl_field params[] = {
	{ "how", "ignore", "in which way", NDL_TEXT, 0 },
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
finish_with_noise(struct ndl_task *task)
{
	static char noise[1 << 20];

	memset(noise, 0xff, sizeof noise - 1);
	ndl_finish(host, task, NDL_FAILED, 5, noise);
}

static int
start(void *self, struct ndl_task *task, void **work)
{
	(void)self;
	*work = task;
	if (strcmp(host->param(task, "how"), "twice") == 0) {
		ndl_finish(host, task, NDL_EXITED, 0, "first");
		ndl_finish(host, task, NDL_EXITED, 1, "second");
	}
	if (strcmp(host->param(task, "how"), "noise") == 0)
		finish_with_noise(task);
	return 0;
}

static int
cancel(void *self, void *work, const struct ndl_cancel *why)
{
	(void)self;
	(void)why;
	if (strcmp(host->param(work, "how"), "hang") == 0)
		for (;;)
			(void)pause();
	return 0;
}

NDL_PLUGIN(.name = "stubborn", .version = "1.0", .params = params, .init = init,
	.start = start, .cancel = cancel);
