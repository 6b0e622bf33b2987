/* main.c - nodelink-agent: settings, runtime directory, then watch the others
 *
 * May be root; opens no network socket, loads no plugin, parses no task. */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/parse.h"
#include "conf/conf.h"
#include "loop/loop.h"
#include "monitor/monitor.h"
#include "monitor/rundir.h"
#include "monitor/settings.h"
#include "monitor/users.h"
#include "sandbox/sandbox.h"

enum { WRONG_USAGE = 2, NICE = -10 };

struct app {
	struct loop *loop;
	struct monitor *monitor;
};

static void
all_stopped(void *arg)
{
	struct app *app = arg;

	loop_stop(app->loop);
}

static void
signal_came(void *arg, int signo)
{
	struct app *app = arg;

	if (signo == SIGHUP) {
		log_warn(0, "SIGHUP: settings are read at the start only");
		return;
	}
	log_info("%s: stopping", signal_name(signo));
	monitor_stop(app->monitor, all_stopped, app);
}

/* Executors and tasks inherit it. */
static int
confine(const struct settings *settings, struct err *err)
{
	struct sandbox sandbox = { .profile = &sandbox_tasks,
		.seccomp = settings->sandbox,
		.no_new_privs = settings->no_new_privs };
	struct sandbox_line line;
	int r = sandbox_confine(&sandbox, err);

	if (r == 0)
		r = sandbox_filter(&sandbox, err);
	if (r == 0)
		log_info("sandbox: %s", sandbox_describe(&sandbox, &line));
	return r;
}

static int
run(const struct settings *settings, struct err *err)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP };
	struct loop_signal *watched[ARRAY_SIZE(signals)] = { NULL };
	AUTO(loop_free) struct loop *loop = loop_new();
	struct app app = { .loop = loop };
	int r = 0;

	if (!loop)
		return err_set(err, -1, "cannot make an event loop");
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		watched[i] =
			loop_signal_new(loop, signals[i], signal_came, &app);
		if (!watched[i])
			r = err_set(err, -1, "cannot wait for signals");
	}
	if (r == 0)
		r = monitor_new(loop, settings, &app.monitor, err);
	if (r == 0) {
		monitor_start(app.monitor);
		loop_run(loop);
		log_info("stopped");
	}
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		loop_signal_free(watched[i]);
	monitor_free(app.monitor);
	return r;
}

/* A crowd of a task's processes must not keep us from ending it. Our programs
 * inherit it, tasks do not. Only root may; an administrator's choice stands. */
static void
take_precedence(void)
{
	if (getpriority(PRIO_PROCESS, 0) == 0)
		(void)setpriority(PRIO_PROCESS, 0, NICE);
}

/* Another program, since this one does not touch the network. */
static int
enroll(char **argv)
{
	const char *dir = getenv("NODELINK_LIBEXECDIR");
	char path[PATH_MAX];

	(void)snprintf(path, sizeof path, "%s/nodelink-enroll",
		dir && *dir ? dir : NODELINK_LIBEXECDIR); /* cut: not found */
	(void)execv(path, argv);
	log_error(-errno, "cannot start '%s'", path);
	return EXIT_FAILURE;
}

int
main(int argc, char **argv)
{
	static struct settings settings; /* too large for a stack frame */
	AUTO_CLOSE int lock = -1;
	struct err err = { "" };
	int r;

	if (fd_hold_standard(argv) < 0)
		return EXIT_FAILURE; /* where to say it? */
	log_open("nodelink-agent");
	if (argc > 1 && strcmp(argv[1], "enroll") == 0)
		return enroll(argv + 1);
	(void)signal(SIGPIPE, SIG_IGN); /* cannot fail */
	r = settings_read(&settings, argc, argv, &err);
	if (r != 0 || settings.check) {
		if (r < 0)
			log_error(0, "%s", err.text);
		else if (r == 0)
			settings_print(&settings);
		settings_done(&settings);
		return r < 0 ? WRONG_USAGE : EXIT_SUCCESS;
	}
	take_precedence();
	r = rundir_take(settings.runtime_dir, &lock, &err);
	if (r == 0 && (r = rundir_make(settings.scratch_dir)) < 0)
		(void)err_set(&err, r, "cannot make scratch directory '%s': %s",
			settings.scratch_dir, err_name(-r));
	if (r == 0)
		r = users_check_folders(&settings, &err);
	if (r == 0)
		r = confine(&settings, &err);
	if (r == 0)
		r = run(&settings, &err);
	if (r < 0)
		log_error(0, "%s", err.text);
	settings_done(&settings);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
