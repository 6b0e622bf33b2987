/* auth.h - who may connect, and as what: clients' tokens, agents' credentials
 *
 * One SQLite database ([auth] path), separate from the tasks'. The commands of
 * nodelink-server and the API change it while the server runs, from other
 * processes too; a change holds within a second (auth_conf.on_change). All
 * look-ups are in memory. No secret is stored, only its SHA-256; secrets are
 * 256 random bits, so a slow hash would gain nothing. Secrets are compared in
 * constant time and found by their public id.
 *
 * A client is a name; it may have many tokens (rotation) and owns the tasks
 * created with any of them. Belongs to the loop's thread. */
#ifndef NODELINK_AUTH_AUTH_H
#define NODELINK_AUTH_AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/err.h"
#include "base/label.h"
#include "loop/loop.h"

struct auth;

enum auth_role {
	AUTH_VIEWER, /* "viewer": reads */
	AUTH_OPERATOR, /* "operator": creates tasks, cancels its own */
	AUTH_ADMIN, /* "admin": cancels any task, drains agents, tokens */
	AUTH_ROLES,
};
const char *auth_role_name(enum auth_role role);
/* AUTH_ROLES: none of that name. */
enum auth_role auth_role_parse(const char *name);

enum {
	AUTH_ID = 24,
	AUTH_NAME = 65,
	AUTH_SECRET = 128,
	AUTH_SERIAL = 65,
	AUTH_HASH = 32,
};

/* One token of a client, as it is now. Counted: whoever keeps one looks at
 * `gone` before relying on it. */
struct auth_token {
	char id[AUTH_ID]; /* public; in logs and lists */
	char client[AUTH_NAME]; /* the owner's name */
	enum auth_role role;
	/* Sees and makes only tasks with all of these labels; none: any. */
	struct label *labels; /* own */
	size_t n_labels;
	int64_t created_at, expires_at, used_at; /* wall ms; 0: never */
	bool gone; /* revoked, or changed: look it up again */
	unsigned refs;
};
struct auth_token *auth_token_ref(struct auth_token *token);
void auth_token_unref(struct auth_token *token);
AUTO_DEFINE(struct auth_token *, auth_token_unref)
/* Neither gone nor expired. */
bool auth_token_valid(const struct auth_token *token);

struct auth_conf {
	const char *path; /* the database; made when missing, mode 0600 */
	/* Something was revoked or changed, or a token has expired: look at
	 * what is open. On a turn of its own. May be NULL. */
	loop_fn *on_change;
	void *arg;
};

/* loop NULL: a command, which only changes the database. 0, or -errno with
 * text: damaged, newer, readable by others. */
int auth_new(struct loop *loop, const struct auth_conf *conf, struct auth **out,
	struct err *err);
void auth_free(struct auth *auth);
AUTO_DEFINE(struct auth *, auth_free)

/* ----------------------------------------------------------------- clients */

/* "nlk_<id>_<secret>", as it comes in Authorization: Bearer. A reference for
 * the caller in *out; -EACCES: unknown, malformed or wrong (err says which, for
 * the audit log, not for the client); -EKEYEXPIRED; -EKEYREVOKED. */
int auth_check(struct auth *auth, const char *bearer, struct auth_token **out,
	struct err *err);

/* How long a token is good when nobody says. */
#define AUTH_TOKEN_EXPIRES "90d"

struct auth_token_spec {
	const char *client;
	enum auth_role role;
	const struct label *labels;
	size_t n_labels;
	int64_t expires_at; /* 0: never */
};
/* Committed when it returns 0; `text` is the only copy of the token. -EINVAL;
 * -EDQUOT: LIMIT_TOKENS. Waits for the disk, as every change here does. */
int auth_token_new(struct auth *auth, const struct auth_token_spec *spec,
	char text[AUTH_SECRET], struct err *err);
/* One that was just made, by its text; borrowed. NULL: it has gone again. */
const struct auth_token *auth_token_find(struct auth *auth, const char *text);
/* By public id. -ENOENT. */
int auth_token_revoke(struct auth *auth, const char *id, struct err *err);
/* In order of creation, revoked ones not. Ends when fn returns negative. */
typedef int auth_token_fn(void *arg, const struct auth_token *token);
int auth_tokens_each(struct auth *auth, auth_token_fn *fn, void *arg);

/* ------------------------------------------------------------------ agents */

/* How an agent's stream proved who it is. */
struct auth_agent_proof {
	const char *agent_id; /* as it says */
	const char *token; /* "" without */
	const char *const *tls_names; /* SANs of a verified certificate */
	const char *serial; /* of it, hex; "" without */
	bool verified; /* it came with a certificate that we trust */
};
/* What it came with, to be asked about again; no secret. */
struct auth_pass {
	bool verified;
	char serial[AUTH_SERIAL];
	uint8_t hash[AUTH_HASH];
};
/* "nodelink:agent:<agent_id>" is among them. */
bool auth_names_agent(const char *const *names, const char *agent_id);
/* 0, or -EACCES: with a certificate its name must be
 * "nodelink:agent:<agent_id>"; without one the token must be the agent's. A
 * revoked agent is refused either way. */
int auth_agent_check(struct auth *auth, const struct auth_agent_proof *proof,
	struct auth_pass *pass, struct err *err);
/* The same, later: 0 or -EACCES. */
int auth_agent_still(struct auth *auth, const char *agent_id,
	const struct auth_pass *pass, struct err *err);
bool auth_agent_is_barred(struct auth *auth, const char *agent_id);
/* A new token "nla_<secret>" for the agent, who may be new; the old one stops
 * working after overlap_ms (rotation). */
int auth_agent_token_new(struct auth *auth, const char *agent_id,
	int64_t overlap_ms, char text[AUTH_SECRET], struct err *err);
/* Its tokens and every certificate of that name. auth_agent_token_new() and
 * enrolment let it in again, with new ones only. AUTH_UNKNOWN: done, but nobody
 * knew the agent: is it the right name? */
enum { AUTH_OK, AUTH_UNKNOWN };
int auth_agent_revoke(struct auth *auth, const char *agent_id, struct err *err);
/* For agents with certificates of somebody else's CA: any certificate of that
 * name is good again, those of before too. -ENOENT. */
int auth_agent_allow(struct auth *auth, const char *agent_id, struct err *err);
struct auth_agent {
	const char *id;
	bool has_token, has_certificate; /* that we have issued */
	int64_t not_after; /* of that certificate, wall ms; 0: there is none */
	int64_t created_at, revoked_at; /* 0: it is not revoked */
};
typedef int auth_agent_fn(void *arg, const struct auth_agent *agent);
int auth_agents_each(struct auth *auth, auth_agent_fn *fn, void *arg);

/* --------------------------------------------------------------- enrolment */

/* "nle_<id>_<secret>", good once, for this agent id or any new one that the
 * glob pattern fits: who is known, or revoked, needs one with its own id. */
int auth_enrol_new(struct auth *auth, const char *pattern, int64_t expires_at,
	char text[AUTH_SECRET], struct err *err);
/* Uses it up for this agent: 0, -EACCES, -EKEYEXPIRED (for 30 days at least).
 * Certificates issued before are no longer that agent's. */
int auth_enrol_use(struct auth *auth, const char *text, const char *agent_id,
	struct err *err);
/* The certificate that was made: an agent that has one recorded may only come
 * with that one or a later one. */
int auth_agent_issued(struct auth *auth, const char *agent_id,
	const char *serial, int64_t not_after, struct err *err);

#endif
