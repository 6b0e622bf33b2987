/* crowd.c - how many connections our port has, of one address and in all
 *
 * Three things have us look. The listening socket is readable: it mostly wakes
 * us as well as gRPC, but not when gRPC was faster. Something was new a second
 * ago. And processors' time has passed (guard.c sets that timer), without which
 * nobody has come in numbers. So an idle server is not woken. */
#include "rpc/crowd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/rates.h"
#include "base/shares.h"
#include "rpc/sockets.h"

enum {
	LISTENERS =
		4, /* "localhost" has two; of more the rest is not watched */
	SOON_MS = 20, /* for others to come as well */
	AGAIN_MS = 1000,
	PART = 20, /* of the time may be spent with looking */
};

struct one { /* connection */
	struct peer peer;
	int fd; /* when it was seen last */
	uint64_t look; /* at which that was */
	bool judged; /* it has a share, or is cut */
	struct share *share;
	UT_hash_handle hh;
};

struct crowd {
	struct crowd_conf conf;
	struct sockets sockets;
	struct {
		int fd; /* a copy, since gRPC may close its */
		struct loop_watch *watch;
	} listeners[LISTENERS];
	size_t n_listeners;
	struct loop_signal *signal;
	struct loop_timer *timer;
	int64_t next_ms; /* not before */
	uint64_t look; /* the number of this one */
	struct one *all; /* in the order of their coming */
	struct shares *shares;
	unsigned n; /* not cut */
	bool news;
	struct {
		unsigned n;
		char address[RATES_NAME]; /* the last one's */
		bool of_address;
	} cut; /* at this look */
};

/* ----------------------------------------------------------------- counting */

static void
meet(void *arg, int fd)
{
	struct crowd *c = arg;
	struct peer peer;
	struct one *one;

	if (!sockets_peer(fd, &peer))
		return;
	HASH_FIND(hh, c->all, &peer, sizeof peer, one);
	if (!one) {
		one = calloc(1, sizeof *one);
		if (!one)
			return; /* met at the next look */
		one->peer = peer;
		HASH_ADD(hh, c->all, peer, sizeof one->peer, one);
		c->news = true;
	}
	one->fd = fd;
	one->look = c->look;
}

static void
leave(struct crowd *c, struct one *one)
{
	if (one->share)
		c->n--;
	share_give_back(one->share);
	HASH_DEL(c->all, one);
	free(one);
}

/* false: it has left, or no descriptor is free, as may be when many have come:
 * the next look tells. */
static bool
cut(struct crowd *c, const struct one *one, const char *name, bool of_address)
{
	int fd = sockets_hold(&c->sockets, one->fd);
	struct peer peer;

	if (fd < 0)
		return false;
	if (sockets_peer(fd, &peer) &&
		memcmp(&peer, &one->peer, sizeof peer) == 0) {
		(void)shutdown(fd, SHUT_RDWR); /* gone already: as good */
		c->cut.n++;
		(void)snprintf(c->cut.address, RATES_NAME, "%s", name);
		c->cut.of_address = of_address;
	}
	(void)close(fd); /* a copy */
	return true;
}

static void
judge(struct crowd *c, struct one *one)
{
	char text[INET6_ADDRSTRLEN] = "", name[RATES_NAME];
	int r;

	(void)inet_ntop(AF_INET6, &one->peer.address, text, sizeof text);
	(void)rates_address(text, name);
	if (c->n >= c->conf.max) {
		one->judged = cut(c, one, name, false);
		return;
	}
	r = shares_take(c->shares, name, &one->share);
	if (r == SHARES_FULL)
		one->judged = cut(c, one, name, true);
	else
		one->judged = r == SHARES_OK; /* else out of memory */
	if (r == SHARES_OK)
		c->n++;
}

