/* guard.c - cuts connections that make gRPC hold memory without end
 *
 * The kernel counts what was received (TCP_INFO) and what time of processors
 * we have used (ITIMER_PROF), so that an idle server is not woken for this. */
#include "rpc/guard.h"

#include <arpa/inet.h>
#include <dirent.h>
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
	DIR *fds;
	uint16_t port;
	guard_messages_fn *messages;
	guard_cut_fn *cut;
	void *arg;
	uint64_t floor; /* pages that are no reason for a watch */
	unsigned calm; /* ticks that are left of it */
	struct seen *seen;
};

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
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

static uint16_t
port_of(const union address *a)
{
	switch (a->any.sa_family) {
	case AF_INET: return ntohs(a->in.sin_port);
	case AF_INET6: return ntohs(a->in6.sin6_port);
	default: return 0;
	}
}

/* A socket of our port. */
static bool
is_ours(const struct guard *g, int fd)
{
	union address a;
	socklen_t len = sizeof a;

	return getsockname(fd, &a.any, &len) == 0 && port_of(&a) == g->port;
}

/* As gRPC writes it; false: a connection that nobody far away can have. */
static bool
peer_of(int fd, char out[PEER])
{
	union address a;
	socklen_t len = sizeof a;
	char text[INET6_ADDRSTRLEN];
	const void *in = &a.in.sin_addr;
	int family = AF_INET;

	if (getpeername(fd, &a.any, &len) < 0)
		return false;
	if (a.any.sa_family == AF_INET6) {
		if (IN6_IS_ADDR_LINKLOCAL(&a.in6.sin6_addr))
			return false; /* written with an interface */
		family = IN6_IS_ADDR_V4MAPPED(&a.in6.sin6_addr) ? AF_INET
								: AF_INET6;
		in = a.in6.sin6_addr.s6_addr + (family == AF_INET ? 12 : 0);
	}
	if (!inet_ntop(family, in, text, sizeof text))
		return false;
	(void)snprintf(out, PEER,
		family == AF_INET ? "ipv4:%s:%u" : "ipv6:%%5B%s%%5D:%u", text,
		port_of(&a));
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
look_at(struct guard *g, int fd)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof info;
	char peer[PEER];

	if (!is_ours(g, fd) ||
		getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0 ||
		info.tcpi_bytes_received < EXCESS_MAX || !peer_of(fd, peer) ||
		!is_flood(g, peer, info.tcpi_bytes_received))
		return;
	(void)shutdown(fd, SHUT_RDWR); /* it may have gone by itself */
	loop_timer_set(g->trim, TRIM_AFTER_MS);
	g->cut(g->arg, peer);
}

/* What was held for a flood goes back to the kernel. */
static void
trim(void *arg)
{
	(void)arg;
	(void)malloc_trim(0); /* whether there was something */
}

/* With a descriptor of its own, since gRPC may close its. */
static void
each_socket(struct guard *g, void (*fn)(struct guard *g, int fd))
{
	const struct dirent *entry;

	rewinddir(g->fds);
	while ((entry = readdir(g->fds))) {
		uint64_t number;
		int fd;

		if (parse_u64(entry->d_name, 0, INT32_MAX, &number) < 0 ||
			!is_ours(g, (int)number))
			continue;
		fd = fcntl((int)number, F_DUPFD_CLOEXEC, 0);
		if (fd < 0)
			continue;
		fn(g, fd);
		(void)close(fd); /* a copy */
	}
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
	each_socket(g, look_at);
	if (--g->calm == 0)
		forget(g);
}

/* What is in the kernel's buffer is read even after the cut. */
static void
limit_buffer(struct guard *g, int fd)
{
	const int size = RECEIVE_BUFFER;

	(void)g;
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
	g->port = port;
	g->messages = messages;
	g->cut = cut;
	g->arg = arg;
	g->statm = fd_open("/proc/self/statm", O_RDONLY);
	g->fds = opendir("/proc/self/fd");
	if (g->statm < 0 || !g->fds)
		return err_set(err, -ENOENT, "/proc is not there");
	g->signal = loop_signal_new(loop, SIGPROF, tick, g);
	g->trim = loop_timer_new(loop, trim, g);
	if (!g->signal || !g->trim)
		return err_set(err, -ENOMEM, "cannot wait for signals");
	each_socket(g, limit_buffer);
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
	if (g->fds)
		(void)closedir(g->fds);
	forget(g);
	free(g);
}
