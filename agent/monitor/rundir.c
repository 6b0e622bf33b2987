/* rundir.c - the runtime directory, and that it is ours alone */
#include "monitor/rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/fd.h"

int
rundir_make(const char *path)
{
	/* Root's is for all to look at: tasks of other users have their
	 * scratch folders below. */
	mode_t mode = geteuid() == 0 ? 0755 : 0700;
	AUTO_FREE char *copy = strdup(path);

	if (!copy)
		return -ENOMEM;
	for (char *p = copy + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = 0;
		if (mkdir(copy, 0755) < 0 && errno != EEXIST)
			return -errno;
		*p = '/';
	}
	if (mkdir(copy, mode) < 0 && errno != EEXIST)
		return -errno;
	return 0;
}

static int
check(const char *path, struct err *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return err_set(err, -errno,
			"cannot use runtime directory '%s': %s", path,
			err_name(errno));
	if (!S_ISDIR(st.st_mode))
		return err_set(err, -ENOTDIR,
			"runtime directory '%s' is not a directory", path);
	if (st.st_uid != geteuid())
		return err_set(err, -EPERM,
			"runtime directory '%s' belongs to user %u, not to us "
			"(%u); choose another with --runtime-dir",
			path, (unsigned)st.st_uid, (unsigned)geteuid());
	if (st.st_mode & 022)
		return err_set(err, -EPERM,
			"runtime directory '%s' is writable by others (mode "
			"%04o); do: chmod go-w '%s'",
			path, (unsigned)(st.st_mode & 07777), path);
	return 0;
}

static int
lock(const char *path, int *lock_fd, struct err *err)
{
	AUTO_FREE char *file = NULL;
	AUTO_CLOSE int fd = -1;
	char pid[32] = "";

	if (asprintf(&file, "%s/agent.lock", path) < 0)
		return err_set(err, -ENOMEM, "out of memory");
	fd = fd_open(file, O_RDWR | O_CREAT | O_NOFOLLOW);
	if (fd < 0)
		return err_set(err, fd, "cannot open lock file '%s': %s", file,
			err_name(-fd));
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		ssize_t n = read(fd, pid, sizeof pid - 1);

		pid[n > 0 ? strcspn(pid, "\n") : 0] = 0;
		return err_set(err, -EBUSY,
			"another nodelink-agent (pid %s) uses runtime "
			"directory '%s'; give this one its own with "
			"--runtime-dir",
			*pid ? pid : "unknown", path);
	}
	(void)snprintf(pid, sizeof pid, "%d\n", (int)getpid());
	if (ftruncate(fd, 0) < 0 || pwrite(fd, pid, strlen(pid), 0) < 0)
		return err_set(err, -errno, "cannot write '%s': %s", file,
			err_name(errno));
	*lock_fd = TAKE_FD(fd);
	return 0;
}

int
rundir_take(const char *path, int *lock_fd, struct err *err)
{
	int r = rundir_make(path);

	if (r < 0)
		return err_set(err, r,
			"cannot make runtime directory '%s': %s; choose "
			"another with --runtime-dir",
			path, err_name(-r));
	r = check(path, err);
	return r < 0 ? r : lock(path, lock_fd, err);
}
