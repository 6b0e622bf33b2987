/* calls.c - calls of SQLite with our results */
#include <errno.h>
#include <stdarg.h>

#include "db/db.h"

int
db_errno(sqlite3 *db)
{
	int code = sqlite3_errcode(db);

	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE: return 0;
	case SQLITE_FULL: return -ENOSPC;
	case SQLITE_NOMEM: return -ENOMEM;
	case SQLITE_CONSTRAINT: return -EEXIST;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB: return -EBADMSG;
	case SQLITE_READONLY: return -EROFS;
	case SQLITE_BUSY: return -EBUSY;
	case SQLITE_INTERRUPT: return -ETIMEDOUT;
	default: return -EIO;
	}
}

int
db_run(sqlite3 *db, const char *sql)
{
	int r = sqlite3_exec(db, sql, NULL, NULL, NULL);

	return r == SQLITE_OK ? 0 : db_errno(db);
}

int
db_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **out)
{
	int r = sqlite3_prepare_v3(
		db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL);

	return r == SQLITE_OK ? 0 : db_errno(db);
}

int
db_step(sqlite3_stmt *st)
{
	int r = sqlite3_step(st);

	r = r == SQLITE_DONE ? 0 : db_errno(sqlite3_db_handle(st));
	(void)sqlite3_reset(st); /* says the same once more */
	return r;
}

int
db_number(sqlite3 *db, const char *sql, int64_t *out)
{
	sqlite3_stmt *st;
	int r = db_prepare(db, sql, &st);

	if (r < 0)
		return r;
	if (sqlite3_step(st) == SQLITE_ROW)
		*out = sqlite3_column_int64(st, 0);
	else
		r = db_errno(db);
	(void)sqlite3_finalize(st); /* said above */
	return r;
}

const char *
db_text(sqlite3_stmt *st, int column)
{
	const char *text = (const char *)sqlite3_column_text(st, column);

	return text ? text : "";
}

static int
bind(sqlite3_stmt *st, const char *types, va_list ap)
{
	int r = SQLITE_OK;

	for (int i = 1; types[i - 1] && r == SQLITE_OK; i++) {
		const void *blob;

		switch (types[i - 1]) {
		case 't':
			r = sqlite3_bind_text(st, i, va_arg(ap, const char *),
				-1, SQLITE_STATIC);
			break;
		case 'i':
			r = sqlite3_bind_int64(st, i, va_arg(ap, int64_t));
			break;
		case 'b':
			blob = va_arg(ap, const void *);
			r = sqlite3_bind_blob64(
				st, i, blob, va_arg(ap, size_t), SQLITE_STATIC);
			break;
		default: return -EINVAL;
		}
	}
	return r == SQLITE_OK ? 0 : db_errno(sqlite3_db_handle(st));
}

int
db_exec(sqlite3 *db, const char *sql, const char *types, ...)
{
	sqlite3_stmt *st = NULL;
	va_list ap;
	int r = db_prepare(db, sql, &st);

	if (r < 0)
		return r;
	va_start(ap, types);
	r = bind(st, types, ap);
	va_end(ap);
	if (r == 0)
		r = db_step(st);
	(void)sqlite3_finalize(st); /* said above */
	return r;
}
