/* hookless.c - a test plugin without a cancel hook
 *
 * Writes dots from a timer for ever; with child=yes it also runs a program
 * whose end it wants to hear of, and does nothing then. */
#include <string.h>

#include <nodelink/plugin.h>

static const struct ndl_host *host;

static const struct ndl_field params[] = {
	{ "child", "no", "run sleep as well", NDL_BOOL, 0 },
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
tick(void *arg)
{
	(void)host->emit(arg, NDL_OUT, ".", 1);
	(void)host->timer(host, arg, 20, tick, arg);
}

static void
child_ended(void *arg, const struct ndl_exit *how)
{
	ndl_logf(host, arg, NDL_INFO, "child ended: %d", (int)how->code);
}

static int
start(void *self, struct ndl_task *task, void **work)
{
	static const char *const argv[] = { "sleep", "1000", NULL };
	const struct ndl_spawn how = { .size = sizeof how,
		.path = "/bin/sleep",
		.argv = argv,
		.on_exit = child_ended,
		.arg = task };

	(void)self;
	(void)work;
	tick(task);
	if (strcmp(host->param(task, "child"), "yes") != 0)
		return 0;
	return host->spawn(task, &how) < 0 ? -1 : 0;
}

NDL_PLUGIN(.name = "hookless", .version = "1.0", .params = params, .init = init,
	.start = start);
