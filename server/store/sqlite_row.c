/* sqlite_row.c - a record as a row: one table says what is stored where */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/sqlite.h"

enum column_kind {
	COLUMN_INT, /* int, unsigned, enum */
	COLUMN_INT64,
	COLUMN_CHARS, /* array in the record */
	COLUMN_TEXT, /* char *, or NULL */
	COLUMN_BYTES, /* struct buf */
	COLUMN_DONE_AT, /* not in the record: our time of its end, */
	COLUMN_OUTPUT, /* and its bytes of output, for retention */
};

struct column {
	const char *name;
	enum column_kind kind;
	size_t offset, size;
	bool fixed; /* does not change after creation */
};

#define AT(member) \
	offsetof(struct task, member), sizeof(((struct task *)0)->member)

static const struct column columns[] = {
	{ "id", COLUMN_CHARS, AT(id), true }, /* first: UPDATE finds it there */
	{ "agent_id", COLUMN_CHARS, AT(agent_id), true },
	{ "plugin", COLUMN_CHARS, AT(plugin), true },
	{ "owner", COLUMN_TEXT, AT(owner), true },
	{ "webhooks", COLUMN_TEXT, AT(webhooks), true },
	{ "start", COLUMN_BYTES, AT(start), true },
	{ "timeout_ms", COLUMN_INT64, AT(timeout_ms), true },
	{ "start_timeout_ms", COLUMN_INT64, AT(start_timeout_ms), true },
	{ "created_at", COLUMN_INT64, AT(created_at), true },
	{ "status", COLUMN_INT, AT(status), false },
	{ "grace_ms", COLUMN_INT64, AT(grace_ms), false },
	{ "sent_at", COLUMN_INT64, AT(sent_at), false },
	{ "started_at", COLUMN_INT64, AT(started_at), false },
	{ "ended_at", COLUMN_INT64, AT(ended_at), false },
	{ "pid", COLUMN_INT64, AT(pid), false },
	{ "containment", COLUMN_CHARS, AT(containment), false },
	{ "boot_id", COLUMN_CHARS, AT(boot_id), false },
	{ "instance", COLUMN_CHARS, AT(instance), false },
	{ "cancel_phase", COLUMN_INT, AT(cancel.phase), false },
	{ "cancel_code", COLUMN_INT, AT(cancel.code), false },
	{ "cancel_name", COLUMN_TEXT, AT(cancel.name), false },
	{ "cancel_reason", COLUMN_TEXT, AT(cancel.reason), false },
	{ "cancel_actor", COLUMN_TEXT, AT(cancel.actor), false },
	{ "cancel_grace_ms", COLUMN_INT64, AT(cancel.grace_ms), false },
	{ "cancel_requested_at", COLUMN_INT64, AT(cancel.requested_at), false },
	{ "cancel_delivered_at", COLUMN_INT64, AT(cancel.delivered_at), false },
	{ "cancel_stopping_at", COLUMN_INT64, AT(cancel.stopping_at), false },
	{ "cancel_killing_at", COLUMN_INT64, AT(cancel.killing_at), false },
	{ "cancel_verified_at", COLUMN_INT64, AT(cancel.verified_at), false },
	{ "cancel_requests", COLUMN_INT, AT(cancel.requests), false },
	{ "failure", COLUMN_CHARS, AT(failure), false },
	{ "started", COLUMN_BYTES, AT(started), false },
	{ "message", COLUMN_TEXT, AT(message), false },
	{ "result", COLUMN_BYTES, AT(result), false },
	{ "seq", COLUMN_INT64, AT(agent_seq), false },
	{ "done_at", COLUMN_DONE_AT, 0, 0, false },
	{ "output", COLUMN_OUTPUT, 0, 0, false },
};
#define N_COLUMNS ARRAY_SIZE(columns)
_Static_assert(N_COLUMNS <= ROW_MAX, "struct row is too small");

/* -------------------------------------------------------------------- taking */

static int
take_bytes(struct row_value *v, const void *data, size_t len)
{
	v->bytes = malloc(len + 1);
	if (!v->bytes)
		return -ENOMEM;
	if (len)
		memcpy(v->bytes, data, len);
	v->len = len;
	return 0;
}

static int
take_value(struct row_value *v, const struct task *t, const struct column *c)
{
	const void *member = (const char *)t + c->offset;
	const char *text;
	int number;

	switch (c->kind) {
	case COLUMN_INT:
		memcpy(&number, member, sizeof number);
		v->number = number;
		return 0;
	case COLUMN_INT64:
		memcpy(&v->number, member, sizeof v->number);
		return 0;
	case COLUMN_CHARS:
		return take_bytes(v, member, strnlen(member, c->size));
	case COLUMN_TEXT:
		memcpy(&text, member, sizeof text);
		v->null = !text;
		return text ? take_bytes(v, text, strlen(text)) : 0;
	case COLUMN_BYTES:
		return take_bytes(v, ((const struct buf *)member)->data,
			((const struct buf *)member)->len);
	case COLUMN_DONE_AT:
		v->number = task_is_final(t->status) ? clock_wall_ms() : 0;
		return 0;
	case COLUMN_OUTPUT:
		v->number = (int64_t)transcript_taken(t->transcript);
		return 0;
	}
	return -EINVAL;
}

