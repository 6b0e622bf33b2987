/* recover.c - what an earlier server knew: agents, unfinished tasks
 *
 * Of tasks nothing is decided here: one that was never sent waits for its
 * agent as before, one that may run waits for the word of its executor, and
 * inventory.c settles the difference. Whoever does not come is lost after
 * lost_after, counted from our start. */
#include <errno.h>

#include "base/clock.h"
#include "base/log.h"
#include "hub/internal.h"

struct recovery {
	struct hub *hub;
	size_t n;
	int r;
};

static void
set_start_timer(struct task *t)
{
	int64_t left = t->created_at + t->start_timeout_ms - clock_wall_ms();

	if (left > t->start_timeout_ms)
		left = t->start_timeout_ms; /* the clock was set back */
	if (t->start_timer && t->start_timeout_ms)
		loop_timer_set(t->start_timer, left > 0 ? left : 0);
}

static void
take_back(void *arg, struct task *t)
{
	struct recovery *re = arg;
	struct agent *a = hub_agent_make(re->hub, t->agent_id);

	if (!a || agent_expect(a) < 0) {
		re->r = -ENOMEM;
		return;
	}
	/* It may have been on its way when the server died. */
	if (t->status == TASK_PENDING && *t->instance)
		(void)task_move(&t->status, TASK_EV_SEND);
	t->placed = *t->instance != 0;
	task_enlist(re->hub, t, a);
	task_count(a, t);
	set_start_timer(t);
	re->n++;
}

/* Those that were revoked do not count. */
static void
take_agent(void *arg, const char *id, int64_t seen_at)
{
	struct recovery *re = arg;
	struct hub *hub = re->hub;
	struct agent *a;

	if (hub->conf.auth && auth_agent_is_barred(hub->conf.auth, id))
		return;
	a = hub_agent_make(hub, id);
	if (a)
		a->seen_at = seen_at;
	else
		re->r = -ENOMEM;
}

int
hub_recover(struct hub *hub)
{
	struct recovery re = { .hub = hub };
	struct store *store = hub->conf.store;
	int r = store->ops->agents(store, take_agent, &re);

	if (r == 0)
		r = store->ops->recover(store, take_back, &re);
	if (re.n)
		log_info("%zu unfinished tasks of an earlier server go on",
			re.n);
	return r < 0 ? r : re.r;
}
