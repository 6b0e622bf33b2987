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
	DEPTH_MAX = 512, /* of groups below a task's; deeper ones stay, and
			    nobody knows who is in them */
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

int
cgroup_read_procs(int dir, struct buf *out)
{
	AUTO_CLOSE int fd = openat(dir, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	int r = fd < 0 ? -errno : fd_read_all(fd, out, PROCS_MAX);

	/* It is gone; or threaded, then its processes are above. */
	if (r == -ENOENT || r == -ENODEV || r == -EOPNOTSUPP)
		return 0;
	return r;
}

int
cgroup_list_procs(int dir, struct group_member *out, size_t max, size_t *n)
{
	AUTO_BUF struct buf text = { 0 };
	int r = cgroup_read_procs(dir, &text);
	char *line, *save = NULL;

	if (r < 0)
		return r;
	line = text.len ? strtok_r((char *)text.data, "\n", &save) : NULL;
	for (; line; line = strtok_r(NULL, "\n", &save), ++*n) {
		int64_t pid;

		if (*n < max && parse_i64(line, 0, INT32_MAX, &pid) == 0)
			group_member_read((pid_t)pid, &out[*n]);
	}
	return 0;
}

struct walk {
	int (*visit)(void *arg, int dir);
	void *arg;
	int error; /* the first: somebody was not seen */
};

static void
note(struct walk *w, int r)
{
	if (r < 0 && r != -ENOENT && r != -ENODEV && !w->error)
		w->error = r; /* those two: it is gone */
}

static void walk(struct walk *w, int take_dir, int depth);

static void
walk_below(struct walk *w, DIR *d, int depth)
{
	const struct dirent *entry;

	while ((errno = 0, entry = readdir(d)) != NULL) {
		int sub;

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		sub = depth < DEPTH_MAX
			      ? cgroup_open_dir(dirfd(d), entry->d_name)
			      : -ELOOP;
		if (sub < 0)
			note(w, sub);
		else
			walk(w, sub, depth + 1);
	}
	note(w, -errno);
}

/* The group of dir, which is taken over, and those below. */
static void
walk(struct walk *w, int take_dir, int depth)
{
	DIR *d = fdopendir(take_dir);

	if (!d) {
		note(w, -ENOMEM);
		(void)close(take_dir);
		return;
	}
	note(w, w->visit(w->arg, dirfd(d)));
	walk_below(w, d, depth);
	(void)closedir(d);
}

int
cgroup_walk(int dir, int (*visit)(void *arg, int dir), void *arg)
{
	struct walk w = { visit, arg, 0 };
	struct stat st;
	int top;

	if (fstat(dir, &st) == 0 && st.st_nlink == 2) { /* none below it */
		note(&w, visit(arg, dir));
		return w.error;
	}
	top = cgroup_open_dir(dir, ".");
	if (top < 0)
		note(&w, top);
	else
		walk(&w, top, 0);
	return w.error;
}

struct listing {
	struct group_member *out;
	size_t max, n;
};

static int
list_one(void *arg, int dir)
{
	struct listing *l = arg;

	return cgroup_list_procs(dir, l->out, l->max, &l->n);
}

int
cgroup_list(int dir, struct group_member *out, size_t max)
{
	struct listing l = { out, max, 0 };
	int r = cgroup_walk(dir, list_one, &l);

	return l.n || r == 0 ? (int)l.n : r; /* some are enough to know */
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
