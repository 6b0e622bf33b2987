/* tree.c - the processes below one, by who is whose child
 *
 * A number that was read a moment ago may be a stranger's. So each process is
 * pinned first, by opening its folder in /proc, and belongs to the tree only
 * if its parent is, after that, still the one we came from, or the root, which
 * inherits children. */
#include "proc/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/parse.h"

enum {
	DEPTH_MAX = 100, /* each costs a descriptor or two */
	CHUNK = 1024, /* bytes of a list of children */
	NUMBER = 16, /* "2147483647 " and a little more */
};

struct walk {
	tree_fn *fn;
	void *arg;
	pid_t root;
	int depth;
	int error; /* other than that somebody is gone */
};

/* What getdents64() gives; libc's opendir() would allocate. */
struct entry {
	uint64_t ino;
	int64_t off;
	unsigned short len;
	unsigned char type;
	char name[];
};

static int
walk_children(struct walk *w, int dir, const struct procfs_stat *stat);

static void
note(struct walk *w, int r)
{
	if (r < 0 && r != -ENOENT && r != -ESRCH)
		w->error = r;
}

/* Where /proc is mounted with hidepid=, one of another user is not there, and
 * lives. */
static bool
is_hidden(pid_t pid)
{
	return kill(pid, 0) < 0 && errno == EPERM;
}

static void
visit(struct walk *w, pid_t parent, pid_t pid)
{
	AUTO_CLOSE int dir = procfs_open(pid);
	struct procfs_stat stat;
	int r = dir < 0 ? dir : procfs_stat(dir, "stat", &stat);

	if (dir == -ENOENT && is_hidden(pid))
		r = -EACCES;

	note(w, r);
	if (r < 0 || (stat.ppid != parent && stat.ppid != w->root) ||
		procfs_is_dead(&stat)) /* then it has no children */
		return;
	if (w->fn(w->arg, &stat, dir) && w->depth < DEPTH_MAX) {
		w->depth++;
		note(w, walk_children(w, dir, &stat));
		w->depth--;
	}
}

/* The numbers in text, each followed by a space; how many bytes they are. */
static size_t
visit_all(struct walk *w, pid_t parent, char *text)
{
	char *at = text, *space;
	int64_t pid;

	for (; (space = strchr(at, ' ')) != NULL; at = space + 1) {
		*space = 0;
		if (parse_i64(at, 1, INT32_MAX, &pid) == 0)
			visit(w, parent, (pid_t)pid);
	}
	return (size_t)(at - text);
}

/* Of one thread: a list belongs to the thread that forked. */
static int
walk_thread(struct walk *w, int dir, pid_t pid, const char *thread)
{
	char text[CHUNK], path[48];
	AUTO_CLOSE int fd = -1;
	size_t have = 0;
	ssize_t n;

	(void)snprintf(path, sizeof path, "task/%.20s/children", thread);
	fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while ((n = read(fd, text + have, sizeof text - 1 - have)) > 0) {
		size_t used;

		have += (size_t)n;
		text[have] = 0;
		used = visit_all(w, pid, text);
		have -= used;
		memmove(text, text + used, have);
		if (have > NUMBER)
			return -EBADMSG;
	}
	return n < 0 ? -errno : 0;
}

static int
walk_threads(struct walk *w, int dir, pid_t pid)
{
	AUTO_CLOSE int task =
		openat(dir, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char room[CHUNK] __attribute__((aligned(8)));
	long n;

	if (task < 0)
		return -errno;
	while ((n = syscall(SYS_getdents64, task, room, sizeof room)) > 0)
		for (long at = 0; at < n;) {
			const struct entry *e = (const void *)(room + at);

			at += e->len;
			if (e->name[0] != '.')
				note(w, walk_thread(w, dir, pid, e->name));
		}
	return n < 0 ? -errno : 0;
}

static int
walk_children(struct walk *w, int dir, const struct procfs_stat *stat)
{
	char thread[NUMBER];

	if (stat->threads > 1)
		return walk_threads(w, dir, stat->pid);
	(void)snprintf(thread, sizeof thread, "%d", (int)stat->pid);
	return walk_thread(w, dir, stat->pid, thread);
}

int
tree_walk(int root, tree_fn *fn, void *arg)
{
	struct walk w = { .fn = fn, .arg = arg };
	struct procfs_stat stat;
	int r = procfs_stat(root, "stat", &stat);

	if (r < 0)
		return r;
	w.root = stat.pid;
	r = walk_children(&w, root, &stat);
	return r < 0 ? r : w.error;
}

bool
tree_kill_one(void *arg, const struct procfs_stat *stat, int dir)
{
	(void)arg;
	(void)stat;
	(void)syscall(SYS_pidfd_send_signal, dir, SIGKILL, NULL, 0);
	return true;
}
