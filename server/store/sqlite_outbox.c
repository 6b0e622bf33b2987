/* sqlite_outbox.c - letters: written with their records, changed, read back
 *
 * The table is the queue: which letter is next is asked of it, so the server
 * holds only those that are on their way. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/limits.h"
#include "base/log.h"
#include "store/sqlite.h"

enum { SWEEP_EACH = 10000 }; /* letters; in between it grows by them */

/* --------------------------------------------------------------- changes */

void
letters_posted(struct sqlite *s, const struct letter *letters)
{
	if (!letters)
		return;
	for (; letters; letters = letters->next)
		s->n_posted++;
	if (s->n_posted > SWEEP_EACH) {
		s->n_posted = 0;
		s->sweep_due = true;
	}
	if (s->store.posted)
		s->store.posted(s->store.posted_arg);
}

void
sqlite_letter_set(struct store *store, const struct letter *l,
	store_done_fn *done, void *arg)
{
	struct sqlite *s = (struct sqlite *)store;
	struct fate *f = calloc(1, sizeof *f);

	if (f)
		f->letter = letter_copy(l, false);
	if (!f || !f->letter) {
		free(f);
		done(arg, -ENOMEM);
		return;
	}
	f->done = done;
	f->arg = arg;
	DL_APPEND(s->fates, f);
}

void
fates_done(struct fate **fates, int r)
{
	while (*fates) {
		struct fate *f = *fates;

		DL_DELETE(*fates, f);
		f->done(f->arg, r);
		letter_free(f->letter);
		free(f);
	}
}

void
letters_changed(struct sqlite *s, struct fate **fates)
{
	if (!*fates)
		return;
	fates_done(fates, 0);
	if (s->store.posted)
		s->store.posted(s->store.posted_arg);
}

int
sqlite_letter_count(struct store *store, size_t *waiting, size_t *dead)
{
	sqlite3 *db = ((struct sqlite *)store)->db.tasks;
	int64_t alive = 0, gone = 0;
	int r = db_number(
		db, "SELECT count(*) FROM letter WHERE died_at = 0", &alive);

	if (r == 0)
		r = db_number(db,
			"SELECT count(*) FROM letter WHERE died_at > 0", &gone);
	*waiting = (size_t)alive;
	*dead = (size_t)gone;
	return r;
}

/* --------------------------------------------------- on the writer's thread */

int
letters_prepare(sqlite3 *db, sqlite3_stmt *calls[OUTBOX_CALLS])
{
	/* One that is there was written by a batch that seemed to fail. */
	static const char *const texts[] = {
		[OUTBOX_ADD] = "INSERT OR IGNORE INTO letter "
			       "VALUES(?1,?6,?7,?8,?9,?10,?11,?12,?2,?3,?4,?5)",
		[OUTBOX_SET] = "UPDATE letter SET tries=?2, next_at=?3, "
			       "died_at=?4, error=?5 WHERE id=?1",
		[OUTBOX_DROP] = "DELETE FROM letter WHERE id=?1",
	};
	int r = 0;

	for (size_t i = 0; i < OUTBOX_CALLS && r == 0; i++)
		r = db_prepare(db, texts[i], &calls[i]);
	return r;
}

/* What letter_set() changes. */
static void
bind_fate(sqlite3_stmt *st, const struct letter *l)
{
	(void)sqlite3_bind_int64(st, 2, l->tries);
	(void)sqlite3_bind_int64(st, 3, l->next_at);
	(void)sqlite3_bind_int64(st, 4, l->died_at);
	(void)sqlite3_bind_text(st, 5, l->error, -1, SQLITE_STATIC);
}

int
letters_add(sqlite3_stmt *const *calls, const struct letter *letters)
{
	sqlite3_stmt *st = calls[OUTBOX_ADD];
	int r = 0;

	for (const struct letter *l = letters; l && r == 0; l = l->next) {
		(void)sqlite3_bind_text(st, 1, l->id, -1, SQLITE_STATIC);
		bind_fate(st, l);
		(void)sqlite3_bind_text(st, 6, l->task_id, -1, SQLITE_STATIC);
		(void)sqlite3_bind_text(st, 7, l->event, -1, SQLITE_STATIC);
		(void)sqlite3_bind_text(st, 8, l->url, -1, SQLITE_STATIC);
		(void)sqlite3_bind_text(st, 9, l->host, -1, SQLITE_STATIC);
		(void)sqlite3_bind_int64(st, 10, l->global);
		(void)sqlite3_bind_text(st, 11, l->body, -1, SQLITE_STATIC);
		(void)sqlite3_bind_int64(st, 12, l->made_at);
		r = db_step(st);
	}
	return r;
}

int
letters_set(sqlite3_stmt *const *calls, const struct fate *fates)
{
	int r = 0;

	for (const struct fate *f = fates; f && r == 0; f = f->next) {
		const struct letter *l = f->letter;
		bool gone = l->fate == LETTER_DELIVERED;
		sqlite3_stmt *st = calls[gone ? OUTBOX_DROP : OUTBOX_SET];

		(void)sqlite3_bind_text(st, 1, l->id, -1, SQLITE_STATIC);
		if (!gone)
			bind_fate(st, l);
		r = db_step(st);
	}
	return r;
}

