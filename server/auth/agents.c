/* agents.c - agents: their tokens, their certificates, and who is barred
 *
 * Certificates themselves are nobody's here: a verified one is its agent's
 * when it bears its name, and when it is the one that we issued last, if we
 * ever did. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/internal.h"
#include "base/clock.h"
#include "base/log.h"

#define PREFIX "nla_"
#define TLS_NAME "nodelink:agent:"

/* -------------------------------------------------------------------- reading */

static void
entry_free(struct agent_entry *a)
{
	struct agent_secret *s;

	while ((s = a->secrets) != NULL) {
		a->secrets = s->next;
		free(s);
	}
	free(a->serial);
	free(a);
}

void
entries_free(struct agent_entry *agents)
{
	struct agent_entry *a, *next;

	HASH_ITER(hh, agents, a, next) {
		HASH_DEL(agents, a);
		entry_free(a);
	}
}

static int
read_row(sqlite3_stmt *st, struct agent_entry **all)
{
	struct agent_entry *a;

	if (!id_valid_agent(db_text(st, 0))) {
		log_warn(0, "agent '%.64s' has no id that can be: ignored",
			db_text(st, 0));
		return 0;
	}
	a = calloc(1, sizeof *a);
	if (!a)
		return -ENOMEM;
	(void)snprintf(a->id, sizeof a->id, "%s", db_text(st, 0));
	a->created_at = sqlite3_column_int64(st, 1);
	a->revoked_at = sqlite3_column_int64(st, 2);
	a->not_after = sqlite3_column_int64(st, 4);
	if (sqlite3_column_type(st, 3) != SQLITE_NULL) {
		a->serial = strdup(db_text(st, 3));
		if (!a->serial) {
			entry_free(a);
			return -ENOMEM;
		}
	}
	HASH_ADD_STR(*all, id, a);
	return 0;
}

static int
read_secret(sqlite3_stmt *st, struct agent_entry *all)
{
	struct agent_secret *s;
	struct agent_entry *a;

	HASH_FIND_STR(all, db_text(st, 0), a);
	if (!a || sqlite3_column_bytes(st, 1) != SECRET_HASH)
		return 0;
	s = calloc(1, sizeof *s);
	if (!s)
		return -ENOMEM;
	memcpy(s->hash, sqlite3_column_blob(st, 1), SECRET_HASH);
	s->expires_at = sqlite3_column_int64(st, 2);
	s->next = a->secrets;
	a->secrets = s;
	return 0;
}

int
entries_load(sqlite3 *db, struct agent_entry **out)
{
	struct agent_entry *all = NULL;
	sqlite3_stmt *st = NULL, *secrets = NULL;
	int r = db_prepare(db,
		"SELECT id, created_at, revoked_at, serial, not_after"
		" FROM agent ORDER BY id",
		&st);

	if (r == 0)
		r = db_prepare(db,
			"SELECT agent, hash, expires_at FROM agent_token",
			&secrets);
	while (r == 0 && sqlite3_step(st) == SQLITE_ROW)
		r = read_row(st, &all);
	if (r == 0)
		r = db_errno(db);
	while (r == 0 && sqlite3_step(secrets) == SQLITE_ROW)
		r = read_secret(secrets, all);
	if (r == 0)
		r = db_errno(db);
	(void)sqlite3_finalize(st); /* said above */
	(void)sqlite3_finalize(secrets);
	if (r < 0)
		entries_free(all);
	else
		*out = all;
	return r;
}

/* Nobody holds these: whoever is connected is simply asked about again. */
bool
entries_set(struct auth *auth, struct agent_entry *take_fresh)
{
	entries_free(auth->agents);
	auth->agents = take_fresh;
	return true;
}

/* ------------------------------------------------------------------------ use */

static struct agent_entry *
find(struct auth *auth, const char *id)
{
	struct agent_entry *a;

	HASH_FIND_STR(auth->agents, id, a);
	return a;
}

