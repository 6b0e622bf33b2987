/* trusted.c - a file that decides what we do, and who else may touch it */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/conf.h"

int
conf_trust(int fd, const char *what, const char *path, bool secret,
	struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_set(err, -errno, "cannot read %s '%s': %s", what,
			path, err_name(errno));
	if (!S_ISREG(st.st_mode))
		return err_set(err, -EINVAL, "%s '%s' is not a regular file",
			what, path);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return err_set(err, -EPERM,
			"%s '%s' belongs to user %u; it must belong to the "
			"user who runs this or to root",
			what, path, (unsigned)st.st_uid);
	if (st.st_mode & (secret ? 077 : 022))
		return err_set(err, -EPERM,
			"%s '%s' is %s (mode %04o); do: chmod %s '%s'", what,
			path,
			secret ? "open to other users" : "writable by others",
			(unsigned)(st.st_mode & 07777), secret ? "600" : "go-w",
			path);
	return 0;
}
