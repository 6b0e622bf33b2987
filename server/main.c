/* main.c - nodelink-server: settings, then loop, store, hub, gRPC, HTTP */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "api/api.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/parse.h"
#include "certs.h"
#include "commands/commands.h"
#include "http/http.h"
#include "hub/hub.h"
#include "loop/loop.h"
#include "rpc/rpc.h"
#include "settings.h"
#include "store/store.h"
#include "tokens.h"

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
	struct store *store;
	struct hub *hub;
	struct rpc_server *rpc;
	struct http *http;
	struct api api;
	struct certs *http_certs, *grpc_certs; /* NULL: no TLS */
	struct loop_signal *signals[3];
	uint16_t grpc_port, http_port;
	bool stopping;
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
signal_came(void *arg, int signo)
{
	struct server *s = arg;

	if (s->stopping)
		return; /* it takes a second at most */
	if (signo == SIGHUP) {
		log_info("SIGHUP: reading certificates again");
		certs_reload(s->http_certs);
		certs_reload(s->grpc_certs);
		return;
	}
	s->stopping = true;
	log_info("%s: stopping", signal_name(signo));
	http_stop(s->http, HTTP_STOP_MS, http_stopped, s);
}

/* The reverse of start(); fine at any step of it. */
static void
server_done(struct server *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(s->signals); i++)
		loop_signal_free(s->signals[i]);
	certs_free(s->http_certs);
	certs_free(s->grpc_certs);
	http_free(s->http); /* its streams hold tasks */
	rpc_server_free(s->rpc);
	if (s->store && s->hub)
		s->store->ops->drain(s->store); /* it calls the hub */
	hub_free(s->hub);
	if (s->store)
		s->store->ops->free(s->store);
	loop_free(s->loop);
}

/* ----------------------------------------------------------------- starting */

static int
start_store(struct server *s, const struct settings *set, struct err *err)
{
	const struct store_memory_conf memory = {
		.loop = s->loop, .dir = set->tmp_dir, .limits = set->limits
	};
	const struct store_sqlite_conf sqlite = {
		.loop = s->loop, .dir = set->store, .limits = set->limits
	};
	int r;

	if (set->store)
		return store_sqlite_new(&sqlite, &s->store, err);
	r = store_memory_new(&memory, &s->store);
	return r < 0 ? err_set(err, r, "cannot make the store: %s",
			       err_name(-r))
		     : 0;
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
		.anonymous_agents = !set->tokens_file };
	int r = hub_new(&conf, &s->hub, err);

	if (r == 0 && set->tokens_file)
		r = tokens_file_read(set->tokens_file, s->hub, err);
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

/* gRPC tells failed handshakes only so. */
static void
tell_trouble(const char *text, unsigned left_out)
{
	if (left_out)
		log_warn(
			0, "gRPC: %s (and %u more in between)", text, left_out);
	else
		log_warn(0, "gRPC: %s", text);
}

static struct rpc_tls
rpc_tls(const struct tls_pem *pem)
{
	return (struct rpc_tls){
		.ca = pem->ca, .cert = pem->cert, .key = pem->key
	};
}

static int
use_grpc_certs(void *arg, const struct tls_pem *pem, struct err *err)
{
	struct server *s = arg;
	const struct rpc_tls tls = rpc_tls(pem);

	return rpc_server_set_tls(s->rpc, &tls, err);
}

static int
start_rpc(struct server *s, const struct settings *set, struct err *err)
{
	struct rpc_tls tls;
	struct rpc_server_conf conf = { .listen = set->grpc_listen,
		.max_message = LIMIT_MESSAGE,
		.keepalive_ms = keepalive_ms(set, KEEPALIVE_MAX_MS),
		.keepalive_timeout_ms =
			keepalive_ms(set, KEEPALIVE_TIMEOUT_MAX_MS),
		.max_streams = LIMIT_AGENTS };
	int r = 0;

	if (set->grpc_tls.cert)
		r = certs_new(
			s->loop, "grpc", &set->grpc_tls, &s->grpc_certs, err);
	if (r < 0)
		return r;
	if (s->grpc_certs) {
		tls = rpc_tls(certs_pem(s->grpc_certs));
		conf.tls = &tls;
		certs_follow(s->grpc_certs, use_grpc_certs, s);
	}
	rpc_on_trouble(tell_trouble);
	return rpc_server_new(s->loop, &conf, &hub_rpc_ops, s->hub, &s->rpc,
		&s->grpc_port, err);
}

