/* main.c - nodelink-server: settings, then loop, store, hub, gRPC, HTTP */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "api/api.h"
#include "api/limits.h"
#include "audit/audit.h"
#include "auth/auth.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/notify.h"
#include "base/parse.h"
#include "ca/ca.h"
#include "commands/commands.h"
#include "confine.h"
#include "http/http.h"
#include "hub/hub.h"
#include "loop/loop.h"
#include "metrics/metrics.h"
#include "ready.h"
#include "rpc/rpc.h"
#include "secure.h"
#include "settings.h"
#include "store/store.h"
#include "webhook/webhook.h"

enum {
	WRONG_USAGE = 2,
	KEEPALIVE_MIN_MS = 1000,
	KEEPALIVE_MAX_MS = 20000,
	KEEPALIVE_TIMEOUT_MAX_MS = 10000,
	HTTP_STOP_MS = 500, /* for streams to end by themselves */
	RPC_STOP_MS = 500,
};

struct server {
	struct loop *loop;
	struct sandbox sandbox;
	struct audit *audit; /* NULL: none */
	struct limits *limits;
	struct metrics *metrics;
	struct process process;
	struct store *store;
	struct auth *auth; /* NULL: development mode */
	struct webhook *webhook; /* NULL: none */
	struct hub *hub;
	struct rpc_server *rpc;
	struct http *http;
	struct api api;
	struct secure *secure;
	struct ca *ca;
	struct loop_signal *signals[3];
	uint16_t grpc_port, http_port;
	bool stopping, failed;
};

/* ----------------------------------------------------------------- stopping */

static void
rpc_stopped(void *arg)
{
	struct server *s = arg;

	loop_stop(s->loop);
}

static void
http_stopped(void *arg)
{
	struct server *s = arg;

	rpc_server_stop(s->rpc, RPC_STOP_MS, rpc_stopped, s);
}

static void
stop(struct server *s)
{
	if (s->stopping)
		return; /* it takes a second at most */
	s->stopping = true;
	http_stop(s->http, HTTP_STOP_MS, http_stopped, s);
}

/* Whoever started us does so again; it costs no task. */
static void
deaf(void *arg, const char *why)
{
	struct server *s = arg;

	log_error(0,
		"no agent can connect any more, gRPC says '%s': stopping, to "
		"be started again; more files should be open (LimitNOFILE), "
		"or [limits] agent_connections be smaller",
		why);
	s->failed = true;
	stop(s);
}

static void
signal_came(void *arg, int signo)
{
	struct server *s = arg;
	struct err err;

	if (signo == SIGHUP) {
		log_info("SIGHUP: opening the audit log again, and reading "
			 "certificates and webhooks' secrets");
		audit_reopen(s->audit);
		secure_reload(s->secure);
		if (webhook_reload(s->webhook, &err) < 0)
			log_error(0, "%s; the old ones go on", err.text);
		return;
	}
	if (!s->stopping)
		log_info("%s: stopping", signal_name(signo));
	stop(s);
}

/* The reverse of start(); fine at any step of it. */
static void
server_done(struct server *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(s->signals); i++)
		loop_signal_free(s->signals[i]);
	secure_free(s->secure);
	http_free(s->http); /* its streams hold tasks */
	ca_free(s->ca);
	api_done(&s->api);
	rpc_server_free(s->rpc);
	if (s->store && s->hub)
		s->store->ops->drain(s->store); /* it calls the others */
	webhook_free(s->webhook);
	hub_free(s->hub);
	if (s->store)
		s->store->ops->free(s->store);
	auth_free(s->auth);
	limits_free(s->limits);
	audit_free(s->audit);
	metrics_free(s->metrics);
	process_close(&s->process);
	loop_free(s->loop);
}

/* ----------------------------------------------------------------- starting */

static int
start_audit(struct server *s, const struct settings *set, struct err *err)
{
	const struct audit_conf conf = { .loop = s->loop,
		.path = set->audit,
		.required = set->audit_required };

	return set->audit ? audit_new(&conf, &s->audit, err) : 0;
}

