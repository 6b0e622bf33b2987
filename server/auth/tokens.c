/* tokens.c - clients' tokens: made, checked, revoked */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/internal.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/utf8.h"

#define PREFIX "nlk_"

static const int64_t KEEP_MS = 30LL * 24 * 3600 * 1000;

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
	labels_free(token->labels, token->n_labels);
	free((struct token *)token);
}

bool
auth_token_valid(const struct auth_token *token)
{
	return !token->gone &&
	       (!token->expires_at || clock_wall_ms() < token->expires_at);
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
			r = db_run(
				auth->db, "PRAGMA synchronous=NORMAL; BEGIN");
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

const struct auth_token *
auth_token_find(struct auth *auth, const char *text)
{
	char id[SECRET_PUBLIC + 1];
	struct token *t = NULL;

	if (secret_split(text, PREFIX, id))
		HASH_FIND_STR(auth->tokens, id, t);
	return t ? &t->pub : NULL;
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
check_spec(const struct auth_token_spec *spec, struct err *err)
{
	if (!id_valid_agent(spec->client))
		return err_set(err, -EINVAL,
			"client '%.64s' is not [A-Za-z0-9._-]{1,64}",
			spec->client);
	if (spec->n_labels > LIMIT_LABELS)
		return err_set(
			err, -EINVAL, "more than %d labels", LIMIT_LABELS);
	for (size_t i = 0; i < spec->n_labels; i++) {
		const char *name = spec->labels[i].name;
		const char *value = spec->labels[i].value;

		if (!*name || strchr(name, '=') ||
			strlen(name) > LIMIT_LABEL_TEXT ||
			strlen(value) > LIMIT_LABEL_TEXT ||
			!utf8_valid((const uint8_t *)name, strlen(name)) ||
			!utf8_valid((const uint8_t *)value, strlen(value)))
			return err_set(err, -EINVAL,
				"'%.64s=%.64s' is no label: UTF-8, name and "
				"value of at most %d bytes",
				name, value, LIMIT_LABEL_TEXT);
	}
	return 0;
}

/* What has ended is kept for a while: whoever still comes with it is told so.
 * When there are too many all of it makes room. */
static int
make_room(struct auth *auth, struct err *err)
{
	bool many = HASH_COUNT(auth->tokens) >= LIMIT_TOKENS;
	int64_t now = clock_wall_ms(), before = many ? now : now - KEEP_MS;
	int64_t n = 0;
	int r = db_exec(auth->db,
		"DELETE FROM token WHERE revoked_at BETWEEN 1 AND ?1"
		" OR expires_at BETWEEN 1 AND ?1",
		"i", before);

	if (r == 0)
		r = db_run(auth->db,
			"DELETE FROM token_label WHERE token NOT IN"
			" (SELECT id FROM token)");
	if (r == 0)
		r = db_number(auth->db, "SELECT count(*) FROM token", &n);
	if (r == 0 && n >= LIMIT_TOKENS)
		return err_set(err, -EDQUOT,
			"there are %d tokens, and no more are kept: revoke "
			"some",
			LIMIT_TOKENS);
	return r;
}

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
	struct secret secret;
	int r = check_spec(spec, err);

	if (r == 0)
		r = secret_new(&secret, err);
	if (r == 0)
		r = change_begin(auth, err);
	if (r < 0)
		return r;
	r = make_room(auth, err);
	if (r == -EDQUOT) {
		change_undo(auth);
		return r;
	}
	if (r == 0)
		r = insert(auth, spec, secret.id, secret.hash);
	r = change_end(auth, r, err);
	if (r == 0)
		(void)snprintf(text, AUTH_SECRET, PREFIX "%s_%s", secret.id,
			secret.text);
	explicit_bzero(&secret, sizeof secret);
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
