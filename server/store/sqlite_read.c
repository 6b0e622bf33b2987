/* sqlite_read.c - records read back: one, a page of a list, a key */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/limits.h"
#include "store/sqlite.h"

/* ------------------------------------------------------------------ a record */

static int
read_labels(struct sqlite *s, struct task *t)
{
	sqlite3_stmt *st = s->read_labels;
	int r = 0;

	(void)sqlite3_bind_text(st, 1, t->id, -1, SQLITE_STATIC);
	while (r == 0 && sqlite3_step(st) == SQLITE_ROW)
		r = labels_add(&t->labels, &t->n_labels,
			(const char *)sqlite3_column_text(st, 0),
			(const char *)sqlite3_column_text(st, 1));
	if (r == 0)
		r = db_errno(s->db.tasks);
	(void)sqlite3_reset(st);
	return r;
}

static int
read_log(struct sqlite *s, struct task *t)
{
	struct transcript_state state = { 0 };
	sqlite3_stmt *st = s->read_log;
	int r = 0;

	(void)sqlite3_bind_text(st, 1, t->id, -1, SQLITE_STATIC);
	if (sqlite3_step(st) == SQLITE_ROW) {
		state.last = (uint64_t)sqlite3_column_int64(st, 0);
		state.seq = (uint64_t)sqlite3_column_int64(st, 1);
		r = buf_add(&state.rest, sqlite3_column_blob(st, 2),
			(size_t)sqlite3_column_bytes(st, 2));
	} else {
		r = db_errno(s->db.output); /* 0: it has said nothing */
	}
	(void)sqlite3_reset(st);
	if (r == 0)
		r = transcript_restore(
			t->transcript, &state, task_is_final(t->status));
	buf_done(&state.rest);
	return r;
}

int
read_row(struct sqlite *s, sqlite3_stmt *st, struct task **out)
{
	AUTO(task_unref) struct task *t = task_new();
	int r;

	if (!t || !kept_new(s, t))
		return -ENOMEM;
	r = row_read(st, t);
	if (r == 0)
		r = read_labels(s, t);
	if (r == 0)
		r = read_log(s, t);
	if (r < 0)
		return r;
	t->stored_seq = t->agent_seq;
	t->stored_status = t->status;
	*out = TAKE(t);
	return 0;
}

int
read_task(struct sqlite *s, const char *id, struct task **out)
{
	int r = -ENOENT;

	(void)sqlite3_bind_text(s->read_task, 1, id, -1, SQLITE_STATIC);
	if (sqlite3_step(s->read_task) == SQLITE_ROW)
		r = read_row(s, s->read_task, out);
	else if (db_errno(s->db.tasks) < 0)
		r = db_errno(s->db.tasks);
	(void)sqlite3_reset(s->read_task);
	return r;
}

/* -------------------------------------------------------------------- a list */

struct query {
	char *agent_id, *plugin, *owner; /* own, or NULL */
	struct label *labels; /* own */
	size_t n_labels;
	int status;
	char cursor[ID_MAX];
	size_t limit;
	store_list_fn *done;
	void *arg;
	uint64_t after; /* the batch that it waits for */
	struct query *prev, *next;
};

static void
query_free(struct query *q)
{
	if (!q)
		return;
	labels_free(q->labels, q->n_labels);
	free(q->agent_id);
	free(q->plugin);
	free(q->owner);
	free(q);
}
AUTO_DEFINE(struct query *, query_free)

static int
copy_text(char **out, const char *text)
{
	*out = text ? strdup(text) : NULL;
	return text && !*out ? -ENOMEM : 0;
}

static int
copy_filter(struct query *q, const struct store_filter *f)
{
	int r = copy_text(&q->agent_id, f->agent_id);

	q->status = f->status;
	if (r == 0)
		r = copy_text(&q->plugin, f->plugin);
	if (r == 0)
		r = copy_text(&q->owner, f->owner);
	if (r == 0)
		r = labels_copy(
			&q->labels, &q->n_labels, f->labels, f->n_labels);
	return r;
}

