/* settings.c - what nodelink-server was told, checked */
#include "settings.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/parse.h"
#include "commands/commands.h"

enum { MAX_TASKS = 1000 * 1000, MAX_TASKS_IN_MEMORY = 20 * 1000 };

static const struct conf_item items[] = {
	{ .key = "http.listen",
		.flag = "http",
		.type = CONF_ADDRESS,
		.fallback = "127.0.0.1:8080",
		.help = "where clients connect" },
	{ .key = "http.anonymous",
		.type = CONF_BOOL,
		.fallback = "no",
		.help = "clients are not asked who they are, from other hosts "
			"neither" },
	{ .key = "http.cert",
		.type = CONF_PATH,
		.help = "certificate (chain) for HTTPS, PEM" },
	{ .key = "http.key", .type = CONF_PATH, .help = "its key, mode 0600" },
	{ .key = "http.plaintext",
		.type = CONF_BOOL,
		.fallback = "no",
		.help = "serve other hosts without TLS: a proxy has it" },
	{ .key = "grpc.listen",
		.flag = "grpc",
		.type = CONF_ADDRESS,
		.fallback = "127.0.0.1:9090",
		.help = "where agents connect" },
	{ .key = "grpc.cert",
		.type = CONF_PATH,
		.help = "certificate (chain) that agents see, PEM" },
	{ .key = "grpc.key", .type = CONF_PATH, .help = "its key, mode 0600" },
	{ .key = "grpc.client_ca",
		.type = CONF_PATH,
		.help = "agents need a certificate of one of these CAs" },
	{ .key = "grpc.plaintext",
		.type = CONF_BOOL,
		.fallback = "no",
		.help = "serve other hosts without TLS: a tunnel has it" },
	{ .key = "ca.dir",
		.flag = "ca-dir",
		.type = CONF_PATH,
		.arg = "DIR",
		.help = "folder of the server's own CA for agents; without it "
			"none can enrol" },
	{ .key = "agents.anonymous",
		.type = CONF_BOOL,
		.fallback = "no",
		.help = "agents are not asked who they are, from other hosts "
			"neither" },
	{ .key = "auth.path",
		.flag = "auth",
		.type = CONF_PATH,
		.arg = "FILE",
		.help = "database of tokens; without it development mode: "
			"everybody is let in, on loopback only" },
	{ .key = "store.path",
		.flag = "store",
		.type = CONF_TEXT,
		.arg = "DIR",
		.fallback = NODELINK_STATEDIR,
		.help = "folder of the databases of tasks and output, or "
			"\"memory\" to forget them all at the end" },
	{ .key = "store.retention",
		.flag = "retention",
		.type = CONF_DURATION,
		.fallback = "7d",
		.max = 3650LL * 24 * 3600 * 1000,
		.help = "how long finished tasks are kept" },
	{ .key = "store.max_tasks",
		.type = CONF_INT,
		.fallback = "0",
		.max = 100 * 1000 * 1000,
		.help = "finished tasks that are kept; 0: 1,000,000, in "
			"memory 20,000" },
	{ .key = "store.max_output",
		.type = CONF_SIZE,
		.fallback = "16G",
		.min = 1,
		.max = INT64_MAX,
		.help = "output of all finished tasks that is kept" },
	{ .key = "server.tmp_dir",
		.flag = "tmp-dir",
		.type = CONF_PATH,
		.arg = "DIR",
		.fallback = "/var/tmp",
		.help = "for the output of loud tasks when the store is "
			"memory" },
	{ .key = "server.default_grace",
		.type = CONF_DURATION,
		.fallback = "10s",
		.max = 24 * 3600 * 1000,
		.help = "from the stop signal to SIGKILL" },
	{ .key = "server.start_timeout",
		.type = CONF_DURATION,
		.fallback = "5m",
		.max = 30LL * 24 * 3600 * 1000,
		.help = "how long a task waits for its agent" },
	{ .key = "server.lost_after",
		.flag = "lost-after",
		.type = CONF_DURATION,
		.fallback = "60s",
		.min = 1,
		.max = 7LL * 24 * 3600 * 1000,
		.help = "silence after which an agent's tasks are lost" },
	{ .key = "server.output_limit",
		.type = CONF_SIZE,
		.fallback = "1G",
		.min = 1,
		.max = INT64_MAX,
		.help = "output of one task that is kept" },
	{ .key = "audit.path",
		.flag = "audit",
		.type = CONF_PATH,
		.arg = "FILE",
		.help = "a line there for whatever is done or refused" },
	{ .key = "audit.required",
		.type = CONF_BOOL,
		.fallback = "no",
		.help = "do nothing of which no line can be written" },
	{ .key = "limits.connections",
		.type = CONF_INT,
		.fallback = "10000",
		.min = 1,
		.max = 1000 * 1000,
		.help = "of clients, as far as open files allow" },
	{ .key = "limits.connections_per_address",
		.type = CONF_INT,
		.fallback = "0",
		.max = 1000 * 1000,
		.help = "of one address; 0: half of all" },
	{ .key = "limits.request_time",
		.type = CONF_DURATION,
		.fallback = "15s",
		.min = 100,
		.max = 3600 * 1000,
		.help = "in which a request must have come, body included" },
	{ .key = "limits.idle_time",
		.type = CONF_DURATION,
		.fallback = "60s",
		.min = 100,
		.max = 24 * 3600 * 1000,
		.help = "that a connection is kept between two requests" },
	{ .key = "limits.stall_time",
		.type = CONF_DURATION,
		.fallback = "10m",
		.min = 100,
		.max = 24 * 3600 * 1000,
		.help = "that a client may take nothing of what it asked for" },
	{ .key = "limits.calls_per_second",
		.type = CONF_INT,
		.fallback = "1000",
		.max = 1000 * 1000,
		.help = "of one client; 0: any number" },
	{ .key = "limits.open_requests",
		.type = CONF_INT,
		.fallback = "1000",
		.max = 1000 * 1000,
		.help = "of one client at a time, streams are some; 0: any "
			"number" },
	{ .key = "limits.failed_logins",
		.type = CONF_INT,
		.fallback = "10",
		.max = 1000 * 1000,
		.help = "of one address in a minute; 0: any number" },
	{ .key = "routes",
		.flag = "routes",
		.type = CONF_BOOL,
		.fallback = "no",
		.help = "print the routes of the API and the roles that they "
			"ask for, and exit" },
	{ .key = "sandbox.seccomp",
		.flag = "sandbox",
		.arg = "WHAT",
		.fallback = "kill",
		.help = "what a system call outside the program's list does: "
			"kill, log, or off" },
	{ .key = "sandbox.landlock",
		.type = CONF_BOOL,
		.fallback = "yes",
		.help = "only the files that the settings name can be "
			"reached" },
	{ .key = "log.level",
		.flag = "log-level",
		.type = CONF_LEVEL,
		.fallback = "info",
		.help = "error, warn, info or debug" },
};