bool
auth_names_agent(const char *const *names, const char *agent_id)
{
	size_t n = strlen(TLS_NAME);

	for (; names && *names; names++)
		if (strncmp(*names, TLS_NAME, n) == 0 &&
			strcmp(*names + n, agent_id) == 0)
			return true;
	return false;
}

/* In the same time for agents that there are not. */
static bool
has_secret(const struct agent_entry *a, const uint8_t hash[SECRET_HASH])
{
	const struct agent_secret *s = a ? a->secrets : NULL;
	int64_t now = clock_wall_ms();
	bool fits = false;

	do {
		bool one = secret_same(hash, s ? s->hash : NULL);

		if (one && (!s->expires_at || now < s->expires_at))
			fits = true;
		s = s ? s->next : NULL;
	} while (s);
	return fits;
}

int
auth_agent_still(struct auth *auth, const char *agent_id,
	const struct auth_pass *pass, struct err *err)
{
	const struct agent_entry *a = find(auth, agent_id);

	if (a && a->revoked_at)
		return err_set(
			err, -EACCES, "agent '%s' was revoked", agent_id);
	if (!pass->verified && !has_secret(a, pass->hash))
		return err_set(err, -EACCES,
			"agent '%s': unknown agent_id or wrong agent_token",
			agent_id);
	if (pass->verified && a && a->serial &&
		strcmp(a->serial, pass->serial) != 0)
		return err_set(err, -EACCES,
			"agent '%s': its certificate was replaced by a newer "
			"one",
			agent_id);
	return 0;
}

int
auth_agent_check(struct auth *auth, const struct auth_agent_proof *proof,
	struct auth_pass *pass, struct err *err)
{
	const char *token = proof->token;
	size_t n = strlen(PREFIX);

	*pass = (struct auth_pass){ .verified = proof->verified };
	(void)snprintf(pass->serial, sizeof pass->serial, "%s", proof->serial);
	if (proof->verified &&
		!auth_names_agent(proof->tls_names, proof->agent_id))
		return err_set(err, -EACCES,
			"agent '%s': the certificate is not in its name",
			proof->agent_id);
	secret_hash(
		strncmp(token, PREFIX, n) == 0 ? token + n : "", pass->hash);
	if (auth_agent_still(auth, proof->agent_id, pass, err) == 0)
		return 0;
	auth_follow(auth); /* it may have been let in just now */
	return auth_agent_still(auth, proof->agent_id, pass, err);
}

bool
auth_agent_is_barred(struct auth *auth, const char *agent_id)
{
	const struct agent_entry *a = find(auth, agent_id);

	return a && a->revoked_at;
}

int
auth_agents_each(struct auth *auth, auth_agent_fn *fn, void *arg)
{
	int r = 0;

	for (struct agent_entry *a = auth->agents; a && r >= 0;
		a = a->hh.next) {
		bool has_certificate = a->serial && *a->serial;
		const struct auth_agent shown = { .id = a->id,
			.has_token = a->secrets != NULL,
			.has_certificate = has_certificate,
			.not_after = has_certificate ? a->not_after : 0,
			.created_at = a->created_at,
			.revoked_at = a->revoked_at };

		r = fn(arg, &shown);
	}
	return r < 0 ? r : 0;
}

/* ------------------------------------------------------------------- changing */

static int
check_id(const char *agent_id, struct err *err)
{
	return id_valid_agent(agent_id)
		       ? 0
		       : err_set(err, -EINVAL,
				 "agent '%.64s' is not [A-Za-z0-9._-]{1,64}",
				 agent_id);
}

/* The agent is known and let in. */
static int
let_in(struct auth *auth, const char *agent_id)
{
	return db_exec(auth->db,
		"INSERT INTO agent(id, created_at) VALUES(?1, ?2)"
		" ON CONFLICT(id) DO UPDATE SET revoked_at=0",
		"ti", agent_id, clock_wall_ms());
}