enum {
	AT_CURSOR = 1,
	AT_AGENT,
	AT_PLUGIN,
	AT_STATUS,
	AT_LIMIT,
	AT_OWNER,
	AT_LABELS
};

/* Those that are unfinished are picked by their ids: a condition on several
 * statuses would have whole rows sorted. */
static int
sql_status(const struct query *q, struct buf *sql)
{
	if (q->status == STORE_UNFINISHED)
		return buf_printf(sql,
			" AND id IN (SELECT id FROM task WHERE status IN "
			"(%d, %d, %d))",
			TASK_PENDING, TASK_SENT, TASK_IN_PROGRESS);
	return q->status >= 0 ? buf_add_text(sql, " AND status = ?4") : 0;
}

static int
query_sql(const struct query *q, struct buf *sql)
{
	int r = buf_add_text(sql, "SELECT ");

	if (r == 0)
		r = row_sql_columns(sql);
	if (r == 0)
		r = buf_printf(sql, " FROM task WHERE 1%s%s%s%s",
			*q->cursor ? " AND id < ?1" : "",
			q->agent_id ? " AND agent_id = ?2" : "",
			q->plugin ? " AND plugin = ?3" : "",
			q->owner ? " AND owner = ?6" : "");
	if (r == 0)
		r = sql_status(q, sql);
	for (size_t i = 0; r == 0 && i < q->n_labels; i++) {
		r = buf_printf(sql,
			" AND EXISTS(SELECT 1 FROM label WHERE "
			"label.task = task.id AND name = ?%zu",
			AT_LABELS + 2 * i);
		if (r == 0 && q->labels[i].value)
			r = buf_printf(sql, " AND value = ?%zu",
				AT_LABELS + 2 * i + 1);
		if (r == 0)
			r = buf_add_text(sql, ")");
	}
	return r < 0 ? r : buf_add_text(sql, " ORDER BY id DESC LIMIT ?5");
}

static void
bind_text(sqlite3_stmt *st, int at, const char *text)
{
	(void)sqlite3_bind_text(st, at, text, -1, SQLITE_STATIC);
}

static int
query_prepare(struct sqlite *s, const struct query *q, sqlite3_stmt **out)
{
	AUTO_BUF struct buf sql = { 0 };
	int r = query_sql(q, &sql);

	if (r == 0 && sqlite3_prepare_v2(s->db.tasks, buf_text(&sql), -1, out,
			      NULL) != SQLITE_OK)
		r = db_errno(s->db.tasks);
	if (r < 0)
		return r;
	/* Those that the text does not have are refused, and not missed. */
	bind_text(*out, AT_CURSOR, q->cursor);
	bind_text(*out, AT_AGENT, q->agent_id);
	bind_text(*out, AT_PLUGIN, q->plugin);
	bind_text(*out, AT_OWNER, q->owner);
	(void)sqlite3_bind_int(*out, AT_STATUS, q->status);
	(void)sqlite3_bind_int64(*out, AT_LIMIT, (int64_t)q->limit + 1);
	for (size_t i = 0; i < q->n_labels; i++) {
		bind_text(*out, AT_LABELS + 2 * (int)i, q->labels[i].name);
		bind_text(*out, AT_LABELS + 2 * (int)i + 1, q->labels[i].value);
	}
	return 0;
}

/* The very task where it is in memory, except that nobody hears of an end
 * before it is stored. */
static int
query_row(struct sqlite *s, sqlite3_stmt *st, struct task **out)
{
	const char *id = (const char *)sqlite3_column_text(st, 0);
	struct kept *k = NULL;

	if (id)
		HASH_FIND_STR(s->by_id, id, k);
	if (!k || (task_is_final(k->task->status) && !task_over(k->task)))
		return read_row(s, st, out);
	*out = task_ref(k->task);
	return 0;
}

