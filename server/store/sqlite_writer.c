/* sqlite_writer.c - the thread that writes batches
 *
 * One batch is in its hands at a time: everything that waits is in it, so that
 * one fsync serves all (group commit). A batch is stored as a whole or, as far
 * as its users are told, not at all: then they write it again, and writing a
 * page or a record again is harmless. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/sqlite.h"

struct writer {
	struct loop *loop;
	struct loop_item back; /* posted when a batch is done */
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t given, done;
	struct batch *batch; /* NULL: idle */
	bool stop;
	/* the thread's own */
	struct db db;
	sqlite3_stmt *insert, *update, *label, *key, *page, *log, *agent,
		*probe[2], *outbox[OUTBOX_CALLS];
};

/* ------------------------------------------------------------------- writing */

static int
write_page(struct writer *w, const struct item *it, const struct page *p)
{
	(void)sqlite3_bind_text(w->page, 1, it->kept->task->id, -1,
		SQLITE_STATIC); /* binding fails only for want of memory: */
	(void)sqlite3_bind_int64(w->page, 2, (int64_t)p->first);
	(void)sqlite3_bind_blob(
		w->page, 3, p->data.data, (int)p->data.len, SQLITE_STATIC);
	return db_step(w->page); /* NOT NULL notices it */
}

