/* main.c - nodelink-executor: serve one plugin on a unix socket
 *
 * Started by nodelink-agent, by hand only to look at a plugin (--describe).
 * Exit status: 0 stopped in good order, 1 failure, 2 wrong usage. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/parse.h"
#include "executor/executor.h"
#include "executor/limits.h"
#include "executor/listen.h"
#include "proc/contain.h"

enum { EXIT_USAGE = 2, DEFAULT_PIDS = 4096, DEFAULT_SPOOL = 256 << 20 };

struct arguments {
	const char *plugin, *socket;
	bool describe, json, retired;
	uid_t uplink_uid;
	struct executor_options options;
	struct msg_param settings[LIMIT_PARAMS];
	const char *values[LIMIT_PARAMS];
	const char *allow_users[LIMIT_USERS];
	const char *directories[LIMIT_DIRECTORIES];
};

static const char usage_text[] =
	"usage: nodelink-executor --plugin FILE --describe [--json]\n"
	"       nodelink-executor --plugin FILE --socket PATH --agent-id ID\n"
	"                         --scratch DIR [--setting NAME=VALUE]...\n"
	"                         [--max-grace DURATION] [--drain DURATION]\n"
	"                         [--uplink-uid UID] [--retired] [--digest TEXT]\n"
	"                         [--containment auto|cgroup2|cgroup2-freeze|\n"
	"                                        cgroup1|pidns|subreaper|group]\n"
	"                         [--user NAME] [--allow-user NAME]...\n"
	"                         [--directory DIR]... [--max-timeout DURATION]\n"
	"                         [--no-new-privs] [--spool-limit SIZE]\n"
	"                         [--seccomp FILE] [--seccomp-required]\n"
	"                         [--limit NAME=VALUE]... [--max-limit NAME=VALUE]...\n"
	"                         [--log-level error|warn|info|debug]\n";

static int
usage_error(const char *what, const char *value)
{
	(void)fprintf(stderr, "nodelink-executor: %s%s%s%s\n%s", what,
		value ? " '" : "", value ? value : "", value ? "'" : "",
		usage_text);
	return EXIT_USAGE;
}

/* --------------------------------------------------------------- arguments */

enum option_name {
	OPT_PLUGIN = 256,
	OPT_SOCKET,
	OPT_AGENT_ID,
	OPT_SETTING,
	OPT_SCRATCH,
	OPT_MAX_GRACE,
	OPT_DRAIN,
	OPT_CONTAINMENT,
	OPT_USER,
	OPT_ALLOW_USER,
	OPT_DIRECTORY,
	OPT_MAX_TIMEOUT,
	OPT_NO_NEW_PRIVS,
	OPT_SECCOMP,
	OPT_SECCOMP_REQUIRED,
	OPT_LIMIT,
	OPT_MAX_LIMIT,
	OPT_SPOOL_LIMIT,
	OPT_DESCRIBE,
	OPT_JSON,
	OPT_LOG_LEVEL,
	OPT_UPLINK_UID,
	OPT_RETIRED,
	OPT_DIGEST,
	/* For tests only, so not in the usage: shorter patience. */
	OPT_LOST_AFTER,
	OPT_WATCHDOG,
};

static const struct option option_table[] = {
	{ "plugin", required_argument, NULL, OPT_PLUGIN },
	{ "socket", required_argument, NULL, OPT_SOCKET },
	{ "agent-id", required_argument, NULL, OPT_AGENT_ID },
	{ "setting", required_argument, NULL, OPT_SETTING },
	{ "scratch", required_argument, NULL, OPT_SCRATCH },
	{ "max-grace", required_argument, NULL, OPT_MAX_GRACE },
	{ "drain", required_argument, NULL, OPT_DRAIN },
	{ "containment", required_argument, NULL, OPT_CONTAINMENT },
	{ "user", required_argument, NULL, OPT_USER },
	{ "allow-user", required_argument, NULL, OPT_ALLOW_USER },
	{ "directory", required_argument, NULL, OPT_DIRECTORY },
	{ "max-timeout", required_argument, NULL, OPT_MAX_TIMEOUT },
	{ "no-new-privs", no_argument, NULL, OPT_NO_NEW_PRIVS },
	{ "seccomp", required_argument, NULL, OPT_SECCOMP },
	{ "seccomp-required", no_argument, NULL, OPT_SECCOMP_REQUIRED },
	{ "limit", required_argument, NULL, OPT_LIMIT },
	{ "max-limit", required_argument, NULL, OPT_MAX_LIMIT },
	{ "spool-limit", required_argument, NULL, OPT_SPOOL_LIMIT },
	{ "describe", no_argument, NULL, OPT_DESCRIBE },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "log-level", required_argument, NULL, OPT_LOG_LEVEL },
	{ "uplink-uid", required_argument, NULL, OPT_UPLINK_UID },
	{ "retired", no_argument, NULL, OPT_RETIRED },
	{ "digest", required_argument, NULL, OPT_DIGEST },
	{ "lost-after", required_argument, NULL, OPT_LOST_AFTER },
	{ "watchdog", required_argument, NULL, OPT_WATCHDOG },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ 0 },
};

/* NAME=VALUE, cut in place; the same name again makes a list. */
static int
add_setting(struct arguments *a, char *text)
{
	struct executor_options *o = &a->options;
	char *equals = strchr(text, '=');
	struct msg_param *last;

	if (!equals || equals == text || o->n_settings == LIMIT_PARAMS)
		return -EINVAL;
	*equals = 0;
	last = &a->settings[o->n_settings];
	a->values[o->n_settings] = equals + 1;
	*last = (struct msg_param){ text, &a->values[o->n_settings], 1 };
	/* Values of one name lie side by side when given side by side. */
	if (o->n_settings && strcmp(last[-1].name, text) == 0)
		last[-1].n_values++;
	o->n_settings++;
	return 0;
}

