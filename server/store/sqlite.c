/* sqlite.c - the durable store: its life, and what its users call */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/internal.h"
#include "store/sqlite.h"

enum {
	LINGER_MS = 5000,
	HELD_MAX = 64 << 20,
};

/* ------------------------------------------------------------------- changes */

/* A copy in one piece, so that free() is all it needs. */
static struct store_key *
copy_key(const struct store_key *key)
{
	size_t n = strlen(key->name) + 1, m = strlen(key->answer) + 1;
	struct store_key *copy = malloc(sizeof *copy + n + m);
	char *text = (char *)(copy + 1);

	if (!copy)
		return NULL;
	*copy = *key;
	copy->name = memcpy(text, key->name, n);
	copy->answer = memcpy(text + n, key->answer, m);
	return copy;
}

static int
add_task(struct sqlite *s, struct task *t, const struct store_key *key,
	store_done_fn *done, void *arg)
{
	struct kept *k;

	HASH_FIND_STR(s->by_id, t->id, k);
	if (k)
		return -EEXIST;
	/* What is tried on behalf of the others will tell. */
	if (s->trouble && loop_timer_active(s->retry_timer))
		return s->trouble;
	k = kept_new(s, t);
	if (!k)
		return -ENOMEM;
	k->key = key ? copy_key(key) : NULL;
	if ((key && !k->key) ||
		batch_wait(k, (struct waiter){ .done = done, .arg = arg }) < 0)
		return -ENOMEM;
	k->is_new = true;
	k->listed = true;
	(void)task_ref(t); /* not in the macro, which looks several times */
	HASH_ADD_KEYPTR(hh, s->by_id, t->id, strlen(t->id), k);
	batch_dirty(k);
	return 0;
}

static void
sqlite_create(struct store *store, struct task *t, const struct store_key *key,
	store_done_fn *done, void *arg)
{
	int r = add_task((struct sqlite *)store, t, key, done, arg);

	if (r < 0)
		done(arg, r);
}

static void
sqlite_update(
	struct store *store, struct task *t, store_done_fn *done, void *arg)
{
	struct kept *k = t->kept;

	(void)store;
	/* First: what is under way does not have this change. */
	k->record = true;
	batch_dirty(k);
	if (done &&
		batch_wait(k, (struct waiter){ .done = done, .arg = arg }) < 0)
		done(arg, -ENOMEM);
}

static int
sqlite_append(struct store *store, struct task *t, enum transcript_kind kind,
	const void *data, size_t len, uint64_t seq)
{
	struct sqlite *s = (struct sqlite *)store;
	int r = transcript_append(t->transcript, kind, data, len, seq);

	if (s->held >= s->conf.held_max)
		s->was_full = true;
	return r;
}

static bool
sqlite_full(const struct store *store)
{
	return ((const struct sqlite *)store)->was_full;
}

/* ------------------------------------------------------------------- reading */

static void
sqlite_get(struct store *store, const char *id, store_got_fn *done, void *arg)
{
	struct sqlite *s = (struct sqlite *)store;
	AUTO(task_unref) struct task *t = NULL;
	struct kept *k;
	int r;

	HASH_FIND_STR(s->by_id, id, k);
	if (k && task_is_final(k->task->status) && !task_over(k->task)) {
		r = batch_wait(k, (struct waiter){ .got = done, .arg = arg });
		if (r < 0)
			done(arg, r, NULL);
		return;
	}
	if (k && !k->is_new) {
		t = task_ref(k->task);
		r = 0;
	} else {
		r = k ? -ENOENT : read_task(s, id, &t);
	}
	if (r == -ENOENT)
		r = store_missing(id, s->born, s->gone);
	if (r < 0 && r != -ENOENT && r != -ESTALE)
		log_error(r, "store: cannot read task '%s'", id);
	done(arg, r, t);
}

static void
sqlite_list(struct store *store, const struct store_filter *filter,
	const char *cursor, size_t limit, store_list_fn *done, void *arg)
{
	query_start((struct sqlite *)store, filter, cursor, limit, done, arg);
}

static void
sqlite_key(struct store *store, const char *name, store_key_fn *done, void *arg)
{
	read_key((struct sqlite *)store, name, done, arg);
}

static int
recover_row(struct sqlite *s, sqlite3_stmt *st, store_task_fn *fn, void *arg)
{
	struct task *t;
	int r = read_row(s, st, &t);

	if (r < 0)
		return r;
	t->kept->listed = true; /* with this reference */
	HASH_ADD_KEYPTR(hh, s->by_id, t->id, strlen(t->id), t->kept);
	fn(arg, t);
	return 0;
}

static int
sqlite_recover(struct store *store, store_task_fn *fn, void *arg)
{
	struct sqlite *s = (struct sqlite *)store;
	AUTO_BUF struct buf sql = { 0 };
	sqlite3_stmt *st = NULL;
	int r = buf_add_text(&sql, "SELECT ");

	if (r == 0)
		r = row_sql_columns(&sql);
	if (r == 0)
		r = buf_printf(&sql, " FROM task WHERE status < %d ORDER BY id",
			TASK_COMPLETED);
	if (r == 0)
		r = db_prepare(s->db.tasks, buf_text(&sql), &st);
	while (r == 0 && sqlite3_step(st) == SQLITE_ROW)
		r = recover_row(s, st, fn, arg);
	if (r == 0)
		r = db_errno(s->db.tasks);
	(void)sqlite3_finalize(st);
	return r;
}

