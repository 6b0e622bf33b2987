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
#include "proc/procfs.h"

#ifndef PIDFD_SIGNAL_PROCESS_GROUP
#define PIDFD_SIGNAL_PROCESS_GROUP (1u << 2) /* Linux 6.9 */
#endif

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

static int
read_stat(int proc, const char *pid_text, struct procfs_stat *out)
{
	char path[32];

	(void)snprintf(path, sizeof path, "%.16s/stat", pid_text);
	return procfs_stat(proc, path, out);
}

void
group_member_set(struct group_member *out, const struct procfs_stat *stat)
{
	out->pid = stat->pid;
	out->state = stat->state;
	memcpy(out->name, stat->name, sizeof out->name);
}

static void
close_dir(DIR *dir)
{
	(void)closedir(dir);
}
AUTO_DEFINE(DIR *, close_dir)

/* Where /proc is mounted with hidepid=, others than ours are not shown, or not
 * to be read: but for the first process somebody is missing. */
static int
see_all(int proc)
{
	struct procfs_stat first;
	int r = read_stat(proc, "1", &first);

	return r == -ENOENT ? -EACCES : r;
}

/* One look at /proc. Processes may come and go meanwhile; 0 is said only when
 * each that was there could be looked at. */
static int
scan(const struct group *g, struct group_member *out, size_t max)
{
	AUTO(close_dir) DIR *dir = opendir("/proc");
	const struct dirent *entry;
	size_t n = 0;
	int error;

	if (!dir)
		return -errno;
	error = see_all(dirfd(dir));
	while ((errno = 0, entry = readdir(dir)) != NULL) {
		struct procfs_stat stat;
		int64_t pid;
		int r;

		if (parse_i64(entry->d_name, 1, INT32_MAX, &pid) < 0)
			continue; /* not a process */
		r = read_stat(dirfd(dir), entry->d_name, &stat);
		if (r < 0 && r != -ENOENT && r != -ESRCH)
			error = r;
		if (r < 0 || stat.pgid != g->leader || procfs_is_dead(&stat))
			continue;
		if (n < max)
			group_member_set(&out[n], &stat);
		n++;
	}
	if (errno)
		error = -errno;
	return n || error == 0 ? (int)n : error;
}

int
group_list(struct group *g, struct group_member *out, size_t max)
{
	int n;

	if (g->gone)
		return 0;
	n = scan(g, out, max);
	if (n > 0)
		return n;
	if (group_is_empty(g)) /* the kernel's word, whatever we see */
		return 0;
	if (n < 0)
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
	struct procfs_stat stat = { .pid = pid, .name = "", .state = '?' };
	char path[32];

	(void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	(void)procfs_stat(AT_FDCWD, path, &stat); /* then as it is */
	group_member_set(out, &stat);
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
