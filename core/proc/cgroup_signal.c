/* cgroup_signal.c - a polite signal to those in a control group
 *
 * There is no system call for it, so they are told one by one. A number read
 * from cgroup.procs may belong to a stranger when it is used: it is pinned by
 * a pidfd first, and must be on the list once more after that. */
#include "proc/cgroup.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/parse.h"

enum {
	AT_ONCE = 64, /* descriptors */
	SIGNAL_MAX = 4096, /* a crowd larger than that waits for SIGKILL */
};

struct pinned {
	pid_t pid;
	int fd;
};

struct round {
	int signo;
	bool (*skip)(void *arg, pid_t pid);
	void *arg;
	size_t seen, reached;
	struct pinned pinned[AT_ONCE];
	size_t n;
};

/* Of a list that is too long its beginning will do: whoever is killed makes
 * room on it. The last line may be a part of a number. */
static char *
read_procs(int dir, struct buf *out)
{
	int r = cgroup_read_procs(dir, out);
	char *end = r == -EFBIG ? memrchr(out->data, '\n', out->len) : NULL;

	if (end)
		*end = 0;
	return r == 0 || end ? (char *)out->data : NULL;
}

/* The next number of the list; 0 at its end. */
static pid_t
next_pid(char **at)
{
	char *line;
	int64_t pid;

	while ((line = strsep(at, "\n")) != NULL)
		if (parse_i64(line, 1, INT32_MAX, &pid) == 0)
			return (pid_t)pid;
	return 0;
}

static struct pinned *
find(struct round *round, pid_t pid)
{
	for (size_t i = 0; i < round->n; i++)
		if (round->pinned[i].pid == pid)
			return &round->pinned[i];
	return NULL;
}

/* To those of the pinned that are still on the list. */
static void
send_pinned(struct round *round, int dir)
{
	AUTO_BUF struct buf text = { 0 };
	char *at = round->n ? read_procs(dir, &text) : NULL;
	pid_t pid;

	while ((pid = next_pid(&at)) != 0) {
		const struct pinned *p = find(round, pid);

		if (p && syscall(SYS_pidfd_send_signal, p->fd, round->signo,
				 NULL, 0) == 0)
			round->reached++;
	}
	while (round->n)
		(void)close(round->pinned[--round->n].fd);
}

static void
pin(struct round *round, pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (fd >= 0)
		round->pinned[round->n++] = (struct pinned){ pid, fd };
}

static int
signal_one(void *arg, int dir)
{
	struct round *round = arg;
	AUTO_BUF struct buf text = { 0 };
	char *at = read_procs(dir, &text);
	pid_t pid;

	while (round->seen < SIGNAL_MAX && (pid = next_pid(&at)) != 0) {
		if (round->skip(round->arg, pid))
			continue;
		round->seen++;
		pin(round, pid);
		if (round->n == AT_ONCE)
			send_pinned(round, dir);
	}
	send_pinned(round, dir);
	return 0;
}

size_t
cgroup_signal(int dir, int signo, bool (*skip)(void *arg, pid_t pid), void *arg)
{
	struct round round = { .signo = signo, .skip = skip, .arg = arg };

	(void)cgroup_walk(dir, signal_one, &round); /* then nobody is reached */
	return round.reached;
}
