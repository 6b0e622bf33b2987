/* scratch.c - a private folder for each task, below one of the executor's
 *
 * A folder with something in it is renamed to ".gone-N" and emptied there
 * (sweep.c), one with nothing in it is kept for the next task (spare.c). */
#include "executor/scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/place.h"
#include "executor/spare.h"
#include "executor/sweep.h"

#define NEW_CANCEL ".cancel"

enum { NAME_TEXT = 48 }; /* of ours */

struct scratch {
	char *path;
	int fd;
	unsigned last; /* number of the newest .gone- */
	struct spares spares;
	struct loop_timer *timer;
};

/* ------------------------------------------------------------------ removal */

/* A number that no earlier executor has used. */
static int
rename_to_free(struct scratch *s, const char *name, const char *prefix)
{
	char to[NAME_TEXT];

	do
		(void)snprintf(to, sizeof to, "%s%u", prefix, ++s->last);
	while (faccessat(s->fd, to, F_OK, AT_SYMLINK_NOFOLLOW) == 0);
	return renameat(s->fd, name, s->fd, to) < 0 ? -errno : 0;
}

static bool
has_prefix(const char *name, const char *prefix)
{
	return strncmp(name, prefix, strlen(prefix)) == 0;
}

/* Said once; it must not keep the others from being removed. */
static void
put_aside(struct scratch *s, const char *name, int error)
{
	log_warn(error, "cannot remove all of '%s/%s', what a task has left",
		s->path, name);
	error = rename_to_free(s, name, SWEEP_STUCK);
	if (error < 0)
		log_warn(error, "cannot rename '%s/%s'", s->path, name);
}

/* True when there is more to do. */
static bool
sweep_one(struct scratch *s)
{
	AUTO(sweep_close_dir) DIR *all = NULL;
	const struct dirent *entry;
	int r = sweep_open(s->fd, ".", &all);

	if (r < 0) {
		log_warn(r, "cannot read '%s'", s->path);
		return false;
	}
	while ((entry = readdir(all)) != NULL) {
		if (!has_prefix(entry->d_name, SWEEP_GONE))
			continue;
		r = sweep_slice(s->fd, entry->d_name);
		if (r < 0)
			put_aside(s, entry->d_name, r);
		return true;
	}
	return false;
}

static void
sweep(void *arg)
{
	struct scratch *s = arg;

	if (sweep_one(s))
		loop_timer_set(s->timer, 0);
}

/* ------------------------------------------------------------------ a task's */

/* As fchown(), but nothing to do when it is ours. */
static int
give(int fd, const struct user *user)
{
	if (user->is_us)
		return 0;
	return fchown(fd, user->id.uid, user->id.gid) < 0 ? -errno : 0;
}

