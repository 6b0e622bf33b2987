/* file.c - a database file: made, checked, brought to the present schema
 *
 * A database is looked at through a connection that cannot write before it is
 * opened for good, so one that is refused stays as it was found. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "db/db.h"

enum {
	CHECK_MS = 5000, /* at most, per file */
	BUSY_MS = 5000,
};

/* A statement that touches much keeps a journal of its own, which would be a
 * file in /var/tmp; the server may not write there (confine.c). */
#define TEMP_IN_MEMORY "PRAGMA temp_store=MEMORY"

/* -------------------------------------------------------------------- looking */

static int
damaged(const char *path, const struct db_schema *schema, const char *why,
	struct err *err)
{
	return err_set(err, -EBADMSG,
		"database '%s' is damaged (%s); nothing was changed. Restore "
		"it from a copy, or move %s; 'sqlite3 %s .recover' shows what "
		"can be read",
		path, why, schema->anew, path);
}

static int
time_is_up(void *arg)
{
	return clock_ms() > *(int64_t *)arg;
}

/* After an orderly end there is no -wal file. */
static bool
ended_badly(const char *path)
{
	char wal[600];
	struct stat st;

	(void)snprintf(wal, sizeof wal, "%s-wal", path);
	return stat(wal, &st) == 0 && st.st_size > 0;
}

static int
quick_check(sqlite3 *db, const char *path, const struct db_schema *schema,
	struct err *err)
{
	int64_t end = clock_ms() + CHECK_MS;
	sqlite3_stmt *st = NULL;
	char why[160] = "";
	int r, step;

	sqlite3_progress_handler(db, 10000, time_is_up, &end);
	r = db_prepare(db, "PRAGMA quick_check(1)", &st);
	step = r == 0 ? sqlite3_step(st) : SQLITE_ERROR;
	if (step == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(st, 0);

		if (!text || strcmp(text, "ok") != 0)
			(void)snprintf(why, sizeof why, "%s", text);
	} else {
		r = db_errno(db);
		(void)snprintf(why, sizeof why, "%s", sqlite3_errmsg(db));
	}
	(void)sqlite3_finalize(st);
	sqlite3_progress_handler(db, 0, NULL, NULL);
	if (r == -ETIMEDOUT) {
		log_info("'%s' is too large to be checked in %d s: "
			 "going on",
			path, CHECK_MS / 1000);
		return 0;
	}
	return *why ? damaged(path, schema, why, err) : 0;
}

static int
check_version(sqlite3 *db, const char *path, const struct db_schema *schema,
	struct err *err)
{
	int64_t version = 0, application = 0, objects = 0;
	int r = db_number(db, "PRAGMA user_version", &version);

	if (r == 0)
		r = db_number(db, "PRAGMA application_id", &application);
	if (r == 0)
		r = db_number(
			db, "SELECT count(*) FROM sqlite_schema", &objects);
	if (r == -EBADMSG)
		return damaged(path, schema, sqlite3_errmsg(db), err);
	if (r < 0)
		return err_set(err, r, "cannot read database '%s': %s", path,
			sqlite3_errmsg(db));
	if (objects && application != schema->application)
		return err_set(err, -EBADMSG,
			"'%s' is a database, but not one of nodelink's; "
			"nothing was changed. Give another %s",
			path, schema->other);
	if (version > (int64_t)schema->n_steps)
		return err_set(err, -ENOTSUP,
			"database '%s' was written by a newer nodelink-server "
			"(version %lld of its %s, this one knows %zu); nothing "
			"was changed. Start that version, or give another %s",
			path, (long long)version, schema->name, schema->n_steps,
			schema->other);
	return 0;
}

int
db_look(const char *path, const struct db_schema *schema, struct err *err)
{
	bool check = ended_badly(path);
	sqlite3 *db = NULL;
	int r = sqlite3_open_v2(
		path, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);

	if (r != SQLITE_OK) {
		r = err_set(err, -EIO, "cannot open database '%s': %s", path,
			db ? sqlite3_errmsg(db) : "out of memory");
	} else {
		(void)sqlite3_db_config(
			db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
		/* Whoever closes it last holds it alone for a moment. */
		(void)sqlite3_busy_timeout(db, BUSY_MS);
		(void)db_run(db, TEMP_IN_MEMORY); /* cannot fail */
		r = check_version(db, path, schema, err);
		if (r == 0 && check)
			r = quick_check(db, path, schema, err);
	}
	(void)sqlite3_close(db); /* nothing of it is in use */
	return r;
}

/* ------------------------------------------------------------------- opening */

int
db_file_open(const char *path, sqlite3 **out, struct err *err)
{
	sqlite3 *db = NULL;
	int r = sqlite3_open_v2(
		path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

	if (r == SQLITE_OK) {
		(void)sqlite3_busy_timeout(db, BUSY_MS);
		(void)sqlite3_extended_result_codes(db, 1);
		r = db_run(db, "PRAGMA journal_mode=WAL;"
			       "PRAGMA synchronous=FULL;"
			       "PRAGMA journal_size_limit=67108864;"
			       "PRAGMA wal_autocheckpoint=4000;"
			       "PRAGMA trusted_schema=OFF;" TEMP_IN_MEMORY);
	} else {
		r = db ? db_errno(db) : -ENOMEM;
	}
	if (r < 0) {
		r = err_set(err, r, "cannot open database '%s': %s", path,
			db ? sqlite3_errmsg(db) : "out of memory");
		(void)sqlite3_close(db);
		return r;
	}
	*out = db;
	return 0;
}

/* From an empty file, or from an older version, to the present one: each step
 * is whole or not at all. */
int
db_migrate(const char *path, const struct db_schema *schema, struct err *err)
{
	AUTO_BUF struct buf sql = { 0 };
	sqlite3 *db = NULL;
	int64_t version = 0;
	int r = db_file_open(path, &db, err);

	if (r < 0)
		return r;
	r = db_number(db, "PRAGMA user_version", &version);
	for (size_t i = (size_t)version; r == 0 && i < schema->n_steps; i++) {
		buf_clear(&sql);
		r = buf_printf(&sql,
			"BEGIN IMMEDIATE; %s; PRAGMA user_version=%zu; "
			"PRAGMA application_id=%d; COMMIT",
			schema->steps[i], i + 1, (int)schema->application);
		if (r == 0)
			r = db_run(db, buf_text(&sql));
	}
	if (r < 0)
		r = err_set(err, r,
			"cannot bring database '%s' to version %zu: %s", path,
			schema->n_steps, sqlite3_errmsg(db));
	(void)sqlite3_close(db);
	return r;
}

/* SQLite's own files beside it get the same mode. */
int
db_make(const char *path, struct err *err)
{
	int fd = fd_open(path, O_RDWR | O_CREAT | O_NOFOLLOW);

	if (fd < 0)
		return err_set(err, fd, "cannot open database '%s': %s", path,
			err_name(-fd));
	(void)close(fd);
	return 0;
}
