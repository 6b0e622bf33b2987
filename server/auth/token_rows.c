/* token_rows.c - the table of tokens in memory
 *
 * A token that is as it was stays the same object when the table is read
 * again, since requests and sessions hold it; one that is not is gone. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/internal.h"
#include "base/log.h"

static bool
same_labels(const struct auth_token *a, const struct auth_token *b)
{
	if (a->n_labels != b->n_labels)
		return false;
	for (size_t i = 0; i < a->n_labels; i++)
		if (strcmp(a->labels[i].name, b->labels[i].name) != 0 ||
			strcmp(a->labels[i].value, b->labels[i].value) != 0)
			return false;
	return true;
}

static bool
same(const struct token *a, const struct token *b)
{
	return strcmp(a->pub.client, b->pub.client) == 0 &&
	       a->pub.role == b->pub.role &&
	       a->pub.expires_at == b->pub.expires_at &&
	       a->revoked_at == b->revoked_at &&
	       memcmp(a->hash, b->hash, SECRET_HASH) == 0 &&
	       same_labels(&a->pub, &b->pub);
}

/* ------------------------------------------------------------------- reading */

/* A row that we would not have written says nothing: -EBADMSG. */
static int
read_row(sqlite3_stmt *st, struct token **out)
{
	AUTO_FREE struct token *t = calloc(1, sizeof *t);
	const char *id = db_text(st, 0), *client = db_text(st, 2);

	if (!t)
		return -ENOMEM;
	t->pub.role = auth_role_parse(db_text(st, 3));
	if (strlen(id) >= sizeof t->pub.id || !id_valid_agent(client) ||
		t->pub.role == AUTH_ROLES ||
		sqlite3_column_bytes(st, 1) != SECRET_HASH)
		return -EBADMSG;
	(void)snprintf(t->pub.id, sizeof t->pub.id, "%s", id);
	(void)snprintf(t->pub.client, sizeof t->pub.client, "%s", client);
	memcpy(t->hash, sqlite3_column_blob(st, 1), SECRET_HASH);
	t->pub.created_at = sqlite3_column_int64(st, 4);
	t->pub.expires_at = sqlite3_column_int64(st, 5);
	t->pub.used_at = sqlite3_column_int64(st, 6);
	t->revoked_at = sqlite3_column_int64(st, 7);
	t->pub.gone = t->revoked_at != 0;
	t->pub.refs = 1;
	*out = TAKE(t);
	return 0;
}

static int
read_tokens(sqlite3 *db, struct token **all)
{
	sqlite3_stmt *st = NULL;
	struct token *t;
	int r = db_prepare(db,
		"SELECT id, hash, client, role, created_at, expires_at,"
		" used_at, revoked_at FROM token ORDER BY created_at, id",
		&st);

	while (r == 0 && sqlite3_step(st) == SQLITE_ROW) {
		r = read_row(st, &t);
		if (r == 0)
			HASH_ADD_STR(*all, pub.id, t);
		else if (r == -EBADMSG)
			log_warn(0,
				"token '%.24s' has an entry that is not "
				"understood: it is ignored",
				db_text(st, 0));
		r = r == -EBADMSG ? 0 : r;
	}
	if (r == 0)
		r = db_errno(db);
	(void)sqlite3_finalize(st); /* said above */
	return r;
}

static int
read_labels(sqlite3 *db, struct token *all)
{
	sqlite3_stmt *st = NULL;
	struct token *t;
	int r = db_prepare(db,
		"SELECT token, name, value FROM token_label"
		" ORDER BY token, name",
		&st);

	while (r == 0 && sqlite3_step(st) == SQLITE_ROW) {
		HASH_FIND_STR(all, db_text(st, 0), t);
		if (t)
			r = labels_add(&t->pub.labels, &t->pub.n_labels,
				db_text(st, 1), db_text(st, 2));
	}
	if (r == 0)
		r = db_errno(db);
	(void)sqlite3_finalize(st); /* said above */
	return r;
}

int
tokens_load(sqlite3 *db, struct token **out)
{
	struct token *all = NULL;
	int r = read_tokens(db, &all);

	if (r == 0)
		r = read_labels(db, all);
	if (r < 0)
		tokens_free(all);
	else
		*out = all;
	return r;
}

/* What is as it was stays the same object: others hold it. */
static struct token *
take_old(struct auth *auth, const struct token *fresh)
{
	struct token *old;

	HASH_FIND_STR(auth->tokens, fresh->pub.id, old);
	if (!old || !same(old, fresh))
		return NULL;
	HASH_DEL(auth->tokens, old);
	return old;
}

bool
tokens_set(struct auth *auth, struct token *take_fresh)
{
	struct token *t, *next, *all = NULL;
	bool changed;

	HASH_ITER(hh, take_fresh, t, next) {
		struct token *old = take_old(auth, t);

		HASH_DEL(take_fresh, t);
		if (old)
			auth_token_unref(&t->pub);
		t = old ? old : t;
		HASH_ADD_STR(all, pub.id, t);
	}
	changed = auth->tokens != NULL;
	tokens_free(auth->tokens);
	auth->tokens = all;
	return changed;
}

void
tokens_free(struct token *tokens)
{
	struct token *t, *next;

	HASH_ITER(hh, tokens, t, next) {
		HASH_DEL(tokens, t);
		t->pub.gone = true;
		auth_token_unref(&t->pub);
	}
}
