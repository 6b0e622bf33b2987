/* contain_shim.c - two rungs without control groups: each program has a shim
 *
 * pidns: the shim is the first process of a PID namespace. Its death is
 * everybody's, and the kernel calls it dead when all of them are.
 *
 * subreaper: the shim is the parent of those whose parents died, so all are
 * below it. It kills them from there, and ends when it has no children left.
 * A task of our own user can kill its shim. What is left becomes ours then:
 * since we have no children but shims, every other child of ours belongs to
 * such a task, and is killed.
 *
 * See proc/shim.h for what is said between us and a shim. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "proc/contain_shim.h"
#include "proc/shim.h"

enum { SIGNAL_MAX = 4096 }; /* a crowd larger than that waits for SIGKILL */

/* ------------------------------------------------------------- containment */

int
shims_make(void *own, const char *name, struct contain **out, struct err *err)
{
	struct shim_host *host = own;
	struct shims *c = calloc(1, sizeof *c);

	(void)name; /* contain.c keeps it */
	if (!c)
		return err_set(err, -ENOMEM, "out of memory");
	c->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (c->epoll < 0) {
		free(c);
		return err_set(err, -errno, "cannot make a containment: %s",
			err_name(errno));
	}
	c->contain.ops =
		host->subreaper ? &contain_subreaper_ops : &contain_pidns_ops;
	c->host = host;
	c->next = host->first;
	host->first = c;
	*out = &c->contain;
	return 0;
}

static void
free_shims(struct contain *base)
{
	struct shims *c = (struct shims *)base, **at = &c->host->first;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	while (c->programs) {
		struct program *p = c->programs;

		c->programs = p->next;
		(void)program_is_over(c, p);
		program_free(p);
	}
	(void)close(c->epoll);
	free(c);
}

/* A task may run many programs, one after the other. */
static void
forget_gone(struct shims *c)
{
	for (struct program **at = &c->programs; *at;) {
		struct program *p = *at;

		if (!p->reaped || !program_is_over(c, p)) {
			at = &p->next;
			continue;
		}
		*at = p->next;
		program_free(p);
	}
}

static int
spawn(struct contain *base, const struct spawn *how, pid_t *pid, int *pidfd,
	int *wait_fd, enum spawn_step *failed)
{
	struct shims *c = (struct shims *)base;
	AUTO(program_abandon) struct program *p = program_new();
	int r;

	*failed = SPAWN_CLONE;
	if (!p)
		return -ENOMEM;
	forget_gone(c);
	r = program_start(c, p, how, pidfd, failed);
	if (r < 0) {
		program_abandon(TAKE(p));
		if (c->broken) /* or whatever contain_kill() finds */
			(void)shims_walk_orphans(c->host, tree_kill_one, NULL);
		return r;
	}
	*pid = p->pid;
	*wait_fd = p->wait;
	p->next = c->programs;
	c->programs = TAKE(p);
	return 0;
}

/* It could not tell: we have killed it, or on rung subreaper the task has. Then
 * the program is our own child. */
static int
reap_without_shim(struct shims *c, struct program *p, int pidfd)
{
	struct epoll_event ready = { .events = EPOLLIN };
	int r;

	/* Its end says no more than that, for ever. */
	(void)epoll_ctl(p->wait, EPOLL_CTL_DEL, p->socket, NULL);
	if (!program_is_over(c, p)) { /* it is dying */
		(void)epoll_ctl(p->wait, EPOLL_CTL_ADD, p->shim_pidfd, &ready);
		return -EAGAIN;
	}
	if (!c->host->subreaper)
		return 0;
	(void)syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
	(void)epoll_ctl(p->wait, EPOLL_CTL_ADD, pidfd, &ready);
	r = child_reap(pidfd, &p->exit);
	return r == -EAGAIN ? r : 0; /* or another has reaped it */
}

static int
reap(struct contain *base, pid_t pid, int pidfd, struct child_exit *out)
{
	struct shims *c = (struct shims *)base;
	struct program *p = program_find(c, pid);
	int r = 0;

	if (!p || p->reaped)
		return -ECHILD;
	program_listen(c, p);
	if (!p->ended && !p->silent && child_is_dead(pidfd))
		program_await(c, p);
	if (p->silent)
		r = reap_without_shim(c, p, pidfd);
	else if (!p->ended)
		r = -EAGAIN;
	if (r < 0)
		return r;
	program_release(c, p);
	p->reaped = true;
	*out = p->exit;
	return 0;
}

