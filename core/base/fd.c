/* fd.c - descriptors: always close-on-exec, errors as -errno */
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

enum { READ_STEP = 16384 };

int
fd_open(const char *path, int flags)
{
	int fd;

	do
		fd = open(path, flags | O_CLOEXEC, 0600);
	while (fd < 0 && errno == EINTR);
	return fd < 0 ? -errno : fd;
}

int
fd_hold_standard(char **argv)
{
	bool taken = false;

	/* In this order, since open() gives the lowest number that is free. */
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		int flags = fcntl(fd, F_GETFD), null;

		if (flags >= 0 && !(flags & FD_CLOEXEC))
			continue;
		/* Inherited by what we start, as those would be. */
		null = open(
			"/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
		if (null < 0)
			return -errno;
		if (null == fd)
			continue;
		/* What we have inherited is not close-on-exec: a library has
		 * opened it since (gRPC does before main()). */
		taken = true;
		if (dup2(null, fd) < 0)
			return -errno;
		(void)close(null);
	}
	if (!taken)
		return 0;
	(void)execv("/proc/self/exe", argv);
	return -errno;
}

int
fd_pipe(int out[2], bool nonblocking_reader)
{
	int fds[2], r;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	/* A new pipe has no other flag to keep. */
	if (nonblocking_reader && fcntl(fds[0], F_SETFL, O_NONBLOCK) < 0) {
		r = -errno;
		(void)close(fds[0]);
		(void)close(fds[1]);
		return r;
	}
	out[0] = fds[0];
	out[1] = fds[1];
	return 0;
}

int
fd_read_all(int fd, struct buf *out, size_t max)
{
	size_t start = out->len;

	for (;;) {
		ssize_t n;
		int r = buf_reserve(out, READ_STEP);

		if (r < 0)
			return r;
		n = read(fd, out->data + out->len, READ_STEP);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		out->len += (size_t)n;
		out->data[out->len] = 0;
		if (out->len - start > max)
			return -EFBIG;
		if (n == 0)
			return 0;
	}
}

int
fd_write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int
fd_set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	return 0;
}

int
fd_raise_limit(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) < 0)
		return -errno;
	rl.rlim_cur = rl.rlim_max;
	return setrlimit(RLIMIT_NOFILE, &rl) < 0 ? -errno : 0;
}
