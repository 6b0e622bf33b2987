/* contain_group.c - the last rung: the process groups of a task's programs
 *
 * Needs nothing and holds no process that leaves its group. Nobody tells when
 * a group becomes empty, and one that has only zombies looks like any other:
 * contain_list() tells them apart, at the price of a look at all of /proc. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"
#include "proc/contain_internal.h"

struct program {
	struct program *next;
	struct group group;
	bool reaped;
};

struct groups {
	struct contain contain;
	struct program *programs;
};

static struct program *
programs_of(struct contain *base)
{
	return ((struct groups *)base)->programs;
}

static void
program_free(struct program *p)
{
	group_done(&p->group);
	free(p);
}
AUTO_DEFINE(struct program *, program_free)

static int
no_host(const struct contain_options *options, void **own, struct err *err)
{
	(void)options;
	(void)err;
	*own = NULL;
	return 0;
}

static void
no_close(void *own)
{
	(void)own;
}

static int
make(void *own, const char *name, struct contain **out, struct err *err)
{
	struct groups *c = calloc(1, sizeof *c);

	(void)own;
	(void)name;
	if (!c)
		return err_set(err, -ENOMEM, "out of memory");
	c->contain.ops = &contain_group_ops;
	*out = &c->contain;
	return 0;
}

/* A task may run many programs, one after the other. */
static void
forget_gone(struct groups *c, bool all)
{
	for (struct program **at = &c->programs; *at;) {
		struct program *p = *at;

		if (!all && (!p->reaped || !group_is_empty(&p->group))) {
			at = &p->next;
			continue;
		}
		*at = p->next;
		program_free(p);
	}
}

static void
free_groups(struct contain *base)
{
	struct groups *c = (struct groups *)base;

	forget_gone(c, true);
	free(c);
}

static int
spawn(struct contain *base, const struct spawn *how, pid_t *pid, int *pidfd,
	int *wait_fd, enum spawn_step *failed)
{
	struct groups *c = (struct groups *)base;
	AUTO(program_free) struct program *p = calloc(1, sizeof *p);
	int r, copy;

	*failed = SPAWN_CLONE;
	if (!p)
		return -ENOMEM;
	forget_gone(c, false);
	/* Its number is had now: when the program runs nothing may fail. */
	copy = fcntl(how->fd[0], F_DUPFD_CLOEXEC, 0);
	group_init(&p->group, 0, copy);
	if (copy < 0)
		return -errno;
	r = spawn_start(how, pid, pidfd, failed);
	if (r < 0)
		return r;
	(void)dup3(*pidfd, copy, O_CLOEXEC);
	p->group.leader = *pid;
	p->next = c->programs;
	c->programs = TAKE(p);
	*wait_fd = *pidfd;
	return 0;
}

static int
reap(struct contain *base, pid_t pid, int pidfd, struct child_exit *out)
{
	int r = child_reap(pidfd, out);

	for (struct program *p = programs_of(base); p; p = p->next)
		if (p->group.leader == pid)
			p->reaped = p->reaped || r == 0 || r == -ECHILD;
	return r;
}

static size_t
send_signal(struct contain *base, int signo, bool (*skip)(void *arg, pid_t pid),
	void *arg)
{
	size_t n = 0;

	for (struct program *p = programs_of(base); p; p = p->next)
		if (!skip(arg, p->group.leader) &&
			group_signal(&p->group, signo) == 0)
			n++;
	return n;
}

static int
kill_all(struct contain *base)
{
	for (struct program *p = programs_of(base); p; p = p->next)
		(void)group_signal(&p->group, SIGKILL); /* or it is gone */
	return 0;
}

static int
list(struct contain *base, struct group_member *out, size_t max)
{
	size_t n = 0;

	for (struct program *p = programs_of(base); p; p = p->next) {
		size_t room = n < max ? max - n : 0;
		int more = group_list(&p->group, room ? out + n : out, room);

		if (more < 0)
			return more;
		n += (size_t)more;
	}
	return (int)n;
}

/* 1: none, not even a zombie but the leader's. */
static int
is_deserted(struct program *p)
{
	int n;

	if (p->reaped) {
		group_reap(&p->group);
		return group_is_empty(&p->group);
	}
	if (!child_is_dead(p->group.pidfd))
		return 0;
	n = group_list(&p->group, NULL, 0);
	return n < 0 ? n : n == 0;
}

static int
is_empty(struct contain *base)
{
	int r = 1;

	for (struct program *p = programs_of(base); p && r == 1; p = p->next)
		r = is_deserted(p);
	return r;
}

static int
no_events(struct contain *base, unsigned *events)
{
	(void)base;
	*events = 0;
	return -1;
}

static int
nothing_to_remove(struct contain *base)
{
	return is_empty(base) == 1 ? 0 : -EBUSY;
}

const struct contain_ops contain_group_ops = {
	.open = no_host,
	.close = no_close,
	.make = make,
	.free = free_groups,
	.spawn = spawn,
	.reap = reap,
	.signal = send_signal,
	.kill = kill_all,
	.is_empty = is_empty,
	.fd = no_events,
	.list = list,
	.remove = nothing_to_remove,
};
