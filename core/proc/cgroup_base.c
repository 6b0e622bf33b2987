/* cgroup_base.c - where this process makes its control groups */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/parse.h"
#include "proc/cgroup.h"

enum { TABLE_MAX = 1 << 20, BEING_MADE_S = 10 };

/* ---------------------------------------------------- finding our own group */

static int
read_table(const char *path, struct buf *out)
{
	AUTO_CLOSE int fd = fd_open(path, O_RDONLY);

	return fd < 0 ? fd : fd_read_all(fd, out, TABLE_MAX);
}

/* Is the word one of "word,word,..."? */
static bool
has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = list; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, word, len) == 0 &&
			(at[len] == ',' || at[len] == 0))
			return true;
	}
	return false;
}

/* The line "ID:controllers:/path" of /proc/self/cgroup; v2 has no
 * controllers there. A path with ".." is out of our namespace. */
static int
own_path(const char *controller, char *out, size_t size)
{
	AUTO_BUF struct buf text = { 0 };
	int r = read_table("/proc/self/cgroup", &text);
	char *line, *save = NULL;

	if (r < 0)
		return r;
	for (line = strtok_r((char *)text.data, "\n", &save); line;
		line = strtok_r(NULL, "\n", &save)) {
		char *list = strchr(line, ':');
		char *path = list ? strchr(list + 1, ':') : NULL;

		if (!path)
			continue;
		*path++ = 0;
		list++;
		if ((controller ? !has_word(list, controller) : *list != 0) ||
			strstr(path, "/.."))
			continue;
		if (snprintf(out, size, "%s", path) >= (int)size)
			return -ENAMETOOLONG;
		return 0;
	}
	return -ENOTSUP;
}

/* "ID PARENT DEVICE ROOT PLACE OPTIONS ... - TYPE SOURCE MORE-OPTIONS" of
 * /proc/self/mountinfo: cut in place. */
static bool
cut_mount(char *line, const char *controller, char **root, char **place)
{
	char *type = strstr(line, " - "), *options, *save = NULL;

	if (!type)
		return false;
	*type = 0;
	type = strtok_r(type + 3, " ", &save);
	(void)strtok_r(NULL, " ", &save);
	options = strtok_r(NULL, " ", &save);
	if (!options || strcmp(type, controller ? "cgroup" : "cgroup2") != 0 ||
		(controller && !has_word(options, controller)))
		return false;
	(void)strtok_r(line, " ", &save);
	(void)strtok_r(NULL, " ", &save);
	(void)strtok_r(NULL, " ", &save);
	*root = strtok_r(NULL, " ", &save);
	*place = strtok_r(NULL, " ", &save);
	return *root && *place;
}

/* A mount may show a part of the hierarchy only, which must be ours. */
static int
own_folder(const char *controller, const char *path, char *out, size_t size)
{
	AUTO_BUF struct buf text = { 0 };
	int r = read_table("/proc/self/mountinfo", &text);
	char *line, *root, *place, *save = NULL;

	if (r < 0)
		return r;
	for (line = strtok_r((char *)text.data, "\n", &save); line;
		line = strtok_r(NULL, "\n", &save)) {
		size_t len;

		if (!cut_mount(line, controller, &root, &place))
			continue;
		len = strcmp(root, "/") == 0 ? 0 : strlen(root);
		if (strncmp(path, root, len) != 0 ||
			(path[len] != '/' && path[len] != 0))
			continue;
		if (snprintf(out, size, "%s%s", place, path + len) >= (int)size)
			return -ENAMETOOLONG;
		return 0;
	}
	return -ENOTSUP;
}

/* Controllers can be enabled only where no process is. So a service manager
 * may start the agent in a leaf of this name, and everything of ours is made
 * beside it. */
static void
step_out_of_leaf(char *path)
{
	char *last = strrchr(path, '/');

	if (last && strcmp(last + 1, "nodelink-agent") == 0)
		last[last == path] = 0;
}

