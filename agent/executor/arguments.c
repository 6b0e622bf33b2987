/* arguments.c - what nodelink-executor is to do, by its flags
 *
 * nodelink-agent makes them (agent/monitor/shape.c) from settings that it has
 * judged: what is wrong here is a mistake of whoever starts one by hand. */
#include "executor/arguments.h"

#include <errno.h>
#include <string.h>

#include "base/id.h"
#include "base/log.h"
#include "conf/conf.h"
#include "executor/limits.h"
#include "proc/contain.h"

static const struct conf_item items[] = {
	{ .key = "plugin",
		.flag = "plugin",
		.arg = "FILE",
		.help = "the plugin" },
	{ .key = "describe",
		.flag = "describe",
		.type = CONF_BOOL,
		.heading = "Look at it",
		.help = "say what it is, its settings and the fields of its "
			"tasks, and exit" },
	{ .key = "json",
		.flag = "json",
		.type = CONF_BOOL,
		.help = "the same as a JSON object" },
	{ .key = "socket",
		.flag = "socket",
		.arg = "PATH",
		.heading = "Serve it",
		.help = "where to listen" },
	{ .key = "agent-id",
		.flag = "agent-id",
		.arg = "ID",
		.help = "name of the agent" },
	{ .key = "scratch",
		.flag = "scratch",
		.arg = "DIR",
		.help = "the tasks' own folders are made below" },
	{ .key = "setting",
		.flag = "setting",
		.arg = "NAME=VALUE",
		.many = true,
		.help = "a setting of the plugin" },
	{ .key = "max-grace",
		.flag = "max-grace",
		.type = CONF_DURATION,
		.help = "longest grace a task may have (default: 5m)" },
	{ .key = "drain",
		.flag = "drain",
		.type = CONF_DURATION,
		.help = "told to stop, let tasks go on for so long (default: "
			"0)" },
	{ .key = "spool-limit",
		.flag = "spool-limit",
		.type = CONF_SIZE,
		.fallback = "256M",
		.help = "disk for output while the server is away; 0: none" },
	{ .key = "uplink-uid",
		.flag = "uplink-uid",
		.type = CONF_INT,
		.arg = "UID",
		.max = INT32_MAX,
		.help = "to whom the socket's file is given" },
	{ .key = "retired",
		.flag = "retired",
		.type = CONF_BOOL,
		.help = "take no new task, and end when none is left" },
	{ .key = "digest", /* for whoever looks at our arguments */
		.flag = "digest",
		.arg = "TEXT",
		.help = "what nodelink-agent knows it by" },
	{ .key = "log-level",
		.flag = "log-level",
		.type = CONF_LEVEL,
		.fallback = "info",
		.help = "error, warn, info or debug" },
	{ .key = "containment",
		.flag = "containment",
		.arg = "KIND",
		.fallback = "auto",
		.heading = "What tasks may do",
		.help = "auto, or the name of a rung" },
	{ .key = "limit",
		.flag = "limit",
		.arg = "NAME=VALUE",
		.many = true,
		.help = "pids, memory, cpu, open_files or file_size of a task "
			"that does not say" },
	{ .key = "max-limit",
		.flag = "max-limit",
		.arg = "NAME=VALUE",
		.many = true,
		.help = "the most that a task may ask for" },
	{ .key = "max-timeout",
		.flag = "max-timeout",
		.type = CONF_DURATION,
		.help = "longest run time of a task; 0: any" },
	{ .key = "user",
		.flag = "user",
		.arg = "NAME",
		.help = "who runs tasks that name nobody" },
	{ .key = "allow-user",
		.flag = "allow-user",
		.arg = "NAME",
		.many = true,
		.help = "another one that a task may name" },
	{ .key = "directory",
		.flag = "directory",
		.arg = "DIR",
		.many = true,
		.help = "programs begin in one of these or below" },
	{ .key = "no-new-privs",
		.flag = "no-new-privs",
		.type = CONF_BOOL,
		.help = "setuid programs gain nothing" },
	{ .key = "seccomp",
		.flag = "seccomp",
		.arg = "FILE",
		.help = "profile of their system calls; needs --no-new-privs" },
	{ .key = "seccomp-required",
		.flag = "seccomp-required",
		.type = CONF_BOOL,
		.help = "no task may do without it" },
	{ .key = "no-hooks",
		.flag = "no-hooks",
		.type = CONF_BOOL,
		.help = "tasks that come with hooks are refused" },
	/* For tests: shorter patience. */
	{ .key = "lost-after", .flag = "lost-after", .type = CONF_DURATION },
	{ .key = "watchdog", .flag = "watchdog", .type = CONF_DURATION },
};

static const struct conf_program program = {
	.name = "nodelink-executor",
	.summary = "Runs the tasks of one plugin.",
	.items = items,
	.n_items = ARRAY_SIZE(items),
	.page = "nodelink-executor(8)",
};

enum { DEFAULT_PIDS = 4096 };

/* A value more for the last one, when that has the name, or another one. */
static void
add_setting(struct arguments *a, const char *name, const char *const *value)
{
	size_t n = a->options.n_settings;

	if (n && strcmp(a->settings[n - 1].name, name) == 0) {
		a->settings[n - 1].n_values++; /* they lie side by side */
		return;
	}
	a->settings[n] = (struct msg_param){ name, value, 1 };
	a->options.n_settings++;
}

