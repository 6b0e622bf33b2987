/* monitor.c - all the programs of an agent */
#include "monitor/monitor.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "monitor/credentials.h"
#include "monitor/executors.h"
#include "monitor/users.h"
#include "monitor/worker.h"

enum { UPLINK_LEAVE_MS = 5000 }; /* more than it takes itself */

struct monitor {
	struct loop *loop;
	const struct settings *settings;
	struct credentials *credentials; /* the uplink's */
	struct worker *uplink;
	struct executors *executors;
	loop_fn *done;
	void *done_arg;
};

static void
executors_stopped(void *arg)
{
	struct monitor *m = arg;

	worker_stop(m->uplink);
}

static void
uplink_stopped(void *arg)
{
	struct monitor *m = arg;

	m->done(m->done_arg);
}

static struct worker *
make_uplink(struct monitor *m)
{
	const struct settings *s = m->settings;
	struct worker_spec spec = {
		.name = strdup("uplink"),
		.user = s->uplink ? &s->uplink->id : NULL,
		.open_extra = credentials_connect,
		.extra_arg = m->credentials,
		.die_with_us = true, /* it holds nothing that could be lost */
		.kill_after_ms = UPLINK_LEAVE_MS,
		.on_stopped = uplink_stopped,
		.arg = m,
	};
	struct args *argv = &spec.argv;

	args_add(argv, "%s/nodelink-uplink", s->libexec_dir);
	args_add(argv, "--agent-id=%s", s->id);
	args_add(argv, "--server=%s", s->server);
	args_add(argv, "--runtime-dir=%s", s->runtime_dir);
	args_add(argv, "--log-level=%s", s->log_level);
	args_add(argv, "--sandbox=%s", sandbox_text(s->sandbox));
	args_add(argv, "--landlock=%s", s->landlock ? "yes" : "no");
	args_add(argv, "--credentials=3");
	args_add_environment(&spec.envp, ""); /* all of it */
	return worker_new(m->loop, &spec);
}

/* -------------------------------------------------------------------- public */

int
monitor_new(struct loop *loop, const struct settings *settings,
	struct monitor **out, struct err *err)
{
	AUTO(monitor_free) struct monitor *m = calloc(1, sizeof *m);
	int r;

	if (!m)
		return err_set(err, -ENOMEM, "out of memory");
	m->loop = loop;
	m->settings = settings;
	r = executors_new(loop, settings, &m->executors, err);
	if (r < 0)
		return r;
	m->credentials = credentials_new(loop, settings);
	if (m->credentials)
		m->uplink = make_uplink(m);
	if (!m->uplink)
		return err_set(err, -ENOMEM, "out of memory");
	*out = TAKE(m);
	return 0;
}

void
monitor_free(struct monitor *m)
{
	if (!m)
		return;
	executors_free(m->executors);
	worker_free(m->uplink);
	credentials_free(m->credentials);
	free(m);
}

static void
say_ready(const struct monitor *m)
{
	const struct settings *s = m->settings;
	AUTO_BUF struct buf plugins = { 0 };

	for (size_t i = 0; i < s->n_plugins;
		i++) /* no memory: a shorter list */
		(void)buf_printf(
			&plugins, "%s%s", i ? ", " : "", s->plugins[i].name);
	log_info("ready: agent '%s', plugins %s, server %s", s->id,
		buf_text(&plugins), s->server);
}

void
monitor_start(struct monitor *m)
{
	if (geteuid() == 0 && !m->settings->uplink)
		log_info(
			"the uplink runs as root, without capabilities: there "
			"is no user '" UPLINK_USER "', or the settings say so");
	executors_start(m->executors);
	worker_start(m->uplink);
	say_ready(m);
}

void
monitor_stop(struct monitor *m, loop_fn *done, void *arg)
{
	m->done = done;
	m->done_arg = arg;
	if (m->settings->leave) {
		log_info("the executors and their tasks are left to the next "
			 "agent");
		worker_stop(m->uplink);
		return;
	}
	executors_stop(m->executors, executors_stopped, m);
}
