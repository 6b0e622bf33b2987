/* settings.c - what nodelink-server was told, checked */
#include "settings.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/parse.h"
#include "webhook/event.h"

enum { MAX_TASKS = 1000 * 1000, MAX_TASKS_IN_MEMORY = 20 * 1000 };

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
	s->max_agent_connections =
		(unsigned)conf_number(c, "limits.agent_connections");
	s->max_agents_per_address = (unsigned)conf_number(
		c, "limits.agent_connections_per_address");
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

static int
read_webhook(struct settings *s, struct err *err)
{
	const struct conf *c = s->conf;
	struct webhook_conf *w = &s->webhook;
	struct err why;
	int r = event_parse_list(
		conf_text(c, "webhook.events"), &w->events, &why);

	if (r < 0)
		return err_set(err, r, "[webhook] events: %.400s", why.text);
	w->url = conf_text(c, "webhook.url");
	w->secret_file = conf_text(c, "webhook.secret_file");
	w->task_secret_file = conf_text(c, "webhook.task_secret_file");
	w->ca = conf_text(c, "webhook.ca");
	w->per_task = conf_bool(c, "webhook.per_task");
	w->allow_internal = conf_bool(c, "webhook.allow_internal");
	w->timeout_ms = conf_number(c, "webhook.timeout");
	w->retry_ms = conf_number(c, "webhook.retry");
	w->give_up_ms = conf_number(c, "webhook.give_up");
	if (settings_tells(s) && !w->secret_file)
		return err_set(err, -EINVAL,
			"[webhook] url and per_task need a secret_file");
	return 0;
}

bool
settings_tells(const struct settings *s)
{
	return s->webhook.url || s->webhook.per_task;
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
	if (r == 0)
		r = read_webhook(s, err);
	return r < 0 ? r : check_addresses(s, err);
}

void
settings_done(struct settings *s)
{
	conf_free(s->conf);
	s->conf = NULL;
}
