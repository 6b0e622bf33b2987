/* sqlite_open.c - the files of the store: lock, schema, damage
 *
 * A database is looked at through a connection that cannot write before it is
 * opened for good, so one that is refused stays as it was found. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "store/sqlite.h"
#include "store/sqlite_schema.h"

enum {
	APPLICATION_ID =
		0x6e6c7374, /* "nlst"; file(1) and we see whose it is */
	CHECK_MS = 5000, /* at most, per file */
	BUSY_MS = 5000,
};

/* ------------------------------------------------------------------- calls */

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

/* -------------------------------------------------------------------- looking */

static int
damaged(const char *path, const char *why, struct err *err)
{
	return err_set(err, -EBADMSG,
		"database '%s' is damaged (%s); nothing was changed. Restore "
		"it from a copy, or move the folder away to start with an "
		"empty store; 'sqlite3 %s .recover' shows what can be read",
		path, why, path);
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
quick_check(sqlite3 *db, const char *path, struct err *err)
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
		log_info("store: '%s' is too large to be checked in %d s: "
			 "going on",
			path, CHECK_MS / 1000);
		return 0;
	}
	return *why ? damaged(path, why, err) : 0;
}

static int
check_version(sqlite3 *db, const char *path, const struct schema *schema,
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
		return damaged(path, sqlite3_errmsg(db), err);
	if (r < 0)
		return err_set(err, r, "cannot read database '%s': %s", path,
			sqlite3_errmsg(db));
	if (objects && application != APPLICATION_ID)
		return err_set(err, -EBADMSG,
			"'%s' is a database, but not one of nodelink's; "
			"nothing was changed. Give another folder with --store",
			path);
	if (version > (int64_t)schema->n_steps)
		return err_set(err, -ENOTSUP,
			"database '%s' was written by a newer nodelink-server "
			"(version %lld of its %s, this one knows %zu); nothing "
			"was changed. Start that version, or give another "
			"folder with --store",
			path, (long long)version, schema->name,
			schema->n_steps);
	return 0;
}

static int
look(const char *path, const struct schema *schema, struct err *err)
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
		r = check_version(db, path, schema, err);
		if (r == 0 && check)
			r = quick_check(db, path, err);
	}
	(void)sqlite3_close(db); /* nothing of it is in use */
	return r;
}

/* ------------------------------------------------------------------- opening */

static int
open_one(const char *path, sqlite3 **out, struct err *err)
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
			       "PRAGMA trusted_schema=OFF");
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
static int
migrate(const char *path, const struct schema *schema, struct err *err)
{
	AUTO_BUF struct buf sql = { 0 };
	sqlite3 *db = NULL;
	int64_t version = 0;
	int r = open_one(path, &db, err);

	if (r < 0)
		return r;
	r = db_number(db, "PRAGMA user_version", &version);
	for (size_t i = (size_t)version; r == 0 && i < schema->n_steps; i++) {
		buf_clear(&sql);
		r = buf_printf(&sql,
			"BEGIN IMMEDIATE; %s; PRAGMA user_version=%zu; "
			"PRAGMA application_id=%d; COMMIT",
			schema->steps[i], i + 1, APPLICATION_ID);
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

int
db_open(struct db *db, const struct files *f, struct err *err)
{
	int r = open_one(f->tasks, &db->tasks, err);

	if (r == 0)
		r = open_one(f->output, &db->output, err);
	if (r < 0)
		db_close(db);
	return r;
}

void
db_close(struct db *db)
{
	/* Statements that are left are the caller's mistake, and harmless. */
	(void)sqlite3_close_v2(db->tasks);
	(void)sqlite3_close_v2(db->output);
	*db = (struct db){ NULL, NULL };
}

/* --------------------------------------------------------------------- files */

int
store_sqlite_folder(const char *dir, struct err *err)
{
	char path[480];
	char *slash = path;
	struct stat st;

	if (strlen(dir) >= sizeof path)
		return err_set(err, -ENAMETOOLONG,
			"the store's folder '%.60s...' has too long a name",
			dir);
	(void)snprintf(path, sizeof path, "%s", dir);
	while ((slash = strchr(slash + 1, '/')) != NULL) {
		*slash = 0;
		(void)mkdir(path, 0755); /* what matters is the last one */
		*slash = '/';
	}
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return err_set(err, -errno,
			"cannot make the store's folder '%s': %s; make it, or "
			"give another one with --store DIR, or --store memory "
			"to keep nothing",
			dir, err_name(errno));
	if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		return err_set(err, -ENOTDIR,
			"the store's folder '%s' is no folder", dir);
	return 0;
}

static int
lock_folder(struct files *f, const char *dir, struct err *err)
{
	char path[512], pid[32];
	ssize_t n;

	(void)snprintf(path, sizeof path, "%s/lock", dir);
	f->lock = fd_open(path, O_RDWR | O_CREAT | O_NOFOLLOW);
	if (f->lock < 0)
		return err_set(err, f->lock, "cannot open '%s': %s", path,
			err_name(-f->lock));
	if (flock(f->lock, LOCK_EX | LOCK_NB) < 0) {
		n = pread(f->lock, pid, sizeof pid - 1, 0);
		pid[n > 0 ? strcspn(pid, "\n") : 0] = 0;
		return err_set(err, -EBUSY,
			"the store '%s' is in use by another nodelink-server%s"
			"%.12s; stop that one, or give another folder with "
			"--store",
			dir, n > 0 ? ", pid " : "", pid);
	}
	(void)snprintf(pid, sizeof pid, "%d\n", (int)getpid());
	if (ftruncate(f->lock, 0) < 0 ||
		pwrite(f->lock, pid, strlen(pid), 0) < 0)
		log_debug("cannot write into '%s'", path); /* only for people */
	return 0;
}

/* SQLite's own files beside it get the same mode. */
static int
make_file(const char *path, struct err *err)
{
	int fd = fd_open(path, O_RDWR | O_CREAT | O_NOFOLLOW);

	if (fd < 0)
		return err_set(err, fd, "cannot open database '%s': %s", path,
			err_name(-fd));
	(void)close(fd);
	return 0;
}

int
files_open(struct files *f, const char *dir, struct err *err)
{
	int r = store_sqlite_folder(dir, err);

	f->lock = -1;
	if (r < 0)
		return r;
	(void)snprintf(f->tasks, sizeof f->tasks, "%s/tasks.db", dir);
	(void)snprintf(f->output, sizeof f->output, "%s/output.db", dir);
	r = lock_folder(f, dir, err);
	if (r == 0)
		r = make_file(f->tasks, err);
	if (r == 0)
		r = make_file(f->output, err);
	if (r == 0)
		r = look(f->tasks, &schema_tasks, err);
	if (r == 0)
		r = look(f->output, &schema_output, err);
	if (r == 0)
		r = migrate(f->tasks, &schema_tasks, err);
	if (r == 0)
		r = migrate(f->output, &schema_output, err);
	if (r < 0)
		files_close(f);
	return r;
}

void
files_close(struct files *f)
{
	if (f->lock >= 0)
		(void)close(f->lock); /* which unlocks it */
	f->lock = -1;
}