const struct conf_program settings_program = {
	.name = "nodelink-server",
	.summary = "Gives tasks to agents and shows what becomes of them.",
	.default_file = NODELINK_SYSCONFDIR "/nodelink-server.conf",
	.items = items,
	.n_items = ARRAY_SIZE(items),
	.help_more = commands_help,
};

/* ------------------------------------------------------------------- checks */

static int
read_tls(struct settings *s, struct err *err)
{
	const struct conf *conf = s->conf;

	s->http_tls = (struct tls_files){ .cert = conf_text(conf, "http.cert"),
		.key = conf_text(conf, "http.key") };
	s->grpc_tls = (struct tls_files){ .cert = conf_text(conf, "grpc.cert"),
		.key = conf_text(conf, "grpc.key"),
		.ca = conf_text(conf, "grpc.client_ca") };
	s->ca_dir = conf_text(conf, "ca.dir");
	if (!s->http_tls.cert != !s->http_tls.key ||
		!s->grpc_tls.cert != !s->grpc_tls.key)
		return err_set(err, -EINVAL,
			"[%s] cert and key are given together",
			!s->http_tls.cert != !s->http_tls.key ? "http"
							      : "grpc");
	if (s->grpc_tls.ca && !s->grpc_tls.cert)
		return err_set(err, -EINVAL,
			"[grpc] client_ca needs cert and key, too");
	return 0;
}

struct reach { /* a listener beyond loopback */
	const char *address, *section, *who, *anonymous_in;
	bool anonymous, asks, tls, plaintext;
};

/* What an address that other hosts can reach must have: somebody who asks who
 * is there, and TLS for the secrets that answer. `anonymous` says that the
 * administrator wants neither. */
static int
check_reach(const struct reach *l, struct err *err)
{
	if (l->anonymous)
		return 0;
	if (!l->asks)
		return err_set(err, -EINVAL,
			"'%s' is not a loopback address, and without a "
			"database of tokens any %s could connect there: give "
			"--auth FILE, or listen on 127.0.0.1, or say "
			"'anonymous = yes' in [%s]",
			l->address, l->who, l->anonymous_in);
	if (!l->tls && !l->plaintext)
		return err_set(err, -EINVAL,
			"'%s' is not a loopback address, and without TLS "
			"tokens could be read on their way there: give cert "
			"and key in [%s], or say 'plaintext = yes' there if "
			"something in front of it has TLS, or listen on "
			"127.0.0.1",
			l->address, l->section);
	return 0;
}

