/* leftovers.c - processes of an executor that died before it could stop them */
#include "executor/leftovers.h"

#include <dirent.h>
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

/* Its environment has NAME=VALUE/... */
static bool
has_prefix(int proc, const char *pid, const char *prefix)
{
	AUTO_BUF struct buf env = { 0 };
	AUTO_CLOSE int fd = -1;
	char path[32];

	(void)snprintf(path, sizeof path, "%.16s/environ", pid);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fd_read_all(fd, &env, ENVIRON_MAX) < 0)
		return false;
	for (size_t at = 0; at < env.len;
		at += strlen((const char *)env.data + at) + 1)
		if (strncmp((const char *)env.data + at, prefix,
			    strlen(prefix)) == 0)
			return true;
	return false;
}

static bool
kill_one(int proc, const char *name, const char *prefix)
{
	AUTO_CLOSE int pidfd = -1;
	int64_t pid;

	if (parse_i64(name, 2, INT32_MAX, &pid) < 0 || pid == getpid() ||
		!has_prefix(proc, name, prefix))
		return false;
	/* The number may have changed hands before the descriptor pinned it. */
	pidfd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
	return pidfd >= 0 && has_prefix(proc, name, prefix) &&
	       syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0) == 0;
}

static size_t
kill_round(const char *prefix)
{
	AUTO(close_dir) DIR *proc = opendir("/proc");
	const struct dirent *entry;
	size_t n = 0;

	while (proc && (entry = readdir(proc)) != NULL)
		n += kill_one(dirfd(proc), entry->d_name, prefix);
	return n;
}

size_t
leftovers_kill(const char *scratch)
{
	AUTO_BUF struct buf prefix = { 0 };
	size_t first = 0;

	if (buf_printf(&prefix, "NODELINK_TASK_DIR=%s/", scratch) < 0)
		return 0;
	for (int i = 0; i < ROUNDS; i++) {
		size_t n = kill_round(buf_text(&prefix));

		if (n == 0)
			break;
		if (first < n)
			first = n;
		(void)poll(NULL, 0, ROUND_MS);
	}
	return first;
}
