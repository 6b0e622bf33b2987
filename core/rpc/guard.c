/* guard.c - cuts connections that make gRPC hold memory without end
 *
 * The kernel counts what was received (TCP_INFO) and what time of processors
 * we have used (ITIMER_PROF), so that an idle server is not woken for this. */
#include "rpc/guard.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/parse.h"
#include "rpc/sockets.h"

enum {
	TICK_US = 50 * 1000, /* of processors' time */
	GROWTH_PAGES = 16 << 8, /* 16 MiB, that begin a watch */
	CALM_TICKS = 40, /* that end it */
	TRIM_AFTER_MS = 1000,
	/* Received and in no message yet: one that is not complete, what the
	 * windows of flow control and the kernel's buffer may hold of an honest
	 * peer, and some. */
	EXCESS_MAX = LIMIT_MESSAGE + (512 << 10),
	RECEIVE_BUFFER = 128 << 10,
	PEER = 64,
};

struct seen { /* a connection while it is watched */
	char peer[PEER];
	uint64_t received, messages; /* at first */
	uint64_t ended; /* in messages of streams that have ended since */
	bool cut;
	UT_hash_handle hh;
};

struct guard {
	struct loop_signal *signal;
	struct loop_timer *trim; /* after a cut */
	int statm;
	struct sockets sockets;
	guard_messages_fn *messages;
	guard_cut_fn *cut;
	void *arg;
	uint64_t floor; /* pages that are no reason for a watch */
	unsigned calm; /* ticks that are left of it */
	struct seen *seen;
};

static uint64_t
pages(const struct guard *g)
{
	char text[64];
	ssize_t n = pread(g->statm, text, sizeof text - 1, 0);
	uint64_t size = 0;
	char *word;

	text[n > 0 ? n : 0] = 0;
	word = strchr(text, ' ');
	if (word) {
		word[1 + strcspn(word + 1, " ")] = 0;
		(void)parse_u64(word + 1, 0, UINT64_MAX, &size); /* 0 then */
	}
	return size;
}

/* As gRPC writes it; false: a connection that nobody far away can have. */
static bool
peer_of(int fd, char out[PEER])
{
	struct peer peer;
	char text[INET6_ADDRSTRLEN];
	bool v4;

	if (!sockets_peer(fd, &peer) || IN6_IS_ADDR_LINKLOCAL(&peer.address))
		return false; /* that is written with an interface */
	v4 = IN6_IS_ADDR_V4MAPPED(&peer.address);
	if (!inet_ntop(v4 ? AF_INET : AF_INET6,
		    peer.address.s6_addr + (v4 ? 12 : 0), text, sizeof text))
		return false;
	(void)snprintf(out, PEER, v4 ? "ipv4:%s:%u" : "ipv6:%%5B%s%%5D:%u",
		text, peer.port);
	return true;
}

static void
forget(struct guard *g)
{
	struct seen *s, *next;

	HASH_ITER(hh, g->seen, s, next) {
		HASH_DEL(g->seen, s);
		free(s);
	}
}

static struct seen *
see(struct guard *g, const char *peer, uint64_t received, uint64_t messages)
{
	struct seen *s;

	HASH_FIND_STR(g->seen, peer, s);
	if (s)
		return s;
	s = calloc(1, sizeof *s);
	if (!s)
		return NULL;
	(void)snprintf(s->peer, sizeof s->peer, "%s", peer);
	s->received = received;
	s->messages = messages;
	HASH_ADD_STR(g->seen, peer, s);
	return s;
}

/* Is it to be cut? */
static bool
is_flood(struct guard *g, const char *peer, uint64_t received)
{
	uint64_t messages = g->messages(g->arg, peer);
	struct seen *s = see(g, peer, received, messages);

	if (!s || s->cut)
		return false;
	s->cut = received - s->received >
		 messages + s->ended - s->messages + EXCESS_MAX;
	return s->cut;
}

static void
look_at(void *arg, int fd)
{
	struct guard *g = arg;
	struct tcp_info info = { 0 };
	socklen_t len = sizeof info;
	char peer[PEER];

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0 ||
		info.tcpi_bytes_received < EXCESS_MAX || !peer_of(fd, peer) ||
		!is_flood(g, peer, info.tcpi_bytes_received))
		return;
	(void)shutdown(fd, SHUT_RDWR); /* it may have gone by itself */
	loop_timer_set(g->trim, TRIM_AFTER_MS);
	g->cut(g->arg, peer);
}

/* With a descriptor of its own, since gRPC may close its. */
static void
hold_and_look(void *arg, int fd)
{
	struct guard *g = arg;
	int own = sockets_hold(&g->sockets, fd);

	if (own < 0)
		return;
	look_at(g, own);
	(void)close(own); /* a copy */
}

/* What was held for a flood goes back to the kernel. */
static void
trim(void *arg)
{
	(void)arg;
	(void)malloc_trim(0); /* whether there was something */
}

static void
tick(void *arg, int signo)
{
	struct guard *g = arg;
	uint64_t now = pages(g);

	(void)signo;
	if (now > g->floor + GROWTH_PAGES) {
		g->floor = now;
		g->calm = CALM_TICKS;
	} else if (now < g->floor) {
		g->floor = now;
	}
	if (!g->calm)
		return;
	sockets_each(&g->sockets, hold_and_look, g);
	if (--g->calm == 0)
		forget(g);
}

/* What is in the kernel's buffer is read even after the cut. */
static void
limit_buffer(void *arg, int fd)
{
	const int size = RECEIVE_BUFFER;

	(void)arg;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
}

static void
set_timer(suseconds_t us)
{
	const struct itimerval every = { { 0, us }, { 0, us } };

	(void)setitimer(ITIMER_PROF, &every, NULL); /* cannot fail so */
}

int
guard_new(struct loop *loop, uint16_t port, guard_messages_fn *messages,
	guard_cut_fn *cut, void *arg, struct guard **out, struct err *err)
{
	AUTO(guard_free) struct guard *g = calloc(1, sizeof *g);

	if (!g)
		return err_set(err, -ENOMEM, "out of memory");
	g->messages = messages;
	g->cut = cut;
	g->arg = arg;
	g->statm = fd_open("/proc/self/statm", O_RDONLY);
	if (g->statm < 0 || sockets_open(&g->sockets, port) < 0)
		return err_set(err, -ENOENT, "/proc is not there");
	g->signal = loop_signal_new(loop, SIGPROF, tick, g);
	g->trim = loop_timer_new(loop, trim, g);
	if (!g->signal || !g->trim)
		return err_set(err, -ENOMEM, "cannot wait for signals");
	sockets_each(&g->sockets, limit_buffer, NULL);
	g->floor = pages(g);
	set_timer(TICK_US);
	*out = TAKE(g);
	return 0;
}

void
guard_ended(struct guard *g, const char *peer, uint64_t in_messages)
{
	struct seen *s;

	HASH_FIND_STR(g->seen, peer, s);
	if (s)
		s->ended += in_messages;
}

void
guard_free(struct guard *g)
{
	if (!g)
		return;
	set_timer(0); /* none is pending when this returns */
	loop_signal_free(g->signal);
	loop_timer_free(g->trim);
	if (g->statm >= 0)
		(void)close(g->statm);
	sockets_close(&g->sockets);
	forget(g);
	free(g);
}
