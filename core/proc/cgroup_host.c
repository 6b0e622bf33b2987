/* cgroup_host.c - where this process makes its control groups, and whether
 * they work here */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/parse.h"
#include "proc/cgroup_internal.h"

enum {
	MOUNTINFO_MAX = 1 << 20,
	TRAP_MS = 20, /* a child that the kernel kills at birth dies sooner */
	SETTLE_MS = 1000,
	BEING_MADE_S = 10,
};

static int
write_at(int dir, const char *file, const char *text)
{
	AUTO_CLOSE int fd = openat(dir, file, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

static int
read_file(const char *path, struct buf *out, size_t max)
{
	AUTO_CLOSE int fd = fd_open(path, O_RDONLY);

	return fd < 0 ? fd : fd_read_all(fd, out, max);
}

/* ------------------------------------------------------ finding our own group */

/* The line "0::/path" of /proc/self/cgroup. */
static int
own_path(char *out, size_t size)
{
	AUTO_BUF struct buf text = { 0 };
	int r = read_file("/proc/self/cgroup", &text, MOUNTINFO_MAX);
	char *line, *save = NULL;

	if (r < 0)
		return r;
	for (line = strtok_r((char *)text.data, "\n", &save); line;
		line = strtok_r(NULL, "\n", &save))
		if (strncmp(line, "0::/", 4) == 0 && !strstr(line, "/..")) {
			if (snprintf(out, size, "%s", line + 3) >= (int)size)
				return -ENAMETOOLONG;
			return 0;
		}
	return -ENOTSUP;
}

/* Where a cgroup2 hierarchy is mounted whole (its root field is "/"). */
static int
mount_point(char *out, size_t size)
{
	AUTO_BUF struct buf text = { 0 };
	int r = read_file("/proc/self/mountinfo", &text, MOUNTINFO_MAX);
	char *line, *save = NULL;

	if (r < 0)
		return r;
	for (line = strtok_r((char *)text.data, "\n", &save); line;
		line = strtok_r(NULL, "\n", &save)) {
		const char *type = strstr(line, " - cgroup2 ");
		char *field, *save_field = NULL, *root = NULL;

		if (!type)
			continue;
		field = strtok_r(line, " ", &save_field);
		for (int i = 0; field && i < 4; i++) {
			if (i == 3)
				root = field;
			field = strtok_r(NULL, " ", &save_field);
		}
		if (!field || !root || strcmp(root, "/") != 0)
			continue;
		if (snprintf(out, size, "%s", field) >= (int)size)
			return -ENAMETOOLONG;
		return 0;
	}
	return -ENOTSUP;
}

static int
open_own(struct cgroup_host *host, struct err *err)
{
	char mount[1024], path[1024], full[2050];
	int r = own_path(path, sizeof path);

	if (r == 0)
		r = mount_point(mount, sizeof mount);
	if (r < 0)
		return err_set(
			err, r, "no cgroup v2 hierarchy is mounted here");
	(void)snprintf(full, sizeof full, "%s%s", mount, path);
	host->own = open(full, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (host->own < 0)
		return err_set(err, -errno, "cannot open our cgroup %s: %s",
			full, err_name(errno));
	return 0;
}

/* ------------------------------------------------------------ trying it out */

static int
wait_empty(const struct cgroup *g)
{
	int64_t end = clock_us() + SETTLE_MS * 1000ll;
	struct pollfd p = { .fd = g->events, .events = POLLPRI };
	int r;

	while ((r = cgroup_populated(g)) > 0) {
		int64_t left = (end - clock_us()) / 1000;

		if (left <= 0)
			return -ETIMEDOUT;
		(void)poll(&p, 1, (int)left);
	}
	return r;
}

/* A child that only waits; born in the group without an image of its own. */
static int
start_waiting(const struct cgroup *g, bool inside, int *pidfd)
{
	struct clone_args args = { .flags = CLONE_PIDFD |
					    (inside ? CLONE_INTO_CGROUP : 0),
		.pidfd = (uintptr_t)pidfd,
		.exit_signal = SIGCHLD,
		.cgroup = inside ? (unsigned)g->dir : 0 };
	pid_t parent = getpid();
	long pid = syscall(SYS_clone3, &args, sizeof args);

	if (pid < 0)
		return -errno;
	if (pid == 0) {
		/* We may be killed while we look at it. */
		(void)syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		if (syscall(SYS_getppid) != parent)
			(void)syscall(SYS_exit_group, 1);
		if (!inside)
			(void)!write(g->procs, "0", 1);
		for (;;)
			(void)syscall(SYS_ppoll, NULL, 0, NULL, NULL, 0);
	}
	return 0;
}

/* Right after the last death the kernel may need a moment. */
static int
remove_soon(struct cgroup_host *host, struct cgroup *g)
{
	int64_t end = clock_us() + SETTLE_MS * 1000ll;
	int r;

	while ((r = cgroup_remove(host, g)) == -EBUSY && clock_us() < end)
		(void)poll(NULL, 0, 1);
	cgroup_done(g);
	return r;
}

/* Do it once: birth, life, kill, proof, removal. */
static int
try_out(struct cgroup_host *host)
{
	struct cgroup g;
	struct pollfd p = { .events = POLLIN };
	int pidfd = -1, r = cgroup_make(host, "probe", &g), removed;
	bool trapped;

	if (r < 0)
		return r;
	r = start_waiting(&g, host->births, &pidfd);
	if (r < 0) {
		(void)remove_soon(host, &g); /* r says more */
		return r;
	}
	p.fd = pidfd;
	/* Some kernels compare the wrong kill counters, and the child is dead
	 * at birth: then groups are entered by writing. */
	trapped = poll(&p, 1, TRAP_MS) > 0;
	r = cgroup_kill(&g);
	if (r == 0)
		r = wait_empty(&g);
	if (r < 0)
		(void)syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
	(void)waitid(P_PIDFD, (id_t)pidfd, NULL, WEXITED);
	(void)close(pidfd);
	removed = remove_soon(host, &g);
	if (r == 0)
		r = removed;
	return trapped ? -EAGAIN : r;
}

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
	struct group_member one;

	if (leaf < 0 && leaf != -ENOENT)
		return false; /* not known: then it is not ours to end */
	return (leaf < 0 || cgroup_list_procs(leaf, &one, 1, 0) == 0) &&
	       !is_being_made(dir, number);
}

/* Groups that an earlier process with our prefix left: its leaf is empty, so
 * it is dead, and what still runs in the others is nobody's. */
static void
sweep(struct cgroup_host *host, const char *prefix)
{
	int fd = cgroup_open_dir(host->own, ".");
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	while (d && (entry = readdir(d)) != NULL) {
		struct cgroup left = { -1, -1, -1, -1, "" };

		if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0 ||
			strcmp(entry->d_name, host->name) == 0)
			continue;
		left.dir = cgroup_open_dir(host->own, entry->d_name);
		if (left.dir >= 0 &&
			is_left(left.dir, entry->d_name + strlen(prefix))) {
			left.events = openat(left.dir, "cgroup.events",
				O_RDONLY | O_CLOEXEC);
			(void)write_at(left.dir, "cgroup.kill", "1");
			if (wait_empty(&left) < 0)
				log_warn(0,
					"processes of a dead executor survive "
					"in the cgroup '%s'",
					entry->d_name);
			(void)cgroup_remove_below(host->own, entry->d_name, 0);
		}
		cgroup_done(&left);
	}
	if (d)
		(void)closedir(d);
}

static int
make_base(struct cgroup_host *host, const char *prefix, struct err *err)
{
	AUTO_CLOSE int self = -1;
	unsigned salt = 0;
	int r;

	(void)!getrandom(&salt, sizeof salt, GRND_NONBLOCK);
	(void)snprintf(host->name, sizeof host->name, "%.64s%d.%04x", prefix,
		(int)getpid(), salt & 0xffff);
	r = cgroup_make_dir(host->own, host->name);
	if (r < 0)
		return err_set(err, r, "cannot make a cgroup below ours: %s",
			err_name(-r));
	host->base = cgroup_open_dir(host->own, host->name);
	r = host->base < 0 ? host->base : cgroup_make_dir(host->base, "self");
	if (r == 0)
		self = cgroup_open_dir(host->base, "self");
	if (r == 0)
		r = self < 0 ? self : write_at(self, "cgroup.procs", "0");
	if (r < 0)
		return err_set(err, r,
			"cannot move into a cgroup below ours: %s",
			err_name(-r));
	return 0;
}

int
cgroup_host_new(const char *prefix, struct cgroup_host **out, struct err *err)
{
	AUTO(cgroup_host_free)
	struct cgroup_host *host = calloc(1, sizeof *host);
	int r;

	if (!host)
		return err_set(err, -ENOMEM, "out of memory");
	host->own = host->base = -1;
	r = open_own(host, err);
	if (r < 0)
		return r;
	r = make_base(host, prefix, err);
	if (r < 0)
		return r;
	sweep(host, prefix);
	host->births = true;
	r = try_out(host);
	if (r < 0) {
		host->births = false;
		r = try_out(host);
	}
	if (r < 0)
		return err_set(
			err, r, "cgroups do not work here: %s", err_name(-r));
	*out = TAKE(host);
	return 0;
}

void
cgroup_host_free(struct cgroup_host *host)
{
	if (!host)
		return;
	/* Back to where we came from, so that the base can go. */
	if (host->base >= 0) {
		(void)write_at(host->own, "cgroup.procs", "0");
		(void)close(host->base);
		(void)cgroup_remove_below(host->own, host->name, 0);
	}
	if (host->own >= 0)
		(void)close(host->own);
	free(host);
}

bool
cgroup_host_births(const struct cgroup_host *host)
{
	return host->births;
}
