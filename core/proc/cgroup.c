/* cgroup.c - a control group (v2) that holds one task */
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
#include "proc/cgroup_internal.h"

enum {
	DEPTH_MAX = 512, /* of groups below a task's; deeper ones stay */
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

void
cgroup_done(struct cgroup *g)
{
	int *fds[] = { &g->dir, &g->procs, &g->kill, &g->events };

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		if (*fds[i] >= 0)
			(void)close(*fds[i]);
		*fds[i] = -1;
	}
}

int
cgroup_make(struct cgroup_host *host, const char *name, struct cgroup *out)
{
	struct cgroup g = { -1, -1, -1, -1, "" };
	int r;

	if (snprintf(g.name, sizeof g.name, "%s", name) >= (int)sizeof g.name)
		return -ENAMETOOLONG;
	r = cgroup_make_dir(host->base, name);
	if (r < 0)
		return r;
	g.dir = cgroup_open_dir(host->base, name);
	if (g.dir >= 0) {
		g.kill = openat(g.dir, "cgroup.kill", O_WRONLY | O_CLOEXEC);
		g.events = openat(g.dir, "cgroup.events", O_RDONLY | O_CLOEXEC);
		if (!host->births)
			g.procs = openat(
				g.dir, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	}
	if (g.dir < 0 || g.kill < 0 || g.events < 0 ||
		(!host->births && g.procs < 0)) {
		r = g.dir < 0 ? g.dir : -errno;
		cgroup_done(&g);
		(void)unlinkat(host->base, name, AT_REMOVEDIR);
		return r;
	}
	*out = g;
	return 0;
}

int
cgroup_kill(const struct cgroup *g)
{
	return pwrite(g->kill, "1", 1, 0) < 0 ? -errno : 0;
}

int
cgroup_populated(const struct cgroup *g)
{
	char text[256];
	ssize_t n = pread(g->events, text, sizeof text - 1, 0);

	if (n < 0)
		return errno == ENODEV ? 0 : -errno; /* removed: nobody */
	text[n] = 0;
	return strstr(text, "populated 1") != NULL;
}

size_t
cgroup_list_procs(int dir, struct group_member *out, size_t max, size_t n)
{
	AUTO_BUF struct buf text = { 0 };
	AUTO_CLOSE int fd = openat(dir, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	char *line, *save = NULL;

	if (fd < 0 || fd_read_all(fd, &text, CGROUP_PROCS_MAX) < 0)
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
cgroup_walk(
	const struct cgroup *g, void (*visit)(void *arg, int dir), void *arg)
{
	int dir = cgroup_open_dir(g->dir, ".");

	if (dir < 0)
		return dir;
	walk(dir, 0, visit, arg);
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
cgroup_list(const struct cgroup *g, struct group_member *out, size_t max)
{
	struct listing l = { out, max, 0 };
	int r = cgroup_walk(g, list_one, &l);

	return r < 0 ? r : (int)l.n;
}

/* Bottom up: a group goes only after those below it. */
int
cgroup_remove_below(int at, const char *name, int depth)
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
			(void)cgroup_remove_below(
				dirfd(d), entry->d_name, depth + 1);
	(void)closedir(d);
	return unlinkat(at, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

int
cgroup_remove(struct cgroup_host *host, struct cgroup *g)
{
	int r = cgroup_remove_below(host->base, g->name, 0);

	if (r == 0)
		cgroup_done(g);
	return r;
}
