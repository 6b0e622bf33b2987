/* running.c - an executor that runs already, left by an earlier monitor */
#include "monitor/running.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/fd.h"

enum { ARGUMENTS_MAX = 4 << 20 };

int
running_find(const char *path, pid_t *pid)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct ucred cred;
	socklen_t len = sizeof cred;
	AUTO_CLOSE int fd =
		socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int pidfd;

	if (fd < 0)
		return -errno;
	if (strlen(path) >= sizeof addr.sun_path)
		return -ENAMETOOLONG;
	memcpy(addr.sun_path, path, strlen(path) + 1);
	if (connect(fd, (const struct sockaddr *)&addr, sizeof addr) < 0)
		return -errno;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return -errno;
	if (cred.uid != geteuid())
		return -EPERM;
	pidfd = (int)syscall(SYS_pidfd_open, cred.pid, 0);
	if (pidfd < 0)
		return -errno;
	*pid = cred.pid;
	return pidfd;
}

/* len: of what an argument has to begin with. */
static bool
has(pid_t pid, const char *begin, size_t len)
{
	AUTO_BUF struct buf text = { 0 };
	AUTO_CLOSE int fd = -1;
	char path[32];

	(void)snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
	fd = fd_open(path, O_RDONLY);
	if (fd < 0 || fd_read_all(fd, &text, ARGUMENTS_MAX) < 0)
		return false;
	for (size_t at = 0; at < text.len;
		at += strlen((const char *)text.data + at) + 1)
		if (strncmp((const char *)text.data + at, begin, len) == 0)
			return true;
	return false;
}

bool
running_has(pid_t pid, const char *argument)
{
	return has(pid, argument, strlen(argument) + 1);
}

bool
running_is_executor(pid_t pid)
{
	return has(pid, "--digest=", strlen("--digest="));
}
