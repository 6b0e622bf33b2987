/* monitor.c - all the programs of an agent */
#include "monitor/monitor.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "monitor/credentials.h"
#include "monitor/users.h"
#include "monitor/worker.h"

enum {
	UPLINK_LEAVE_MS = 5000, /* more than it takes itself */
	EXECUTOR_LEAVE_MS = 30000, /* beside the grace of its tasks */
};

/* For the uplink only: plugins and tasks must not see it. */
static const char token_variable[] = "NODELINK_AGENT_TOKEN";

struct monitor {
	struct loop *loop;
	const struct settings *settings;
	struct credentials *credentials; /* the uplink's */
	struct worker *uplink;
	struct worker *executors[LIMIT_PLUGINS];
	size_t n, running; /* executors; running: when stopping */
	loop_fn *done;
	void *done_arg;
	bool stopping;
};

static void
executor_stopped(void *arg)
{
	struct monitor *m = arg;

	if (--m->running == 0)
		worker_stop(m->uplink);
}

static void
uplink_stopped(void *arg)
{
	struct monitor *m = arg;

	m->done(m->done_arg);
}

/* ------------------------------------------------------------------ programs */

struct for_plugin {
	const char *plugin;
	struct args *argv;
};

static int
add_setting(void *arg, const char *name, const char *key, const char *value,
	const char *where)
{
	const struct for_plugin *f = arg;

	(void)where;
	if (strcmp(name, f->plugin) == 0) {
		args_add(f->argv, "--setting");
		args_add(f->argv, "%s=%s", key, value);
	}
	return 0;
}

static void
add_limits(struct args *argv, const struct conf *conf)
{
	static const char *const names[] = { "pids", "memory", "cpu",
		"open_files", "file_size" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char key[48];
		const char *value;

		(void)snprintf(key, sizeof key, "limits.%s", names[i]);
		value = conf_text(conf, key);
		if (value)
			args_add(argv, "--limit=%s=%s", names[i], value);
		(void)snprintf(key, sizeof key, "limits.max_%s", names[i]);
		value = conf_text(conf, key);
		if (value)
			args_add(argv, "--max-limit=%s=%s", names[i], value);
	}
}

static struct worker *
make_executor(struct monitor *m, const struct plugin_file *plugin)
{
	const struct settings *s = m->settings;
	struct worker_spec spec = {
		.kill_after_ms =
			s->drain_ms + s->max_grace_ms + EXECUTOR_LEAVE_MS,
		.outlives_us = s->leave,
		.socket_owner = s->uplink ? s->uplink->id.uid : geteuid(),
		.on_stopped = executor_stopped,
		.arg = m,
	};
	struct args *argv = &spec.argv;
	struct for_plugin f = { plugin->name, argv };

	if (asprintf(&spec.name, "executor '%s'", plugin->name) < 0)
		spec.name = NULL;
	if (asprintf(&spec.socket, "%s/executor-%s.sock", s->runtime_dir,
		    plugin->name) < 0)
		spec.socket = NULL;
	args_add(argv, "%s/nodelink-executor", s->libexec_dir);
	args_add(argv, "--plugin=%s", plugin->file);
	args_add(argv, "--socket=%s", spec.socket ? spec.socket : "");
	args_add(argv, "--agent-id=%s", s->id);
	args_add(argv, "--scratch=%s/%s", s->scratch_dir, plugin->name);
	args_add(argv, "--max-grace=%lldms", (long long)s->max_grace_ms);
	args_add(argv, "--drain=%lldms", (long long)s->drain_ms);
	args_add(argv, "--containment=%s", s->containment);
	args_add(argv, "--spool-limit=%lld", (long long)s->spool_limit);
	if (s->user)
		args_add(argv, "--user=%s", s->user);
	for (size_t i = 0; i < s->n_allow_users; i++)
		args_add(argv, "--allow-user=%s", s->allow_users[i]);
	for (size_t i = 0; i < s->n_directories; i++)
		args_add(argv, "--directory=%s", s->directories[i]);
	args_add(argv, "--max-timeout=%lldms", (long long)s->max_timeout_ms);
	if (s->no_new_privs)
		args_add(argv, "--no-new-privs");
	if (s->seccomp)
		args_add(argv, "--seccomp=%s", s->seccomp);
	if (s->seccomp_required)
		args_add(argv, "--seccomp-required");
	add_limits(argv, s->conf);
	if (s->uplink)
		args_add(argv, "--uplink-uid=%u", (unsigned)s->uplink->id.uid);
	args_add(argv, "--log-level=%s", s->log_level);
	(void)conf_each(s->conf, add_setting, &f); /* never fails */
	args_add_environment(&spec.envp, token_variable);
	if (!spec.socket)
		argv->error = -ENOMEM; /* worker_new() looks there */
	return worker_new(m->loop, &spec);
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
	args_add(argv, "--seccomp=%s", sandbox_text(s->sandbox));
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

	if (!m)
		return err_set(err, -ENOMEM, "out of memory");
	m->loop = loop;
	m->settings = settings;
	for (; m->n < settings->n_plugins; m->n++) {
		m->executors[m->n] = make_executor(m, &settings->plugins[m->n]);
		if (!m->executors[m->n])
			return err_set(err, -ENOMEM, "out of memory");
	}
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
	for (size_t i = 0; i < m->n; i++)
		worker_free(m->executors[i]);
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
	for (size_t i = 0; i < m->n; i++)
		worker_start(m->executors[i]);
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
	if (!m->stopping)
		m->running = m->n;
	m->stopping = true;
	for (size_t i = 0; i < m->n; i++)
		worker_stop(m->executors[i]);
}
