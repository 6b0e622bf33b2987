/* tokens.c - clients' tokens: made, checked, revoked */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/internal.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"

#define PREFIX "nlk_"

static const char *const roles[AUTH_ROLES] = {
	[AUTH_VIEWER] = "viewer",
	[AUTH_OPERATOR] = "operator",
	[AUTH_ADMIN] = "admin",
};

const char *
auth_role_name(enum auth_role role)
{
	return roles[role];
}

enum auth_role
auth_role_parse(const char *name)
{
	for (enum auth_role i = 0; i < AUTH_ROLES; i++)
		if (strcmp(roles[i], name) == 0)
			return i;
	return AUTH_ROLES;
}

/* -------------------------------------------------------------------- objects */

struct auth_token *
auth_token_ref(struct auth_token *token)
{
	token->refs++;
	return token;
}

void
auth_token_unref(struct auth_token *token)
{
	if (!token || --token->refs)
		return;
	for (size_t i = 0; i < token->n_labels; i++) {
		free(token->labels[i].name);
		free(token->labels[i].value);
	}
	free(token->labels);
	free((struct token *)token);
}

bool
auth_token_valid(const struct auth_token *token)
{
	return !token->gone &&
	       (!token->expires_at || clock_wall_ms() < token->expires_at);
}

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
add_label(struct auth_token *t, const char *name, const char *value)
{
	struct auth_label *labels =
		reallocarray(t->labels, t->n_labels + 1, sizeof *labels);
	struct auth_label *label;

	if (!labels)
		return -ENOMEM;
	t->labels = labels;
	label = &labels[t->n_labels++];
	*label = (struct auth_label){ strdup(name), strdup(value) };
	return label->name && label->value ? 0 : -ENOMEM;
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
			r = add_label(&t->pub, db_text(st, 1), db_text(st, 2));
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

/* ----------------------------------------------------------------------- use */

/* Not worth waiting for the disk. */
void
tokens_write_used(struct auth *auth)
{
	int r = 0;
	bool begun = false;

	for (struct token *t = auth->tokens; t && r == 0; t = t->hh.next) {
		if (!t->used)
			continue;
		if (!begun)
			r = db_run(auth->db, "PRAGMA synchronous=OFF; BEGIN");
		begun = true;
		if (r == 0)
			r = db_exec(auth->db,
				"UPDATE token SET used_at=?2 WHERE id=?1", "ti",
				t->pub.id, t->pub.used_at);
		t->used = false;
	}
	if (begun) {
		if (r == 0)
			r = db_run(auth->db, "COMMIT");
		if (r < 0)
			(void)db_run(auth->db, "ROLLBACK"); /* r counts */
		(void)db_run(auth->db, "PRAGMA synchronous=FULL");
	}
	if (r < 0)
		log_warn(r, "cannot note in '%s' when tokens were used",
			auth->path);
}

int
auth_check(struct auth *auth, const char *bearer, struct auth_token **out,
	struct err *err)
{
	char id[SECRET_PUBLIC + 1];
	const char *secret = secret_split(bearer, PREFIX, id);
	struct token *t = NULL;

	if (!secret)
		return err_set(err, -EACCES, "not the form of a token");
	HASH_FIND_STR(auth->tokens, id, t);
	if (!t) { /* whoever has made it need not wait for our next look */
		auth_follow(auth);
		HASH_FIND_STR(auth->tokens, id, t);
	}
	if (!secret_fits(secret, t ? t->hash : NULL))
		return err_set(err, -EACCES, "token %s: %s", id,
			t ? "wrong secret" : "unknown");
	if (t->revoked_at)
		return err_set(err, -EKEYREVOKED,
			"token %s of '%s' was revoked", id, t->pub.client);
	if (!auth_token_valid(&t->pub))
		return err_set(err, -EKEYEXPIRED,
			"token %s of '%s' has expired", id, t->pub.client);
	t->pub.used_at = clock_wall_ms();
	t->used = true;
	*out = auth_token_ref(&t->pub);
	return 0;
}

int
auth_tokens_each(struct auth *auth, auth_token_fn *fn, void *arg)
{
	int r = 0;

	for (struct token *t = auth->tokens; t && r >= 0; t = t->hh.next)
		if (!t->revoked_at)
			r = fn(arg, &t->pub);
	return r < 0 ? r : 0;
}

/* ------------------------------------------------------------------ changing */

static int
insert(struct auth *auth, const struct auth_token_spec *spec, const char *id,
	const uint8_t hash[SECRET_HASH])
{
	int r = db_exec(auth->db,
		"INSERT INTO token(id, hash, client, role, created_at,"
		" expires_at) VALUES(?, ?, ?, ?, ?, ?)",
		"tbttii", id, hash, (size_t)SECRET_HASH, spec->client,
		auth_role_name(spec->role), clock_wall_ms(), spec->expires_at);

	for (size_t i = 0; i < spec->n_labels && r == 0; i++)
		r = db_exec(auth->db, "INSERT INTO token_label VALUES(?, ?, ?)",
			"ttt", id, spec->labels[i].name, spec->labels[i].value);
	return r;
}

int
auth_token_new(struct auth *auth, const struct auth_token_spec *spec,
	char text[AUTH_SECRET], struct err *err)
{
	char id[SECRET_PUBLIC + 1], secret[SECRET_PRIVATE + 1];
	uint8_t hash[SECRET_HASH];
	int r;

	if (!id_valid_agent(spec->client))
		return err_set(err, -EINVAL,
			"client '%.64s' is not [A-Za-z0-9._-]{1,64}",
			spec->client);
	if (secret_random(id, SECRET_PUBLIC) < 0 ||
		secret_random(secret, SECRET_PRIVATE) < 0)
		return err_set(err, -EIO, "the kernel gives no random numbers");
	secret_hash(secret, hash);
	r = change_begin(auth, err);
	if (r == 0)
		r = change_end(auth, insert(auth, spec, id, hash), err);
	if (r == 0)
		(void)snprintf(text, AUTH_SECRET, PREFIX "%s_%s", id, secret);
	explicit_bzero(secret, sizeof secret);
	return r;
}

int
auth_token_revoke(struct auth *auth, const char *id, struct err *err)
{
	struct token *t = NULL;
	int r;

	HASH_FIND_STR(auth->tokens, id, t);
	if (!t || t->revoked_at)
		return err_set(err, -ENOENT, "no token '%.24s'", id);
	r = change_begin(auth, err);
	if (r < 0)
		return r;
	return change_end(auth,
		db_exec(auth->db,
			"UPDATE token SET revoked_at=?2 WHERE id=?1 AND"
			" revoked_at=0",
			"ti", id, clock_wall_ms()),
		err);
}
