/* scratch.c - a private folder for each task, below one of the executor's
 *
 * A folder with something in it is renamed to ".gone-N" and emptied there. A
 * folder inside it that is not empty moves up to its top first: so we never
 * hold more than two descriptors, need no recursion, and a task that nests
 * folders a million deep costs time, not stack.
 *
 * Disk file systems take 100 us to make a folder and 260 to remove it, but 10
 * to rename one (ext4, measured). So folders found empty, with owner and mode
 * as they were, become ".spare-N" and the next task's. A process that escaped
 * from its task could write into it; it could by path as well, since it runs
 * as the same user. */
#include "executor/scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/id.h"
#include "base/log.h"
#include "base/parse.h"

#define GONE ".gone-"
#define SPARE ".spare-"

enum {
	SLICE = 256, /* entries removed in one turn of the loop */
	SPARES = 64,
	NAME_TEXT = 32, /* of ours */
};

struct scratch {
	char *path;
	int fd;
	unsigned last; /* number of the newest .gone- */
	unsigned moved; /* number of the newest folder moved up */
	unsigned spares; /* .spare-0 and so on exist */
	struct loop_timer *timer;
};

static void
close_dir(DIR *dir)
{
	(void)closedir(dir);
}
AUTO_DEFINE(DIR *, close_dir)

/* A real folder, even when its owner took the permissions away. */
static int
open_folder(int at, const char *name, DIR **out)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(at, name, flags);

	if (fd < 0 && errno == EACCES) {
		AUTO_CLOSE int path_fd = openat(at, name,
			O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		char proc[32];

		if (path_fd < 0)
			return -errno;
		(void)snprintf(proc, sizeof proc, "/proc/self/fd/%d", path_fd);
		if (chmod(proc, 0700) < 0)
			return -errno;
		fd = openat(at, name, flags);
	}
	if (fd < 0)
		return -errno;
	(void)fchmod(fd, 0700); /* so that its entries can be removed */
	*out = fdopendir(fd);
	if (!*out) {
		(void)close(fd);
		return -ENOMEM;
	}
	return 0;
}

static bool
is_dot(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Empty one folder into nothing, its sub-folders into `top`. How many entries
 * it dealt with, at most max; or -errno. */
static int
empty_into(struct scratch *s, int top, DIR *dir, int max)
{
	const struct dirent *entry;
	int n = 0;

	while (n < max && (entry = readdir(dir)) != NULL) {
		char up[48];

		if (is_dot(entry->d_name))
			continue;
		n++;
		if (unlinkat(dirfd(dir), entry->d_name, 0) == 0 ||
			unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR) == 0)
			continue;
		if (errno != ENOTEMPTY && errno != EEXIST)
			return -errno;
		(void)snprintf(
			up, sizeof up, GONE "%u-%u", s->last, s->moved++);
		if (renameat(dirfd(dir), entry->d_name, top, up) < 0)
			return -errno;
	}
	return n;
}

/* Up to SLICE entries of top and of the folders in it. */
static int
empty_slice(struct scratch *s, DIR *top)
{
	const struct dirent *entry;
	int left = SLICE;

	while (left > 0 && (entry = readdir(top)) != NULL) {
		AUTO(close_dir) DIR *dir = NULL;
		int r;

		if (is_dot(entry->d_name))
			continue;
		left--;
		if (unlinkat(dirfd(top), entry->d_name, 0) == 0 ||
			unlinkat(dirfd(top), entry->d_name, AT_REMOVEDIR) == 0)
			continue;
		r = open_folder(dirfd(top), entry->d_name, &dir);
		if (r == 0)
			r = empty_into(s, dirfd(top), dir, left);
		if (r < 0)
			return r;
		left -= r;
	}
	return 0;
}

/* Not of a task any more; nor a spare, but for those of an earlier executor. */
static bool
is_doomed(const struct scratch *s, const char *name)
{
	uint64_t number;

	if (strncmp(name, GONE, strlen(GONE)) == 0)
		return true;
	return strncmp(name, SPARE, strlen(SPARE)) == 0 &&
	       (parse_u64(name + strlen(SPARE), 0, UINT32_MAX, &number) < 0 ||
		       number >= s->spares);
}

/* 0: look again later; 1: nothing to do. */
static int
sweep_once(struct scratch *s)
{
	AUTO(close_dir) DIR *all = NULL;
	const struct dirent *entry;
	int r = open_folder(s->fd, ".", &all);

	if (r < 0)
		return r;
	while ((entry = readdir(all)) != NULL) {
		AUTO(close_dir) DIR *top = NULL;

		if (!is_doomed(s, entry->d_name))
			continue;
		r = open_folder(s->fd, entry->d_name, &top);
		if (r == 0)
			r = empty_slice(s, top);
		if (r < 0)
			return r;
		(void)unlinkat(s->fd, entry->d_name, AT_REMOVEDIR);
		return 0;
	}
	return 1;
}

