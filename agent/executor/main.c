/* main.c - nodelink-executor: serve one plugin on a unix socket
 *
 * Started by nodelink-agent, by hand only to look at a plugin (--describe).
 * Exit status: 0 stopped in good order, 1 failure, 2 wrong usage. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/parse.h"
#include "executor/arguments.h"
#include "executor/listen.h"

enum { EXIT_USAGE = 2 };

/* ------------------------------------------------------------------- serve */

struct service {
	struct loop *loop;
	struct executor *ex;
};

static void
stop_asked(void *arg, int signo)
{
	const struct service *s = arg;

	if (signo == SIGUSR1 || signo == SIGUSR2) {
		executor_retire(s->ex, signo == SIGUSR1);
		return;
	}
	log_info("%s: stopping", signal_name(signo));
	executor_stop(s->ex);
}

static void
stopped(void *arg)
{
	loop_stop(((const struct service *)arg)->loop);
}

/* Beside this program, installed or not. NULL: it cannot be told. */
static const char *
find_shim(void)
{
	static const char name[] = "/nodelink-shim";
	static char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof path - sizeof name);
	char *slash;

	path[n > 0 ? n : 0] = 0;
	slash = strrchr(path, '/');
	if (!slash)
		return NULL;
	memcpy(slash, name, sizeof name);
	return path;
}

static int
serve(const struct plugin *plugin, struct arguments *a, struct err *err)
{
	AUTO(loop_free) struct loop *loop = loop_new();
	AUTO(executor_free) struct executor *ex = NULL;
	AUTO(listen_stop) struct listener *listener = NULL;
	static const int signals[] = { SIGTERM, SIGINT, SIGUSR1, SIGUSR2 };
	struct loop_signal *watched[ARRAY_SIZE(signals)] = { NULL };
	struct service service = { .loop = loop };
	int r;

	if (!loop)
		return err_set(err, -ENOMEM, "out of memory");
	(void)umask(022); /* users of tasks pass through our folders */
	(void)fd_raise_limit(); /* fewer tasks then */
	a->options.on_stopped = stopped;
	a->options.arg = &service;
	a->options.shim = find_shim();
	r = executor_new(loop, plugin, &a->options, &ex, err);
	if (r < 0)
		return r;
	service.ex = ex;
	(void)signal(SIGPIPE, SIG_IGN);
	/* Before anybody can find us by the socket, to signal us. */
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		watched[i] =
			loop_signal_new(loop, signals[i], stop_asked, &service);
		if (!watched[i])
			r = err_set(err, -ENOMEM, "out of memory");
	}
	if (r == 0)
		r = listen_start(
			loop, a->socket, a->uplink_uid, ex, &listener, err);
	if (r == 0) {
		log_info("plugin '%s' %s serves on '%s'", plugin->v.name,
			plugin->v.version, a->socket);
		if (a->retired)
			executor_retire(ex, true);
		loop_run(loop);
	}
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		loop_signal_free(watched[i]);
	return r;
}

static int
describe(const struct plugin *plugin, bool json, struct err *err)
{
	AUTO_BUF struct buf text = { 0 };

	if (plugin_describe(plugin, json, &text) < 0)
		return err_set(err, -ENOMEM, "out of memory");
	return fwrite(text.data, 1, text.len, stdout) == text.len
		       ? 0
		       : err_set(err, -EIO, "cannot write to stdout");
}

static int
run(struct arguments *a, struct err *err)
{
	AUTO(plugin_free) struct plugin *plugin = NULL;
	int r = plugin_load(a->plugin, &plugin, err);

	if (r < 0)
		return r;
	return a->describe ? describe(plugin, a->json, err)
			   : serve(plugin, a, err);
}

int
main(int argc, char **argv)
{
	struct arguments a = { 0 };
	int status = EXIT_SUCCESS, r;
	struct err err = { "" };

	if (fd_hold_standard(argv) < 0)
		return EXIT_FAILURE; /* where to say it? */
	log_open("nodelink-executor");
	r = arguments_read(&a, argc, argv, &err);
	if (r < 0)
		status = EXIT_USAGE;
	else if (r == ARGUMENTS_OK && run(&a, &err) < 0)
		status = EXIT_FAILURE;
	if (status != EXIT_SUCCESS)
		log_error(0, "%s", err.text);
	arguments_done(&a);
	return status;
}
