/* contain.c - the ladder: which rung works here, and calls to it */
#include "proc/contain_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { NAME_MAX_LEN = 95, WHY = 1024 };

struct contain_host {
	const struct contain_ops *ops;
	enum contain_rung rung;
	void *own; /* the rung's */
	uint64_t pids; /* the default */
	char prefix[CGROUP_NAME];
	struct contain_limit_host limits;
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

static const char *
rung_limit(const struct contain_host *host, enum contain_limit which)
{
	return host->ops->can_limit ? host->ops->can_limit(host->own, which)
				    : NULL;
}

static void
open_limits(struct contain_host *host, const struct contain_options *options)
{
	bool taken[CONTAIN_LIMITS];

	for (int i = 0; i < CONTAIN_LIMITS; i++)
		taken[i] = rung_limit(host, (enum contain_limit)i) != NULL;
	host->pids = options->pids;
	contain_limit_host_open(&host->limits, options, taken);
}

int
contain_host_new(const struct contain_options *options,
	struct contain_host **out, struct err *err)
{
	struct contain_host *host = calloc(1, sizeof *host);
	int r = -ENOTSUP;

	if (!host)
		return err_set(err, -ENOMEM, "out of memory");
	(void)snprintf(
		host->prefix, sizeof host->prefix, "%s", options->prefix);
	for (int i = (int)options->first; i <= (int)options->last && r < 0; i++)
		r = try_rung(host, options, (enum contain_rung)i);
	if (r < 0) {
		(void)err_set(
			err, r, "no containment works here: %s", host->why);
		free(host);
		return r;
	}
	open_limits(host, options);
	*out = host;
	return 0;
}

void
contain_host_free(struct contain_host *host)
{
	if (!host)
		return;
	contain_limit_host_close(&host->limits);
	host->ops->close(host->own);
	free(host);
}

int
contain_host_sweep(
	struct contain_host *host, struct group_member *out, size_t max)
{
	int n = host->ops->sweep
			? host->ops->sweep(host->own, host->prefix, out, max)
			: 0;

	return n != 0 ? n
		      : contain_limit_host_sweep(
				&host->limits, host->prefix, out, max);
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

const char *
contain_host_limit(const struct contain_host *host, enum contain_limit which)
{
	const char *by = rung_limit(host, which);

	return by ? by : host->limits.works[which] ? "cgroup1" : NULL;
}

static int
set_limit(struct contain *c, enum contain_limit which, uint64_t value)
{
	struct contain_host *host = c->host;

	if (!value)
		return 0;
	if (rung_limit(host, which))
		return host->ops->limit(c, which, value);
	if (!host->limits.works[which])
		return -ENOTSUP;
	return contain_limit_make(
		&host->limits, c->name, which, value, &c->limit[which]);
}

static int
set_limits(
	struct contain *c, const struct contain_limits *limits, struct err *err)
{
	static const char *const names[CONTAIN_LIMITS] = { "pids", "memory",
		"cpu" };
	uint64_t values[CONTAIN_LIMITS] = { limits->pids, limits->memory,
		limits->cpu_milli };

	if (!limits->pids && rung_limit(c->host, CONTAIN_PIDS))
		values[CONTAIN_PIDS] = c->host->pids;
	for (int i = 0; i < CONTAIN_LIMITS; i++) {
		int r = set_limit(c, (enum contain_limit)i, values[i]);

		if (r == -ENOTSUP)
			return err_set(err, r,
				"'%s' cannot be limited on this host",
				names[i]);
		if (r < 0)
			return err_set(err, r, "cannot limit '%s': %s",
				names[i], err_name(-r));
	}
	return 0;
}

int
contain_made(
	struct contain *take_c, int r, struct contain **out, struct err *err)
{
	if (r == 0) {
		*out = take_c;
		return 0;
	}
	(void)err_set(err, r, "cannot make the cgroup '%s': %s", take_c->name,
		err_name(-r));
	if (r != -EEXIST) /* else it is another one's */
		(void)take_c->ops->remove(take_c);
	take_c->ops->free(take_c);
	return r;
}

int
contain_new(struct contain_host *host, const char *name,
	const struct contain_limits *limits, struct contain **out,
	struct err *err)
{
	struct contain *c;
	int r;

	if (strlen(name) > NAME_MAX_LEN)
		return err_set(err, -ENAMETOOLONG, "'%s' is too long", name);
	r = host->ops->make(host->own, name, &c, err);
	if (r < 0)
		return r;
	c->host = host;
	(void)stpncpy(c->name, name, sizeof c->name - 1);
	for (int i = 0; i < CONTAIN_LIMITS; i++)
		c->limit[i].dir = c->limit[i].procs = -1;
	r = set_limits(c, limits, err);
	if (r < 0) {
		(void)contain_remove(c); /* nobody was in it */
		contain_free(c);
		return r;
	}
	*out = c;
	return 0;
}

void
contain_free(struct contain *c)
{
	if (!c)
		return;
	for (int i = 0; c->host && i < CONTAIN_LIMITS; i++) {
		if (c->limit[i].dir >= 0)
			(void)close(c->limit[i].dir);
		if (c->limit[i].procs >= 0)
			(void)close(c->limit[i].procs);
	}
	c->ops->free(c);
}

int
contain_spawn(struct contain *c, const struct spawn *how, pid_t *pid,
	int *pidfd, int *wait_fd, enum spawn_step *failed)
{
	struct spawn limited = *how;

	/* A rung that tries itself out has neither host nor limits yet. */
	for (int i = 0; c->host && i < CONTAIN_LIMITS; i++)
		if (c->limit[i].procs >= 0)
			limited.enter[limited.n_enter++] = c->limit[i].procs;
	return c->ops->spawn(c, &limited, pid, pidfd, wait_fd, failed);
}

void
contain_events(struct contain *c, struct contain_events *out)
{
	*out = (struct contain_events){ 0 };
	if (c->ops->events)
		c->ops->events(c, out);
	for (int i = 0; i < CONTAIN_LIMITS; i++)
		if (c->limit[i].dir >= 0)
			contain_limit_events(c->limit[i].dir, out);
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
	int r = c->ops->remove(c);

	/* One that a rung has made to try itself out is its own. */
	if (r < 0 || !c->host)
		return r;
	return contain_limit_remove(&c->host->limits, c->name, c->limit);
}