/* NAME=VALUE, cut in place. */
static int
read_settings(struct arguments *a, struct err *err)
{
	char *const *texts;
	size_t n = conf_texts(a->conf, "setting", &texts);

	if (n > LIMIT_PARAMS)
		return err_set(
			err, -EINVAL, "--setting: more than %d", LIMIT_PARAMS);
	for (size_t i = 0; i < n; i++) {
		char *equals = strchr(texts[i], '=');

		if (!equals || equals == texts[i])
			return err_set(err, -EINVAL,
				"--setting: expected NAME=VALUE, got '%.64s'",
				texts[i]);
		*equals = 0;
		a->values[i] = equals + 1;
		add_setting(a, texts[i], &a->values[i]);
	}
	a->options.settings = a->settings;
	return 0;
}

static int
read_limits(const struct conf *conf, const char *key, struct msg_limits *out,
	struct err *err)
{
	char *const *texts;
	size_t n = conf_texts(conf, key, &texts);

	for (size_t i = 0; i < n; i++)
		if (limits_parse(texts[i], out) < 0)
			return err_set(err, -EINVAL,
				"--%s: '%.64s' is no limit with its value", key,
				texts[i]);
	return 0;
}

static int
read_list(const struct conf *conf, const char *key, size_t max,
	const char *const **out, size_t *n, struct err *err)
{
	char *const *texts;

	*n = conf_texts(conf, key, &texts);
	*out = (const char *const *)texts;
	return *n <= max
		       ? 0
		       : err_set(err, -EINVAL, "--%s: more than %zu", key, max);
}

static int
check_directories(const struct executor_options *o, struct err *err)
{
	for (size_t i = 0; i < o->n_directories; i++)
		if (o->directories[i][0] != '/')
			return err_set(err, -EINVAL,
				"--directory: '%s' does not begin with /",
				o->directories[i]);
	return 0;
}

static int
read_lists(struct arguments *a, struct err *err)
{
	struct executor_options *o = &a->options;
	int r = read_settings(a, err);

	if (r == 0)
		r = read_limits(a->conf, "limit", &o->limits, err);
	if (r == 0)
		r = read_limits(a->conf, "max-limit", &o->max_limits, err);
	if (r == 0)
		r = read_list(a->conf, "allow-user", LIMIT_USERS,
			&o->allow_users, &o->n_allow_users, err);
	if (r == 0)
		r = read_list(a->conf, "directory", LIMIT_DIRECTORIES,
			&o->directories, &o->n_directories, err);
	return r < 0 ? r : check_directories(o, err);
}

static void
read_options(const struct conf *conf, struct executor_options *o)
{
	o->agent_id = conf_text(conf, "agent-id");
	o->scratch = conf_text(conf, "scratch");
	o->max_grace_ms = conf_number(conf, "max-grace");
	o->drain_ms = conf_number(conf, "drain");
	o->user = conf_text(conf, "user");
	o->max_timeout_ms = conf_number(conf, "max-timeout");
	o->no_new_privs = conf_bool(conf, "no-new-privs");
	o->seccomp = conf_text(conf, "seccomp");
	o->seccomp_required = conf_bool(conf, "seccomp-required");
	o->no_hooks = conf_bool(conf, "no-hooks");
	o->containment = conf_text(conf, "containment");
	o->spool_limit = (uint64_t)conf_number(conf, "spool-limit");
	o->limits.pids = DEFAULT_PIDS;
	o->lost_after_ms = conf_number(conf, "lost-after");
	o->watchdog_ms = conf_number(conf, "watchdog");
}

static int
check(const struct arguments *a, struct err *err)
{
	const struct executor_options *o = &a->options;

	if (!a->plugin)
		return err_set(err, -EINVAL, "--plugin is missing");
	if (!a->describe && (!a->socket || !o->agent_id || !o->scratch))
		return err_set(err, -EINVAL,
			"--socket, --agent-id and --scratch are needed");
	if (o->agent_id && !id_valid_agent(o->agent_id))
		return err_set(err, -EINVAL,
			"--agent-id: '%s' is not a valid id (1 to 64 of "
			"A-Z a-z 0-9 . _ -)",
			o->agent_id);
	if (o->seccomp && !o->no_new_privs)
		return err_set(err, -EINVAL, "--seccomp needs --no-new-privs");
	if (o->seccomp_required && !o->seccomp)
		return err_set(
			err, -EINVAL, "--seccomp-required needs --seccomp");
	/* The executor says more when it does not work. */
	if (strcmp(o->containment, "auto") != 0 &&
		contain_rung_parse(o->containment) == CONTAIN_RUNGS)
		return err_set(err, -EINVAL,
			"--containment: '%s' is not auto, cgroup2, "
			"cgroup2-freeze, cgroup1, pidns, subreaper or group",
			o->containment);
	return 0;
}

int
arguments_read(struct arguments *a, int argc, char **argv, struct err *err)
{
	int r = conf_new(&program, argc, argv, &a->conf, err);

	if (r == CONF_EXIT)
		return ARGUMENTS_EXIT;
	if (r < 0)
		return r;
	log_set_level((enum log_level)conf_number(a->conf, "log-level"));
	a->plugin = conf_text(a->conf, "plugin");
	a->socket = conf_text(a->conf, "socket");
	a->describe = conf_bool(a->conf, "describe");
	a->json = conf_bool(a->conf, "json");
	a->retired = conf_bool(a->conf, "retired");
	a->uplink_uid = conf_is_set(a->conf, "uplink-uid")
				? (uid_t)conf_number(a->conf, "uplink-uid")
				: (uid_t)-1;
	read_options(a->conf, &a->options);
	r = read_lists(a, err);
	return r < 0 ? r : check(a, err);
}

void
arguments_done(struct arguments *a)
{
	conf_free(TAKE(a->conf));
}
