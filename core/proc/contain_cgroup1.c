/* contain_cgroup1.c - the third rung: control groups of v1, for hosts without v2
 *
 * A task has a group in the pids hierarchy, where forking can be forbidden, and
 * one in the freezer's, where time can be stopped. It enters both by writing,
 * which takes some milliseconds. Nobody tells when they are empty: the lists
 * must be read, and afresh each time, since an open file shows an old one. A
 * process that has left one of the two is still held by the other. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proc/cgroup.h"
#include "proc/contain_internal.h"

enum { KINDS = 2 };

static const char *const kinds[KINDS] = { "pids", "freezer" };

struct cgroup1_host {
	struct cgroup_base base[KINDS];
};

struct cgroup1 {
	struct contain contain;
	struct cgroup1_host *host;
	int dir[KINDS];
	int procs[KINDS]; /* to enter by */
};

static int
remove_groups(struct contain *base)
{
	const struct cgroup1 *c = (struct cgroup1 *)base;
	int r = 0;

	for (int i = 0; i < KINDS && r == 0; i++)
		r = cgroup_remove(c->host->base[i].dir, c->contain.name);
	return r;
}

static void
free_groups(struct contain *base)
{
	struct cgroup1 *c = (struct cgroup1 *)base;

	for (int i = 0; i < KINDS; i++) {
		if (c->dir[i] >= 0)
			(void)close(c->dir[i]);
		if (c->procs[i] >= 0)
			(void)close(c->procs[i]);
	}
	free(c);
}

static int
make_one(struct cgroup1 *c, int i)
{
	int at = c->host->base[i].dir, r = cgroup_make_dir(at, c->contain.name);

	if (r < 0)
		return r;
	c->dir[i] = cgroup_open_dir(at, c->contain.name);
	if (c->dir[i] < 0)
		return c->dir[i];
	c->procs[i] = openat(c->dir[i], "cgroup.procs", O_WRONLY | O_CLOEXEC);
	return c->procs[i] < 0 ? -errno : 0;
}

static int
make(void *own, const char *name, struct contain **out, struct err *err)
{
	struct cgroup1 *c = calloc(1, sizeof *c);
	int r = 0;

	if (!c)
		return err_set(err, -ENOMEM, "out of memory");
	c->contain.ops = &contain_cgroup1_ops;
	c->host = own;
	for (int i = 0; i < KINDS; i++)
		c->dir[i] = c->procs[i] = -1;
	(void)stpncpy(c->contain.name, name, sizeof c->contain.name - 1);
	for (int i = 0; i < KINDS && r == 0; i++)
		r = make_one(c, i);
	return contain_made(&c->contain, r, out, err);
}

static int
spawn(struct contain *base, const struct spawn *how, pid_t *pid, int *pidfd,
	int *wait_fd, enum spawn_step *failed)
{
	const struct cgroup1 *c = (struct cgroup1 *)base;
	struct spawn inside = *how;
	int r;

	for (int i = 0; i < KINDS; i++)
		inside.enter[inside.n_enter++] = c->procs[i];
	r = spawn_start(&inside, pid, pidfd, failed);
	if (r == 0)
		*wait_fd = *pidfd;
	return r;
}

static size_t
send_signal(struct contain *base, int signo, bool (*skip)(void *arg, pid_t pid),
	void *arg)
{
	return cgroup_signal(
		((struct cgroup1 *)base)->dir[0], signo, skip, arg);
}

/* Those who have left the first are all that is left in the second. */
static int
kill_all(struct contain *base)
{
	const struct cgroup1 *c = (struct cgroup1 *)base;

	(void)cgroup_write(c->dir[0], "pids.max", "0");
	(void)cgroup_kill_each(c->dir[1]);
	if (cgroup_list(c->dir[1], NULL, 0) <= 0) /* or it is not known */
		(void)cgroup_kill_each(c->dir[0]);
	return 1;
}

static int
list(struct contain *base, struct group_member *out, size_t max)
{
	const struct cgroup1 *c = (struct cgroup1 *)base;
	int n = cgroup_list(c->dir[0], out, max);

	return n != 0 ? n : cgroup_list(c->dir[1], out, max);
}

static int
is_empty(struct contain *base)
{
	int n = list(base, NULL, 0);

	return n < 0 ? n : n == 0;
}

static int
no_events(struct contain *base, unsigned *events)
{
	(void)base;
	*events = 0;
	return -1;
}

/* ------------------------------------------------------------------ limits */

static const char *
can_limit(const void *own, enum contain_limit which)
{
	(void)own;
	return which == CONTAIN_PIDS ? "cgroup1" : NULL;
}

static int
limit(struct contain *base, enum contain_limit which, uint64_t value)
{
	return contain_limit_group(
		((struct cgroup1 *)base)->dir[0], which, value);
}

static void
read_events(struct contain *base, struct contain_events *out)
{
	contain_limit_events(((struct cgroup1 *)base)->dir[0], out);
}

/* -------------------------------------------------------------------- host */

static int
try_out(struct cgroup1_host *host, struct err *err)
{
	struct contain *c;
	int pidfd, r = make(host, "probe", &c, err);

	if (r < 0)
		return r;
	r = contain_try_start(-1, ((struct cgroup1 *)c)->procs, KINDS, &pidfd);
	if (r == 0)
		r = contain_try_end(c, pidfd);
	else
		(void)contain_remove(c);
	contain_free(c);
	if (r < 0)
		return err_set(err, r, "cgroups (v1) do not work here: %s",
			err_name(-r));
	return 0;
}

static void
close_host(void *own)
{
	struct cgroup1_host *host = own;

	for (int i = 0; i < KINDS; i++)
		cgroup_base_close(&host->base[i]);
	free(host);
}

static int
open_host(const struct contain_options *options, void **own, struct err *err)
{
	struct cgroup1_host *host = calloc(1, sizeof *host);
	int r = 0;

	if (!host)
		return err_set(err, -ENOMEM, "out of memory");
	for (int i = 0; i < KINDS; i++)
		host->base[i] = (struct cgroup_base){ .own = -1, .dir = -1 };
	for (int i = 0; i < KINDS && r == 0; i++) {
		r = cgroup_base_open(
			&host->base[i], kinds[i], options->prefix, err);
		if (r == 0)
			(void)cgroup_base_sweep(&host->base[i], options->prefix,
				CGROUP_SETTLE_MS, NULL, 0);
	}
	if (r == 0)
		r = try_out(host, err);
	if (r < 0) {
		close_host(host);
		return r;
	}
	*own = host;
	return 0;
}

static int
sweep(void *own, const char *prefix, struct group_member *out, size_t max)
{
	const struct cgroup1_host *host = own;
	int n = 0;

	for (int i = 0; i < KINDS && n == 0; i++)
		n = cgroup_base_sweep(&host->base[i], prefix, 0, out, max);
	return n;
}

const struct contain_ops contain_cgroup1_ops = {
	.open = open_host,
	.close = close_host,
	.sweep = sweep,
	.make = make,
	.free = free_groups,
	.spawn = spawn,
	.signal = send_signal,
	.kill = kill_all,
	.is_empty = is_empty,
	.fd = no_events,
	.list = list,
	.remove = remove_groups,
	.can_limit = can_limit,
	.limit = limit,
	.events = read_events,
};
