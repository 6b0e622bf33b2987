/* sqlite_batch.c - gather what has changed, hand it over, take it back
 *
 * While the writer is busy changes gather as dirty tasks; a task is dirty once
 * however often it changes. So the busier the disk is, the more goes with one
 * commit, and what waits is bounded by the tasks and by full(). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/sqlite.h"

enum {
	RETRY_FIRST_MS = 250,
	RETRY_MAX_MS = 15000,
};

void
batch_count(struct sqlite *s)
{
	static const struct metric_row rows[] = {
		{ .at = offsetof(struct sqlite, counts.seconds),
			.def = { .type = METRIC_HISTOGRAM,
				.name = "nodelink_store_commit_seconds",
				.unit = "seconds",
				.help = "What the writer's thread needed for a batch, "
					"commits and forgetting included (monotonic "
					"clock).",
				.bounds = metric_seconds,
				.n_bounds = METRIC_SECONDS } },
		{ .at = offsetof(struct sqlite, counts.records),
			.def = { .type = METRIC_COUNTER,
				.name = "nodelink_store_changes",
				.help = "Tasks written, many with one commit; "
					"each time anew." } },
		{ .at = offsetof(struct sqlite, counts.failures),
			.def = { .type = METRIC_COUNTER,
				.name = "nodelink_store_failures",
				.help = "Batches that could not be written; "
					"nothing of them is lost." } },
	};

	metrics_make(s->conf.metrics, rows, ARRAY_SIZE(rows), s);
}

void
batch_dirty(struct kept *k)
{
	struct sqlite *s = k->s;

	if (k->dirty)
		return;
	k->dirty = true;
	(void)task_ref(k->task);
	DL_APPEND(s->dirty, k);
	s->n_dirty++;
}

static void
not_dirty(struct kept *k)
{
	k->dirty = false;
	DL_DELETE(k->s->dirty, k);
	k->s->n_dirty--;
}

int
batch_wait(struct kept *k, struct waiter w)
{
	struct waiter *copy = malloc(sizeof *copy);
	/* What flies has all that there is, if nothing came after it. */
	struct waiter **list =
		k->dirty || !k->flying ? &k->waiters : &k->flying->waiters;

	if (!copy)
		return -ENOMEM;
	*copy = w;
	LL_APPEND(*list, copy);
	return 0;
}

static void
call_waiters(struct waiter *first, struct task *t, int r)
{
	while (first) {
		struct waiter *w = first;

		first = w->next;
		if (w->done)
			w->done(w->arg, r);
		else
			w->got(w->arg, r, r == 0 ? t : NULL);
		free(w);
	}
}

/* -------------------------------------------------------------------- giving */

/* Everything of a dirty task goes into the item; -ENOMEM: nothing. */
static int
fill_item(struct item *it, struct kept *k)
{
	int r = 0;

	*it = (struct item){
		.kept = k, .insert = k->is_new, .record = k->is_new || k->record
	};
	if (it->record)
		r = row_take(&it->row, k->task, it->insert);
	if (r == 0 && k->unsent)
		r = transcript_save(k->task->transcript, &it->state);
	if (r < 0) {
		row_done(&it->row);
		return r;
	}
	it->mark = transcript_mark(k->task->transcript);
	/* The end is said by the record. */
	if (it->mark.ended && !it->record) {
		it->mark.ended = false;
		it->mark.last--;
	}
	it->seq = k->task->agent_seq;
	it->status = it->record ? k->task->status : k->task->stored_status;
	it->bytes = pages_seal(k, &it->first, &it->last);
	it->key = TAKE(k->key);
	if (it->record)
		it->letters = TAKE(k->task->letters);
	it->waiters = TAKE(k->waiters);
	k->record = false;
	k->flying = it;
	not_dirty(k); /* its reference goes with the item */
	return 0;
}

static void
fill_sweep(struct sqlite *s, struct sweep *sweep)
{
	const struct store_limits *l = &s->conf.limits;

	if (!s->sweep_due || s->draining)
		return; /* the next start goes on with it */
	s->sweep_due = false;
	sweep->wanted = true;
	sweep->now = clock_wall_ms();
	sweep->due = sweep->now - l->retention_ms;
	if (s->n_done > l->max_tasks)
		sweep->n_over = s->n_done - l->max_tasks;
	if (s->output > l->max_output)
		sweep->output_over = s->output - l->max_output;
}

static void
batch_free(struct batch *b)
{
	for (size_t i = 0; i < b->n; i++) {
		row_done(&b->items[i].row);
		buf_done(&b->items[i].state.rest);
		free(b->items[i].key);
		letters_free(&b->items[i].letters);
	}
	agents_free(&b->seen);
	free(b->items);
	free(b);
}

static int
give(struct sqlite *s)
{
	size_t n = s->n_dirty < BATCH_ITEMS ? s->n_dirty : BATCH_ITEMS;
	struct batch *b = calloc(1, sizeof *b);
	size_t bytes = 0;

	if (b)
		b->items = calloc(n + 1, sizeof(*b->items));
	if (!b || !b->items) {
		free(b);
		return -ENOMEM;
	}
	while (b->n < n && bytes < BATCH_BYTES) {
		struct item *it = &b->items[b->n];

		if (fill_item(it, s->dirty) < 0)
			break; /* the rest goes with the next one */
		bytes += it->bytes;
		b->n++;
	}
	b->seen = TAKE(s->seen);
	b->fates = TAKE(s->fates);
	fill_sweep(s, &b->sweep);
	b->probe = s->trouble != 0;
	if (!b->n && !b->seen && !b->fates && !b->sweep.wanted && !b->probe) {
		batch_free(b);
		return -ENOMEM;
	}
	s->batch = b;
	s->n_given++;
	writer_give(s->writer, b);
	return 0;
}

