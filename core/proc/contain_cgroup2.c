/* contain_cgroup2.c - the first two rungs: a control group (v2) for each task
 *
 * Whatever a process does, its children stay in its group, and the kernel says
 * when none is left. One write to cgroup.kill ends them all. A group serves
 * once: a kernel that has killed a group kills what is born into it later, too.
 *
 * Without cgroup.kill (before Linux 5.14) a group is frozen, so that nobody in
 * it can fork, and each is killed; a frozen process can die. One that was being
 * born when we looked is found by the next look. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "loop/loop.h"
#include "proc/contain_cgroup2.h"

static void
free_group(struct contain *base)
{
	struct cgroup2 *c = (struct cgroup2 *)base;
	const int fds[] = { c->dir, c->procs, c->kill, c->events };

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
	free(c);
}

static int
open_files(struct cgroup2 *c)
{
	c->dir = cgroup_open_dir(c->host->base.dir, c->contain.name);
	if (c->dir < 0)
		return c->dir;
	if (!c->host->freezes)
		c->kill = openat(c->dir, "cgroup.kill", O_WRONLY | O_CLOEXEC);
	if (!c->host->freezes && c->kill < 0)
		return -errno;
	c->events = openat(c->dir, "cgroup.events", O_RDONLY | O_CLOEXEC);
	if (c->events < 0)
		return -errno;
	if (!c->host->births)
		c->procs = openat(c->dir, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	return !c->host->births && c->procs < 0 ? -errno : 0;
}

int
contain_cgroup2_make(
	void *own, const char *name, struct contain **out, struct err *err)
{
	struct cgroup2_host *host = own;
	struct cgroup2 *c = calloc(1, sizeof *c);
	int r;

	if (!c)
		return err_set(err, -ENOMEM, "out of memory");
	c->contain.ops =
		host->freezes ? &contain_freeze_ops : &contain_cgroup2_ops;
	c->host = host;
	c->dir = c->procs = c->kill = c->events = -1;
	(void)stpncpy(c->contain.name, name, sizeof c->contain.name - 1);
	r = cgroup_make_dir(host->base.dir, c->contain.name);
	if (r == 0)
		r = open_files(c);
	return contain_made(&c->contain, r, out, err);
}

static int
spawn(struct contain *base, const struct spawn *how, pid_t *pid, int *pidfd,
	int *wait_fd, enum spawn_step *failed)
{
	const struct cgroup2 *c = (struct cgroup2 *)base;
	struct spawn inside = *how;
	int r;

	if (c->procs < 0)
		inside.born_in = c->dir;
	else
		inside.enter[inside.n_enter++] = c->procs;
	r = spawn_start(&inside, pid, pidfd, failed);
	if (r == 0)
		*wait_fd = *pidfd;
	return r;
}

static size_t
send_signal(struct contain *base, int signo, bool (*skip)(void *arg, pid_t pid),
	void *arg)
{
	return cgroup_signal(((struct cgroup2 *)base)->dir, signo, skip, arg);
}

static int
kill_all(struct contain *base)
{
	return pwrite(((struct cgroup2 *)base)->kill, "1", 1, 0) < 0 ? -errno
								     : 0;
}

static int
freeze_and_kill(struct contain *base)
{
	(void)cgroup_kill_each(((struct cgroup2 *)base)->dir);
	return 1;
}

/* Reading also arms the descriptor: it tells of what happens from now on. */
static int
is_empty(struct contain *base)
{
	char text[256];
	ssize_t n = pread(
		((struct cgroup2 *)base)->events, text, sizeof text - 1, 0);

	if (n < 0)
		return errno == ENODEV ? 1 : -errno; /* removed: nobody */
	text[n] = 0;
	return strstr(text, "populated 1") == NULL;
}

static int
events_fd(struct contain *base, unsigned *events)
{
	*events = LOOP_PRIORITY;
	return ((struct cgroup2 *)base)->events;
}

static int
list(struct contain *base, struct group_member *out, size_t max)
{
	return cgroup_list(((struct cgroup2 *)base)->dir, out, max);
}

static int
remove_group(struct contain *base)
{
	const struct cgroup2 *c = (struct cgroup2 *)base;

	return cgroup_remove(c->host->base.dir, c->contain.name);
}

static const char *
can_limit(const void *own, enum contain_limit which)
{
	return ((const struct cgroup2_host *)own)->has[which] ? "cgroup2"
							      : NULL;
}

static int
limit(struct contain *base, enum contain_limit which, uint64_t value)
{
	return contain_limit_group(((struct cgroup2 *)base)->dir, which, value);
}

static void
read_events(struct contain *base, struct contain_events *out)
{
	const struct cgroup2 *c = (struct cgroup2 *)base;

	if (c->host->has[CONTAIN_PIDS] || c->host->has[CONTAIN_MEMORY])
		contain_limit_events(c->dir, out);
}

#define OPS \
	.close = contain_cgroup2_close, .sweep = contain_cgroup2_sweep, \
	.make = contain_cgroup2_make, .free = free_group, .spawn = spawn, \
	.signal = send_signal, .is_empty = is_empty, .fd = events_fd, \
	.list = list, .remove = remove_group, .can_limit = can_limit, \
	.limit = limit, .events = read_events

const struct contain_ops contain_cgroup2_ops = {
	OPS,
	.open = contain_cgroup2_open,
	.kill = kill_all,
};

const struct contain_ops contain_freeze_ops = {
	OPS,
	.open = contain_freeze_open,
	.kill = freeze_and_kill,
};
