/* procfs.c - what /proc says of one process */
#include "proc/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/fd.h"
#include "base/parse.h"
#include "base/utf8.h"

enum {
	STAT_TEXT = 512,
	PGRP_TO_THREADS = 15, /* from one field to the other */
};

int
procfs_open(pid_t pid)
{
	char path[24];

	(void)snprintf(path, sizeof path, "/proc/%d", (int)pid);
	return fd_open(path, O_RDONLY | O_DIRECTORY);
}

pid_t
procfs_pidfd(int pidfd)
{
	static const char label[] = "Pid:\t";
	char path[48], text[STAT_TEXT], *at;
	AUTO_CLOSE int fd = -1;
	int64_t pid;
	ssize_t n;

	(void)snprintf(path, sizeof path, "/proc/self/fdinfo/%d", pidfd);
	fd = fd_open(path, O_RDONLY);
	if (fd < 0)
		return fd;
	n = read(fd, text, sizeof text - 1);
	if (n < 0)
		return -errno;
	text[n] = 0;
	at = strstr(text, label);
	if (!at)
		return -EBADMSG;
	at += sizeof label - 1;
	at[strcspn(at, "\n")] = 0;
	return parse_i64(at, 1, INT32_MAX, &pid) < 0 ? -ESRCH : (pid_t)pid;
}

/* The word that many further on, which is a number. */
static int
number_after(char **save, int words, int *out)
{
	const char *word = NULL;
	int64_t n;

	for (int i = 0; i < words; i++)
		word = strtok_r(NULL, " ", save);
	if (word && strcmp(word, "-1") == 0)
		return -ESRCH; /* it was reaped under our eyes */
	if (!word || parse_i64(word, 0, INT32_MAX, &n) < 0)
		return -EBADMSG;
	*out = (int)n;
	return 0;
}

/* "pid (comm) state ppid pgrp ...": comm may hold anything, so the last
 * parenthesis counts. */
static int
parse_stat(char *text, struct procfs_stat *out)
{
	char *open = strchr(text, '('), *close = strrchr(text, ')');
	char *save = NULL;
	int64_t pid;

	if (!open || open == text || !close || close < open ||
		close[1] != ' ' || !close[2])
		return -EBADMSG;
	utf8_clean(open + 1, (size_t)(close - open) - 1, out->name,
		sizeof out->name);
	out->state = close[2];
	open[-1] = 0;
	if (parse_i64(text, 1, INT32_MAX, &pid) < 0)
		return -EBADMSG;
	out->pid = (pid_t)pid;
	(void)strtok_r(close + 2, " ", &save); /* state */
	if (number_after(&save, 1, &out->ppid) < 0 ||
		number_after(&save, 1, &out->pgid) < 0)
		return -EBADMSG;
	return number_after(&save, PGRP_TO_THREADS, &out->threads);
}

int
procfs_stat(int dir, const char *path, struct procfs_stat *out)
{
	AUTO_CLOSE int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	struct procfs_stat stat;
	char text[STAT_TEXT];
	ssize_t n;
	int r;

	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof text - 1);
	if (n < 0)
		return -errno;
	text[n] = 0;
	r = parse_stat(text, &stat);
	if (r == 0)
		*out = stat;
	return r;
}