static int
use_http_certs(void *arg, const struct tls_pem *pem, struct err *err)
{
	struct server *s = arg;
	const struct http_tls tls = { .cert = pem->cert, .key = pem->key };

	return http_set_tls(s->http, &tls, err);
}

static int
start_http(struct server *s, const struct settings *set, struct err *err)
{
	struct http_tls tls;
	struct http_conf conf = { .host = set->http_host,
		.port = set->http_port,
		.routes = api_routes,
		.n_routes = api_n_routes,
		.arg = &s->api };
	int r = 0;

	if (set->http_tls.cert)
		r = certs_new(
			s->loop, "http", &set->http_tls, &s->http_certs, err);
	if (r < 0)
		return r;
	if (s->http_certs) {
		tls.cert = certs_pem(s->http_certs)->cert;
		tls.key = certs_pem(s->http_certs)->key;
		conf.tls = &tls;
		certs_follow(s->http_certs, use_http_certs, s);
	}
	s->api = (struct api){ .loop = s->loop,
		.hub = s->hub,
		.store = s->store,
		.started_at = clock_wall_ms() };
	return http_new(s->loop, &conf, &s->http, &s->http_port, err);
}

static int
start(struct server *s, const struct settings *set, struct err *err)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP };
	int r;

	s->loop = loop_new();
	if (!s->loop)
		return err_set(err, -ENOMEM, "cannot make an event loop");
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		s->signals[i] =
			loop_signal_new(s->loop, signals[i], signal_came, s);
		if (!s->signals[i])
			return err_set(err, -ENOMEM, "cannot wait for signals");
	}
	r = start_store(s, set, err);
	if (r == 0)
		r = start_hub(s, set, err);
	if (r == 0)
		r = start_http(s, set, err);
	if (r == 0)
		r = start_rpc(s, set, err);
	return r;
}

static void
say_ready(const struct server *s, const struct settings *set)
{
	bool http6 = strchr(set->http_host, ':') != NULL;
	bool grpc6 = strchr(set->grpc_host, ':') != NULL;
	char grpc[300];

	if (strncmp(set->grpc_listen, "unix:", 5) == 0)
		(void)snprintf(grpc, sizeof grpc, "%s", set->grpc_listen);
	else
		(void)snprintf(grpc, sizeof grpc, "%s%s%s:%u", grpc6 ? "[" : "",
			set->grpc_host, grpc6 ? "]" : "", s->grpc_port);
	if (!set->tokens_file)
		log_warn(0, "development mode, no agents.tokens_file: any "
			    "agent and any client on this host is let in");
	if (!set->store)
		log_warn(0, "store 'memory': all tasks are forgotten when the "
			    "server ends");
	log_info("ready: http%s %s%s%s:%u, grpc %s",
		set->http_tls.cert ? "s" : "", http6 ? "[" : "", set->http_host,
		http6 ? "]" : "", s->http_port, grpc);
}

/* Appends the advice that fits most refusals to listen. */
static void
complain(int r, const struct err *err)
{
	if (r == -EADDRINUSE)
		log_error(0,
			"%s; stop what listens there (ss -ltnp shows it) or "
			"choose another address with --http or --grpc",
			err->text);
	else
		log_error(0, "%s", err->text);
}

int
main(int argc, char **argv)
{
	struct settings settings = { 0 };
	struct server server = { 0 };
	struct err err = { "" };
	int r;

	log_open("nodelink-server");
	if (argc > 1 && *argv[1] != '-')
		return commands_run(&settings_program, argc, argv);
	(void)signal(SIGPIPE, SIG_IGN); /* cannot fail */
	r = settings_read(&settings, argc, argv, &err);
	if (r != 0) {
		if (r < 0)
			log_error(0, "%s", err.text);
		settings_done(&settings);
		return r < 0 ? WRONG_USAGE : EXIT_SUCCESS;
	}
	if (fd_raise_limit() < 0)
		log_debug("the limit of open files stays as it is");
	r = start(&server, &settings, &err);
	if (r < 0) {
		complain(r, &err);
	} else {
		say_ready(&server, &settings);
		loop_run(server.loop);
		log_info("stopped");
	}
	server_done(&server);
	settings_done(&settings);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
