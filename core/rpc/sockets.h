/* sockets.h - the sockets of our port, which gRPC has to itself
 *
 * Inside core/rpc only. gRPC neither shows nor counts them; the kernel does, by
 * /proc/self/fd. It may close any of them at any moment. */
#ifndef NODELINK_RPC_SOCKETS_H
#define NODELINK_RPC_SOCKETS_H

#include <dirent.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

struct sockets {
	DIR *fds;
	uint16_t port;
};

/* 0 or -errno. sockets_close() in any case, also of what is zeroed. */
int sockets_open(struct sockets *s, uint16_t port);
void sockets_close(struct sockets *s);

/* fn for each, those that listen too. */
typedef void sockets_fn(void *arg, int fd);
void sockets_each(struct sockets *s, sockets_fn *fn, void *arg);
/* A descriptor of our own for it, to be closed by the caller; -1: it is no
 * socket of ours any more, or there are no more descriptors. */
int sockets_hold(const struct sockets *s, int fd);

struct peer { /* without padding: it may be a key */
	struct in6_addr address; /* IPv4 is mapped */
	uint16_t port, family;
	uint32_t scope; /* interface of a link-local address */
	/* The socket's: another connection may have the same address and port
	 * as soon as this one has ended. */
	uint64_t inode;
};

/* false: there is none, it listens or has ended. */
bool sockets_peer(int fd, struct peer *out);

#endif