static int
start_store(struct server *s, const struct settings *set, struct err *err)
{
	const struct store_memory_conf memory = {
		.loop = s->loop, .dir = set->tmp_dir, .limits = set->limits
	};
	const struct store_sqlite_conf sqlite = { .loop = s->loop,
		.dir = set->store,
		.limits = set->limits,
		.metrics = s->metrics };
	int r;

	if (set->store)
		return store_sqlite_new(&sqlite, &s->store, err);
	r = store_memory_new(&memory, &s->store);
	return r < 0 ? err_set(err, r, "cannot make the store: %s",
			       err_name(-r))
		     : 0;
}

static int
start_webhook(struct server *s, const struct settings *set, struct err *err)
{
	struct webhook_conf conf = set->webhook;

	conf.loop = s->loop;
	conf.store = s->store;
	return settings_tells(set) ? webhook_new(&conf, &s->webhook, err) : 0;
}

static void
auth_changed(void *arg)
{
	struct server *s = arg;

	if (s->hub)
		hub_recheck_agents(s->hub);
	if (s->http)
		api_recheck(&s->api);
}

static int
start_auth(struct server *s, const struct settings *set, struct err *err)
{
	const struct auth_conf conf = {
		.path = set->auth, .on_change = auth_changed, .arg = s
	};

	return set->auth ? auth_new(s->loop, &conf, &s->auth, err) : 0;
}

static int
start_hub(struct server *s, const struct settings *set, struct err *err)
{
	const struct hub_conf conf = { .loop = s->loop,
		.store = s->store,
		.default_grace_ms = set->default_grace_ms,
		.default_start_timeout_ms = set->start_timeout_ms,
		.lost_after_ms = set->lost_after_ms,
		.default_output_limit = set->output_limit,
		.window = LIMIT_TASK_WINDOW,
		.audit = s->audit,
		.metrics = s->metrics,
		.auth = set->agents_anonymous ? NULL : s->auth,
		.tell = s->webhook ? webhook_tell : NULL,
		.tell_arg = s->webhook };
	int r = hub_new(&conf, &s->hub, err);

	if (r < 0)
		return r;
	r = hub_recover(s->hub);
	return r < 0 ? err_set(err, r,
			       "cannot read the unfinished tasks from '%s': %s",
			       set->store, err_name(-r))
		     : 0;
}

/* A third of lost_after for the ping of a silent agent, and for its answer: a
 * connection that nobody has closed is no reason to wait for much longer. */
static int
keepalive_ms(const struct settings *set, int max_ms)
{
	int64_t third = set->lost_after_ms / 3;

	if (third < KEEPALIVE_MIN_MS)
		return KEEPALIVE_MIN_MS;
	return third < max_ms ? (int)third : max_ms;
}

static int
start_rpc(struct server *s, const struct settings *set, struct err *err)
{
	const struct rpc_server_conf conf = { .listen = set->grpc_listen,
		.tls = secure_rpc(s->secure),
		.max_message = LIMIT_MESSAGE,
		.keepalive_ms = keepalive_ms(set, KEEPALIVE_MAX_MS),
		.keepalive_timeout_ms =
			keepalive_ms(set, KEEPALIVE_TIMEOUT_MAX_MS),
		.max_streams = LIMIT_AGENTS,
		.max_connections = set->max_agent_connections,
		.max_per_address = set->max_agents_per_address };
	int r = rpc_server_new(s->loop, &conf, &hub_rpc_ops, s->hub, &s->rpc,
		&s->grpc_port, err);

	if (r == 0)
		rpc_server_on_deaf(s->rpc, deaf, s);
	return r;
}