/* --------------------------------------------------------- signals and kill */

struct round {
	int signo;
	bool (*skip)(void *arg, pid_t pid);
	void *arg;
	size_t seen, reached;
};

static bool
signal_one(void *arg, const struct procfs_stat *stat, int dir)
{
	struct round *round = arg;

	if (round->skip(round->arg, stat->pid))
		return true;
	if (++round->seen > SIGNAL_MAX)
		return false;
	if (syscall(SYS_pidfd_send_signal, dir, round->signo, NULL, 0) == 0)
		round->reached++;
	return true;
}

static size_t
send_signal(struct contain *base, int signo, bool (*skip)(void *arg, pid_t pid),
	void *arg)
{
	struct round round = { .signo = signo, .skip = skip, .arg = arg };

	(void)shims_walk(
		(struct shims *)base, signal_one, &round); /* not all */
	return round.reached;
}

static int
kill_pidns(struct contain *base)
{
	struct shims *c = (struct shims *)base;

	for (struct program *p = c->programs; p; p = p->next) {
		if (program_is_over(c, p))
			continue;
		/* It has to run to end the others. Only root may. */
		(void)setpriority(PRIO_PROCESS, (id_t)p->shim, -20);
		(void)syscall(
			SYS_pidfd_send_signal, p->shim_pidfd, SIGKILL, NULL, 0);
	}
	return 0;
}

/* The shims do it. From the second stroke on we do it as well: a shim may be
 * stopped again and again, or dead. */
static int
kill_subreaper(struct contain *base)
{
	struct shims *c = (struct shims *)base;
	const struct shim_msg msg = { .word = SHIM_KILL };

	for (struct program *p = c->programs; p; p = p->next) {
		if (program_is_over(c, p))
			continue;
		(void)shim_send(p->socket, &msg, -1); /* or it is dead */
		(void)syscall(
			SYS_pidfd_send_signal, p->shim_pidfd, SIGCONT, NULL, 0);
	}
	if (c->strokes++ > 0 || c->broken)
		(void)shims_walk(
			c, tree_kill_one, NULL); /* the next one sees */
	return 1;
}

/* ------------------------------------------------------------- who is there */

static int
is_empty(struct contain *base)
{
	struct shims *c = (struct shims *)base;
	bool over = true;
	int r = 0;

	for (struct program *p = c->programs; p; p = p->next) {
		program_listen(c, p);
		program_release(c, p);
		over = program_is_over(c, p) && over;
	}
	if (over && c->broken)
		r = shims_have_orphans(c->host);
	return r < 0 ? r : over && r == 0;
}

static int
events_fd(struct contain *base, unsigned *events)
{
	*events = LOOP_READ;
	return ((struct shims *)base)->epoll;
}

struct listing {
	struct group_member *out;
	size_t max, n;
};

static bool
list_one(void *arg, const struct procfs_stat *stat, int dir)
{
	struct listing *l = arg;

	(void)dir;
	if (l->n < l->max)
		group_member_set(&l->out[l->n], stat);
	l->n++;
	return true;
}

static int
list(struct contain *base, struct group_member *out, size_t max)
{
	struct listing l = { out, max, 0 };
	int r = shims_walk((struct shims *)base, list_one, &l);

	return r < 0 ? r : (int)l.n;
}

static int
nothing_to_remove(struct contain *base)
{
	return is_empty(base) == 1 ? 0 : -EBUSY;
}

/* -------------------------------------------------------------------- rungs */

#define OPS(rung) \
	const struct contain_ops contain_##rung##_ops = { \
		.open = shim_host_open_##rung, \
		.close = shim_host_close, \
		.make = shims_make, \
		.free = free_shims, \
		.spawn = spawn, \
		.reap = reap, \
		.signal = send_signal, \
		.kill = kill_##rung, \
		.is_empty = is_empty, \
		.fd = events_fd, \
		.list = list, \
		.remove = nothing_to_remove, \
	}

OPS(pidns);
OPS(subreaper);
