/* spare.c - unused folders of tasks that have ended, for those that come */
#include "executor/spare.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "executor/scratch.h"

enum {
	SPARES = 64, /* of one user */
	NAME_TEXT = 48,
};

/* Where that user's are counted, or NULL: there are too many users. */
static unsigned *
count_of(struct spares *s, uid_t uid)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->of[i].uid == uid)
			return &s->of[i].n;
	if (s->n == SPARE_USERS)
		return NULL;
	s->of[s->n].uid = uid;
	return &s->of[s->n++].n;
}

static void
make_name(uid_t uid, unsigned number, char out[NAME_TEXT])
{
	(void)snprintf(
		out, NAME_TEXT, SPARE_PREFIX "%u-%u", (unsigned)uid, number);
}

bool
spare_take(struct spares *s, int scratch, const char *task_id, uid_t uid)
{
	unsigned *n = count_of(s, uid);
	char name[NAME_TEXT];

	if (!n || !*n)
		return false;
	make_name(uid, --*n, name);
	return renameat(scratch, name, scratch, task_id) == 0;
}

/* How many names it has, or -1. */
static int
count_names(int fd)
{
	union {
		struct dirent64 first;
		char bytes[1024]; /* "." and ".." take 48 */
	} entries;
	int n = 0;

	for (;;) {
		ssize_t len = getdents64(fd, &entries, sizeof entries);

		if (len <= 0)
			return len < 0 ? -1 : n;
		for (ssize_t at = 0; at < len; n++)
			at += ((struct dirent64 *)(entries.bytes + at))
				      ->d_reclen;
	}
}

/* A folder with n names in it, and its status. */
static bool
is_folder_of(int at, const char *name, int n, struct stat *st, int *out)
{
	AUTO_CLOSE int fd = openat(
		at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || fstat(fd, st) < 0 || count_names(fd) != n)
		return false;
	if (out)
		*out = TAKE_FD(fd);
	return true;
}

/* As it was when it was made. Of our own tasks even the outer folder may have
 * been changed. */
static bool
is_unused(int scratch, const char *task_id, uid_t *uid)
{
	AUTO_CLOSE int fd = -1;
	struct stat top, work, defer;

	if (!is_folder_of(scratch, task_id, 4, &top, &fd) ||
		!is_folder_of(fd, SCRATCH_WORK, 2, &work, NULL) ||
		fstatat(fd, SCRATCH_DEFER, &defer, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	*uid = work.st_uid;
	return top.st_uid == geteuid() && (top.st_mode & 07777) == 0711 &&
	       (work.st_mode & 07777) == 0700 &&
	       defer.st_mode == (S_IFREG | 0600) &&
	       defer.st_uid == work.st_uid && defer.st_size == 0 &&
	       defer.st_nlink == 1;
}

bool
spare_keep(struct spares *s, int scratch, const char *task_id)
{
	char name[NAME_TEXT];
	unsigned *n;
	uid_t uid;

	if (!is_unused(scratch, task_id, &uid))
		return false;
	n = count_of(s, uid);
	if (!n || *n == SPARES)
		return false;
	make_name(uid, *n, name);
	if (renameat(scratch, task_id, scratch, name) < 0)
		return false;
	++*n;
	return true;
}

static void
remove_spare(int scratch, const char *name)
{
	AUTO_CLOSE int fd = openat(
		scratch, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)unlinkat(fd, SCRATCH_DEFER, 0);
	(void)unlinkat(fd, SCRATCH_WORK, AT_REMOVEDIR);
	(void)unlinkat(scratch, name, AT_REMOVEDIR);
}

void
spares_clear(struct spares *s, int scratch)
{
	char name[NAME_TEXT];

	for (size_t i = 0; i < s->n; i++)
		while (s->of[i].n) {
			make_name(s->of[i].uid, --s->of[i].n, name);
			remove_spare(scratch, name);
		}
}