static int
start_http(struct server *s, const struct settings *set, struct err *err)
{
	const struct http_conf conf = { .host = set->http_host,
		.port = set->http_port,
		.tls = secure_http(s->secure),
		.routes = api_routes,
		.n_routes = api_n_routes,
		.arg = &s->api,
		.metrics = s->metrics,
		.max_connections = set->max_connections,
		.max_per_ip = set->max_per_address,
		.request_timeout_ms = set->request_timeout_ms,
		.idle_timeout_ms = set->idle_timeout_ms,
		.stall_timeout_ms = set->stall_timeout_ms,
		.gate = &api_gate,
		.asks = !set->http_anonymous && s->auth,
		.local = !set->http_anonymous && !s->auth };
	int r;

	s->limits = limits_new(&set->client_limits, s->metrics);
	if (!s->limits)
		return err_set(err, -ENOMEM, "out of memory");
	s->api = (struct api){ .loop = s->loop,
		.hub = s->hub,
		.store = s->store,
		.audit = s->audit,
		.limits = s->limits,
		.metrics = s->metrics,
		.counts.process = s->process,
		.webhook = s->webhook,
		.auth = conf.asks ? s->auth : NULL,
		.tls = set->http_tls.cert != NULL,
		.ca = s->ca,
		.agents_auth = s->auth,
		.started_at = clock_wall_ms() };
	api_count(&s->api);
	r = http_new(s->loop, &conf, &s->http, &s->http_port, err);
	s->api.http = s->http;
	return r;
}

static int
start(struct server *s, const struct settings *set, struct err *err)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP };
	int r;

	process_open(&s->process);
	s->metrics = metrics_new();
	s->loop = loop_new();
	if (!s->loop || !s->metrics)
		return err_set(err, -ENOMEM, "cannot make an event loop");
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		s->signals[i] =
			loop_signal_new(s->loop, signals[i], signal_came, s);
		if (!s->signals[i])
			return err_set(err, -ENOMEM, "cannot wait for signals");
	}
	r = confine(set, &s->sandbox, err);
	if (r == 0)
		r = secure_new(s->loop, &set->http_tls, &set->grpc_tls,
			s->metrics, &s->secure, err);
	if (r == 0 && set->ca_dir)
		r = ca_open(set->ca_dir, &s->ca, err);
	if (r == 0)
		r = start_audit(s, set, err);
	if (r == 0)
		r = start_store(s, set, err);
	if (r == 0)
		r = start_webhook(s, set, err);
	if (r == 0)
		r = start_auth(s, set, err);
	if (r == 0)
		r = start_hub(s, set, err);
	if (r == 0)
		r = start_http(s, set, err);
	if (r == 0)
		r = start_rpc(s, set, err);
	if (r == 0)
		secure_follow(s->secure, s->http, s->rpc);
	return r < 0 ? r : sandbox_filter(&s->sandbox, err);
}

int
main(int argc, char **argv)
{
	struct settings settings = { 0 };
	struct server server = { 0 };
	struct err err = { "" };
	AUTO_CLOSE int notify = -1;
	int r;

	if (fd_hold_standard(argv) < 0)
		return EXIT_FAILURE; /* where to say it? */
	log_open("nodelink-server");
	if (argc > 1 && *argv[1] != '-')
		return commands_run(&settings_program, argc, argv);
	(void)signal(SIGPIPE, SIG_IGN); /* cannot fail */
	(void)signal(SIGXFSZ, SIG_IGN); /* a file that may not grow: EFBIG */
	r = settings_read(&settings, argc, argv, &err);
	if (r != 0) {
		if (r < 0)
			log_error(0, "%s", err.text);
		settings_done(&settings);
		return r < 0 ? WRONG_USAGE : EXIT_SUCCESS;
	}
	if (settings.show_routes) {
		api_print_routes();
		settings_done(&settings);
		return EXIT_SUCCESS;
	}
	if (fd_raise_limit() < 0)
		log_debug("the limit of open files stays as it is");
	settings_fit(&settings);
	notify = notify_open();
	r = start(&server, &settings, &err);
	if (r < 0) {
		ready_refuse(r, &err);
	} else {
		ready_say(&settings, &server.sandbox, server.http_port,
			server.grpc_port);
		notify_ready(notify);
		loop_run(server.loop);
		log_info("stopped");
	}
	server_done(&server);
	settings_done(&settings);
	return r < 0 || server.failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
