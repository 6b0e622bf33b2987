/* enrol.c - one-time tokens for new agents
 *
 * They are few and short-lived: looked up in the database, not in memory. */
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "auth/internal.h"
#include "base/clock.h"

#define PREFIX "nle_"

/* What has expired is kept for a while, as clients' tokens are: whoever still
 * comes with it is told so. */
static const int64_t KEEP_MS = 30LL * 24 * 3600 * 1000;

static int
insert(struct auth *auth, const struct secret *secret, const char *pattern,
	int64_t expires_at)
{
	int64_t now = clock_wall_ms();
	int r = db_exec(auth->db, "DELETE FROM enrolment WHERE expires_at<=?",
		"i", now - KEEP_MS);

	if (r == 0)
		r = db_exec(auth->db,
			"INSERT INTO enrolment(id, hash, pattern, created_at,"
			" expires_at) VALUES(?, ?, ?, ?, ?)",
			"tbtii", secret->id, secret->hash, (size_t)SECRET_HASH,
			pattern, now, expires_at);
	return r;
}

int
auth_enrol_new(struct auth *auth, const char *pattern, int64_t expires_at,
	char text[AUTH_SECRET], struct err *err)
{
	struct secret secret;
	int r = secret_new(&secret, err);

	if (r == 0)
		r = change_begin(auth, err);
	if (r == 0)
		r = change_end(
			auth, insert(auth, &secret, pattern, expires_at), err);
	if (r == 0)
		(void)snprintf(text, AUTH_SECRET, PREFIX "%s_%s", secret.id,
			secret.text);
	explicit_bzero(&secret, sizeof secret);
	return r;
}

/* 0; -EACCES, -EKEYEXPIRED with text; -errno. */
static int
look_up(struct auth *auth, const char *id, const char *secret,
	const char *agent_id, struct err *err)
{
	sqlite3_stmt *st = NULL;
	bool found = false;
	int r = db_prepare(auth->db,
		"SELECT hash, pattern, expires_at,"
		" EXISTS(SELECT 1 FROM agent WHERE agent.id=?2)"
		" FROM enrolment WHERE id=?1",
		&st);

	if (r == 0 &&
		sqlite3_bind_text(st, 1, id, -1, SQLITE_STATIC) == SQLITE_OK &&
		sqlite3_bind_text(st, 2, agent_id, -1, SQLITE_STATIC) ==
			SQLITE_OK)
		found = sqlite3_step(st) == SQLITE_ROW;
	if (!found && r == 0)
		r = db_errno(auth->db);
	if (r < 0)
		r = err_set(err, r, "cannot read '%s': %s", auth->path,
			sqlite3_errmsg(auth->db));
	if (r == 0 && !secret_fits(secret, found && sqlite3_column_bytes(st,
							    0) == SECRET_HASH
						   ? sqlite3_column_blob(st, 0)
						   : NULL))
		r = err_set(err, -EACCES,
			"enrolment token %s: wrong, or used already", id);
	else if (r == 0 && sqlite3_column_int64(st, 2) <= clock_wall_ms())
		r = err_set(err, -EKEYEXPIRED, "enrolment token %s has expired",
			id);
	else if (r == 0 && fnmatch(db_text(st, 1), agent_id, 0) != 0)
		r = err_set(err, -EACCES,
			"enrolment token %s is for '%s', not for '%s'", id,
			db_text(st, 1), agent_id);
	else if (r == 0 && sqlite3_column_int(st, 3) &&
		 strcmp(db_text(st, 1), agent_id) != 0)
		r = err_set(err, -EACCES,
			"enrolment token %s is for new agents, and '%s' is "
			"none: make one with --for %s",
			id, agent_id, agent_id);
	(void)sqlite3_finalize(st); /* said above */
	return r;
}

int
auth_enrol_use(struct auth *auth, const char *text, const char *agent_id,
	struct err *err)
{
	char id[SECRET_PUBLIC + 1];
	const char *secret = secret_split(text, PREFIX, id);
	int r;

	if (!secret || !id_valid_agent(agent_id))
		return err_set(err, -EACCES, "not the form of %s",
			secret ? "an agent's id" : "an enrolment token");
	r = change_begin(auth, err);
	if (r < 0)
		return r;
	r = look_up(auth, id, secret, agent_id, err);
	if (r < 0) { /* nothing is wrong with the database */
		change_undo(auth);
		return r;
	}
	r = db_exec(auth->db, "DELETE FROM enrolment WHERE id=?", "t", id);
	return change_end(auth, r, err);
}
