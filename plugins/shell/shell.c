/* shell.c - one command line per task, run by a shell
 *
 * Everything but the choice of the shell is the host's: the user, output, the
 * end, what holds the processes, and their cancellation. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <nodelink/plugin.h>

static const struct ndl_host *host;

static const struct ndl_field params[] = {
	{ "cmd", NULL, "command line", NDL_TEXT, NDL_REQUIRED },
	{ "cwd", NULL, "working directory (default: the task's own folder)",
		NDL_PATH, 0 },
	{ "shell", NULL, "bash or sh (default: bash where it exists)", NDL_TEXT,
		0 },
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

static const char *
find_shell(const char *name)
{
	if (!name)
		return access("/bin/bash", X_OK) == 0 ? "/bin/bash" : "/bin/sh";
	if (strcmp(name, "bash") == 0)
		return "/bin/bash";
	return strcmp(name, "sh") == 0 ? "/bin/sh" : NULL;
}

static int
refuse(struct ndl_task *task, int error, const char *why)
{
	ndl_finish(host, task, NDL_FAILED, error, why);
	return -error;
}

static int
start(void *self, struct ndl_task *task, void **work)
{
	const char *shell = find_shell(host->param(task, "shell"));
	const char *const argv[] = { shell, "-c", host->param(task, "cmd"),
		NULL };
	struct ndl_spawn how = { .size = sizeof how };
	int64_t child;

	(void)self;
	(void)work;
	if (!shell)
		return refuse(
			task, EINVAL, "parameter 'shell': want bash or sh");
	how.path = shell;
	how.argv = argv;
	how.cwd = host->param(task, "cwd");
	child = host->spawn(task, &how);
	return child < 0 ? (int)child : 0;
}

NDL_PLUGIN(.name = "shell", .version = PACKAGE_VERSION,
	.summary = "run a command line", .params = params, .init = init,
	.start = start);