static int
check_addresses(struct settings *s, struct err *err)
{
	const char *http = conf_text(s->conf, "http.listen");
	const char *grpc = conf_text(s->conf, "grpc.listen");
	bool grpc_unix = strncmp(grpc, "unix:", 5) == 0;
	int r = 0;

	if (parse_address(http, s->http_host, &s->http_port) < 0)
		return err_set(err, -EINVAL,
			"--http: '%s' is no address; give host:port", http);
	if (!grpc_unix && parse_address(grpc, s->grpc_host, &s->grpc_port) < 0)
		return err_set(err, -EINVAL,
			"--grpc: '%s' is no address; give host:port", grpc);
	(void)snprintf(s->grpc_listen, sizeof s->grpc_listen, "%s%s",
		*grpc == ':' ? "[::]" : "", grpc); /* all that it may say */
	if (!parse_is_loopback(s->http_host))
		r = check_reach(&(struct reach){ .address = http,
					.section = "http",
					.who = "client",
					.anonymous_in = "http",
					.anonymous = s->http_anonymous,
					.asks = s->auth != NULL,
					.tls = s->http_tls.cert != NULL,
					.plaintext = conf_bool(
						s->conf, "http.plaintext") },
			err);
	if (r == 0 && !grpc_unix && !parse_is_loopback(s->grpc_host))
		r = check_reach(&(struct reach){ .address = grpc,
					.section = "grpc",
					.who = "agent",
					.anonymous_in = "agents",
					.anonymous = s->agents_anonymous,
					.asks = s->auth || s->grpc_tls.ca,
					.tls = s->grpc_tls.cert != NULL,
					.plaintext = conf_bool(
						s->conf, "grpc.plaintext") },
			err);
	return r;
}

static void
read_store(struct settings *s)
{
	struct store_limits *l = &s->limits;

	s->store = conf_text(s->conf, "store.path");
	if (strcmp(s->store, "memory") == 0)
		s->store = NULL;
	l->retention_ms = conf_number(s->conf, "store.retention");
	l->max_output = (uint64_t)conf_number(s->conf, "store.max_output");
	l->max_tasks = (size_t)conf_number(s->conf, "store.max_tasks");
	if (!l->max_tasks)
		l->max_tasks = s->store ? MAX_TASKS : MAX_TASKS_IN_MEMORY;
}

/* Development mode is for one person, whose benchmarks have no limits. */
static void
read_limits(struct settings *s)
{
	const struct conf *c = s->conf;
	struct limits_conf *l = &s->client_limits;

	s->max_connections = (unsigned)conf_number(c, "limits.connections");
	s->max_per_address =
		(unsigned)conf_number(c, "limits.connections_per_address");
	s->request_timeout_ms = conf_number(c, "limits.request_time");
	s->idle_timeout_ms = conf_number(c, "limits.idle_time");
	s->stall_timeout_ms = conf_number(c, "limits.stall_time");
	l->failed_logins = (unsigned)conf_number(c, "limits.failed_logins");
	if (s->auth || conf_is_set(c, "limits.calls_per_second"))
		l->calls_per_second =
			(unsigned)conf_number(c, "limits.calls_per_second");
	if (s->auth || conf_is_set(c, "limits.open_requests"))
		l->open_requests =
			(unsigned)conf_number(c, "limits.open_requests");
}

int
settings_read(struct settings *s, int argc, char **argv, struct err *err)
{
	int r = conf_new(&settings_program, argc, argv, &s->conf, err);

	if (r != CONF_OK)
		return r;
	s->auth = conf_text(s->conf, "auth.path");
	s->http_anonymous = conf_bool(s->conf, "http.anonymous");
	s->agents_anonymous = conf_bool(s->conf, "agents.anonymous");
	s->show_routes = conf_bool(s->conf, "routes");
	s->tmp_dir = conf_text(s->conf, "server.tmp_dir");
	s->default_grace_ms = conf_number(s->conf, "server.default_grace");
	s->start_timeout_ms = conf_number(s->conf, "server.start_timeout");
	s->lost_after_ms = conf_number(s->conf, "server.lost_after");
	s->output_limit = (uint64_t)conf_number(s->conf, "server.output_limit");
	s->audit = conf_text(s->conf, "audit.path");
	s->audit_required = conf_bool(s->conf, "audit.required");
	read_store(s);
	s->landlock = conf_bool(s->conf, "sandbox.landlock");
	read_limits(s);
	log_set_level((enum log_level)conf_number(s->conf, "log.level"));
	r = sandbox_parse(
		conf_text(s->conf, "sandbox.seccomp"), &s->seccomp, err);
	if (r == 0)
		r = read_tls(s, err);
	return r < 0 ? r : check_addresses(s, err);
}

void
settings_done(struct settings *s)
{
	conf_free(s->conf);
	s->conf = NULL;
}
