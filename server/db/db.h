/* db.h - SQLite databases as the server's parts use them
 *
 * Each has a file of its own (mode 0600) in write-ahead mode, and a schema
 * whose version is PRAGMA user_version. */
#ifndef NODELINK_DB_DB_H
#define NODELINK_DB_DB_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* A step that was released is never changed; a change of the schema is one
 * more. */
struct db_schema {
	const char *name;
	int32_t application; /* PRAGMA application_id: whose it is */
	const char *const *steps; /* from version i to i + 1 */
	size_t n_steps; /* so the present version */
	/* Ends of advice: "move it away to ...", "give another folder ..." */
	const char *anew, *other;
};

/* Make the file when there is none. */
int db_make(const char *path, struct err *err);
/* Without a change to it: -EBADMSG when it is damaged or another program's,
 * -ENOTSUP when it is newer. */
int db_look(const char *path, const struct db_schema *schema, struct err *err);
/* From an empty file, or from an older version, to the present one: each step
 * is whole or not at all. */
int
db_migrate(const char *path, const struct db_schema *schema, struct err *err);
int db_file_open(const char *path, sqlite3 **out, struct err *err);

/* -errno that comes nearest to what the connection said last. */
int db_errno(sqlite3 *db);
int db_run(sqlite3 *db, const char *sql); /* 0 or -errno */
int db_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **out);
int db_number(sqlite3 *db, const char *sql, int64_t *out); /* one value */
/* Of the present row; "" for NULL. */
const char *db_text(sqlite3_stmt *st, int column);
/* One statement without rows. types says what its parameters are: 't' const
 * char * (NULL: null), 'i' int64_t, 'b' const void * and size_t. */
int db_exec(sqlite3 *db, const char *sql, const char *types, ...);
/* Step a statement that has no rows, and reset it. */
int db_step(sqlite3_stmt *st);

#endif