int
letters_sweep(sqlite3 *db, int64_t now)
{
	int r = db_exec(db,
		"UPDATE letter SET died_at=?1, error='too many were waiting' "
		"WHERE id IN (SELECT id FROM letter WHERE died_at=0 "
		"ORDER BY id DESC LIMIT -1 OFFSET ?2)",
		"ii", now, (int64_t)LIMIT_LETTERS);

	if (r == 0)
		r = db_exec(db,
			"DELETE FROM letter WHERE died_at > 0 AND died_at < ?1",
			"i", now - STORE_DEAD_MS);
	if (r == 0)
		r = db_exec(db,
			"DELETE FROM letter WHERE died_at > 0 AND id IN "
			"(SELECT id FROM letter WHERE died_at > 0 "
			"ORDER BY died_at DESC, id DESC LIMIT -1 OFFSET ?1)",
			"i", (int64_t)LIMIT_DEAD_LETTERS);
	return r;
}

/* --------------------------------------------------------------- reading */

enum { AT_ID = 1, AT_AFTER, AT_LIMIT, AT_HOSTS };

static int
query_sql(const struct letter_query *q, struct buf *sql)
{
	static const struct {
		const char *where, *after, *order;
	} wants[] = {
		[LETTERS_NEXT] = { "died_at = 0 AND NOT EXISTS(SELECT 1 FROM "
				   "letter AS before WHERE before.task = "
				   "letter.task AND before.url = letter.url "
				   "AND before.global = letter.global "
				   "AND before.died_at = 0 AND before.id < "
				   "letter.id)",
			"", "next_at, id" },
		[LETTERS_WAITING] = { "died_at = 0", " AND id > ?2", "id" },
		[LETTERS_DEAD] = { "died_at > 0", " AND id < ?2", "id DESC" },
	};
	static const char *const of[] = {
		[LETTERS_ALL] = "",
		[LETTERS_GLOBAL] = " AND global = 1",
		[LETTERS_OF_TASKS] = " AND global = 0",
	};
	int r = buf_printf(sql,
		"SELECT id, task, event, url, host, global, %s, made_at, "
		"tries, next_at, died_at, error FROM letter WHERE %s%s%s%s",
		q->want == LETTERS_NEXT ? "body" : "''", wants[q->want].where,
		of[q->of], q->id ? " AND id = ?1" : "",
		q->after ? wants[q->want].after : "");

	for (size_t i = 0; r == 0 && i < q->n_but_hosts; i++)
		r = buf_printf(sql, "%s?%zu", i ? "," : " AND host NOT IN (",
			AT_HOSTS + i);
	if (r == 0)
		r = buf_printf(sql, "%s ORDER BY %s LIMIT ?3",
			q->n_but_hosts ? ")" : "", wants[q->want].order);
	return r;
}

static struct letter *
read_letter(sqlite3_stmt *st)
{
	struct letter *l =
		letter_new(db_text(st, 3), db_text(st, 4), db_text(st, 6));

	if (!l)
		return NULL;
	(void)snprintf(l->id, sizeof l->id, "%s", db_text(st, 0));
	(void)snprintf(l->task_id, sizeof l->task_id, "%s", db_text(st, 1));
	(void)snprintf(l->event, sizeof l->event, "%s", db_text(st, 2));
	l->global = sqlite3_column_int(st, 5);
	l->made_at = sqlite3_column_int64(st, 7);
	l->tries = (unsigned)sqlite3_column_int(st, 8);
	l->next_at = sqlite3_column_int64(st, 9);
	l->died_at = sqlite3_column_int64(st, 10);
	l->fate = l->died_at ? LETTER_DEAD : LETTER_WAITS;
	(void)snprintf(l->error, sizeof l->error, "%s", db_text(st, 11));
	return l;
}

static void
bind_query(sqlite3_stmt *st, const struct letter_query *q)
{
	/* Those that the text does not have are refused, and not missed. */
	(void)sqlite3_bind_text(st, AT_ID, q->id, -1, SQLITE_STATIC);
	(void)sqlite3_bind_text(st, AT_AFTER, q->after, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(st, AT_LIMIT, (int64_t)q->max);
	for (size_t i = 0; i < q->n_but_hosts; i++)
		(void)sqlite3_bind_text(st, AT_HOSTS + (int)i, q->but_hosts[i],
			-1, SQLITE_STATIC);
}

void
sqlite_letters(struct store *store, const struct letter_query *q,
	store_letters_fn *done, void *arg)
{
	sqlite3 *db = ((struct sqlite *)store)->db.tasks;
	AUTO_BUF struct buf sql = { 0 };
	struct letter *list = NULL, **end = &list;
	sqlite3_stmt *st = NULL;
	int r = query_sql(q, &sql);

	if (r == 0)
		r = db_prepare(db, buf_text(&sql), &st);
	if (r == 0)
		bind_query(st, q);
	while (r == 0 && sqlite3_step(st) == SQLITE_ROW) {
		*end = read_letter(st);
		if (!*end)
			r = -ENOMEM;
		else
			end = &(*end)->next;
	}
	if (r == 0)
		r = db_errno(db);
	(void)sqlite3_finalize(st);
	if (r < 0) {
		log_error(r, "store: cannot read what waits to be told");
		letters_free(&list);
	}
	done(arg, r, list);
}
