/* contain_cgroup2_host.c - do control groups (v2) work here, and how? */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "proc/contain_cgroup2.h"

enum { SETTLE_MS = 1000 };

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

static void
end_left(int dir, const char *name)
{
	int64_t end = clock_ms() + SETTLE_MS;
	struct group_member one;

	(void)cgroup_write(dir, "cgroup.kill", "1");
	while (cgroup_list(dir, &one, 1) > 0 && clock_ms() < end)
		(void)poll(NULL, 0, 1);
	if (cgroup_list(dir, &one, 1) > 0)
		log_warn(0,
			"processes of a dead executor survive in the cgroup '%s'",
			name);
}

void
contain_cgroup2_close(void *own)
{
	struct cgroup2_host *host = own;

	cgroup_base_close(&host->base);
	free(host);
}

int
contain_cgroup2_open(
	const struct contain_options *options, void **own, struct err *err)
{
	struct cgroup2_host *host = calloc(1, sizeof *host);
	int r;

	if (!host)
		return err_set(err, -ENOMEM, "out of memory");
	host->ops = &contain_cgroup2_ops;
	r = cgroup_base_open(&host->base, NULL, options->prefix, err);
	if (r == 0) {
		cgroup_base_sweep(&host->base, options->prefix, end_left);
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
	*own = host;
	return 0;
}
