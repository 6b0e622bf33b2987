/* trusted.c - files that only root or we ourselves can have put there
 *
 * What was checked is what is read later: the caller goes on with the
 * descriptor, not with the name. */
#include "base/trusted.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/fd.h"

static int
check(int fd, const char *path, const char *what, const char *kind, mode_t type,
	struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_set(err, -errno, "%s '%s': %s", what, path,
			err_name(errno));
	if ((st.st_mode & S_IFMT) != type)
		return err_set(
			err, -EINVAL, "%s '%s' is no %s", what, path, kind);
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return err_set(err, -EPERM,
			"%s '%s' belongs to user %u; it must belong to root or "
			"to the user who runs this",
			what, path, (unsigned)st.st_uid);
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return err_set(err, -EPERM,
			"%s '%s' is writable by others (mode %04o); do: "
			"chmod go-w '%s'",
			what, path, (unsigned)(st.st_mode & 07777), path);
	return 0;
}

int
trusted_open(const char *path, const char *what, struct err *err)
{
	AUTO_FREE char *file = realpath(path, NULL); /* follows links, once */
	AUTO_CLOSE int folder = -1;
	AUTO_CLOSE int fd = -1;
	char of_folder[64];
	char *name;
	int r;

	if (!file)
		return err_set(err, -errno, "%s '%s': %s", what, path,
			err_name(errno));
	name = strrchr(file, '/');
	*name++ = 0;
	folder = fd_open(*file ? file : "/", O_PATH | O_DIRECTORY);
	if (folder >= 0) /* non-blocking: a pipe must not hold us up */
		fd = openat(folder, name,
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return err_set(err, -errno, "%s '%s': %s", what, path,
			err_name(errno));
	(void)snprintf(of_folder, sizeof of_folder, "%s's folder", what);
	r = check(fd, path, what, "regular file", S_IFREG, err);
	if (r == 0)
		r = check(folder, *file ? file : "/", of_folder, "folder",
			S_IFDIR, err);
	return r < 0 ? r : TAKE_FD(fd);
}