static int
make_work(int folder, const struct user *user)
{
	AUTO_CLOSE int fd = -1;

	if (mkdirat(folder, SCRATCH_WORK, 0700) < 0)
		return -errno;
	fd = openat(folder, SCRATCH_WORK,
		O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : give(fd, user);
}

static int
make_defer(int folder, const struct user *user)
{
	AUTO_CLOSE int fd = openat(folder, SCRATCH_DEFER,
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	return fd < 0 ? -errno : give(fd, user);
}

static int
make_afresh(struct scratch *s, const char *task_id, const struct user *user)
{
	AUTO_CLOSE int fd = -1;
	int r;

	if (mkdirat(s->fd, task_id, 0711) < 0)
		return -errno;
	fd = scratch_open(s, task_id);
	if (fd < 0)
		return fd;
	r = make_work(fd, user);
	return r < 0 ? r : make_defer(fd, user);
}

int
scratch_make(struct scratch *s, const char *task_id, const struct user *user)
{
	int r;

	if (spare_take(&s->spares, s->fd, task_id, user->id.uid))
		return 0;
	r = make_afresh(s, task_id, user);
	if (r == -EEXIST) {
		scratch_remove(s, task_id);
		r = make_afresh(s, task_id, user);
	}
	return r;
}

void
scratch_remove(struct scratch *s, const char *task_id)
{
	int r;

	if (spare_keep(&s->spares, s->fd, task_id))
		return;
	r = rename_to_free(s, task_id, SWEEP_GONE);
	if (r < 0 && r != -ENOENT)
		log_warn(r, "cannot remove '%s/%s'", s->path, task_id);
	if (r == 0 && !loop_timer_active(s->timer))
		loop_timer_set(s->timer, 0);
}

int
scratch_open(struct scratch *s, const char *task_id)
{
	int fd = openat(s->fd, task_id,
		O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int
scratch_write_cancel(struct scratch *s, const char *task_id, const char *text)
{
	AUTO_CLOSE int folder = scratch_open(s, task_id);
	AUTO_CLOSE int fd = -1;
	int r;

	if (folder < 0)
		return folder;
	(void)unlinkat(folder, NEW_CANCEL, 0);
	fd = openat(folder, NEW_CANCEL,
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	r = fd_write_all(fd, text, strlen(text));
	if (r == 0 && renameat(folder, NEW_CANCEL, folder, SCRATCH_CANCEL) < 0)
		r = -errno;
	return r;
}

int
scratch_open_defer(struct scratch *s, const char *task_id)
{
	AUTO_CLOSE int folder = scratch_open(s, task_id);
	AUTO_CLOSE int fd = -1;
	struct stat st;

	if (folder < 0)
		return folder;
	fd = openat(folder, SCRATCH_DEFER,
		O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	return S_ISREG(st.st_mode) ? TAKE_FD(fd) : -EINVAL;
}

int
scratch_each(struct scratch *s, void (*fn)(void *arg, const char *task_id),
	void *arg)
{
	AUTO(sweep_close_dir) DIR *dir = NULL;
	const struct dirent *entry;
	int r = sweep_open(s->fd, ".", &dir);

	if (r < 0)
		return r;
	while ((entry = readdir(dir)) != NULL)
		if (id_valid(entry->d_name))
			fn(arg, entry->d_name);
	loop_timer_set(s->timer, 0); /* for .gone- folders */
	return 0;
}

bool
scratch_is_elsewhere(
	const struct scratch *s, const char *plugin, const char *task_id)
{
	const char *own = strrchr(s->path, '/') + 1;
	struct place_name folder;
	char path[PATH_MAX];

	for (unsigned place = 0; place < LIMIT_PLACES; place++) {
		(void)snprintf(path, sizeof path, "../%s/%.*s",
			place_folder(plugin, place, &folder), ID_MAX, task_id);
		if (strcmp(folder.text, own) != 0 &&
			faccessat(s->fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			return true;
	}
	return false;
}

const char *
scratch_path(const struct scratch *s)
{
	return s->path;
}

/* ---------------------------------------------------------------- lifetime */

/* Whoever may rename the folders of tasks decides what we write and run. An
 * earlier version made it for us alone. */
static int
open_own(struct scratch *s, const char *path, struct err *err)
{
	const mode_t mode = geteuid() == 0 ? 0711 : 0700;
	struct stat st;

	if (mkdir(path, mode) < 0 && errno != EEXIST)
		return err_set(err, -errno,
			"cannot make scratch folder '%s': %s", path,
			err_name(errno));
	s->path = realpath(path, NULL);
	if (!s->path)
		return err_set(err, -errno, "scratch folder '%s': %s", path,
			err_name(errno));
	s->fd = fd_open(s->path, O_RDONLY | O_DIRECTORY);
	if (s->fd < 0)
		return err_set(err, s->fd, "scratch folder '%s': %s", path,
			err_name(-s->fd));
	if (fstat(s->fd, &st) < 0 || st.st_uid != geteuid() ||
		(st.st_mode & 022))
		return err_set(err, -EPERM,
			"scratch folder '%s' must belong to us (user %u) and "
			"nobody else may write it",
			path, (unsigned)geteuid());
	if ((st.st_mode & 0777) == 0700)
		(void)fchmod(s->fd, mode);
	return 0;
}

/* An executor that is only about to listen cannot be found by its socket: a
 * second one would take its tasks for those of the dead. */
static int
lock(const struct scratch *s, struct err *err)
{
	if (flock(s->fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno != EWOULDBLOCK)
		return err_set(err, -errno,
			"cannot lock scratch folder '%s': %s", s->path,
			err_name(errno));
	return err_set(err, -EBUSY,
		"another nodelink-executor uses scratch folder '%s'", s->path);
}

/* What could not be removed yesterday may go today, and earlier spares are of
 * no use: how many there are is not known. */
static void
doom_old(struct scratch *s)
{
	AUTO(sweep_close_dir) DIR *dir = NULL;
	const struct dirent *entry;

	if (sweep_open(s->fd, ".", &dir) < 0)
		return;
	while ((entry = readdir(dir)) != NULL)
		if (has_prefix(entry->d_name, SWEEP_STUCK) ||
			has_prefix(entry->d_name, SPARE_PREFIX))
			(void)rename_to_free(s, entry->d_name, SWEEP_GONE);
}

int
scratch_new(struct loop *loop, const char *path, struct scratch **out,
	struct err *err)
{
	AUTO(scratch_free) struct scratch *s = calloc(1, sizeof *s);
	int r;

	if (!s)
		return err_set(err, -ENOMEM, "out of memory");
	s->fd = -1;
	r = open_own(s, path, err);
	if (r == 0)
		r = lock(s, err);
	if (r < 0)
		return r;
	doom_old(s);
	s->timer = loop_timer_new(loop, sweep, s);
	if (!s->timer)
		return err_set(err, -ENOMEM, "out of memory");
	*out = TAKE(s);
	return 0;
}

void
scratch_remove_all(struct scratch *s)
{
	if (!s)
		return;
	spares_clear(&s->spares, s->fd);
	if (rmdir(s->path) < 0 && errno != ENOTEMPTY && errno != EEXIST)
		log_warn(-errno, "cannot remove scratch folder '%s'", s->path);
}

void
scratch_free(struct scratch *s)
{
	if (!s)
		return;
	spares_clear(&s->spares, s->fd);
	loop_timer_free(s->timer);
	if (s->fd >= 0)
		(void)close(s->fd);
	free(s->path);
	free(s);
}