static void
sqlite_agent_seen(struct store *store, const char *id, int64_t at)
{
	agents_saw((struct sqlite *)store, id, at);
}

static int
sqlite_agents(struct store *store, store_agent_fn *fn, void *arg)
{
	return agents_read((struct sqlite *)store, fn, arg);
}

static void
sqlite_stats(const struct store *store, struct store_stats *out)
{
	const struct sqlite *s = (const struct sqlite *)store;

	*out = (struct store_stats){ .tasks = s->n_tasks,
		.waiting = s->n_dirty,
		.held = s->held,
		.output = s->output,
		.trouble = s->trouble };
}

/* ---------------------------------------------------------------------- life */

static void
sqlite_drain(struct store *store)
{
	batch_drain((struct sqlite *)store);
}

static void
drop_dirty(struct sqlite *s)
{
	while (s->dirty) {
		struct kept *k = s->dirty;

		k->dirty = false;
		DL_DELETE(s->dirty, k);
		task_unref(k->task);
	}
}

static void
sqlite_free(struct store *store)
{
	struct sqlite *s = (struct sqlite *)store;
	sqlite3_stmt *const all[] = { s->read_task, s->read_labels, s->read_log,
		s->read_pages, s->read_key };
	struct kept *k, *next;

	if (s->writer)
		batch_drain(s);
	drop_dirty(s);
	agents_free(&s->seen);
	HASH_ITER(hh, s->by_id, k, next) {
		HASH_DEL(s->by_id, k);
		k->listed = false;
		task_unref(k->task);
	}
	writer_stop(s->writer);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		(void)sqlite3_finalize(all[i]);
	db_close(&s->db);
	files_close(&s->files);
	loop_timer_free(s->linger_timer);
	loop_timer_free(s->retry_timer);
	loop_timer_free(s->sweep_timer);
	loop_flush_free(s->flush);
	buf_done(&s->window.data);
	free(s);
}

static const struct store_ops sqlite_ops = {
	.create = sqlite_create,
	.update = sqlite_update,
	.append = sqlite_append,
	.get = sqlite_get,
	.list = sqlite_list,
	.key = sqlite_key,
	.letters = sqlite_letters,
	.letter_set = sqlite_letter_set,
	.letter_count = sqlite_letter_count,
	.recover = sqlite_recover,
	.agent_seen = sqlite_agent_seen,
	.agents = sqlite_agents,
	.full = sqlite_full,
	.stats = sqlite_stats,
	.drain = sqlite_drain,
	.free = sqlite_free,
};

/* flush() sees at its next turn what the timer is about. */
static void
retry(void *arg)
{
	(void)arg;
}

static int
count(struct sqlite *s)
{
	int64_t n = 0, done = 0, output = 0, oldest = 0;
	int r = db_number(s->db.tasks, "SELECT count(*) FROM task", &n);

	if (r == 0)
		r = db_number(s->db.tasks,
			"SELECT count(*) FROM task WHERE done_at > 0", &done);
	if (r == 0)
		r = db_number(s->db.tasks,
			"SELECT total(output) FROM task WHERE done_at > 0",
			&output);
	if (r == 0)
		r = db_number(s->db.tasks,
			"SELECT min(done_at) FROM task WHERE done_at > 0",
			&oldest);
	if (r == 0)
		r = db_number(s->db.tasks,
			"SELECT value FROM meta WHERE name='born'", &s->born);
	if (r == 0)
		r = db_number(s->db.tasks,
			"SELECT value FROM meta WHERE name='gone'", &s->gone);
	s->n_tasks = (size_t)n;
	s->n_done = (size_t)done;
	s->output = (uint64_t)output;
	sweep_schedule(s, oldest);
	return r;
}

static int
open_all(struct sqlite *s, struct err *err)
{
	int r = files_open(&s->files, s->conf.dir, err);

	if (r == 0)
		r = db_open(&s->db, &s->files, err);
	if (r < 0)
		return r;
	r = read_prepare(s);
	if (r == 0)
		r = pages_prepare(s);
	if (r == 0)
		r = count(s);
	if (r < 0)
		return err_set(err, r, "database '%s' is not usable: %s",
			s->files.tasks, sqlite3_errmsg(s->db.tasks));
	return writer_start(
		s->conf.loop, &s->files, batch_back, s, &s->writer, err);
}

int
store_sqlite_new(const struct store_sqlite_conf *conf, struct store **out,
	struct err *err)
{
	struct sqlite *s = calloc(1, sizeof *s);
	int r = -ENOMEM;

	if (!s)
		return err_set(err, r, "out of memory");
	s->store.ops = &sqlite_ops;
	s->conf = *conf;
	s->files.lock = -1;
	if (!s->conf.linger_ms)
		s->conf.linger_ms = LINGER_MS;
	if (!s->conf.held_max)
		s->conf.held_max = HELD_MAX;
	batch_count(s);
	s->linger_timer = loop_timer_new(conf->loop, linger_over, s);
	s->retry_timer = loop_timer_new(conf->loop, retry, s);
	s->sweep_timer = loop_timer_new(conf->loop, sweep_now, s);
	s->flush = loop_flush_new(conf->loop, batch_flush, s);
	if (!s->linger_timer || !s->retry_timer || !s->sweep_timer || !s->flush)
		(void)err_set(err, r, "out of memory");
	else
		r = open_all(s, err);
	if (r < 0) {
		sqlite_free(&s->store);
		return r;
	}
	*out = &s->store;
	return 0;
}