/* Who has left stands before whoever is new. */
static void
look(struct crowd *c)
{
	int64_t start_us = clock_us(), took_us;
	struct one *one, *next;

	c->look++;
	c->news = false;
	c->cut.n = 0;
	sockets_each(&c->sockets, meet, c);
	HASH_ITER(hh, c->all, one, next) {
		if (one->look != c->look) {
			leave(c, one);
			continue;
		}
		if (!one->judged)
			judge(c, one);
		c->news = c->news || !one->judged;
	}
	if (c->cut.n && c->conf.cut)
		c->conf.cut(c->conf.arg, c->cut.n, c->cut.address,
			c->cut.of_address);
	took_us = clock_us() - start_us;
	c->next_ms = clock_ms() + SOON_MS + took_us * PART / 1000;
}

/* ------------------------------------------------------------------ looking */

static void
listen_for(struct crowd *c, unsigned events)
{
	for (size_t i = 0; i < c->n_listeners; i++)
		(void)loop_watch_set(c->listeners[i].watch, events);
}

static void
on_timer(void *arg)
{
	struct crowd *c = arg;

	look(c);
	if (c->news)
		loop_timer_set(c->timer, AGAIN_MS);
	listen_for(c, LOOP_READ);
}

static void
on_ready(void *arg, int fd, unsigned ready)
{
	struct crowd *c = arg;
	int64_t wait_ms = c->next_ms - clock_ms();

	(void)fd;
	(void)ready;
	listen_for(c, 0); /* it would come for each of them */
	loop_timer_set(c->timer, wait_ms > SOON_MS ? wait_ms : SOON_MS);
}

static void
on_tick(void *arg, int signo)
{
	struct crowd *c = arg;

	(void)signo;
	if (clock_ms() >= c->next_ms)
		on_timer(c);
}

/* --------------------------------------------------------------------- life */

static void
watch(void *arg, int fd)
{
	struct crowd *c = arg;
	int listens = 0;
	socklen_t len = sizeof listens;
	int own;

	if (c->n_listeners == LISTENERS ||
		getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) < 0 ||
		!listens)
		return;
	own = sockets_hold(&c->sockets, fd);
	if (own < 0)
		return;
	c->listeners[c->n_listeners].fd = own;
	c->listeners[c->n_listeners++].watch =
		loop_watch_new(c->conf.loop, own, LOOP_READ, on_ready, c);
}

int
crowd_new(const struct crowd_conf *conf, struct crowd **out, struct err *err)
{
	AUTO(crowd_free) struct crowd *c = calloc(1, sizeof *c);

	if (!c)
		return err_set(err, -ENOMEM, "out of memory");
	c->conf = *conf;
	if (!c->conf.max)
		c->conf.max = UINT_MAX;
	if (!c->conf.max_per_address)
		c->conf.max_per_address = UINT_MAX;
	if (sockets_open(&c->sockets, conf->port) < 0)
		return err_set(err, -ENOENT, "/proc is not there");
	c->shares = shares_new(c->conf.max_per_address);
	c->timer = loop_timer_new(conf->loop, on_timer, c);
	c->signal = loop_signal_new(conf->loop, SIGPROF, on_tick, c);
	if (!c->shares || !c->timer || !c->signal)
		return err_set(err, -ENOMEM, "out of memory");
	sockets_each(&c->sockets, watch, c);
	for (size_t i = 0; i < c->n_listeners; i++)
		if (!c->listeners[i].watch)
			return err_set(err, -ENOMEM, "out of memory");
	*out = TAKE(c);
	return 0;
}

void
crowd_free(struct crowd *c)
{
	struct one *one, *next;

	if (!c)
		return;
	for (size_t i = 0; i < c->n_listeners; i++) {
		loop_watch_free(c->listeners[i].watch);
		(void)close(c->listeners[i].fd); /* a copy */
	}
	loop_signal_free(c->signal);
	loop_timer_free(c->timer);
	HASH_ITER(hh, c->all, one, next)
		leave(c, one);
	shares_free(c->shares);
	sockets_close(&c->sockets);
	free(c);
}
