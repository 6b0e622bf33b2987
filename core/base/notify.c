/* notify.c - tells whoever started us that we are ready */
#include "base/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/auto.h"

int
notify_open(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	size_t len = path ? strlen(path) : 0;
	AUTO_CLOSE int fd = -1;

	/* '@': a name without a file */
	if (len < 2 || len >= sizeof to.sun_path ||
		(*path != '/' && *path != '@'))
		return -1;
	memcpy(to.sun_path, path, len);
	if (*path == '@')
		to.sun_path[0] = 0;
	(void)unsetenv("NOTIFY_SOCKET"); /* cannot fail for a name */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 ||
		connect(fd, (const struct sockaddr *)&to,
			(socklen_t)(offsetof(struct sockaddr_un, sun_path) +
				    len)) < 0)
		return -1;
	return TAKE_FD(fd);
}

void
notify_ready(int fd)
{
	static const char ready[] = "READY=1";

	if (fd >= 0 && write(fd, ready, sizeof ready - 1) < 0)
		return; /* he has a deadline and says what he misses */
}
