/* cgroup.c - the folders of a control group hierarchy */
#include "proc/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/parse.h"

enum {
	DEPTH_MAX = 512, /* of groups below a task's; deeper ones stay */
	PROCS_MAX = 1 << 20, /* bytes of cgroup.procs that we read */
};

int
cgroup_open_dir(int at, const char *path)
{
	int fd = openat(
		at, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int
cgroup_make_dir(int at, const char *name)
{
	return mkdirat(at, name, 0755) < 0 ? -errno : 0;
}

int
cgroup_write(int dir, const char *file, const char *text)
{
	AUTO_CLOSE int fd = openat(dir, file, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

size_t
cgroup_list_procs(int dir, struct group_member *out, size_t max, size_t n)
{
	AUTO_BUF struct buf text = { 0 };
	AUTO_CLOSE int fd = openat(dir, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	char *line, *save = NULL;

	if (fd < 0 || fd_read_all(fd, &text, PROCS_MAX) < 0)
		return n; /* a threaded group: its processes are above */
	for (line = strtok_r((char *)text.data, "\n", &save); line;
		line = strtok_r(NULL, "\n", &save), n++) {
		int64_t pid;

		if (n < max && parse_i64(line, 0, INT32_MAX, &pid) == 0)
			group_member_read((pid_t)pid, &out[n]);
	}
	return n;
}

/* visit() for the group of dir, which is taken over, and those below. */
static void
walk(int take_dir, int depth, void (*visit)(void *arg, int dir), void *arg)
{
	DIR *d = fdopendir(take_dir);
	const struct dirent *entry;

	if (!d) {
		(void)close(take_dir);
		return;
	}
	visit(arg, dirfd(d));
	while ((entry = readdir(d)) != NULL) {
		int sub;

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.' ||
			depth == DEPTH_MAX)
			continue;
		sub = cgroup_open_dir(dirfd(d), entry->d_name);
		if (sub >= 0)
			walk(sub, depth + 1, visit, arg);
	}
	(void)closedir(d);
}

int
cgroup_walk(int dir, void (*visit)(void *arg, int dir), void *arg)
{
	struct stat st;
	int top;

	if (fstat(dir, &st) == 0 && st.st_nlink == 2) { /* none below it */
		visit(arg, dir);
		return 0;
	}
	top = cgroup_open_dir(dir, ".");
	if (top < 0)
		return top;
	walk(top, 0, visit, arg);
	return 0;
}

struct listing {
	struct group_member *out;
	size_t max, n;
};

static void
list_one(void *arg, int dir)
{
	struct listing *l = arg;

	l->n = cgroup_list_procs(dir, l->out, l->max, l->n);
}

int
cgroup_list(int dir, struct group_member *out, size_t max)
{
	struct listing l = { out, max, 0 };
	int r = cgroup_walk(dir, list_one, &l);

	return r < 0 ? r : (int)l.n;
}

/* Bottom up: a group goes only after those below it. */
static int
remove_below(int at, const char *name, int depth)
{
	int dir;
	DIR *d;
	const struct dirent *entry;

	if (unlinkat(at, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	dir = depth < DEPTH_MAX ? cgroup_open_dir(at, name) : -ELOOP;
	if (dir < 0)
		return dir;
	d = fdopendir(dir);
	if (!d) {
		(void)close(dir);
		return -ENOMEM;
	}
	while ((entry = readdir(d)) != NULL)
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			(void)remove_below(dirfd(d), entry->d_name, depth + 1);
	(void)closedir(d);
	return unlinkat(at, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

int
cgroup_remove(int at, const char *name)
{
	return remove_below(at, name, 0);
}