static int
replace_token(struct auth *auth, const char *agent_id, int64_t overlap_ms,
	const uint8_t hash[SECRET_HASH])
{
	int64_t now = clock_wall_ms(), end = now + overlap_ms;
	int r = let_in(auth, agent_id);

	if (r == 0)
		r = db_exec(auth->db,
			"DELETE FROM agent_token WHERE agent=?1 AND"
			" (?2=?3 OR (expires_at>0 AND expires_at<=?2))",
			"tii", agent_id, now, end);
	if (r == 0)
		r = db_exec(auth->db,
			"UPDATE agent_token SET expires_at=?2 WHERE agent=?1"
			" AND (expires_at=0 OR expires_at>?2)",
			"ti", agent_id, end);
	if (r == 0)
		r = db_exec(auth->db,
			"INSERT INTO agent_token(hash, agent, created_at,"
			" expires_at) VALUES(?, ?, ?, 0)",
			"bti", hash, (size_t)SECRET_HASH, agent_id, now);
	return r;
}

int
auth_agent_token_new(struct auth *auth, const char *agent_id,
	int64_t overlap_ms, char text[AUTH_SECRET], struct err *err)
{
	struct secret secret;
	int r = check_id(agent_id, err);

	if (r == 0)
		r = secret_new(&secret, err);
	if (r == 0)
		r = change_begin(auth, err);
	if (r < 0)
		return r;
	r = change_end(auth,
		replace_token(auth, agent_id, overlap_ms, secret.hash), err);
	if (r == 0)
		(void)snprintf(text, AUTH_SECRET, PREFIX "%s", secret.text);
	explicit_bzero(&secret, sizeof secret);
	return r;
}

static int
bar(struct auth *auth, const char *agent_id)
{
	int64_t now = clock_wall_ms();
	int r = db_exec(auth->db,
		"INSERT INTO agent(id, created_at, revoked_at, serial)"
		" VALUES(?1, ?2, ?2, '') ON CONFLICT(id) DO UPDATE"
		" SET revoked_at=?2, serial=''",
		"ti", agent_id, now);

	if (r == 0)
		r = db_exec(auth->db, "DELETE FROM agent_token WHERE agent=?",
			"t", agent_id);
	if (r == 0)
		r = db_exec(auth->db, "DELETE FROM enrolment WHERE pattern=?",
			"t", agent_id);
	return r;
}

int
auth_agent_revoke(struct auth *auth, const char *agent_id, struct err *err)
{
	bool known = find(auth, agent_id) != NULL;
	int r = check_id(agent_id, err);

	if (r == 0)
		r = change_begin(auth, err);
	if (r == 0)
		r = change_end(auth, bar(auth, agent_id), err);
	return r < 0 || known ? r : AUTH_UNKNOWN;
}

int
auth_agent_allow(struct auth *auth, const char *agent_id, struct err *err)
{
	int r;

	if (!find(auth, agent_id))
		return err_set(err, -ENOENT, "no agent '%.64s'", agent_id);
	r = change_begin(auth, err);
	return r < 0 ? r
		     : change_end(auth,
			       db_exec(auth->db,
				       "UPDATE agent SET revoked_at=0,"
				       " serial=NULL WHERE id=?",
				       "t", agent_id),
			       err);
}

int
auth_agent_issued(struct auth *auth, const char *agent_id, const char *serial,
	int64_t not_after, struct err *err)
{
	int r = check_id(agent_id, err);

	if (r == 0)
		r = change_begin(auth, err);
	if (r < 0)
		return r;
	r = let_in(auth, agent_id);
	if (r == 0)
		r = db_exec(auth->db,
			"UPDATE agent SET serial=?2, not_after=?3 WHERE id=?1",
			"tti", agent_id, serial, not_after);
	return change_end(auth, r, err);
}
