/* internal.h - what the files of server/auth share
 *
 *	auth.c		life, what others have changed, time
 *	tokens.c	clients' tokens: made, checked, revoked
 *	token_rows.c	... in memory
 *	agents.c	agents' tokens and certificates
 *	enrol.c		one-time tokens for new agents
 *	secret.c	secrets and their hashes
 *	schema.c	the tables */
#ifndef NODELINK_AUTH_INTERNAL_H
#define NODELINK_AUTH_INTERNAL_H

#include <sys/types.h>

#include "auth/auth.h"
#include "auth/secret.h"
#include "base/hash.h"
#include "base/id.h"
#include "db/db.h"

extern const struct db_schema auth_schema;

struct token { /* a row of the table, in memory */
	struct auth_token pub; /* first */
	uint8_t hash[SECRET_HASH];
	int64_t revoked_at;
	bool used; /* used_at is not written yet */
	UT_hash_handle hh; /* by id, in order of creation */
};

struct agent_entry {
	char id[ID_MAX];
	int64_t created_at, revoked_at; /* 0: it is not */
	char *serial; /* own; NULL: any certificate, "": none */
	int64_t not_after; /* of the one that it is; else it may be any */
	struct agent_secret {
		uint8_t hash[SECRET_HASH];
		int64_t expires_at;
		struct agent_secret *next;
	} * secrets;
	UT_hash_handle hh; /* by id, sorted */
};

struct auth {
	struct loop *loop; /* NULL: a command */
	struct auth_conf conf;
	char *path;
	sqlite3 *db;
	dev_t dev; /* the file that is open */
	ino_t ino;
	int64_t version; /* of the data in memory; -1: read it again */
	struct token *tokens;
	struct agent_entry *agents;
	int64_t next_expiry; /* of anything, wall ms; INT64_MAX: none */
	struct loop_timer *timer;
	bool changed; /* tell on_change() */
	bool trouble; /* the database cannot be read, and that was said */
	int64_t used_written; /* clock_ms() */
};

/* auth.c: read what other processes have changed, if they have. */
void auth_follow(struct auth *auth);

/* auth.c: one change of the database. Begin, then end with what became of it:
 * after success the memory follows. Or undo it, when it was refused. */
int change_begin(struct auth *auth, struct err *err);
int change_end(struct auth *auth, int r, struct err *err);
void change_undo(struct auth *auth);

/* token_rows.c: read the table; on success tokens_set() puts it in place of the
 * old, else tokens_free(). */
int tokens_load(sqlite3 *db, struct token **out);
bool tokens_set(struct auth *auth, struct token *take_fresh);
void tokens_free(struct token *tokens);
/* tokens.c */
void tokens_write_used(struct auth *auth);

/* agents.c: likewise */
int entries_load(sqlite3 *db, struct agent_entry **out);
bool entries_set(struct auth *auth, struct agent_entry *take_fresh);
void entries_free(struct agent_entry *agents);

#endif
