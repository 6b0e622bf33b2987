/* timer.c - timers of the loop
 *
 * libuv runs a timer without delay that is set again by its callback over and
 * over before it looks at a descriptor. So those are not its timers: they are
 * `fresh`, and run once per turn, after input and output had theirs.
 */
#include <stdlib.h>
#include <utlist.h>

#include "loop/internal.h"

static void
do_nothing(uv_idle_t *idle)
{
	(void)idle;
}

static void
enlist(struct loop_timer *t, struct loop_timer **list)
{
	if (t->list)
		DL_DELETE(*t->list, t);
	if (list)
		DL_APPEND(*list, t);
	t->list = list;
}

/* Those that are set meanwhile have to wait for the next turn. */
void
loop_run_fresh(uv_check_t *check)
{
	struct loop *loop = check->data;

	while (loop->fresh)
		enlist(loop->fresh, &loop->due);
	while (loop->due) {
		struct loop_timer *t = loop->due;

		enlist(t, NULL);
		t->fn(t->arg);
	}
	if (!loop->fresh)
		(void)uv_idle_stop(&loop->idle);
}

static void
timer_due(uv_timer_t *uv)
{
	struct loop_timer *t = uv->data;

	t->fn(t->arg);
}

struct loop_timer *
loop_timer_new(struct loop *loop, loop_fn *fn, void *arg)
{
	struct loop_timer *t = calloc(1, sizeof *t);

	if (!t)
		return NULL;
	(void)uv_timer_init(&loop->uv, &t->uv); /* cannot fail */
	t->uv.data = t;
	t->loop = loop;
	t->fn = fn;
	t->arg = arg;
	return t;
}

void
loop_timer_set(struct loop_timer *t, int64_t delay_ms)
{
	loop_timer_stop(t);
	if (delay_ms <= 0) {
		enlist(t, &t->loop->fresh);
		(void)uv_idle_start(&t->loop->idle, do_nothing);
		return;
	}
	uv_update_time(&t->loop->uv); /* count from now, not from the turn */
	(void)uv_timer_start(&t->uv, timer_due, (uint64_t)delay_ms, 0);
}

void
loop_timer_stop(struct loop_timer *t)
{
	enlist(t, NULL);
	(void)uv_timer_stop(&t->uv);
}

bool
loop_timer_active(const struct loop_timer *t)
{
	return t->list || uv_is_active((const uv_handle_t *)&t->uv) != 0;
}

void
loop_timer_free(struct loop_timer *t)
{
	if (!t)
		return;
	enlist(t, NULL);
	uv_close((uv_handle_t *)&t->uv, loop_free_handle);
}
