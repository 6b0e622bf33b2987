/* death.c - wait for the death of a child that somebody else may trace */
#include "proc/death.h"

#include <stdlib.h>

#include "proc/child.h"

enum { AGAIN_MS = 10, AGAIN_MAX_MS = 1000 };

struct death {
	struct loop_watch *watch; /* until it was not to be reaped */
	struct loop_timer *again; /* from then on */
	int64_t again_ms;
	death_fn *fn;
	void *arg;
};

static void
look(void *arg)
{
	struct death *d = arg;

	if (d->fn(d->arg))
		return; /* d is gone */
	loop_watch_free(TAKE(d->watch));
	loop_timer_set(d->again, d->again_ms);
	d->again_ms = d->again_ms ? 2 * d->again_ms : AGAIN_MS;
	if (d->again_ms > AGAIN_MAX_MS)
		d->again_ms = AGAIN_MAX_MS;
}

static void
died(void *arg, int fd, unsigned ready)
{
	(void)fd;
	(void)ready;
	look(arg);
}

struct death *
death_new(struct loop *loop, int fd, death_fn *fn, void *arg)
{
	AUTO(death_free) struct death *d = calloc(1, sizeof *d);

	if (!d)
		return NULL;
	d->fn = fn;
	d->arg = arg;
	d->again = loop_timer_new(loop, look, d);
	d->watch = child_watch(loop, fd, died, d);
	return d->again && d->watch ? TAKE(d) : NULL;
}

void
death_free(struct death *d)
{
	if (!d)
		return;
	loop_watch_free(d->watch);
	loop_timer_free(d->again);
	free(d);
}
