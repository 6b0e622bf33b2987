/* settings.c - what nodelink-agent was told, checked */
#include "monitor/settings.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "monitor/credentials.h"
#include "monitor/plugins.h"
#include "monitor/policy.h"
#include "monitor/users.h"
#include "proc/contain.h"

static char hostname[HOST_NAME_MAX + 1];

/* A limit of each task, and the most that one may ask for. */
#define LIMIT(name, value_type, value_fallback) \
	{ .key = "limits." name, \
		.type = value_type, \
		.fallback = value_fallback, \
		.help = name " of a task that asks for nothing else" }, \
	{ \
		.key = "limits.max_" name, .type = value_type, \
		.help = "most " name " of any task" \
	}

static const struct conf_item items[] = {
	{ .key = "agent.id",
		.flag = "id",
		.arg = "ID",
		.fallback = hostname,
		.help = "name of this agent at the server" },
	{ .key = "agent.server",
		.flag = "server",
		.type = CONF_ADDRESS,
		.fallback = "127.0.0.1:9090",
		.help = "the server's gRPC address" },
	{ .key = "agent.token_file",
		.flag = "token-file",
		.type = CONF_PATH,
		.arg = "FILE",
		.help = "secret file (mode 0600) with this agent's token" },
	{ .key = "agent.ca",
		.flag = "ca",
		.type = CONF_PATH,
		.arg = "FILE",
		.help = "the server must have a certificate of one of these "
			"CAs; without it there is no TLS" },
	{ .key = "agent.cert",
		.flag = "cert",
		.type = CONF_PATH,
		.arg = "FILE",
		.help = "certificate of this agent" },
	{ .key = "agent.key",
		.flag = "key",
		.type = CONF_PATH,
		.arg = "FILE",
		.help = "its key, mode 0600" },
	{ .key = "agent.plaintext",
		.flag = "plaintext",
		.type = CONF_BOOL,
		.fallback = "no",
		.help = "talk to another host without TLS: a tunnel has it" },
	{ .key = "agent.uplink_user",
		.arg = "NAME",
		.help = "who runs the uplink (default: " UPLINK_USER
			" when this is root and there is one, else its own "
			"user)" },
	{ .key = "token",
		.env = "NODELINK_AGENT_TOKEN",
		.help = "the token itself; beats token_file" },
	{ .key = "agent.runtime_dir",
		.flag = "runtime-dir",
		.type = CONF_PATH,
		.arg = "DIR",
		.fallback = NODELINK_RUNDIR,
		.help = "sockets and lock file; one agent each" },
	{ .key = "agent.scratch_dir",
		.flag = "scratch-dir",
		.type = CONF_PATH,
		.arg = "DIR",
		.help = "tasks' folders (default: scratch in runtime_dir)" },
	{ .key = "agent.plugins",
		.flag = "plugins",
		.arg = "LIST",
		.help = "plugins to load, e.g. \"shell, docker\" (default: "
			"all found)" },
	{ .key = "agent.plugin_dir",
		.flag = "plugin-dir",
		.env = "NODELINK_PLUGINDIR",
		.type = CONF_PATH,
		.arg = "DIR",
		.fallback = NODELINK_PLUGINDIR,
		.help = "where plugins are" },
	{ .key = "libexec-dir",
		.env = "NODELINK_LIBEXECDIR",
		.type = CONF_PATH,
		.fallback = NODELINK_LIBEXECDIR,
		.help = "where nodelink-uplink and nodelink-executor are" },
	{ .key = "agent.max_grace",
		.flag = "max-grace",
		.type = CONF_DURATION,
		.fallback = "5m",
		.min = 1,
		.max = 24 * 3600 * 1000,
		.help = "longest time a cancelled task may take to stop" },
	{ .key = "agent.containment",
		.flag = "containment",
		.arg = "KIND",
		.fallback = "auto",
		.help = "what holds tasks: auto, cgroup2, ..., group" },
	{ .key = "agent.spool_limit",
		.flag = "spool-limit",
		.type = CONF_SIZE,
		.fallback = "256M",
		.help = "disk that each plugin may use for output while the "
			"server is away" },
	LIMIT("pids", CONF_TEXT, "4096"),
	LIMIT("memory", CONF_SIZE, NULL),
	LIMIT("cpu", CONF_TEXT, NULL),
	LIMIT("open_files", CONF_TEXT, NULL),
	LIMIT("file_size", CONF_SIZE, NULL),
	{ .key = "agent.on_stop",
		.flag = "on-stop",
		.arg = "WHAT",
		.fallback = "cancel",
		.help = "with running tasks: cancel them, or leave them to the "
			"next agent" },
	{ .key = "agent.drain",
		.flag = "drain",
		.type = CONF_DURATION,
		.fallback = "0",
		.max = 24 * 3600 * 1000,
		.help = "how long a stop lets running tasks go on before it "
			"cancels them" },
	{ .key = "tasks.user",
		.flag = "user",
		.arg = "NAME",
		.help = "who runs tasks that name nobody (default: nobody "
			"when this is root, else its own user)" },
	{ .key = "tasks.allow_users",
		.flag = "allow-users",
		.arg = "LIST",
		.help = "others that a task may name" },
	{ .key = "tasks.directories",
		.flag = "directories",
		.arg = "LIST",
		.help = "tasks begin in one of these or below (default: "
			"anywhere)" },
	{ .key = "tasks.max_timeout",
		.flag = "max-timeout",
		.type = CONF_DURATION,
		.fallback = "0",
		.max = (int64_t)LIMIT_TIMEOUT_S * 1000,
		.help = "longest run time of a task; 0: any" },
	{ .key = "tasks.no_new_privs",
		.flag = "no-new-privs",
		.type = CONF_BOOL,
		.fallback = "yes",
		.help = "sudo and other setuid programs gain nothing in "
			"tasks" },
	{ .key = "sandbox.seccomp",
		.flag = "sandbox",
		.arg = "WHAT",
		.fallback = "kill",
		.help = "what a system call outside a program's list does: "
			"kill, log, or off" },
	{ .key = "sandbox.landlock",
		.type = CONF_BOOL,
		.fallback = "yes",
		.help = "the uplink can only reach the files that it needs" },
	{ .key = "tasks.seccomp",
		.flag = "seccomp",
		.arg = "FILE",
		.fallback = "none",
		.help = "profile (OCI JSON) that limits their system calls" },
	{ .key = "tasks.seccomp_required",
		.flag = "seccomp-required",
		.type = CONF_BOOL,
		.fallback = "no",
		.help = "no task may do without it" },
	{ .key = "tasks.hooks",
		.flag = "hooks",
		.type = CONF_BOOL,
		.help = "run the hooks that come with tasks, on the host "
			"(default: where shell is among the plugins)" },
	{ .key = "log.level",
		.flag = "log-level",
		.type = CONF_LEVEL,
		.fallback = "info",
		.help = "error, warn, info or debug" },
	{ .key = "check",
		.flag = "check",
		.type = CONF_BOOL,
		.help = "check the settings, list the plugins and exit" },
};

