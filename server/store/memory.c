/* memory.c - the store that forgets when the server ends
 *
 * Records are the hub's own, counted; all that is done here is to find them,
 * list them newest first, and let finished ones go when their time is up. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/limits.h"
#include "store/internal.h"
#include "store/keep.h"
#include "store/memory.h"

/* ---------------------------------------------------------------- retention */

static void
forget(struct memory *m, struct task *t)
{
	int64_t made = id_time_ms(t->id);

	if (made > m->gone)
		m->gone = made;
	HASH_DEL(m->by_id, t);
	if (t->newer)
		t->newer->older = t->older;
	else
		m->newest = t->older;
	if (t->older)
		t->older->newer = t->newer;
	else
		m->oldest = t->newer;
	if (t->done_ms) {
		DL_DELETE2(m->done, t, done_prev, done_next);
		m->n_done--;
		m->output -= transcript_total(t->transcript);
	}
	task_unref(t);
}

static void
sweep(void *arg)
{
	struct memory *m = arg;
	int64_t due = clock_ms() - m->conf.limits.retention_ms;

	while (m->done && (m->done->done_ms <= due ||
				  m->n_done > m->conf.limits.max_tasks ||
				  m->output > m->conf.limits.max_output))
		forget(m, m->done);
	if (m->done)
		loop_timer_set(m->sweep_timer, m->done->done_ms - due + 1);
}

static void
finished(struct memory *m, struct task *t)
{
	t->done_ms = clock_ms();
	DL_APPEND2(m->done, t, done_prev, done_next);
	m->n_done++;
	m->output += transcript_total(t->transcript);
	if (m->n_done > m->conf.limits.max_tasks ||
		m->output > m->conf.limits.max_output ||
		!loop_timer_active(m->sweep_timer))
		sweep(m);
}

/* --------------------------------------------------------------------- keys */

static void
key_free(struct memory_key *k)
{
	if (!k)
		return;
	free(k->name);
	free(k->answer);
	free(k);
}
AUTO_DEFINE(struct memory_key *, key_free)

static void
drop_key(struct memory *m, struct memory_key *k)
{
	HASH_DEL(m->keys, k);
	DL_DELETE(m->oldest_key, k);
	key_free(k);
}

static struct memory_key *
find_key(struct memory *m, const char *name)
{
	struct memory_key *k;

	while (m->oldest_key && m->oldest_key->until_ms <= clock_ms())
		drop_key(m, m->oldest_key);
	HASH_FIND_STR(m->keys, name, k);
	return k;
}

static int
add_key(struct memory *m, const struct store_key *key)
{
	AUTO(key_free) struct memory_key *k = NULL;
	struct memory_key *added;

	if (find_key(m, key->name))
		return -EALREADY;
	k = calloc(1, sizeof *k);
	if (!k)
		return -ENOMEM;
	k->name = strdup(key->name);
	k->answer = strdup(key->answer);
	if (!k->name || !k->answer)
		return -ENOMEM;
	memcpy(k->digest, key->digest, STORE_DIGEST);
	k->until_ms = clock_ms() + STORE_KEY_MS;
	added = TAKE(k);
	HASH_ADD_KEYPTR(hh, m->keys, added->name, strlen(added->name), added);
	DL_APPEND(m->oldest_key, added);
	return 0;
}

static void
memory_key(struct store *s, const char *name, store_key_fn *done, void *arg)
{
	const struct memory_key *k = find_key((struct memory *)s, name);
	struct store_key key;

	if (!k) {
		done(arg, 0, NULL);
		return;
	}
	key.name = k->name;
	key.answer = k->answer;
	memcpy(key.digest, k->digest, STORE_DIGEST);
	done(arg, 0, &key);
}

/* --------------------------------------------------------------- operations */

/* Here everything is stored when it is said. */
static void
settle(struct memory *m, struct task *t)
{
	struct transcript_mark all = transcript_mark(t->transcript);

	transcript_show(t->transcript, &all);
	t->stored_seq = t->agent_seq;
	t->stored_status = t->status;
	if (m->store.stored)
		m->store.stored(m->store.arg, t);
}

static void
post(struct memory *m, struct task *t)
{
	if (!t->letters)
		return;
	outbox_add(&m->outbox, TAKE(t->letters));
	if (m->store.posted)
		m->store.posted(m->store.posted_arg);
}

static int
add_task(struct memory *m, struct task *t, const struct store_key *key)
{
	struct task *old;
	int r;

	HASH_FIND_STR(m->by_id, t->id, old);
	if (old)
		return -EEXIST;
	t->transcript = transcript_new(spool_new(m->conf.dir));
	if (!t->transcript)
		return -ENOMEM;
	r = key ? add_key(m, key) : 0;
	if (r < 0)
		return r;
	(void)task_ref(t); /* not in the macro, which looks several times */
	HASH_ADD_STR(m->by_id, id, t);
	t->older = m->newest;
	if (m->newest)
		m->newest->newer = t;
	else
		m->oldest = t;
	m->newest = t;
	return 0;
}