static void
query_answer(struct sqlite *s, const struct query *q)
{
	struct task **page = calloc(q->limit + 1, sizeof(*page));
	sqlite3_stmt *st = NULL;
	size_t n = 0, size = 0;
	bool more = false;
	int r = page ? query_prepare(s, q, &st) : -ENOMEM;

	while (r == 0 && !more && sqlite3_step(st) == SQLITE_ROW) {
		more = n == q->limit || size > LIMIT_PAGE;
		if (more)
			break;
		r = query_row(s, st, &page[n]);
		if (r == 0)
			size += task_size(page[n++]);
	}
	if (r == 0 && !more)
		r = db_errno(s->db.tasks);
	(void)sqlite3_finalize(st);
	q->done(q->arg, r, page, r < 0 ? 0 : n,
		r == 0 && more && n ? page[n - 1]->id : "");
	while (n)
		task_unref(page[--n]);
	free(page);
}

void
query_start(struct sqlite *s, const struct store_filter *filter,
	const char *cursor, size_t limit, store_list_fn *done, void *arg)
{
	AUTO(query_free) struct query *q = calloc(1, sizeof *q);
	struct query *added;

	if (cursor && !id_valid(cursor)) {
		done(arg, -EINVAL, NULL, 0, "");
		return;
	}
	if (!q || copy_filter(q, filter) < 0) {
		done(arg, -ENOMEM, NULL, 0, "");
		return;
	}
	if (cursor)
		memcpy(q->cursor, cursor, strlen(cursor) + 1);
	q->limit = limit;
	q->done = done;
	q->arg = arg;
	/* What was said before it is asked is on its way: it should be seen. */
	q->after = s->n_given + (s->n_dirty + BATCH_ITEMS - 1) / BATCH_ITEMS;
	if (s->trouble || q->after <= s->n_back) {
		query_answer(s, q);
		return;
	}
	added = TAKE(q);
	DL_APPEND(s->queries, added);
}

void
query_run(struct sqlite *s, bool all)
{
	while (s->queries && (all || s->queries->after <= s->n_back)) {
		struct query *q = s->queries;

		DL_DELETE(s->queries, q);
		query_answer(s, q);
		query_free(q);
	}
}

/* --------------------------------------------------------------------- a key */

void
read_key(struct sqlite *s, const char *name, store_key_fn *done, void *arg)
{
	sqlite3_stmt *st = s->read_key;
	struct store_key key = { .name = name };
	int r = 0;

	(void)sqlite3_bind_text(st, 1, name, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(st, 2, clock_wall_ms());
	if (sqlite3_step(st) == SQLITE_ROW &&
		sqlite3_column_bytes(st, 0) == STORE_DIGEST) {
		memcpy(key.digest, sqlite3_column_blob(st, 0), STORE_DIGEST);
		key.answer = (const char *)sqlite3_column_text(st, 1);
	} else {
		r = db_errno(s->db.tasks);
	}
	done(arg, r, key.answer ? &key : NULL);
	(void)sqlite3_reset(st);
}

int
read_prepare(struct sqlite *s)
{
	AUTO_BUF struct buf sql = { 0 };
	int r = buf_add_text(&sql, "SELECT ");

	if (r == 0)
		r = row_sql_columns(&sql);
	if (r == 0)
		r = buf_add_text(&sql, " FROM task WHERE id=?");
	if (r == 0)
		r = db_prepare(s->db.tasks, buf_text(&sql), &s->read_task);
	if (r == 0)
		r = db_prepare(s->db.tasks,
			"SELECT name, value FROM label WHERE task=?",
			&s->read_labels);
	if (r == 0)
		r = db_prepare(s->db.output,
			"SELECT last, seq, state FROM log WHERE task=?",
			&s->read_log);
	if (r == 0)
		r = db_prepare(s->db.tasks,
			"SELECT digest, answer FROM key "
			"WHERE name=? AND until > ?",
			&s->read_key);
	return r;
}