int
cgroup_open_own(const char *controller, struct err *err)
{
	char path[1024], full[2048];
	int fd, r = own_path(controller, path, sizeof path);

	if (r == 0)
		step_out_of_leaf(path);
	if (r == 0)
		r = own_folder(controller, path, full, sizeof full);
	if (r < 0)
		return err_set(err, r, "no cgroup %s hierarchy is mounted here",
			controller ? controller : "v2");
	fd = fd_open(full, O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return err_set(err, fd, "cannot open our cgroup %s: %s", full,
			err_name(-fd));
	return fd;
}

/* -------------------------------------------------------- what the dead left */

/* A live process may be on its way into the group that it has just made. */
static bool
is_being_made(int dir, const char *number)
{
	struct stat st;
	char text[16];
	int64_t pid;

	(void)snprintf(
		text, sizeof text, "%.*s", (int)strcspn(number, "."), number);
	return parse_i64(text, 1, INT32_MAX, &pid) == 0 &&
	       fstat(dir, &st) == 0 &&
	       clock_wall_ms() / 1000 - st.st_ctime < BEING_MADE_S &&
	       (kill((pid_t)pid, 0) == 0 || errno == EPERM);
}

static bool
is_left(int dir, const char *number)
{
	AUTO_CLOSE int leaf = cgroup_open_dir(dir, "self");
	size_t n = 0;
	int r = leaf < 0 ? leaf : cgroup_list_procs(leaf, NULL, 0, &n);

	if (r < 0 && r != -ENOENT)
		return false; /* not known: then it is not ours to end */
	return n == 0 && !is_being_made(dir, number);
}

struct sweep {
	const struct cgroup_base *base;
	const char *prefix;
	int64_t ms;
	struct group_member *out;
	size_t max, n;
};

static int
sweep_one(struct sweep *s, const char *name)
{
	AUTO_CLOSE int dir = -1;
	size_t room = s->n < s->max ? s->max - s->n : 0;
	int n;

	if (strncmp(name, s->prefix, strlen(s->prefix)) != 0 ||
		strcmp(name, s->base->name) == 0)
		return 0;
	dir = cgroup_open_dir(s->base->own, name);
	if (dir < 0)
		return dir == -ENOENT ? 0 : dir;
	if (!is_left(dir, name + strlen(s->prefix)))
		return 0;
	n = cgroup_kill_wait(dir, s->ms, room ? s->out + s->n : s->out, room);
	if (n == 0)
		(void)cgroup_remove(s->base->own, name);
	s->n += n > 0 ? (size_t)n : 0;
	return n < 0 ? n : 0;
}

int
cgroup_base_sweep(const struct cgroup_base *base, const char *prefix,
	int64_t ms, struct group_member *out, size_t max)
{
	struct sweep s = { base, prefix, ms, out, max, 0 };
	int r = 0, fd = cgroup_open_dir(base->own, ".");
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!d)
		return fd < 0 ? fd : -ENOMEM;
	while ((entry = readdir(d)) != NULL) {
		int one = sweep_one(&s, entry->d_name);

		r = one < 0 ? one : r;
	}
	(void)closedir(d);
	return s.n || r == 0 ? (int)s.n : r;
}

/* ------------------------------------------------------------------ the base */

static int
enter_leaf(const struct cgroup_base *base)
{
	AUTO_CLOSE int self = -1;
	int r = cgroup_make_dir(base->dir, "self");

	if (r < 0)
		return r;
	self = cgroup_open_dir(base->dir, "self");
	return self < 0 ? self : cgroup_write(self, "cgroup.procs", "0");
}

int
cgroup_base_open(struct cgroup_base *base, const char *controller,
	const char *prefix, struct err *err)
{
	unsigned salt = 0;
	int r;

	*base = (struct cgroup_base){ .own = -1, .dir = -1 };
	base->own = cgroup_open_own(controller, err);
	if (base->own < 0)
		return base->own;
	(void)!getrandom(&salt, sizeof salt, GRND_NONBLOCK);
	(void)snprintf(base->name, sizeof base->name, "%.64s%d.%04x", prefix,
		(int)getpid(), salt & 0xffff);
	r = cgroup_make_dir(base->own, base->name);
	if (r < 0)
		return err_set(err, r, "cannot make a cgroup below ours: %s",
			err_name(-r));
	base->dir = cgroup_open_dir(base->own, base->name);
	r = base->dir < 0 ? base->dir : enter_leaf(base);
	if (r < 0)
		return err_set(err, r,
			"cannot move into a cgroup below ours: %s",
			err_name(-r));
	return 0;
}

void
cgroup_base_close(struct cgroup_base *base)
{
	if (base->dir >= 0) {
		(void)cgroup_write(base->own, "cgroup.procs", "0");
		(void)close(TAKE_FD(base->dir));
		(void)cgroup_remove(base->own, base->name);
	}
	if (base->own >= 0)
		(void)close(TAKE_FD(base->own));
}
