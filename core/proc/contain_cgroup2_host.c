/* contain_cgroup2_host.c - do control groups (v2) work here, and how? */
#include <errno.h>
#include <stdlib.h>

#include "proc/contain_cgroup2.h"

/* Some kernels compare the wrong kill counters, and a child is dead at birth:
 * then groups are entered by writing. */
static int
try_out(struct cgroup2_host *host, struct err *err)
{
	struct contain *c;
	int pidfd, procs, r = contain_cgroup2_make(host, "probe", &c, err);

	if (r < 0)
		return r;
	procs = ((struct cgroup2 *)c)->procs;
	r = contain_try_start(host->births ? ((struct cgroup2 *)c)->dir : -1,
		&procs, !host->births, &pidfd);
	if (r == 0)
		r = contain_try_end(c, pidfd);
	else
		(void)contain_remove(c);
	contain_free(c);
	if (r < 0)
		return err_set(
			err, r, "cgroups do not work here: %s", err_name(-r));
	return 0;
}

void
contain_cgroup2_close(void *own)
{
	struct cgroup2_host *host = own;

	cgroup_base_close(&host->base);
	free(host);
}

int
contain_cgroup2_sweep(
	void *own, const char *prefix, struct group_member *out, size_t max)
{
	return cgroup_base_sweep(
		&((struct cgroup2_host *)own)->base, prefix, 0, out, max);
}

static int
open_host(const char *prefix, bool freezes, void **own, struct err *err)
{
	struct cgroup2_host *host = calloc(1, sizeof *host);
	int r;

	if (!host)
		return err_set(err, -ENOMEM, "out of memory");
	host->freezes = freezes;
	r = cgroup_base_open(&host->base, NULL, prefix, err);
	if (r == 0) {
		(void)cgroup_base_sweep(
			&host->base, prefix, CGROUP_SETTLE_MS, NULL, 0);
		host->births = true;
		r = try_out(host, err);
		if (r < 0) {
			host->births = false;
			r = try_out(host, err);
		}
	}
	if (r < 0) {
		contain_cgroup2_close(host);
		return r;
	}
	for (int i = 0; i < CONTAIN_LIMITS; i++)
		host->has[i] = contain_limit_enable(
			&host->base, (enum contain_limit)i);
	*own = host;
	return 0;
}

int
contain_cgroup2_open(
	const struct contain_options *options, void **own, struct err *err)
{
	return open_host(options->prefix, false, own, err);
}

int
contain_freeze_open(
	const struct contain_options *options, void **own, struct err *err)
{
	return open_host(options->prefix, true, own, err);
}
