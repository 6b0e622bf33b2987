/* memory.c - the store that forgets when the server ends
 *
 * Records are the hub's own, counted; all that is done here is to find them,
 * list them newest first, and let finished ones go when their time is up. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/clock.h"
#include "store/store.h"

struct memory {
	struct store store; /* first */
	struct store_memory_conf conf;
	struct task *by_id;
	struct task *newest, *oldest;
	struct task *done; /* finished, oldest end first */
	size_t n_done;
	uint64_t output; /* of finished tasks */
	struct loop_timer *sweep_timer;
};

static uint64_t
output_of(const struct task *t)
{
	return transcript_bytes(t->transcript, TRANSCRIPT_STDOUT) +
	       transcript_bytes(t->transcript, TRANSCRIPT_STDERR) +
	       transcript_bytes(t->transcript, TRANSCRIPT_HOOK);
}

/* ---------------------------------------------------------------- retention */

static void
forget(struct memory *m, struct task *t)
{
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
		m->output -= output_of(t);
	}
	task_unref(t);
}

static void
sweep(void *arg)
{
	struct memory *m = arg;
	int64_t due = clock_ms() - m->conf.retention_ms;

	while (m->done &&
		(m->done->done_ms <= due || m->n_done > m->conf.max_tasks ||
			m->output > m->conf.max_output))
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
	m->output += output_of(t);
	if (m->n_done > m->conf.max_tasks || m->output > m->conf.max_output ||
		!loop_timer_active(m->sweep_timer))
		sweep(m);
}

/* --------------------------------------------------------------- operations */

static void
memory_create(struct store *s, struct task *t, store_done_fn *done, void *arg)
{
	struct memory *m = (struct memory *)s;
	struct task *old;

	HASH_FIND_STR(m->by_id, t->id, old);
	if (old) {
		done(arg, -EEXIST);
		return;
	}
	t->transcript = transcript_new(m->conf.dir);
	if (!t->transcript) {
		done(arg, -ENOMEM);
		return;
	}
	(void)task_ref(t); /* not in the macro, which looks several times */
	HASH_ADD_STR(m->by_id, id, t);
	t->older = m->newest;
	if (m->newest)
		m->newest->newer = t;
	else
		m->oldest = t;
	m->newest = t;
	done(arg, 0);
}

static void
memory_update(struct store *s, struct task *t, store_done_fn *done, void *arg)
{
	struct memory *m = (struct memory *)s;

	if (task_is_final(t->status) && !t->done_ms)
		finished(m, t);
	if (done)
		done(arg, 0);
}

static int
memory_append(struct store *s, struct task *t, enum transcript_kind kind,
	const void *data, size_t len)
{
	(void)s;
	return transcript_append(t->transcript, kind, data, len);
}

static void
memory_get(struct store *s, const char *id, store_got_fn *done, void *arg)
{
	struct memory *m = (struct memory *)s;
	struct task *t;

	HASH_FIND_STR(m->by_id, id, t);
	done(arg, t);
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
	size_t n = 0;

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
		if (n == limit) {
			next = n ? page[n - 1]->id : "";
			break;
		}
		page[n++] = t;
	}
	done(arg, 0, page, n, next);
	free(page);
}

static size_t
memory_count(const struct store *s)
{
	return HASH_COUNT(((const struct memory *)s)->by_id);
}

static void
memory_free(struct store *s)
{
	struct memory *m = (struct memory *)s;

	while (m->newest)
		forget(m, m->newest);
	loop_timer_free(m->sweep_timer);
	free(m);
}

static const struct store_ops memory_ops = {
	.create = memory_create,
	.update = memory_update,
	.append = memory_append,
	.get = memory_get,
	.list = memory_list,
	.count = memory_count,
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
	m->sweep_timer = loop_timer_new(conf->loop, sweep, m);
	if (!m->sweep_timer) {
		free(m);
		return -ENOMEM;
	}
	*out = &m->store;
	return 0;
}