static const struct conf_program program = {
	.name = "nodelink-agent",
	.summary = "Runs tasks on this host for a nodelink server.",
	.default_file = NODELINK_SYSCONFDIR "/nodelink-agent.conf",
	.items = items,
	.n_items = ARRAY_SIZE(items),
	.free_section = "plugin",
};

/* ------------------------------------------------------------------- checks */

static int
check_words(struct settings *s, struct err *err)
{
	const char *on_stop = conf_text(s->conf, "agent.on_stop");
	int r;

	if (!id_valid_agent(s->id))
		return err_set(err, -EINVAL,
			"'%s' is not a valid agent id (1 to 64 of A-Z a-z 0-9 "
			". _ -); set one with --id",
			s->id);
	if (strcmp(s->containment, "auto") != 0 &&
		contain_rung_parse(s->containment) == CONTAIN_RUNGS)
		return err_set(err, -EINVAL,
			"containment is auto or the name of a rung (cgroup2, "
			"cgroup2-freeze, cgroup1, pidns, subreaper, group), "
			"not '%s'",
			s->containment);
	r = sandbox_parse(
		conf_text(s->conf, "sandbox.seccomp"), &s->sandbox, err);
	if (r < 0)
		return r;
	if (strcmp(on_stop, "cancel") != 0 && !s->leave)
		return err_set(err, -EINVAL,
			"on_stop is cancel or leave, not '%s'", on_stop);
	return 0;
}

/* A socket's path has room for some hundred bytes only. */
static int
check_socket_paths(const struct settings *s, struct err *err)
{
	const size_t room = sizeof((struct sockaddr_un *)0)->sun_path - 1;

	for (size_t i = 0; i < s->n_plugins; i++) {
		size_t n = strlen(s->runtime_dir) +
			   strlen("/executor-.7.sock") +
			   strlen(s->plugins[i].name);

		if (n > room)
			return err_set(err, -ENAMETOOLONG,
				"runtime directory '%s' is %zu bytes too long "
				"for a socket's path",
				s->runtime_dir, n - room);
	}
	return 0;
}

