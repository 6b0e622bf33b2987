/* drain.c - an agent that is to have no new tasks, and a time for its others
 *
 * Kept in memory only: it is about the next minutes, and whoever asked for it
 * sees in the agent's record whether it still holds. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/log.h"
#include "hub/internal.h"
#include "task/reason.h"

void
drain_free(struct agent_drain *d)
{
	if (!d)
		return;
	loop_timer_free(d->timer);
	free(d->reason);
	free(d->actor);
	free(d);
}
AUTO_DEFINE(struct agent_drain *, drain_free)

static void
time_is_up(void *arg)
{
	struct agent *a = arg;
	const struct hub_cancel how = { .code = REASON_AGENT_DRAIN,
		.reason = a->drain->reason,
		.actor = a->drain->actor,
		.grace_ms = a->drain->grace_ms };
	struct task *t, *next;

	DL_FOREACH_SAFE2(a->tasks, t, next, agent_next)
	if (t->status != TASK_PENDING)
		(void)hub_cancel(a->hub, t, &how, NULL, NULL); /* not final */
}

int
hub_drain(struct hub *hub, struct agent *a, const struct hub_drain *how)
{
	AUTO(drain_free) struct agent_drain *d = calloc(1, sizeof *d);
	int64_t now = clock_wall_ms();

	if (!d)
		return -ENOMEM;
	d->timer = loop_timer_new(hub->conf.loop, time_is_up, a);
	d->reason = how->reason ? strdup(how->reason) : NULL;
	d->actor = strdup(how->actor);
	if (!d->timer || !d->actor || (how->reason && !d->reason))
		return -ENOMEM;
	d->since = a->drain ? a->drain->since : now;
	d->grace_ms = how->grace_ms;
	if (how->timeout_ms >= 0) {
		d->until = now + how->timeout_ms;
		loop_timer_set(d->timer, how->timeout_ms);
	}
	drain_free(a->drain);
	a->drain = TAKE(d);
	log_info("agent '%s' is being drained, as %s asked%s%s", a->id,
		how->actor, how->reason ? ": " : "",
		how->reason ? how->reason : "");
	task_dispatch_all(a); /* which takes back what has not gone out */
	return 0;
}

void
hub_undrain(struct agent *a)
{
	if (!a->drain)
		return;
	drain_free(TAKE(a->drain));
	log_info("agent '%s' is not drained any more", a->id);
	task_dispatch_all(a);
}
