/* contain_shim_walk.c - who lives below the shims of a containment */
#include <errno.h>
#include <unistd.h>

#include "proc/contain_shim.h"

struct orphans {
	const struct shim_host *host;
	tree_fn *fn;
	void *arg;
};

static bool
is_shim(const struct shim_host *host, pid_t pid)
{
	for (const struct shims *c = host->first; c; c = c->next)
		for (const struct program *p = c->programs; p; p = p->next)
			if (p->shim == pid && p->shim_pidfd >= 0)
				return true;
	return false;
}

static bool
orphan(void *arg, const struct procfs_stat *stat, int dir)
{
	const struct orphans *o = arg;

	return !is_shim(o->host, stat->pid) && o->fn(o->arg, stat, dir);
}

int
shims_walk_orphans(const struct shim_host *host, tree_fn *fn, void *arg)
{
	AUTO_CLOSE int self = procfs_open(getpid());
	struct orphans o = { host, fn, arg };

	return self < 0 ? self : tree_walk(self, orphan, &o);
}

static int
walk_program(struct shims *c, struct program *p, tree_fn *fn, void *arg)
{
	AUTO_CLOSE int dir = -1;

	if (program_is_over(c, p))
		return 0;
	dir = procfs_open(p->shim); /* not reaped: the number is its own */
	return dir < 0 ? dir : tree_walk(dir, fn, arg);
}

int
shims_walk(struct shims *c, tree_fn *fn, void *arg)
{
	int result = 0, r;

	for (struct program *p = c->programs; p; p = p->next) {
		r = walk_program(c, p, fn, arg);
		if (r < 0)
			result = r;
	}
	r = c->broken ? shims_walk_orphans(c->host, fn, arg) : 0;
	return r < 0 ? r : result;
}

static bool
note_one(void *arg, const struct procfs_stat *stat, int dir)
{
	bool *found = arg;

	(void)stat;
	(void)dir;
	*found = true;
	return false;
}

int
shims_have_orphans(const struct shim_host *host)
{
	bool found = false;
	int r = shims_walk_orphans(host, note_one, &found);

	return found ? 1 : r;
}