/* While writing fails it is not tried with each change, but with the timer. */
void
batch_flush(void *arg)
{
	struct sqlite *s = arg;

	if (s->batch || loop_timer_active(s->retry_timer) ||
		(!s->dirty && !s->seen && !s->fates &&
			(!s->sweep_due || s->draining) && !s->trouble))
		return;
	if (give(s) < 0)
		loop_timer_set(s->retry_timer, RETRY_FIRST_MS);
}

/* --------------------------------------------------------------- taking back */

static void
forget_refused(struct sqlite *s, struct kept *k)
{
	HASH_DEL(s->by_id, k);
	k->listed = false;
	task_unref(k->task);
}

static void
item_stored(struct sqlite *s, struct item *it)
{
	struct kept *k = it->kept;
	struct task *t = k->task;
	bool ends;

	k->flying = NULL;
	s->held -= it->bytes;
	pages_stored(k, it->bytes);
	if (it->r < 0) {
		forget_refused(s, k);
		call_waiters(TAKE(it->waiters), t, it->r);
		task_unref(t);
		return;
	}
	ends = it->mark.ended && !transcript_ended(t->transcript);
	s->n_tasks += it->insert;
	k->is_new = false;
	transcript_show(t->transcript, &it->mark);
	t->stored_seq = it->seq;
	t->stored_status = it->status;
	if (ends)
		linger_begin(s, k);
	call_waiters(TAKE(it->waiters), t, 0);
	if (s->store.stored && !it->insert)
		s->store.stored(s->store.arg, t);
	letters_posted(s, it->letters);
	task_unref(t);
}

/* It is as if it had never been given, except for what cannot wait. */
static void
item_failed(struct sqlite *s, struct item *it, int r)
{
	struct kept *k = it->kept;
	struct task *t = k->task;

	k->flying = NULL;
	if (it->insert) {
		forget_refused(s, k);
		if (k->dirty) { /* nobody knows it: there is no more to say */
			not_dirty(k);
			task_unref(t);
		}
		call_waiters(TAKE(it->waiters), t, r);
		task_unref(t);
		return;
	}
	if (it->first)
		k->unsent = it->first;
	k->record |= it->record;
	LL_CONCAT(it->letters, t->letters);
	t->letters = TAKE(it->letters);
	LL_CONCAT(it->waiters, k->waiters);
	k->waiters = TAKE(it->waiters);
	batch_dirty(k);
	task_unref(t); /* dirty has its own */
}

static void
trouble_came(struct sqlite *s, const struct batch *b)
{
	if (s->trouble != b->r)
		log_error(b->r,
			"store: cannot write (%s): new tasks are refused, "
			"nodes keep what they report; trying again",
			b->trouble);
	s->trouble = b->r;
	s->retry_ms = !s->retry_ms		       ? RETRY_FIRST_MS
		      : s->retry_ms < RETRY_MAX_MS / 2 ? 2 * s->retry_ms
						       : RETRY_MAX_MS;
	loop_timer_set(s->retry_timer, s->retry_ms);
}

static void
trouble_over(struct sqlite *s)
{
	if (!s->trouble)
		return;
	s->trouble = 0;
	s->retry_ms = 0;
	log_info("store: writing works again");
}

static void
room_again(struct sqlite *s)
{
	if (!s->was_full || s->held > s->conf.held_max / 4 * 3)
		return;
	s->was_full = false;
	if (s->store.room)
		s->store.room(s->store.arg);
}

static void
sweep_back(struct sqlite *s, const struct sweep *sweep)
{
	s->n_tasks -= sweep->n;
	s->n_done -= sweep->n;
	s->output -= sweep->output;
	if (sweep->gone > s->gone)
		s->gone = sweep->gone;
	if (sweep->more)
		s->sweep_due = true;
	else
		sweep_schedule(s, sweep->oldest);
}

void
batch_back(void *arg)
{
	struct sqlite *s = arg;
	struct batch *b = TAKE(s->batch);
	int r = b->r;

	s->n_back++;
	metric_observe(s->counts.seconds, NULL, (double)b->took_us / 1e6);
	metric_add(s->counts.records, NULL, r < 0 ? 0 : (double)b->n);
	metric_add(s->counts.failures, NULL, r < 0);
	if (r < 0) {
		trouble_came(s, b);
		agents_back(s, &b->seen);
		DL_CONCAT(b->fates, s->fates);
		s->fates = TAKE(b->fates);
	} else {
		trouble_over(s);
	}
	for (size_t i = 0; i < b->n; i++)
		if (r < 0)
			item_failed(s, &b->items[i], r);
		else
			item_stored(s, &b->items[i]);
	if (b->sweep.wanted && r == 0)
		sweep_back(s, &b->sweep);
	else if (b->sweep.wanted)
		s->sweep_due = true;
	letters_changed(s, &b->fates);
	batch_free(b);
	room_again(s);
	query_run(s, r < 0);
	batch_flush(s);
}

void
batch_drain(struct sqlite *s)
{
	loop_timer_stop(s->retry_timer);
	s->draining = true;
	while (s->batch || s->dirty || s->seen || s->fates) {
		if (!s->batch && give(s) < 0)
			break;
		writer_wait(s->writer);
		batch_back(s);
		if (s->trouble)
			break; /* creates have failed, the rest has its nodes */
	}
	for (struct kept *k = s->dirty; k; k = k->next)
		call_waiters(TAKE(k->waiters), k->task, -ECANCELED);
	fates_done(&s->fates, -ECANCELED);
	query_run(s, true);
	s->draining = false;
}