int
row_take(struct row *row, const struct task *t, bool all)
{
	int r = 0;

	for (size_t i = 0; i < N_COLUMNS && r == 0; i++)
		if (all || i == 0 || !columns[i].fixed)
			r = take_value(&row->values[i], t, &columns[i]);
	if (r == 0 && all)
		r = labels_copy(
			&row->labels, &row->n_labels, t->labels, t->n_labels);
	return r;
}

void
row_done(struct row *row)
{
	for (size_t i = 0; i < N_COLUMNS; i++)
		free(row->values[i].bytes);
	labels_free(row->labels, row->n_labels);
	*row = (struct row){ 0 };
}

/* ---------------------------------------------------------------- statements */

int
row_bind(const struct row *row, sqlite3_stmt *st, bool all)
{
	int r = SQLITE_OK, at = 1;

	for (size_t i = 0; i < N_COLUMNS && r == SQLITE_OK; i++) {
		const struct row_value *v = &row->values[i];

		if (!all && i > 0 && columns[i].fixed)
			continue;
		if (v->null)
			r = sqlite3_bind_null(st, at);
		else if (!v->bytes)
			r = sqlite3_bind_int64(st, at, v->number);
		else if (columns[i].kind == COLUMN_BYTES)
			r = sqlite3_bind_blob(
				st, at, v->bytes, (int)v->len, SQLITE_STATIC);
		else
			r = sqlite3_bind_text(
				st, at, v->bytes, (int)v->len, SQLITE_STATIC);
		at++;
	}
	return r == SQLITE_OK ? 0 : -ENOMEM; /* else a bug of ours */
}

int
row_sql_columns(struct buf *out)
{
	int r = 0;

	for (size_t i = 0; i < N_COLUMNS && r == 0; i++)
		r = buf_printf(out, "%s%s", i ? "," : "", columns[i].name);
	return r;
}

int
row_sql_insert(struct buf *out)
{
	int r = buf_add_text(out, "INSERT INTO task(");

	if (r == 0)
		r = row_sql_columns(out);
	for (size_t i = 0; i < N_COLUMNS && r == 0; i++)
		r = buf_add_text(out, i ? ",?" : ") VALUES(?");
	return r < 0 ? r : buf_add_text(out, ")");
}

int
row_sql_update(struct buf *out)
{
	const char *before = "UPDATE task SET ";
	int r = 0, at = 2;

	for (size_t i = 1; i < N_COLUMNS && r == 0; i++) {
		if (columns[i].fixed)
			continue;
		r = buf_printf(out, "%s%s=?%d", before, columns[i].name, at++);
		before = ",";
	}
	return r < 0 ? r : buf_add_text(out, " WHERE id=?1");
}

/* ------------------------------------------------------------------- reading */

static int
read_value(sqlite3_stmt *st, int i, struct task *t)
{
	const struct column *c = &columns[i];
	char *member = (char *)t + c->offset;
	const void *data;
	size_t len;
	int number;
	int64_t wide;
	char *text;

	switch (c->kind) {
	case COLUMN_INT:
		number = sqlite3_column_int(st, i);
		memcpy(member, &number, sizeof number);
		return 0;
	case COLUMN_INT64:
		wide = sqlite3_column_int64(st, i);
		memcpy(member, &wide, sizeof wide);
		return 0;
	case COLUMN_CHARS:
	case COLUMN_TEXT:
		data = sqlite3_column_text(st, i);
		len = (size_t)sqlite3_column_bytes(st, i);
		if (c->kind == COLUMN_CHARS) {
			if (!data || len >= c->size)
				return -EBADMSG;
			memcpy(member, data, len + 1);
			return 0;
		}
		text = data ? strdup(data) : NULL;
		memcpy(member, &text, sizeof text);
		return data && !text ? -ENOMEM : 0;
	case COLUMN_BYTES:
		data = sqlite3_column_blob(st, i);
		return buf_add((struct buf *)(void *)member, data ? data : "",
			(size_t)sqlite3_column_bytes(st, i));
	case COLUMN_DONE_AT:
	case COLUMN_OUTPUT: return 0; /* only the sweep wants them */
	}
	return -EINVAL;
}

int
row_read(sqlite3_stmt *st, struct task *t)
{
	int r = 0;

	for (int i = 0; i < (int)N_COLUMNS && r == 0; i++)
		r = read_value(st, i, t);
	if (r == 0 && (t->status > TASK_CANCELLED || !id_valid(t->id)))
		return -EBADMSG;
	return r;
}