static void
sweep(void *arg)
{
	struct scratch *s = arg;
	int r = sweep_once(s);

	if (r < 0)
		log_warn(r, "cannot remove old folders in '%s'", s->path);
	if (r == 0)
		loop_timer_set(s->timer, 0);
}

int
scratch_make(struct scratch *s, const char *task_id)
{
	char spare[NAME_TEXT];

	if (s->spares) {
		(void)snprintf(spare, sizeof spare, SPARE "%u", --s->spares);
		if (renameat(s->fd, spare, s->fd, task_id) == 0)
			return 0;
	}
	if (mkdirat(s->fd, task_id, 0700) < 0 && errno != EEXIST)
		return -errno;
	return 0;
}

/* As it was when it was made, and empty. */
static bool
is_unused(struct scratch *s, const char *task_id)
{
	union {
		struct dirent64 first;
		char bytes[1024]; /* "." and ".." take 48 */
	} entries;
	AUTO_CLOSE int fd = openat(s->fd, task_id,
		O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	int n = 0;

	if (fd < 0 || fstat(fd, &st) < 0 || st.st_uid != geteuid() ||
		(st.st_mode & 07777) != 0700)
		return false;
	for (;;) {
		ssize_t len = getdents64(fd, &entries, sizeof entries);

		if (len < 0)
			return false;
		if (len == 0)
			return n == 2;
		for (ssize_t at = 0; at < len; n++)
			at += ((struct dirent64 *)(entries.bytes + at))
				      ->d_reclen;
	}
}

static bool
keep_as_spare(struct scratch *s, const char *task_id)
{
	char spare[NAME_TEXT];

	if (s->spares == SPARES || !is_unused(s, task_id))
		return false;
	(void)snprintf(spare, sizeof spare, SPARE "%u", s->spares);
	if (renameat(s->fd, task_id, s->fd, spare) < 0)
		return false;
	s->spares++;
	return true;
}

void
scratch_remove(struct scratch *s, const char *task_id)
{
	char gone[NAME_TEXT];

	if (keep_as_spare(s, task_id))
		return;
	if (unlinkat(s->fd, task_id, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return;
	do /* numbers of an earlier executor may be taken */
		(void)snprintf(gone, sizeof gone, GONE "%u", ++s->last);
	while (faccessat(s->fd, gone, F_OK, AT_SYMLINK_NOFOLLOW) == 0);
	if (renameat(s->fd, task_id, s->fd, gone) < 0) {
		log_warn(-errno, "cannot remove '%s/%s'", s->path, task_id);
		return;
	}
	if (!loop_timer_active(s->timer))
		loop_timer_set(s->timer, 0);
}

int
scratch_each(struct scratch *s, void (*fn)(void *arg, const char *task_id),
	void *arg)
{
	AUTO(close_dir) DIR *dir = NULL;
	const struct dirent *entry;
	int r = open_folder(s->fd, ".", &dir);

	if (r < 0)
		return r;
	while ((entry = readdir(dir)) != NULL)
		if (id_valid(entry->d_name))
			fn(arg, entry->d_name);
	loop_timer_set(s->timer, 0); /* for .gone- folders */
	return 0;
}

const char *
scratch_path(const struct scratch *s)
{
	return s->path;
}

/* ---------------------------------------------------------------- lifetime */

int
scratch_new(struct loop *loop, const char *path, struct scratch **out,
	struct err *err)
{
	AUTO(scratch_free) struct scratch *s = calloc(1, sizeof *s);

	if (!s)
		return err_set(err, -ENOMEM, "out of memory");
	s->fd = -1;
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
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
	s->timer = loop_timer_new(loop, sweep, s);
	if (!s->timer)
		return err_set(err, -ENOMEM, "out of memory");
	*out = TAKE(s);
	return 0;
}

void
scratch_free(struct scratch *s)
{
	char spare[NAME_TEXT];

	if (!s)
		return;
	while (s->spares) {
		(void)snprintf(spare, sizeof spare, SPARE "%u", --s->spares);
		(void)unlinkat(s->fd, spare, AT_REMOVEDIR);
	}
	loop_timer_free(s->timer);
	if (s->fd >= 0)
		(void)close(s->fd);
	free(s->path);
	free(s);
}
