/* schema.c - what is in the database of who may what */
#include "auth/internal.h"

static const char *const steps[] = {
	"CREATE TABLE token(id TEXT PRIMARY KEY, hash BLOB NOT NULL,"
	" client TEXT NOT NULL, role TEXT NOT NULL,"
	" created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,"
	" used_at INTEGER NOT NULL DEFAULT 0,"
	" revoked_at INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;"
	"CREATE TABLE token_label(token TEXT NOT NULL, name TEXT NOT NULL,"
	" value TEXT NOT NULL, PRIMARY KEY(token, name)) WITHOUT ROWID;"
	/* serial: NULL: any certificate of its name; '': none */
	"CREATE TABLE agent(id TEXT PRIMARY KEY, created_at INTEGER NOT NULL,"
	" revoked_at INTEGER NOT NULL DEFAULT 0, serial TEXT,"
	" not_after INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;"
	"CREATE TABLE agent_token(hash BLOB NOT NULL, agent TEXT NOT NULL,"
	" created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL);"
	"CREATE TABLE enrolment(id TEXT PRIMARY KEY, hash BLOB NOT NULL,"
	" pattern TEXT NOT NULL, created_at INTEGER NOT NULL,"
	" expires_at INTEGER NOT NULL) WITHOUT ROWID;",
};

const struct db_schema auth_schema = { "tokens", 0x6e6c6175 /* "nlau" */, steps,
	ARRAY_SIZE(steps), "it away and make new tokens", "file with --auth" };