struct section_check {
	const struct settings *s;
	struct err *err;
};

static int
check_section(void *arg, const char *name, const char *key, const char *value,
	const char *where)
{
	const struct section_check *check = arg;

	(void)key, (void)value;
	if (plugins_has(check->s->plugin_dir, name))
		return 0;
	return err_set(check->err, -EINVAL,
		"%s: [plugin %s]: no '%s.so' in '%s'", where, name, name,
		check->s->plugin_dir);
}

static int
check_all(struct settings *s, struct err *err)
{
	struct section_check sections = { s, err };
	int r = check_words(s, err);

	if (r == 0)
		r = plugins_find(s->plugin_dir,
			conf_text(s->conf, "agent.plugins"), s->plugins,
			&s->n_plugins, err);
	if (r == 0)
		r = conf_each(s->conf, check_section, &sections);
	if (r == 0)
		r = check_socket_paths(s, err);
	if (r == 0)
		r = users_read(s, err);
	if (r == 0)
		r = policy_read(s, err);
	if (r == 0)
		r = credentials_check(s, err);
	return r;
}

/* ------------------------------------------------------------------- public */

int
settings_read(struct settings *s, int argc, char **argv, struct err *err)
{
	struct conf *conf;
	int r;

	memset(s, 0, sizeof *s);
	if (gethostname(hostname, sizeof hostname - 1) < 0)
		hostname[0] = 0; /* then --id is needed, and said so */
	r = conf_new(&program, argc, argv, &s->conf, err);
	if (r != CONF_OK)
		return r;
	conf = s->conf;
	s->id = conf_text(conf, "agent.id");
	s->server = conf_text(conf, "agent.server");
	s->token_file = conf_text(conf, "agent.token_file");
	s->ca = conf_text(conf, "agent.ca");
	s->cert = conf_text(conf, "agent.cert");
	s->key = conf_text(conf, "agent.key");
	s->runtime_dir = conf_text(conf, "agent.runtime_dir");
	s->plugin_dir = conf_text(conf, "agent.plugin_dir");
	s->libexec_dir = conf_text(conf, "libexec-dir");
	s->log_level = conf_text(conf, "log.level");
	log_set_level((enum log_level)conf_number(conf, "log.level"));
	s->max_grace_ms = conf_number(conf, "agent.max_grace");
	s->drain_ms = conf_number(conf, "agent.drain");
	s->containment = conf_text(conf, "agent.containment");
	s->spool_limit = conf_number(conf, "agent.spool_limit");
	s->leave = strcmp(conf_text(conf, "agent.on_stop"), "leave") == 0;
	s->landlock = conf_bool(conf, "sandbox.landlock");
	s->check = conf_bool(conf, "check");
	s->scratch_dir = conf_text(conf, "agent.scratch_dir");
	if (!s->scratch_dir) {
		if (snprintf(s->default_scratch, sizeof s->default_scratch,
			    "%s/scratch",
			    s->runtime_dir) >= (int)sizeof s->default_scratch)
			return err_set(err, -ENAMETOOLONG,
				"runtime directory's path is too long");
		s->scratch_dir = s->default_scratch;
	}
	return check_all(s, err);
}

void
settings_done(struct settings *s)
{
	for (size_t i = 0; i < s->n_plugins; i++)
		free(s->plugins[i].file);
	user_free(s->uplink);
	free(s->allow_text);
	free(s->directories_text);
	conf_free(s->conf);
	memset(s, 0, sizeof *s);
}

/* Failing to write to stdout is for the reader of it to notice. */
void
settings_print(const struct settings *s)
{
	(void)printf("settings  %s\n",
		conf_file(s->conf) ? conf_file(s->conf) : "no file");
	(void)printf("agent     %s\nserver    %s\nruntime   %s\nscratch   %s\n",
		s->id, s->server, s->runtime_dir, s->scratch_dir);
	(void)printf("tasks as  %s\nhooks     %s\nuplink as %s\n",
		s->user ? s->user : "this user",
		s->hooks ? "are run" : "are refused",
		s->uplink ? s->uplink->name : "this user");
	for (size_t i = 0; i < s->n_plugins; i++)
		(void)printf("plugin    %s (%s)\n", s->plugins[i].name,
			s->plugins[i].file);
}
