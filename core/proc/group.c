/* group.c - the process group that a program leads */
#include "proc/group.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/fd.h"
#include "base/parse.h"

#ifndef PIDFD_SIGNAL_PROCESS_GROUP
#define PIDFD_SIGNAL_PROCESS_GROUP (1u << 2) /* Linux 6.9 */
#endif

enum { STAT_TEXT = 512 };

void
group_init(struct group *g, pid_t leader, int take_pidfd)
{
	*g = (struct group){ .leader = leader, .pidfd = take_pidfd };
}

void
group_done(struct group *g)
{
	if (g->pidfd >= 0)
		(void)close(g->pidfd);
	g->pidfd = -1;
	g->gone = true;
}

/* By identity where the kernel can. By number elsewhere: the number stays
 * reserved while the group has a member, and `gone` ends its use. */
static int
send_signal(const struct group *g, int signo)
{
	static bool by_number; /* this kernel is older than the flag */

	if (!by_number) {
		if (syscall(SYS_pidfd_send_signal, g->pidfd, signo, NULL,
			    PIDFD_SIGNAL_PROCESS_GROUP) == 0)
			return 0;
		if (errno != EINVAL && errno != ENOSYS)
			return -errno;
		by_number = true;
	}
	return kill(-g->leader, signo) < 0 ? -errno : 0;
}

int
group_signal(struct group *g, int signo)
{
	return g->gone ? -ESRCH : send_signal(g, signo);
}

bool
group_is_empty(struct group *g)
{
	if (!g->gone && send_signal(g, 0) == -ESRCH)
		g->gone = true;
	return g->gone;
}

void
group_reap(const struct group *g)
{
	siginfo_t info;

	do
		info.si_pid = 0;
	while (!g->gone &&
		waitid(P_PGID, (id_t)g->leader, &info, WEXITED | WNOHANG) ==
			0 &&
		info.si_pid != 0);
}

/* -------------------------------------------------------------------- /proc */

struct stat_line {
	struct group_member member;
	pid_t pgid;
};

/* "pid (comm) state ppid pgrp ...": comm may hold anything, so the last
 * parenthesis counts. */
static int
parse_stat(char *text, pid_t pid, struct stat_line *out)
{
	char *open = strchr(text, '('), *close = strrchr(text, ')');
	char *word, *save = NULL;
	int64_t pgid;
	size_t n;

	if (!open || !close || close < open || close[1] != ' ' || !close[2])
		return -EBADMSG;
	n = (size_t)(close - open) - 1;
	if (n >= GROUP_NAME)
		n = GROUP_NAME - 1;
	memcpy(out->member.name, open + 1, n);
	out->member.name[n] = 0;
	out->member.state = close[2];
	out->member.pid = pid;
	(void)strtok_r(close + 2, " ", &save); /* state */
	(void)strtok_r(NULL, " ", &save); /* ppid */
	word = strtok_r(NULL, " ", &save);
	if (!word || parse_i64(word, 0, INT32_MAX, &pgid) < 0)
		return -EBADMSG;
	out->pgid = (pid_t)pgid;
	return 0;
}

static int
read_stat(int proc, const char *pid_text, pid_t pid, struct stat_line *out)
{
	char path[32], text[STAT_TEXT];
	AUTO_CLOSE int fd = -1;
	ssize_t n;

	(void)snprintf(path, sizeof path, "%.16s/stat", pid_text);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof text - 1);
	if (n < 0)
		return -errno;
	text[n] = 0;
	return parse_stat(text, pid, out);
}

static void
close_dir(DIR *dir)
{
	(void)closedir(dir);
}
AUTO_DEFINE(DIR *, close_dir)

/* One look at /proc. Processes may come and go meanwhile. */
static int
scan(const struct group *g, struct group_member *out, size_t max)
{
	AUTO(close_dir) DIR *dir = opendir("/proc");
	const struct dirent *entry;
	size_t n = 0;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir)) != NULL) {
		struct stat_line line;
		int64_t pid;

		if (parse_i64(entry->d_name, 1, INT32_MAX, &pid) < 0 ||
			read_stat(dirfd(dir), entry->d_name, (pid_t)pid,
				&line) < 0 || /* not a process, or just gone */
			line.pgid != g->leader ||
			line.member.state == 'Z' || line.member.state == 'X')
			continue;
		if (n < max)
			out[n] = line.member;
		n++;
	}
	return (int)n;
}

int
group_list(struct group *g, struct group_member *out, size_t max)
{
	int n;

	if (g->gone)
		return 0;
	n = scan(g, out, max);
	if (n != 0 || group_is_empty(g))
		return n;
	/* Only zombies, whoever fails to reap them; or a process that forked
	 * and exited under our eyes. A second look tells them apart. */
	n = scan(g, out, max);
	if (n == 0)
		g->gone = true;
	return n;
}

void
group_member_read(pid_t pid, struct group_member *out)
{
	AUTO_CLOSE int proc = fd_open("/proc", O_RDONLY | O_DIRECTORY);
	struct stat_line line;
	char text[16];

	(void)snprintf(text, sizeof text, "%d", (int)pid);
	if (proc < 0 || read_stat(proc, text, pid, &line) < 0)
		line.member = (struct group_member){ pid, "", '?' };
	*out = line.member;
}

void
group_wchan(pid_t pid, char *out, size_t size)
{
	char path[32];
	AUTO_CLOSE int fd = -1;
	ssize_t n;

	out[0] = 0;
	(void)snprintf(path, sizeof path, "/proc/%d/wchan", (int)pid);
	fd = fd_open(path, O_RDONLY);
	if (fd < 0)
		return;
	n = read(fd, out, size - 1);
	out[n > 0 ? n : 0] = 0;
}
