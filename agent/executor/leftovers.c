/* leftovers.c - processes of an executor that died before it could stop them */
#include "executor/leftovers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/fd.h"
#include "base/parse.h"

enum {
	ROUNDS = 100,
	ROUND_MS = 10, /* for the killed to die */
	ENVIRON_MAX = 4 << 20, /* the kernel's own limit is of that order */
};

static void
close_dir(DIR *dir)
{
	(void)closedir(dir);
}
AUTO_DEFINE(DIR *, close_dir)

/* One that is gone, or that we may not look at, is none of ours as far as we
 * know; for want of memory or descriptors nothing is known. */
static int
not_known(int r)
{
	return r == -EMFILE || r == -ENFILE || r == -ENOMEM ? r : 0;
}

/* 1: its environment has NAME=VALUE/...; 0: not; -errno: not known. */
static int
has_prefix(int proc, const char *pid, const char *prefix)
{
	AUTO_BUF struct buf env = { 0 };
	AUTO_CLOSE int fd = -1;
	char path[32];
	int r;

	(void)snprintf(path, sizeof path, "%.16s/environ", pid);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	r = fd < 0 ? -errno : fd_read_all(fd, &env, ENVIRON_MAX);
	if (r < 0)
		return not_known(r);
	for (size_t at = 0; at < env.len;
		at += strlen((const char *)env.data + at) + 1)
		if (strncmp((const char *)env.data + at, prefix,
			    strlen(prefix)) == 0)
			return 1;
	return 0;
}

/* As has_prefix(), and 1 was told to die. */
static int
kill_one(int proc, const char *name, const char *prefix, pid_t *out)
{
	AUTO_CLOSE int pidfd = -1;
	int64_t pid;
	int r;

	if (parse_i64(name, 2, INT32_MAX, &pid) < 0 || pid == getpid())
		return 0;
	*out = (pid_t)pid;
	r = has_prefix(proc, name, prefix);
	if (r != 1)
		return r;
	/* The number may have changed hands before the descriptor pinned it. */
	pidfd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
	if (pidfd < 0)
		return not_known(-errno);
	r = has_prefix(proc, name, prefix);
	if (r == 1)
		(void)syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
	return r;
}

int
leftovers_stroke(const char *scratch, struct group_member *out, size_t max)
{
	AUTO(close_dir) DIR *proc = opendir("/proc");
	AUTO_BUF struct buf prefix = { 0 };
	const struct dirent *entry;
	size_t n = 0;
	int r;

	if (!proc)
		return -errno;
	r = buf_printf(&prefix, "NODELINK_TASK_DIR=%s/", scratch);
	while (prefix.len && (entry = readdir(proc)) != NULL) {
		pid_t pid;
		int one = kill_one(
			dirfd(proc), entry->d_name, buf_text(&prefix), &pid);

		if (one < 0)
			r = one;
		if (one == 1 && n < max)
			group_member_read(pid, &out[n]);
		n += one == 1;
	}
	return n || r == 0 ? (int)n : r;
}

size_t
leftovers_kill(const char *scratch)
{
	size_t first = 0;

	for (int i = 0; i < ROUNDS; i++) {
		int n = leftovers_stroke(scratch, NULL, 0);

		if (n <= 0)
			break;
		if (first < (size_t)n)
			first = (size_t)n;
		(void)poll(NULL, 0, ROUND_MS);
	}
	return first;
}
