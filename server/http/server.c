/* server.c - the MHD daemon on our loop: start, run, stop
 *
 * MHD is edge-triggered inside, so "timeout 0" from it means work that no
 * descriptor will announce again; and it is not woken by its own resume calls.
 * Hence one flag, `dirty`, set by whatever may give it work, and one place
 * that runs it: once per turn of the loop, just before the loop would wait. */
#include "http/internal.h"
#include "http/tls.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/log.h"
#include "base/shares.h"

enum {
	POOL_SIZE = 16 << 10, /* head of a request, then chunks of the reply */
	BACKLOG = 4096,
	SPARE_FDS = 256, /* for agents, files, and what libraries open */
};

/* ----------------------------------------------------------------- running */

void
http_kick(struct http *http)
{
	http->dirty = true;
	loop_timer_set(http->kick, 0);
}

static void
run(void *arg)
{
	struct http *http = arg;
	MHD_UNSIGNED_LONG_LONG timeout;

	if (!http->dirty || !http->mhd)
		return;
	http->dirty = false;
	(void)MHD_run(http->mhd); /* fails only in modes we do not use */
	if (MHD_get_timeout(http->mhd, &timeout) == MHD_YES && timeout == 0)
		http_kick(http);
}

static void
on_ready(void *arg, int fd, unsigned ready)
{
	struct http *http = arg;

	(void)fd;
	(void)ready;
	http->dirty = true; /* the next flush is before the next wait */
}

static void
nothing(void *arg)
{
	(void)arg; /* the turn itself is what was wanted */
}

/* --------------------------------------------------------------- listening */

/* A listening socket, or -errno with text. */
static int
listen_on(const char *host, uint16_t port, uint16_t *real_port, struct err *err)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	struct addrinfo *list;
	char service[8];
	struct sockaddr_storage real;
	socklen_t real_len = sizeof real;
	AUTO_CLOSE int fd = -1;
	int r, yes = 1;

	if (strcmp(host, "localhost") == 0)
		hints.ai_family = AF_INET;
	else
		hints.ai_flags |= AI_NUMERICHOST; /* no look-ups at start */
	(void)snprintf(service, sizeof service, "%u", port);
	r = getaddrinfo(*host ? host : NULL, service, &hints, &list);
	if (r)
		return err_set(err, -EINVAL,
			"cannot listen on '%s': %s (give a literal address)",
			host, gai_strerror(r));
	fd = socket(
		list->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	r = fd < 0 ? -errno : 0;
	if (r == 0)
		(void)setsockopt(
			fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	if (r == 0 && bind(fd, list->ai_addr, list->ai_addrlen) < 0)
		r = -errno;
	freeaddrinfo(list);
	if (r == 0 && listen(fd, BACKLOG) < 0)
		r = -errno;
	if (r == 0 && getsockname(fd, (struct sockaddr *)&real, &real_len) < 0)
		r = -errno;
	if (r < 0)
		return err_set(err, r, "cannot listen on %s:%u: %s", host, port,
			err_name(-r));
	*real_port = ntohs(real.ss_family == AF_INET6
				   ? ((struct sockaddr_in6 *)&real)->sin6_port
				   : ((struct sockaddr_in *)&real)->sin_port);
	return TAKE_FD(fd);
}

__attribute__((format(printf, 2, 0))) static void
log_mhd(void *arg, const char *fmt, va_list ap)
{
	char text[256];

	(void)arg;
	(void)vsnprintf(text, sizeof text, fmt, ap);
	text[strcspn(text, "\n")] = 0;
	log_debug("http: %s", text);
}

static void
set_defaults(struct http_conf *conf)
{
	struct rlimit files = { .rlim_cur = 1024 };
	rlim_t room;

	(void)getrlimit(RLIMIT_NOFILE, &files); /* else the usual number */
	room = files.rlim_cur > 2 * SPARE_FDS ? files.rlim_cur - SPARE_FDS
					      : files.rlim_cur / 2;
	if (!conf->max_connections)
		conf->max_connections = 10000;
	if (conf->max_connections > room)
		conf->max_connections = (unsigned)room;
	if (!conf->max_per_ip) /* nobody takes all of it */
		conf->max_per_ip = (conf->max_connections + 1) / 2;
	if (!conf->request_timeout_ms)
		conf->request_timeout_ms = 15 * 1000;
	if (!conf->idle_timeout_ms)
		conf->idle_timeout_ms = 60 * 1000;
	if (!conf->stall_timeout_ms)
		conf->stall_timeout_ms = 10 * 60 * 1000;
	if (!conf->heartbeat_ms)
		conf->heartbeat_ms = 15 * 1000;
}

/* Its own timeouts are off: they reset with every byte, and do not cover
 * suspended connections; connections_tick() does both. Nor is it strict: it
 * would refuse a request without Host by itself, with the head of its answer
 * sent twice (0.9.75); check.c does it. */
static int
start_mhd(struct http *http, int fd)
{
	const union MHD_DaemonInfo *info;

	http->mhd = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME |
					     MHD_USE_ERROR_LOG |
					     (http->tls ? MHD_USE_TLS : 0),
		0, NULL, NULL, request_go_on, http, MHD_OPTION_EXTERNAL_LOGGER,
		log_mhd, NULL, MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_CONNECTION_LIMIT, http->conf.max_connections,
		MHD_OPTION_CONNECTION_TIMEOUT, 0u,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)POOL_SIZE,
		MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
		MHD_OPTION_URI_LOG_CALLBACK, request_begin, http,
		MHD_OPTION_NOTIFY_COMPLETED, request_completed, http,
		MHD_OPTION_NOTIFY_CONNECTION, connection_notify, http,
		/* the end of the list, or two more */
		http->tls ? MHD_OPTION_HTTPS_PRIORITIES : MHD_OPTION_END,
		HTTP_TLS_PRIORITIES, MHD_OPTION_HTTPS_CERT_CALLBACK2,
		http_tls_ask, MHD_OPTION_END);
	if (!http->mhd) {
		(void)close(fd); /* given to MHD only when it starts */
		return -ENOMEM;
	}
	info = MHD_get_daemon_info(http->mhd, MHD_DAEMON_INFO_EPOLL_FD);
	http->watch = loop_watch_new(
		http->loop, info->epoll_fd, LOOP_READ, on_ready, http);
	return http->watch ? 0 : -ENOMEM;
}

