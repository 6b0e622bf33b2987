/* leftovers.c - processes of an executor that was killed
 *
 * They are found by the environment they were started with, which the kernel
 * keeps and the scratch folder's path makes ours alone. Whoever replaced his
 * environment is still reached through his process group, as long as one
 * other member has kept it. */
#include "executor/leftovers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/parse.h"

enum {
	ROUNDS = 100,
	ROUND_MS = 10,
	ENVIRON_MAX = 4 << 20, /* more than the kernel lets anybody have */
};

static void
close_dir(DIR *dir)
{
	(void)closedir(dir);
}
AUTO_DEFINE(DIR *, close_dir)

/* The environment that the process was started with; empty for a zombie, and
 * for one that is not ours to look at. */
static void
read_environ(int proc, const char *pid, struct buf *out)
{
	char path[32];
	AUTO_CLOSE int fd = -1;

	buf_clear(out);
	(void)snprintf(path, sizeof path, "%.16s/environ", pid);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && fd_read_all(fd, out, ENVIRON_MAX) < 0)
		buf_clear(out);
}

/* Is there a variable that starts with this text? */
static bool
has_variable(const struct buf *env, const char *start)
{
	const char *at = buf_text(env), *end = at + env->len;

	for (; at < end; at += strlen(at) + 1)
		if (strncmp(at, start, strlen(start)) == 0)
			return true;
	return false;
}

/* One look at all processes: how many of them it has sent SIGKILL. */
static int
kill_round(const char *mark, struct buf *env)
{
	AUTO(close_dir) DIR *dir = opendir("/proc");
	const struct dirent *entry;
	int n = 0;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir)) != NULL) {
		int64_t pid;
		pid_t pgid;

		if (parse_i64(entry->d_name, 2, INT32_MAX, &pid) < 0)
			continue;
		read_environ(dirfd(dir), entry->d_name, env);
		if (!has_variable(env, mark))
			continue;
		pgid = getpgid((pid_t)pid);
		if (pgid > 1 && pgid != getpgrp())
			(void)kill(-pgid, SIGKILL);
		(void)kill((pid_t)pid, SIGKILL);
		n++;
	}
	return n;
}

int
leftovers_kill(const char *scratch)
{
	AUTO_BUF struct buf mark = { 0 };
	AUTO_BUF struct buf env = { 0 };
	int n = 0;
	int r = buf_printf(&mark, "NODELINK_TASK_DIR=%s/", scratch);

	if (r < 0)
		return r;
	for (int round = 0; round < ROUNDS; round++) {
		n = kill_round(buf_text(&mark), &env);
		if (n <= 0)
			return n;
		if (round == 0)
			log_warn(0,
				"killing %d processes that an earlier "
				"executor has left",
				n);
		(void)poll(NULL, 0, ROUND_MS);
	}
	return n;
}
