/* own.c - files that only the log's own user may read and write */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/internal.h"
#include "base/fd.h"
#include "base/log.h"

int
own_open(const char *path, int flags, struct err *err)
{
	AUTO_CLOSE int fd = fd_open(
		path, flags | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	AUTO_FREE char *dir = strdup(path);
	struct stat st, in;
	char *slash = dir ? strrchr(dir, '/') : NULL;

	if (fd < 0)
		return err_set(err, fd, "cannot open audit log '%s': %s", path,
			err_name(-fd));
	if (fstat(fd, &st) < 0)
		return err_set(err, -errno, "cannot read audit log '%s': %s",
			path, err_name(errno));
	if (!S_ISREG(st.st_mode))
		return err_set(err, -EINVAL,
			"audit log '%s' is not a regular file", path);
	if (st.st_mode & 077)
		return err_set(err, -EPERM,
			"audit log '%s' is open to other users (mode %04o); "
			"do: chmod 600 '%s'",
			path, (unsigned)(st.st_mode & 07777), path);
	if (slash)
		*slash = 0;
	if (geteuid() == 0 && st.st_size == 0 && dir &&
		stat(!slash    ? "."
			: *dir ? dir
			       : "/",
			&in) == 0 &&
		fchown(fd, in.st_uid, in.st_gid) < 0)
		log_debug("'%s' stays root's", path);
	return TAKE_FD(fd);
}