int
http_new(struct loop *loop, const struct http_conf *conf, struct http **out,
	uint16_t *port, struct err *err)
{
	struct http *http = calloc(1, sizeof *http);
	int fd, r = -ENOMEM;

	if (!http)
		return err_set(err, -ENOMEM, "out of memory");
	http->loop = loop;
	http->conf = *conf;
	set_defaults(&http->conf);
	http_count_begin(http);
	http->shares = shares_new(http->conf.max_per_ip);
	http->flush = loop_flush_new(loop, run, http);
	http->kick = loop_timer_new(loop, nothing, NULL);
	http->tick = loop_timer_new(loop, connections_tick, http);
	http->stop_timer = loop_timer_new(loop, http_stop_now, http);
	if (!http->shares || !http->flush || !http->kick || !http->tick ||
		!http->stop_timer) {
		(void)err_set(err, r, "out of memory");
		goto undo;
	}
	if (conf->tls) {
		r = http_tls_show(conf->tls, err);
		if (r < 0)
			goto undo;
		http->tls = true;
	}
	fd = listen_on(conf->host, conf->port, port, err);
	if (fd < 0) {
		r = fd;
		goto undo;
	}
	r = start_mhd(http, fd);
	if (r < 0) {
		(void)err_set(err, r, "cannot start the HTTP server");
		goto undo;
	}
	*out = http;
	return 0;

undo:
	http_free(http);
	return r;
}

int
http_set_tls(struct http *http, const struct http_tls *tls, struct err *err)
{
	if (!http->tls)
		return err_set(
			err, -EINVAL, "the server has begun without TLS");
	return http_tls_show(tls, err);
}

size_t
http_connections(const struct http *http)
{
	return http->n_conns;
}

/* ---------------------------------------------------------------- stopping */

static void
stop_mhd(struct http *http)
{
	if (!http->mhd)
		return;
	http->stopping = true;
	/* MHD insists that nothing is suspended when it stops. */
	for (struct http_conn *c = http->conns; c; c = c->next)
		if (c->req) {
			request_gone(c->req);
			c->req->dead = true;
			request_resume(c->req);
		}
	(void)MHD_run(http->mhd);
	loop_watch_free(http->watch); /* before MHD closes the descriptor */
	http->watch = NULL;
	MHD_stop_daemon(http->mhd);
	http->mhd = NULL;
}

void
http_stop_now(void *arg)
{
	struct http *http = arg;
	loop_fn *done = TAKE(http->done);

	stop_mhd(http);
	loop_timer_stop(http->tick);
	if (done)
		done(http->done_arg);
}

void
http_stop(struct http *http, int64_t grace_ms, loop_fn *done, void *done_arg)
{
	int fd;

	http->done = done;
	http->done_arg = done_arg;
	http->stopping = true;
	fd = MHD_quiesce_daemon(http->mhd);
	if (fd >= 0)
		(void)close(fd);
	for (struct http_conn *c = http->conns; c; c = c->next) {
		if (c->req && c->req->arrived)
			request_stop(c->req);
		else
			connection_shut(c);
	}
	http_kick(http);
	loop_timer_set(http->stop_timer, http->n_conns ? grace_ms : 0);
}

void
http_free(struct http *http)
{
	if (!http)
		return;
	stop_mhd(http);
	assert(http->n_conns == 0);
	loop_flush_free(http->flush);
	loop_timer_free(http->kick);
	loop_timer_free(http->tick);
	loop_timer_free(http->stop_timer);
	shares_free(http->shares);
	if (http->tls)
		http_tls_hide();
	free(http);
}
