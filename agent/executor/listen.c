/* listen.c - the executor's unix socket: who may connect, and the newest wins
 *
 * The socket's file belongs to the uplink's user, so that no other can connect
 * but root. Only root can give it to somebody else; the next monitor does when
 * the uplink has another user by then. */
#include "executor/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"

struct listener {
	struct executor *ex;
	struct loop_watch *watch;
	char *path; /* NULL: not ours yet */
	int fd;
	int spare; /* given up for one connection when none is left */
};

/* To root if it is ours. */
static uid_t
uplink_uid(const struct listener *l)
{
	struct stat st;

	return stat(l->path, &st) < 0 ? 0 : st.st_uid;
}

static bool
may_connect(const struct listener *l, int fd)
{
	struct ucred peer;
	socklen_t len = sizeof peer;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0) {
		log_warn(-errno, "connection refused: peer unknown");
		return false;
	}
	if (peer.uid == geteuid() || peer.uid == 0 || peer.uid == uplink_uid(l))
		return true;
	log_warn(0, "connection of process %d refused: it runs as user %d",
		(int)peer.pid, (int)peer.uid);
	return false;
}

/* An executor whose tasks have used up all descriptors must still be reached,
 * to cancel them. */
static int
accept_one(struct listener *l)
{
	const int flags = SOCK_CLOEXEC | SOCK_NONBLOCK;
	int fd = accept4(l->fd, NULL, NULL, flags);

	if (fd >= 0 || (errno != EMFILE && errno != ENFILE) || l->spare < 0)
		return fd;
	(void)close(TAKE_FD(l->spare));
	return accept4(l->fd, NULL, NULL, flags);
}

static void
serve(struct listener *l, int take_fd)
{
	AUTO_CLOSE int fd = take_fd;

	if (may_connect(l, fd))
		executor_serve(l->ex, TAKE_FD(fd));
}

static void
acceptable(void *arg, int listen_fd, unsigned ready)
{
	struct listener *l = arg;
	int fd = accept_one(l);

	(void)listen_fd;
	(void)ready;
	if (fd >= 0)
		serve(l, fd);
	else if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR)
		log_warn(-errno, "cannot accept the uplink");
	if (l->spare < 0) /* the uplink before this one has left its own */
		l->spare = fd_open("/dev/null", O_RDONLY);
}

/* A socket's file outlives its process; only connect() tells. */
static bool
is_alive(const struct sockaddr_un *addr)
{
	AUTO_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd >= 0 &&
	       connect(fd, (const struct sockaddr *)addr, sizeof *addr) == 0;
}

static int
open_socket(struct listener *l, const char *path, uid_t owner, struct err *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	const struct sockaddr *a = (const struct sockaddr *)&addr;

	if (strlen(path) >= sizeof addr.sun_path)
		return err_set(err, -ENAMETOOLONG,
			"socket path '%s' is longer than %zu bytes", path,
			sizeof addr.sun_path - 1);
	(void)snprintf(addr.sun_path, sizeof addr.sun_path, "%s", path);
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd < 0)
		return err_set(err, -errno, "cannot make a socket: %s",
			err_name(errno));
	if (is_alive(&addr))
		return err_set(err, -EADDRINUSE,
			"another executor listens on '%s'", path);
	if (unlink(path) < 0 && errno != ENOENT)
		return err_set(err, -errno, "cannot remove the old '%s': %s",
			path, err_name(errno));
	if (bind(l->fd, a, sizeof addr) < 0)
		return err_set(err, -errno, "cannot bind '%s': %s", path,
			err_name(errno));
	l->path = strdup(path);
	if (chmod(path, 0600) < 0 || chown(path, owner, (gid_t)-1) < 0 ||
		listen(l->fd, 8) < 0 || !l->path)
		return err_set(err, -errno, "cannot listen on '%s': %s", path,
			err_name(errno));
	return 0;
}

int
listen_start(struct loop *loop, const char *path, uid_t owner,
	struct executor *ex, struct listener **out, struct err *err)
{
	AUTO(listen_stop) struct listener *l = calloc(1, sizeof *l);
	int r;

	if (!l)
		return err_set(err, -ENOMEM, "out of memory");
	l->fd = -1;
	l->spare = fd_open("/dev/null", O_RDONLY);
	l->ex = ex;
	r = open_socket(l, path, owner, err);
	if (r < 0)
		return r;
	l->watch = loop_watch_new(loop, l->fd, LOOP_READ, acceptable, l);
	if (!l->watch)
		return err_set(err, -ENOMEM, "out of memory");
	*out = TAKE(l);
	return 0;
}

void
listen_stop(struct listener *l)
{
	if (!l)
		return;
	loop_watch_free(l->watch);
	if (l->path)
		(void)unlink(l->path);
	if (l->fd >= 0)
		(void)close(l->fd);
	if (l->spare >= 0)
		(void)close(l->spare);
	free(l->path);
	free(l);
}
