/* sweep.c - remove what tasks left, a slice at a time
 *
 * A folder inside the task's that is not empty moves up to its top first, then
 * it is emptied there: so we never hold more than three descriptors, need no
 * recursion, and a task that nests folders a million deep costs time, not
 * stack.
 *
 * The tree is its owner's, who may have other processes that change it while
 * we look. So it is emptied with the rights of that owner, and nothing is lost
 * if a name leads elsewhere. A mount point refuses rmdir with EBUSY, before it
 * is asked whether it is empty: it is never entered. */
#include "executor/sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/id.h"
#include "executor/scratch.h"
#include "proc/user.h"

enum { SLICE = 256 }; /* entries removed in one turn of the loop */

/* What one slice has done. */
struct slice {
	int left; /* entries that it may still deal with */
	int done;
	int error; /* of the last that would not go */
	dev_t device;
};

void
sweep_close_dir(DIR *dir)
{
	(void)closedir(dir);
}

bool
sweep_is_dot(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* A folder's owner may search and change it again. */
static int
unlock(int at, const char *name)
{
	AUTO_CLOSE int fd =
		openat(at, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	char proc[32];

	if (fd < 0)
		return -errno;
	/* fchmod() refuses such a descriptor */
	(void)snprintf(proc, sizeof proc, "/proc/self/fd/%d", fd);
	return chmod(proc, 0700) < 0 ? -errno : 0;
}

int
sweep_open(int at, const char *name, DIR **out)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(at, name, flags);

	if (fd < 0 && errno == EACCES && unlock(at, name) == 0)
		fd = openat(at, name, flags);
	if (fd < 0)
		return -errno;
	*out = fdopendir(fd);
	if (!*out) {
		(void)close(fd);
		return -ENOMEM;
	}
	return 0;
}

/* To a name that the task cannot have guessed. A folder that its owner may not
 * write refuses to change its parent. */
static int
move_up(int from, const char *name, int top)
{
	static char ours[ID_MAX];
	static unsigned long moved;
	char up[ID_MAX + 24];
	int r;

	if (!*ours)
		id_new(ours);
	(void)snprintf(up, sizeof up, "%s-%lu", ours, moved++);
	if (renameat(from, name, top, up) == 0)
		return 0;
	if (errno != EACCES)
		return -errno;
	r = unlock(from, name);
	if (r == 0 && renameat(from, name, top, up) < 0)
		r = -errno;
	return r;
}

/* A file, an empty folder. 0; -ENOTEMPTY: a folder to be emptied first; -EBUSY
 * and others: it stays. */
static int
remove_one(int at, const char *name)
{
	if (unlinkat(at, name, 0) == 0 || unlinkat(at, name, AT_REMOVEDIR) == 0)
		return 0;
	return errno == EEXIST ? -ENOTEMPTY : -errno;
}

static void
note(struct slice *s, int r)
{
	s->left--;
	if (r < 0)
		s->error = r;
	else
		s->done++;
}

/* Empty one folder into nothing, its sub-folders into `top`. */
static void
empty_into(struct slice *s, int top, DIR *dir)
{
	const struct dirent *entry;

	while (s->left > 0 && (entry = readdir(dir)) != NULL) {
		int r;

		if (sweep_is_dot(entry->d_name))
			continue;
		r = remove_one(dirfd(dir), entry->d_name);
		if (r == -ENOTEMPTY)
			r = move_up(dirfd(dir), entry->d_name, top);
		note(s, r);
	}
}

/* One of top's folders, which is not empty. 0: it is gone; -ENOTEMPTY: it is
 * not empty yet. */
static int
empty_folder(struct slice *s, DIR *top, const char *name)
{
	AUTO(sweep_close_dir) DIR *dir = NULL;
	struct stat st;
	int r = sweep_open(dirfd(top), name, &dir);

	if (r < 0)
		return r;
	if (fstat(dirfd(dir), &st) < 0)
		return -errno;
	if (st.st_dev != s->device)
		return -EXDEV;
	(void)fchmod(dirfd(dir), 0700); /* so that its entries can go */
	empty_into(s, dirfd(top), dir);
	return remove_one(dirfd(top), name);
}

static void
empty_entry(struct slice *s, DIR *top, const char *name)
{
	int r = remove_one(dirfd(top), name);

	if (r == -ENOTEMPTY)
		r = empty_folder(s, top, name);
	note(s, r);
}

/* What moved up may have come too late for this reading of the folder, so it
 * is read again as long as that helps. */
static void
empty_top(struct slice *s, DIR *top)
{
	const struct dirent *entry;
	int before;

	(void)fchmod(dirfd(top), 0700);
	do {
		before = s->done;
		rewinddir(top);
		while (s->left > 0 && (entry = readdir(top)) != NULL)
			if (!sweep_is_dot(entry->d_name))
				empty_entry(s, top, entry->d_name);
	} while (s->left > 0 && s->done > before);
}

/* With the rights of its owner. 0, or -errno when nothing could be done. */
static int
empty_as_owner(DIR *top)
{
	struct slice s = { .left = SLICE };
	struct stat st;
	int r = 0;

	if (fstat(dirfd(top), &st) < 0)
		return -errno;
	s.device = st.st_dev;
	if (st.st_uid != geteuid())
		r = user_act_as(st.st_uid, st.st_gid);
	if (r < 0)
		return r;
	empty_top(&s, top);
	if (st.st_uid != geteuid())
		user_act_as_us();
	return s.done ? 0 : s.error;
}

static int
open_and_empty(int at, const char *name)
{
	AUTO(sweep_close_dir) DIR *dir = NULL;
	int r = sweep_open(at, name, &dir);

	return r < 0 ? r : empty_as_owner(dir);
}

int
sweep_slice(int at, const char *name)
{
	AUTO(sweep_close_dir) DIR *top = NULL;
	int r = sweep_open(at, name, &top);

	if (r < 0)
		return r;
	/* The task's own part first; the rest is for us to remove. */
	r = remove_one(dirfd(top), SCRATCH_WORK);
	if (r == -ENOTEMPTY)
		return open_and_empty(dirfd(top), SCRATCH_WORK);
	if (r < 0 && r != -ENOENT && r != -ENOTDIR)
		return r;
	r = empty_as_owner(top);
	if (r < 0)
		return r;
	if (unlinkat(at, name, AT_REMOVEDIR) == 0)
		return 1;
	return errno == ENOTEMPTY || errno == EEXIST ? 0 : -errno;
}
