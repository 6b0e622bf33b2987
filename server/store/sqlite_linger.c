/* sqlite_linger.c - finished tasks: a while in memory, then on disk, then gone
 *
 * Watchers and clients ask for a task most just after its end. */
#include <utlist.h>

#include "base/clock.h"
#include "store/sqlite.h"

enum {
	SWEEP_SOON_MS = 50,
	SWEEP_LATEST_MS = 10 * 60 * 1000, /* keys end as well, clocks are set */
};

void
linger_over(void *arg)
{
	struct sqlite *s = arg;

	while (s->lingering && s->lingering->linger_until <= clock_ms()) {
		struct kept *k = s->lingering;

		DL_DELETE2(s->lingering, k, linger_prev, linger_next);
		HASH_DEL(s->by_id, k);
		k->listed = false;
		task_unref(k->task);
	}
	if (s->lingering)
		loop_timer_set(s->linger_timer,
			s->lingering->linger_until - clock_ms());
}

void
linger_begin(struct sqlite *s, struct kept *k)
{
	k->linger_until = clock_ms() + s->conf.linger_ms;
	DL_APPEND2(s->lingering, k, linger_prev, linger_next);
	if (!loop_timer_active(s->linger_timer))
		loop_timer_set(s->linger_timer, s->conf.linger_ms);
	s->n_done++;
	s->output += transcript_total(k->task->transcript);
	if (s->n_done > s->conf.limits.max_tasks ||
		s->output > s->conf.limits.max_output)
		s->sweep_due = true;
	else if (s->n_done == 1) /* else the timer is set for an older one */
		sweep_schedule(s, clock_wall_ms());
}

void
sweep_now(void *arg)
{
	struct sqlite *s = arg;

	s->sweep_due = true;
}

void
sweep_schedule(struct sqlite *s, int64_t oldest)
{
	int64_t wait = SWEEP_LATEST_MS;

	if (oldest)
		wait = oldest + s->conf.limits.retention_ms - clock_wall_ms();
	if (wait > SWEEP_LATEST_MS)
		wait = SWEEP_LATEST_MS;
	loop_timer_set(
		s->sweep_timer, wait < SWEEP_SOON_MS ? SWEEP_SOON_MS : wait);
}
