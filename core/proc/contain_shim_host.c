/* contain_shim_host.c - do the rungs with shims work here? */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/fd.h"
#include "proc/contain_shim.h"

void
shim_host_close(void *own)
{
	struct shim_host *host = own;

	free(host->path);
	free(host);
}
static void
free_host(struct shim_host *host)
{
	shim_host_close(host);
}
AUTO_DEFINE(struct shim_host *, free_host)

/* One process lives and dies in c, and is seen. */
static int
try_out(struct contain *c, const struct shim_host *host)
{
	const char *const argv[] = { "nodelink-shim", "--wait", NULL };
	const char *const envp[] = { NULL };
	AUTO_CLOSE int null = fd_open("/dev/null", O_RDWR);
	AUTO_CLOSE int pidfd = -1;
	struct spawn how = { .path = host->path,
		.argv = argv,
		.envp = envp,
		.fd = { null, null, null },
		.extra_fd = -1,
		.born_in = -1 };
	struct child_exit ended;
	enum spawn_step failed;
	int wait_fd, r, n;
	pid_t pid;

	if (null < 0)
		return null;
	r = c->ops->spawn(c, &how, &pid, &pidfd, &wait_fd, &failed);
	if (r < 0)
		return r;
	n = contain_list(c, NULL, 0);
	r = contain_try_kill(c);
	if (r < 0 || n < 0)
		return r < 0 ? r : n;
	r = contain_reap(c, pid, pidfd, &ended);
	return r == 0 && (n != 1 || ended.code != SIGKILL) ? -EIO : r;
}

static int
try_host(const struct contain_options *options, bool subreaper, void **own,
	struct err *err)
{
	AUTO(free_host) struct shim_host *host = calloc(1, sizeof *host);
	AUTO(contain_free) struct contain *c = NULL;
	int r;

	if (!options->shim)
		return err_set(err, -ENOTSUP, "there is no nodelink-shim");
	if (host)
		host->path = strdup(options->shim);
	if (!host || !host->path)
		return err_set(err, -ENOMEM, "out of memory");
	host->subreaper = subreaper;
	if (!subreaper)
		host->clone_flags = CLONE_NEWPID | CLONE_NEWNS |
				    (geteuid() ? CLONE_NEWUSER : 0);
	r = shims_make(host, "probe", &c, err);
	if (r < 0)
		return r;
	r = try_out(c, host);
	if (r < 0)
		return err_set(err, r, "a program below %s: %s", host->path,
			err_name(-r));
	contain_free(TAKE(c)); /* before its host */
	*own = TAKE(host);
	return 0;
}

int
shim_host_open_pidns(
	const struct contain_options *options, void **own, struct err *err)
{
	return try_host(options, false, own, err);
}

int
shim_host_open_subreaper(
	const struct contain_options *options, void **own, struct err *err)
{
	/* For those whose shim was killed. */
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return err_set(err, -errno, "%s", err_name(errno));
	return try_host(options, true, own, err);
}
