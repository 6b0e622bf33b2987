/* store-rig.c - one store, and what tests do to it */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store-suite.h"

struct loop *loop;
struct store *store;
const struct store_limits plenty = {
	.retention_ms = 1000000, .max_tasks = 1000, .max_output = 1 << 30
};

/* ----------------------------------------------------------------- helpers */

void
until_set(const int *flag)
{
	int64_t end = clock_ms() + unit_wait_ms();

	while (!*flag && clock_ms() < end)
		loop_turn(loop, 50);
	ck_assert_msg(*flag != 0, "it did not come in time");
}

struct answer {
	int there;
	int r;
};

static void
keep_result(void *arg, int r)
{
	struct answer *a = arg;

	ck_assert_int_eq(a->there, 0);
	a->there = 1;
	a->r = r;
}

void
label(struct task *t, const char *name, const char *value)
{
	t->labels = calloc(1, sizeof(*t->labels));
	ck_assert_ptr_nonnull(t->labels);
	t->labels[0].name = strdup(name);
	t->labels[0].value = strdup(value);
	t->n_labels = 1;
}

struct task *
make(const char *id, const char *agent)
{
	struct task *t = task_new();

	ck_assert_ptr_nonnull(t);
	if (id)
		(void)snprintf(t->id, sizeof t->id, "%s", id);
	else
		id_new(t->id);
	(void)snprintf(t->agent_id, sizeof t->agent_id, "%s", agent);
	(void)snprintf(t->plugin, sizeof t->plugin, "shell");
	t->owner = strdup("");
	t->created_at = clock_wall_ms();
	return t;
}

int
store_it(struct task *t, const struct store_key *key)
{
	struct answer a = { 0 };

	store->ops->create(store, t, key, keep_result, &a);
	until_set(&a.there);
	return a.r;
}

struct task *
create(const char *id, const char *agent)
{
	struct task *t = make(id, agent);

	ck_assert_int_eq(store_it(t, NULL), 0);
	return t;
}

void
append(struct task *t, enum transcript_kind kind, const void *data, size_t len,
	uint64_t seq)
{
	ck_assert_int_eq(store->ops->append(store, t, kind, data, len, seq), 0);
}

void
update(struct task *t)
{
	struct answer a = { 0 };

	store->ops->update(store, t, keep_result, &a);
	until_set(&a.there);
	ck_assert_int_eq(a.r, 0);
}

void
finish(struct task *t)
{
	t->status = TASK_COMPLETED;
	t->ended_at = clock_wall_ms();
	append(t, TRANSCRIPT_FINAL, "", 0, 0);
	update(t);
	task_unref(t);
}

void
settle(void)
{
	struct task *t = create(NULL, "settle");

	finish(t);
}

void
keep_task(void *arg, int r, struct task *t)
{
	struct got *g = arg;

	ck_assert_int_eq(r == 0, t != NULL);
	g->there = 1;
	g->r = r;
	g->t = t ? task_ref(t) : NULL;
}

int
get(const char *id, struct task **out)
{
	struct got g = { 0 };

	store->ops->get(store, id, keep_task, &g);
	until_set(&g.there);
	if (out)
		*out = g.t;
	else
		task_unref(g.t);
	return g.r;
}

void
read_all(struct task *t, uint64_t after, struct buf *out)
{
	struct transcript_entry e;
	int r;

	while ((r = transcript_read(t->transcript, after, &e)) ==
		TRANSCRIPT_OK) {
		ck_assert_uint_eq(e.id, after + 1);
		if (e.kind == TRANSCRIPT_STDOUT)
			ck_assert_int_eq(buf_add(out, e.data, e.len), 0);
		after = e.id;
	}
	ck_assert_int_eq(r, TRANSCRIPT_NONE);
}
