/* sockets.c - the sockets of our port, which gRPC has to itself */
#include "rpc/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/parse.h"

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

int
sockets_open(struct sockets *s, uint16_t port)
{
	s->port = port;
	s->fds = opendir("/proc/self/fd");
	return s->fds ? 0 : -errno;
}

void
sockets_close(struct sockets *s)
{
	if (s->fds)
		(void)closedir(s->fds);
	s->fds = NULL;
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

static bool
is_ours(const struct sockets *s, int fd)
{
	union address a;
	socklen_t len = sizeof a;

	return getsockname(fd, &a.any, &len) == 0 && port_of(&a) == s->port;
}

void
sockets_each(struct sockets *s, sockets_fn *fn, void *arg)
{
	const struct dirent *entry;

	rewinddir(s->fds);
	while ((entry = readdir(s->fds))) {
		uint64_t fd;

		if (parse_u64(entry->d_name, 0, INT32_MAX, &fd) == 0 &&
			is_ours(s, (int)fd))
			fn(arg, (int)fd);
	}
}

int
sockets_hold(const struct sockets *s, int fd)
{
	int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	if (own < 0 || is_ours(s, own))
		return own < 0 ? -1 : own;
	(void)close(own); /* a copy of another's */
	return -1;
}

bool
sockets_peer(int fd, struct peer *out)
{
	union address a;
	socklen_t len = sizeof a;
	struct stat st;

	if (getpeername(fd, &a.any, &len) < 0 || fstat(fd, &st) < 0)
		return false;
	*out = (struct peer){ .port = port_of(&a),
		.family = a.any.sa_family,
		.inode = st.st_ino };
	if (a.any.sa_family == AF_INET6) {
		out->address = a.in6.sin6_addr;
		out->scope = a.in6.sin6_scope_id;
		return true;
	}
	out->address.s6_addr[10] = out->address.s6_addr[11] = 0xff;
	memcpy(&out->address.s6_addr[12], &a.in.sin_addr, 4);
	return true;
}
