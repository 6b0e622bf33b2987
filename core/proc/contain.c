/* contain.c - the ladder: which rung works here, and calls to it */
#include "proc/contain_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { NAME_MAX_LEN = 95, WHY = 1024 };

struct contain_host {
	const struct contain_ops *ops;
	enum contain_rung rung;
	void *own; /* the rung's */
	char why[WHY];
};

static const struct {
	const char *name;
	const struct contain_ops *ops; /* NULL: not in this program */
	bool complete;
} rungs[CONTAIN_RUNGS] = {
	[CONTAIN_CGROUP2] = { "cgroup2", &contain_cgroup2_ops, true },
	[CONTAIN_FREEZE] = { "cgroup2-freeze", &contain_freeze_ops, true },
	[CONTAIN_CGROUP1] = { "cgroup1", &contain_cgroup1_ops, true },
	[CONTAIN_PIDNS] = { "pidns", &contain_pidns_ops, true },
	[CONTAIN_SUBREAPER] = { "subreaper", &contain_subreaper_ops, false },
	[CONTAIN_GROUP] = { "group", &contain_group_ops, false },
};

const char *
contain_rung_name(enum contain_rung rung)
{
	return rungs[rung].name;
}

enum contain_rung
contain_rung_parse(const char *name)
{
	unsigned i = 0;

	while (i < CONTAIN_RUNGS && strcmp(name, rungs[i].name) != 0)
		i++;
	return (enum contain_rung)i;
}

bool
contain_rung_is_complete(enum contain_rung rung)
{
	return rungs[rung].complete;
}

/* -------------------------------------------------------------------- host */

static int
try_rung(struct contain_host *host, const struct contain_options *options,
	enum contain_rung rung)
{
	size_t len = strlen(host->why);
	struct err err = { .text = "not supported by this program" };
	int r = -ENOTSUP;

	host->rung = rung;
	host->ops = rungs[rung].ops;
	if (host->ops)
		r = host->ops->open(options, &host->own, &err);
	if (r < 0)
		(void)snprintf(host->why + len, sizeof host->why - len,
			"%s%s: %s", len ? "; " : "", rungs[rung].name,
			err.text);
	return r;
}

int
contain_host_new(const struct contain_options *options,
	struct contain_host **out, struct err *err)
{
	struct contain_host *host = calloc(1, sizeof *host);
	int r = -ENOTSUP;

	if (!host)
		return err_set(err, -ENOMEM, "out of memory");
	for (int i = (int)options->first; i <= (int)options->last && r < 0; i++)
		r = try_rung(host, options, (enum contain_rung)i);
	if (r < 0) {
		(void)err_set(
			err, r, "no containment works here: %s", host->why);
		free(host);
		return r;
	}
	*out = host;
	return 0;
}

void
contain_host_free(struct contain_host *host)
{
	if (!host)
		return;
	host->ops->close(host->own);
	free(host);
}

enum contain_rung
contain_host_rung(const struct contain_host *host)
{
	return host->rung;
}

const char *
contain_host_why(const struct contain_host *host)
{
	return host->why;
}

/* ------------------------------------------------------------- containment */

int
contain_new(struct contain_host *host, const char *name,
	const struct contain_limits *limits, struct contain **out,
	struct err *err)
{
	if (strlen(name) > NAME_MAX_LEN)
		return err_set(err, -ENAMETOOLONG, "'%s' is too long", name);
	(void)limits;
	return host->ops->make(host->own, name, out, err);
}

void
contain_free(struct contain *c)
{
	if (c)
		c->ops->free(c);
}

int
contain_spawn(struct contain *c, const struct spawn *how, pid_t *pid,
	int *pidfd, int *wait_fd, enum spawn_step *failed)
{
	return c->ops->spawn(c, how, pid, pidfd, wait_fd, failed);
}

int
contain_reap(struct contain *c, pid_t pid, int pidfd, struct child_exit *out)
{
	return c->ops->reap ? c->ops->reap(c, pid, pidfd, out)
			    : child_reap(pidfd, out);
}

size_t
contain_signal(struct contain *c, int signo, bool (*skip)(void *arg, pid_t pid),
	void *arg)
{
	return c->ops->signal(c, signo, skip, arg);
}

int
contain_kill(struct contain *c)
{
	return c->ops->kill(c);
}

int
contain_is_empty(struct contain *c)
{
	return c->ops->is_empty(c);
}

int
contain_fd(struct contain *c, unsigned *events)
{
	return c->ops->fd(c, events);
}

int
contain_list(struct contain *c, struct group_member *out, size_t max)
{
	return c->ops->list(c, out, max);
}

int
contain_remove(struct contain *c)
{
	return c->ops->remove(c);
}
