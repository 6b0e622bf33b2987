/* sqlite_schema.c - what is in the databases, and how older ones get there */
#include "store/sqlite_schema.h"

#include "base/auto.h"

static const char *const tasks_steps[] = {
	"CREATE TABLE meta(name TEXT PRIMARY KEY, value INTEGER NOT NULL)"
	" WITHOUT ROWID;"
	"CREATE TABLE task("
	" id TEXT PRIMARY KEY, agent_id TEXT NOT NULL, plugin TEXT NOT NULL,"
	" owner TEXT, start BLOB NOT NULL, timeout_ms INTEGER NOT NULL,"
	" start_timeout_ms INTEGER NOT NULL, created_at INTEGER NOT NULL,"
	" status INTEGER NOT NULL, grace_ms INTEGER NOT NULL,"
	" sent_at INTEGER NOT NULL, started_at INTEGER NOT NULL,"
	" ended_at INTEGER NOT NULL, pid INTEGER NOT NULL,"
	" containment TEXT NOT NULL, boot_id TEXT NOT NULL,"
	" instance TEXT NOT NULL, cancel_phase INTEGER NOT NULL,"
	" cancel_code INTEGER NOT NULL, cancel_reason TEXT, cancel_actor TEXT,"
	" cancel_grace_ms INTEGER NOT NULL,"
	" cancel_requested_at INTEGER NOT NULL,"
	" cancel_delivered_at INTEGER NOT NULL,"
	" cancel_stopping_at INTEGER NOT NULL,"
	" cancel_killing_at INTEGER NOT NULL,"
	" cancel_verified_at INTEGER NOT NULL,"
	" cancel_requests INTEGER NOT NULL, failure TEXT NOT NULL,"
	" started BLOB NOT NULL, message TEXT, result BLOB NOT NULL, seq INTEGER NOT NULL,"
	" done_at INTEGER NOT NULL, output INTEGER NOT NULL);"
	"CREATE INDEX task_status ON task(status, id);"
	"CREATE INDEX task_agent ON task(agent_id, id);"
	"CREATE INDEX task_done ON task(done_at, output) WHERE done_at > 0;"
	"CREATE TABLE label(task TEXT NOT NULL, name TEXT NOT NULL,"
	" value TEXT NOT NULL, PRIMARY KEY(task, name)) WITHOUT ROWID;"
	"CREATE INDEX label_value ON label(name, value, task);"
	"CREATE TABLE key(name TEXT PRIMARY KEY, digest BLOB NOT NULL,"
	" answer TEXT NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE INDEX key_until ON key(until);"
	"CREATE TABLE agent(id TEXT PRIMARY KEY, seen_at INTEGER NOT NULL)"
	" WITHOUT ROWID;"
	"CREATE INDEX agent_seen ON agent(seen_at);"
	/* ids made before belong to another database */
	"INSERT INTO meta VALUES"
	" ('born', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)),"
	" ('gone', 0);",
	/* of reasons that a site has named */
	"ALTER TABLE task ADD COLUMN cancel_name TEXT;",
	/* who is told of a task, and the outbox */
	"ALTER TABLE task ADD COLUMN webhooks TEXT;"
	"CREATE TABLE letter(id TEXT PRIMARY KEY, task TEXT NOT NULL,"
	" event TEXT NOT NULL, url TEXT NOT NULL, host TEXT NOT NULL,"
	" global INTEGER NOT NULL, body TEXT NOT NULL,"
	" made_at INTEGER NOT NULL, tries INTEGER NOT NULL,"
	" next_at INTEGER NOT NULL, died_at INTEGER NOT NULL,"
	" error TEXT NOT NULL);"
	"CREATE INDEX letter_next ON letter(next_at, id, host)"
	" WHERE died_at = 0;"
	"CREATE INDEX letter_line ON letter(task, url, id) WHERE died_at = 0;"
	"CREATE INDEX letter_dead ON letter(died_at, id) WHERE died_at > 0;",
	/* those to the endpoint are found behind any number of others */
	"DROP INDEX letter_next;"
	"CREATE INDEX letter_next ON letter(global, next_at, id, host)"
	" WHERE died_at = 0;",
};

static const char *const output_steps[] = {
	"CREATE TABLE log(task TEXT PRIMARY KEY, last INTEGER NOT NULL,"
	" seq INTEGER NOT NULL, state BLOB NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE page(task TEXT NOT NULL, first INTEGER NOT NULL,"
	" data BLOB NOT NULL, PRIMARY KEY(task, first));",
	/* entries in pages have times (sqlite_pages.c): older servers would
	 * not understand them */
	"SELECT 1",
};

static const char anew[] = "the folder away to start with an empty store";
static const char other[] = "folder with --store";
enum { APPLICATION = 0x6e6c7374 }; /* "nlst"; file(1) shows it */

const struct db_schema schema_tasks = { "tasks", APPLICATION, tasks_steps,
	ARRAY_SIZE(tasks_steps), anew, other };
const struct db_schema schema_output = { "output", APPLICATION, output_steps,
	ARRAY_SIZE(output_steps), anew, other };