static void
memory_create(struct store *s, struct task *t, const struct store_key *key,
	store_done_fn *done, void *arg)
{
	int r = add_task((struct memory *)s, t, key);

	if (r == 0)
		post((struct memory *)s, t);
	done(arg, r);
}

static void
memory_update(struct store *s, struct task *t, store_done_fn *done, void *arg)
{
	struct memory *m = (struct memory *)s;
	bool ends = task_is_final(t->status) && !t->done_ms;

	(void)task_ref(t); /* it may be forgotten in here */
	post(m, t);
	settle(m, t);
	if (done)
		done(arg, 0);
	if (ends)
		finished(m, t);
	task_unref(t);
}

static int
memory_append(struct store *s, struct task *t, enum transcript_kind kind,
	const void *data, size_t len, uint64_t seq)
{
	int r = transcript_append(t->transcript, kind, data, len, seq);

	/* The end is shown with the record that says it. */
	if (r == 0 && kind != TRANSCRIPT_FINAL)
		settle((struct memory *)s, t);
	return r;
}

static void
memory_get(struct store *s, const char *id, store_got_fn *done, void *arg)
{
	struct memory *m = (struct memory *)s;
	struct task *t;

	HASH_FIND_STR(m->by_id, id, t);
	done(arg, t ? 0 : store_missing(id, m->born, m->gone), t);
}

/* Where the page after the task `cursor` begins. Should that task be gone
 * already, ids sort by time of creation. */
static struct task *
after_cursor(struct memory *m, const char *cursor)
{
	struct task *t;

	if (!cursor)
		return m->newest;
	HASH_FIND_STR(m->by_id, cursor, t);
	if (t)
		return t->older;
	t = m->newest;
	while (t && strcmp(t->id, cursor) >= 0)
		t = t->older;
	return t;
}

static void
memory_list(struct store *s, const struct store_filter *filter,
	const char *cursor, size_t limit, store_list_fn *done, void *arg)
{
	struct memory *m = (struct memory *)s;
	struct task **page = NULL;
	const char *next = "";
	size_t n = 0, size = 0;

	if (cursor && !id_valid(cursor)) {
		done(arg, -EINVAL, NULL, 0, "");
		return;
	}
	page = calloc(limit ? limit : 1, sizeof(*page));
	if (!page) {
		done(arg, -ENOMEM, NULL, 0, "");
		return;
	}
	for (struct task *t = after_cursor(m, cursor); t; t = t->older) {
		if (!store_matches(filter, t))
			continue;
		if (n == limit || size > LIMIT_PAGE) {
			next = n ? page[n - 1]->id : "";
			break;
		}
		page[n++] = t;
		size += task_size(t);
	}
	done(arg, 0, page, n, next);
	free(page);
}

static int
memory_recover(struct store *s, store_task_fn *fn, void *arg)
{
	(void)s; /* there is nothing from before */
	(void)fn;
	(void)arg;
	return 0;
}

static void
memory_agent_seen(struct store *s, const char *id, int64_t at)
{
	(void)s;
	(void)id;
	(void)at; /* for a later server, and that will not see it */
}

static int
memory_agents(struct store *s, store_agent_fn *fn, void *arg)
{
	(void)s;
	(void)fn;
	(void)arg;
	return 0;
}

static bool
memory_full(const struct store *s)
{
	(void)s;
	return false;
}

static void
memory_stats(const struct store *s, struct store_stats *out)
{
	*out = (struct store_stats){
		.tasks = HASH_COUNT(((const struct memory *)s)->by_id)
	};
}

static void
memory_drain(struct store *s)
{
	(void)s;
}

static void
memory_free(struct store *s)
{
	struct memory *m = (struct memory *)s;

	while (m->newest)
		forget(m, m->newest);
	while (m->oldest_key)
		drop_key(m, m->oldest_key);
	outbox_done(&m->outbox);
	loop_timer_free(m->sweep_timer);
	free(m);
}

static const struct store_ops memory_ops = {
	.create = memory_create,
	.update = memory_update,
	.append = memory_append,
	.get = memory_get,
	.list = memory_list,
	.key = memory_key,
	.letters = memory_letters,
	.letter_set = memory_letter_set,
	.letter_count = memory_letter_count,
	.recover = memory_recover,
	.agent_seen = memory_agent_seen,
	.agents = memory_agents,
	.full = memory_full,
	.stats = memory_stats,
	.drain = memory_drain,
	.free = memory_free,
};

int
store_memory_new(const struct store_memory_conf *conf, struct store **out)
{
	struct memory *m = calloc(1, sizeof *m);

	if (!m)
		return -ENOMEM;
	m->store.ops = &memory_ops;
	m->conf = *conf;
	m->born = clock_wall_ms();
	m->sweep_timer = loop_timer_new(conf->loop, sweep, m);
	if (!m->sweep_timer) {
		free(m);
		return -ENOMEM;
	}
	*out = &m->store;
	return 0;
}