static int
write_log(struct writer *w, struct item *it)
{
	int r = it->first ? write_page(w, it, it->first) : 0;

	/* What stands behind the last is the loop's already. */
	for (const struct page *p = it->first; p != it->last && r == 0;) {
		p = p->next;
		r = write_page(w, it, p);
	}
	if (r < 0)
		return r;
	(void)sqlite3_bind_text(
		w->log, 1, it->kept->task->id, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(w->log, 2, (int64_t)it->state.last);
	(void)sqlite3_bind_int64(w->log, 3, (int64_t)it->state.seq);
	(void)sqlite3_bind_blob(w->log, 4, it->state.rest.data,
		(int)it->state.rest.len, SQLITE_STATIC);
	return db_step(w->log);
}

static int
write_key(struct writer *w, const struct store_key *key)
{
	int r;

	(void)sqlite3_bind_text(w->key, 1, key->name, -1, SQLITE_STATIC);
	(void)sqlite3_bind_blob(
		w->key, 2, key->digest, STORE_DIGEST, SQLITE_STATIC);
	(void)sqlite3_bind_text(w->key, 3, key->answer, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(
		w->key, 4, (int64_t)clock_wall_ms() + STORE_KEY_MS);
	r = db_step(w->key);
	return r == 0 && !sqlite3_changes(w->db.tasks) ? -EALREADY : r;
}

static int
write_new(struct writer *w, const struct item *it)
{
	int r = row_bind(&it->row, w->insert, true);

	if (r == 0)
		r = db_step(w->insert);
	for (size_t i = 0; r == 0 && i < it->row.n_labels; i++) {
		const struct label *l = &it->row.labels[i];

		(void)sqlite3_bind_text(
			w->label, 1, it->kept->task->id, -1, SQLITE_STATIC);
		(void)sqlite3_bind_text(
			w->label, 2, l->name, -1, SQLITE_STATIC);
		(void)sqlite3_bind_text(
			w->label, 3, l->value, -1, SQLITE_STATIC);
		r = db_step(w->label);
	}
	return r == 0 && it->key ? write_key(w, it->key) : r;
}

/* Record and key together; one that is refused does not stop the others. */
static int
write_insert(struct writer *w, struct item *it)
{
	int r = it->key ? db_run(w->db.tasks, "SAVEPOINT one") : 0;

	if (r < 0)
		return r;
	r = write_new(w, it);
	if (r == -EEXIST || r == -EALREADY) {
		it->r = r;
		r = it->key ? db_run(w->db.tasks, "ROLLBACK TO one") : 0;
	}
	if (r == 0 && it->key)
		r = db_run(w->db.tasks, "RELEASE one");
	return r;
}

static int
write_record(struct writer *w, struct item *it)
{
	int r = it->insert ? write_insert(w, it)
			   : row_bind(&it->row, w->update, false);

	if (r == 0 && !it->insert)
		r = db_step(w->update);
	return r == 0 && it->r == 0 ? letters_add(w->outbox, it->letters) : r;
}

/* Begin, write each item with fn, commit. */
static int
transaction(struct writer *w, sqlite3 *db, struct batch *b,
	int (*fn)(struct writer *w, struct item *it))
{
	int r = db_run(db, "BEGIN IMMEDIATE");

	for (size_t i = 0; i < b->n && r == 0; i++) {
		struct item *it = &b->items[i];

		if (fn == write_record ? it->record : it->state.rest.len > 0) {
			r = fn(w, it);
		}
	}
	if (r == 0 && db == w->db.tasks)
		r = agents_write(w->agent, b->seen);
	if (r == 0 && db == w->db.tasks)
		r = letters_set(w->outbox, b->fates);
	if (r == 0 && b->probe)
		r = db_step(w->probe[db == w->db.output]);
	if (r == 0)
		r = db_run(db, "COMMIT");
	if (r < 0) {
		(void)snprintf(b->trouble, sizeof b->trouble, "%s: %s",
			db == w->db.output ? "output.db" : "tasks.db",
			sqlite3_errmsg(db));
		if (!sqlite3_get_autocommit(db))
			(void)db_run(db, "ROLLBACK"); /* r counts */
	}
	return r;
}

static int
write_items(struct writer *w, struct batch *b)
{
	bool logs = b->probe, records = b->probe || b->seen || b->fates;
	int r = 0;

	for (size_t i = 0; i < b->n; i++) {
		logs |= b->items[i].state.rest.len > 0;
		records |= b->items[i].record;
	}
	if (logs)
		r = transaction(w, w->db.output, b, write_log);
	if (r == 0 && records)
		r = transaction(w, w->db.tasks, b, write_record);
	return r;
}

/* -------------------------------------------------------------------- thread */

static void *
run(void *arg)
{
	struct writer *w = arg;

	pthread_mutex_lock(&w->lock);
	for (;;) {
		struct batch *b;
		int64_t begin;

		while (!w->batch && !w->stop)
			pthread_cond_wait(&w->given, &w->lock);
		if (!w->batch)
			break;
		b = w->batch;
		pthread_mutex_unlock(&w->lock);
		begin = clock_us();
		b->r = write_items(w, b);
		if (b->r == 0 && b->sweep.wanted)
			b->r = sweep_run(&w->db, &b->sweep);
		b->took_us = clock_us() - begin;
		pthread_mutex_lock(&w->lock);
		w->batch = NULL;
		pthread_cond_signal(&w->done);
		loop_post(w->loop, &w->back);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

void
writer_give(struct writer *w, struct batch *b)
{
	pthread_mutex_lock(&w->lock);
	w->batch = b;
	pthread_cond_signal(&w->given);
	pthread_mutex_unlock(&w->lock);
}

void
writer_wait(struct writer *w)
{
	pthread_mutex_lock(&w->lock);
	while (w->batch)
		pthread_cond_wait(&w->done, &w->lock);
	pthread_mutex_unlock(&w->lock);
	loop_unpost(w->loop, &w->back);
}

/* ---------------------------------------------------------------------- life */

static int
prepare_records(struct writer *w)
{
	AUTO_BUF struct buf insert = { 0 }, update = { 0 };
	int r = row_sql_insert(&insert);

	if (r == 0)
		r = row_sql_update(&update);
	if (r == 0)
		r = db_prepare(w->db.tasks, buf_text(&insert), &w->insert);
	if (r == 0)
		r = db_prepare(w->db.tasks, buf_text(&update), &w->update);
	return r;
}

static int
prepare(struct writer *w)
{
	const struct {
		sqlite3 *db;
		const char *sql;
		sqlite3_stmt **out;
	} texts[] = {
		{ w->db.tasks, "INSERT INTO label VALUES(?,?,?)", &w->label },
		/* One whose time is over counts as forgotten. */
		{ w->db.tasks,
			"INSERT INTO key VALUES(?1,?2,?3,?4) "
			"ON CONFLICT(name) DO UPDATE SET digest=?2, answer=?3, "
			"until=?4 WHERE until <= ?4 - 86400000",
			&w->key },
		{ w->db.output, "INSERT OR REPLACE INTO page VALUES(?,?,?)",
			&w->page },
		{ w->db.output, "INSERT OR REPLACE INTO log VALUES(?,?,?,?)",
			&w->log },
		{ w->db.tasks, "INSERT OR REPLACE INTO agent VALUES(?,?)",
			&w->agent },
		{ w->db.tasks, "INSERT OR REPLACE INTO meta VALUES('probe',0)",
			&w->probe[0] },
		{ w->db.output,
			"INSERT OR REPLACE INTO log VALUES('',0,0,zeroblob(0))",
			&w->probe[1] },
	};
	int r = prepare_records(w);

	for (size_t i = 0; i < ARRAY_SIZE(texts) && r == 0; i++)
		r = db_prepare(texts[i].db, texts[i].sql, texts[i].out);
	if (r == 0)
		r = letters_prepare(w->db.tasks, w->outbox);
	return r;
}

static void
writer_free(struct writer *w)
{
	sqlite3_stmt *const all[] = { w->insert, w->update, w->label, w->key,
		w->page, w->log, w->agent, w->probe[0], w->probe[1] };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		(void)sqlite3_finalize(all[i]);
	for (size_t i = 0; i < ARRAY_SIZE(w->outbox); i++)
		(void)sqlite3_finalize(w->outbox[i]);
	db_close(&w->db);
	pthread_cond_destroy(&w->given);
	pthread_cond_destroy(&w->done);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

int
writer_start(struct loop *loop, const struct files *f, loop_fn *back, void *arg,
	struct writer **out, struct err *err)
{
	struct writer *w = calloc(1, sizeof *w);
	int r;

	if (!w)
		return err_set(err, -ENOMEM, "out of memory");
	w->loop = loop;
	w->back = (struct loop_item){ .fn = back, .arg = arg };
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->given, NULL);
	pthread_cond_init(&w->done, NULL);
	r = db_open(&w->db, f, err);
	if (r == 0) {
		r = prepare(w);
		if (r < 0)
			(void)err_set(err, r, "database '%s' is not usable: %s",
				f->tasks, sqlite3_errmsg(w->db.tasks));
	}
	if (r == 0) {
		r = -pthread_create(&w->thread, NULL, run, w);
		if (r < 0)
			(void)err_set(err, r, "cannot start a thread: %s",
				err_name(-r));
	}
	if (r < 0) {
		writer_free(w);
		return r;
	}
	*out = w;
	return 0;
}

void
writer_stop(struct writer *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_signal(&w->given);
	pthread_mutex_unlock(&w->lock);
	(void)pthread_join(w->thread, NULL); /* it is ours, and runs */
	loop_unpost(w->loop, &w->back);
	writer_free(w);
}