/* The executor says more when it does not work. */
static int
check_containment(const char *name)
{
	return strcmp(name, "auto") == 0 ||
			       contain_rung_parse(name) != CONTAIN_RUNGS
		       ? 0
		       : -EINVAL;
}

static int
set_option(struct arguments *a, int option, char *value)
{
	struct executor_options *o = &a->options;
	enum log_level level;
	uint64_t uid;
	int r = 0;

	switch (option) {
	case OPT_PLUGIN: a->plugin = value; break;
	case OPT_SOCKET: a->socket = value; break;
	case OPT_AGENT_ID:
		o->agent_id = value;
		return id_valid_agent(value) ? 0 : -EINVAL;
	case OPT_SETTING: return add_setting(a, value);
	case OPT_SCRATCH: o->scratch = value; break;
	case OPT_MAX_GRACE: return parse_duration_ms(value, &o->max_grace_ms);
	case OPT_DRAIN: return parse_duration_ms(value, &o->drain_ms);
	case OPT_CONTAINMENT:
		o->containment = value;
		return check_containment(value);
	case OPT_USER: o->user = value; break;
	case OPT_ALLOW_USER:
		if (o->n_allow_users == LIMIT_USERS)
			return -E2BIG;
		a->allow_users[o->n_allow_users++] = value;
		break;
	case OPT_DIRECTORY:
		if (o->n_directories == LIMIT_DIRECTORIES)
			return -E2BIG;
		a->directories[o->n_directories++] = value;
		return *value == '/' ? 0 : -EINVAL;
	case OPT_MAX_TIMEOUT:
		return parse_duration_ms(value, &o->max_timeout_ms);
	case OPT_NO_NEW_PRIVS: o->no_new_privs = true; break;
	case OPT_SECCOMP: o->seccomp = value; break;
	case OPT_SECCOMP_REQUIRED: o->seccomp_required = true; break;
	case OPT_LIMIT: return limits_parse(value, &o->limits);
	case OPT_MAX_LIMIT: return limits_parse(value, &o->max_limits);
	case OPT_SPOOL_LIMIT: return parse_size(value, &o->spool_limit);
	case OPT_DESCRIBE: a->describe = true; break;
	case OPT_JSON: a->json = true; break;
	case OPT_LOG_LEVEL:
		r = log_parse_level(value, &level);
		if (r == 0)
			log_set_level(level);
		return r;
	case OPT_UPLINK_UID:
		r = parse_u64(value, 0, INT32_MAX, &uid);
		if (r == 0)
			a->uplink_uid = (uid_t)uid;
		return r;
	case OPT_RETIRED: a->retired = true; break;
	case OPT_DIGEST: break; /* for whoever looks at our arguments */
	case OPT_LOST_AFTER: return parse_duration_ms(value, &o->lost_after_ms);
	case OPT_WATCHDOG: return parse_duration_ms(value, &o->watchdog_ms);
	}
	return 0;
}

/* -1: go on; else the exit status. */
static int
read_arguments(int argc, char **argv, struct arguments *a)
{
	int option;

	while ((option = getopt_long(argc, argv, "hV", option_table, NULL)) !=
		-1) {
		if (option == 'h') {
			(void)fputs(usage_text, stdout);
			return EXIT_SUCCESS;
		}
		if (option == 'V') {
			(void)puts("nodelink-executor " PACKAGE_VERSION);
			return EXIT_SUCCESS;
		}
		if (option == '?')
			return usage_error("see the usage:", NULL);
		if (set_option(a, option, optarg) < 0)
			return usage_error("wrong value", optarg);
	}
	if (optind < argc)
		return usage_error("unexpected argument", argv[optind]);
	if (!a->plugin)
		return usage_error("--plugin is missing", NULL);
	if (a->options.seccomp && !a->options.no_new_privs)
		return usage_error("--seccomp needs --no-new-privs", NULL);
	if (a->options.seccomp_required && !a->options.seccomp)
		return usage_error("--seccomp-required needs --seccomp", NULL);
	if (!a->describe &&
		(!a->socket || !a->options.agent_id || !a->options.scratch))
		return usage_error(
			"--socket, --agent-id and --scratch are needed", NULL);
	a->options.settings = a->settings;
	a->options.allow_users = a->allow_users;
	a->options.directories = a->directories;
	return -1;
}

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
describe(const struct plugin *plugin, bool json)
{
	AUTO_BUF struct buf text = { 0 };

	if (plugin_describe(plugin, json, &text) < 0)
		return EXIT_FAILURE;
	return fwrite(text.data, 1, text.len, stdout) == text.len
		       ? EXIT_SUCCESS
		       : EXIT_FAILURE;
}

int
main(int argc, char **argv)
{
	struct arguments a = { .uplink_uid = (uid_t)-1,
		.options.limits.pids = DEFAULT_PIDS,
		.options.spool_limit = DEFAULT_SPOOL };
	AUTO(plugin_free) struct plugin *plugin = NULL;
	struct err err;
	int status;

	if (fd_hold_standard(argv) < 0)
		return EXIT_FAILURE; /* where to say it? */
	log_open("nodelink-executor");
	status = read_arguments(argc, argv, &a);
	if (status >= 0)
		return status;
	if (plugin_load(a.plugin, &plugin, &err) < 0) {
		log_error(0, "%s", err.text);
		return EXIT_FAILURE;
	}
	if (a.describe)
		return describe(plugin, a.json);
	if (serve(plugin, &a, &err) < 0) {
		log_error(0, "%s", err.text);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
