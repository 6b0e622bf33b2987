/* connection.c - connections: noticing that they end, ending those that linger
 *
 * MHD does not poll a suspended connection, so a client that leaves is noticed
 * by a watch of ours on the same descriptor. And it restarts its timeout with
 * every byte, so the deadline for a request as a whole is ours too. */
#include "http/internal.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/rates.h"
#include "base/shares.h"

enum {
	TICK_MS = 1000,
	KEEPALIVE_IDLE_S = 30, /* for peers that vanished */
	KEEPALIVE_EVERY_S = 10,
	KEEPALIVE_TRIES = 3,
};

void
connection_touch(struct http_conn *conn)
{
	conn->since_ms = clock_ms();
}

/* MHD sees the end of file and tears the connection down by itself. */
void
connection_shut(struct http_conn *conn)
{
	(void)shutdown(conn->fd, SHUT_RDWR); /* gone already: as good */
}

static int64_t
tick_ms(const struct http *http)
{
	int64_t shortest = http->conf.heartbeat_ms;

	if (http->conf.request_timeout_ms < shortest)
		shortest = http->conf.request_timeout_ms;
	return shortest / 4 < TICK_MS ? shortest / 4 : TICK_MS;
}

/* MHD has such a limit, too, but in IPv6 a client has many addresses. */
static int
take_share(struct http *http, struct MHD_Connection *mhd, struct share **out)
{
	char peer[HTTP_PEER], name[RATES_NAME];

	return shares_take(http->shares,
		rates_address(request_peer(mhd, peer), name), out);
}

static void
connection_opened(struct http *http, struct MHD_Connection *mhd, void **out)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
	int yes = 1, idle = KEEPALIVE_IDLE_S, every = KEEPALIVE_EVERY_S,
	    tries = KEEPALIVE_TRIES;
	struct http_conn *conn = calloc(1, sizeof *conn);

	*out = NULL; /* its first request is refused */
	if (!conn)
		return;
	if (take_share(http, mhd, &conn->share) != SHARES_OK) {
		(void)shutdown(info->connect_fd, SHUT_RDWR); /* or it has */
		free(conn);
		return;
	}
	*out = conn;
	conn->http = http;
	conn->mhd = mhd;
	conn->fd = info->connect_fd;
	connection_touch(conn);
	/* All may fail where the socket is no TCP socket: nothing lost. */
	(void)setsockopt(conn->fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
	(void)setsockopt(
		conn->fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
	(void)setsockopt(
		conn->fd, IPPROTO_TCP, TCP_KEEPINTVL, &every, sizeof every);
	(void)setsockopt(
		conn->fd, IPPROTO_TCP, TCP_KEEPCNT, &tries, sizeof tries);
	conn->next = http->conns;
	if (conn->next)
		conn->next->prev = conn;
	http->conns = conn;
	if (http->n_conns++ == 0)
		loop_timer_set(http->tick, tick_ms(http));
}

static void
connection_closed(struct http_conn *conn)
{
	struct http *http = conn->http;

	if (conn->prev)
		conn->prev->next = conn->next;
	else
		http->conns = conn->next;
	if (conn->next)
		conn->next->prev = conn->prev;
	loop_watch_free(conn->watch); /* MHD closes the descriptor after this */
	share_give_back(conn->share);
	free(conn);
	http->n_conns--;
	if (http->stopping && http->n_conns == 0)
		loop_timer_set(http->stop_timer, 0);
}

void
connection_notify(void *cls, struct MHD_Connection *mhd, void **conn,
	enum MHD_ConnectionNotificationCode what)
{
	if (what == MHD_CONNECTION_NOTIFY_STARTED)
		connection_opened(cls, mhd, conn);
	else if (*conn)
		connection_closed(*conn);
}

static void
recheck(struct http_conn *conn)
{
	const struct http_request *req = conn->req;

	if (req && req->user && !conn->http->conf.gate->still(req->user))
		connection_shut(conn);
}

void
http_recheck(struct http *http)
{
	for (struct http_conn *c = http->conns; c; c = c->next)
		recheck(c);
}

/* ----------------------------------------------------------------- hang-up */

static void
on_hangup(void *arg, int fd, unsigned ready)
{
	struct http_conn *conn = arg;

	(void)fd;
	(void)ready;
	(void)loop_watch_set(conn->watch, 0); /* it would fire for ever */
	if (!conn->req)
		return; /* MHD polls this one itself */
	conn->req->dead = true;
	request_gone(conn->req);
	request_resume(conn->req);
}

int
connection_watch(struct http_conn *conn)
{
	if (conn->watch)
		return loop_watch_set(conn->watch, LOOP_HANGUP);
	conn->watch = loop_watch_new(
		conn->http->loop, conn->fd, LOOP_HANGUP, on_hangup, conn);
	return conn->watch ? 0 : -1;
}

/* -------------------------------------------------------------------- tick */

static void
check_connection(struct http_conn *conn, int64_t now)
{
	const struct http_conf *conf = &conn->http->conf;
	struct http_request *req = conn->req;
	int64_t silent = now - conn->since_ms;

	recheck(conn); /* its user's time may be over */
	if (!req || !req->arrived) {
		if (silent >= (conn->idle ? conf->idle_timeout_ms
					  : conf->request_timeout_ms))
			connection_shut(conn);
	} else if (req->suspended) {
		if (req->comments && silent >= conf->heartbeat_ms) {
			req->comment_due = true;
			http_stream_wake(req);
		}
	} else if (silent >= conf->stall_timeout_ms) {
		connection_shut(conn);
	}
}

void
connections_tick(void *arg)
{
	struct http *http = arg;
	int64_t now = clock_ms();

	for (struct http_conn *c = http->conns; c; c = c->next)
		check_connection(c, now);
	if (http->n_conns)
		loop_timer_set(http->tick, tick_ms(http));
}
