/* access.c - who may do what: roles at the gate, labels and owners of tasks */
#include "api/access.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/asker.h"
#include "api/internal.h"
#include "api/limits.h"
#include "api/session.h"
#include "base/clock.h"
#include "base/log.h"

/* -------------------------------------------------------------------- users */

struct user *
user_new(struct auth_token *take_token)
{
	struct user *user = calloc(1, sizeof *user);

	if (!user) {
		auth_token_unref(take_token);
		return NULL;
	}
	user->token = take_token;
	user->refs = 1;
	return user;
}

struct user *
user_ref(struct user *user)
{
	if (user)
		user->refs++;
	return user;
}

void
user_unref(struct user *user)
{
	if (!user || --user->refs)
		return;
	auth_token_unref(user->token);
	free(user);
}

bool
user_valid(const struct user *user)
{
	return !user->ended && (!user->ends_ms || clock_ms() < user->ends_ms) &&
	       auth_token_valid(user->token);
}

const char *
user_client(const struct user *user)
{
	return user ? user->token->client : "";
}

bool
user_is_limited(const struct user *user)
{
	return user && user->token->n_labels;
}

struct user *
access_user(const struct http_request *req)
{
	return http_user(req);
}

/* --------------------------------------------------------------------- gate */

static void
reply_who(struct api *api, struct http_request *req, bool tried,
	const char *code, const char *text)
{
	metric_add(api->counts.refused, METRIC_OF(code), 1);
	http_add_header(req, "WWW-Authenticate",
		tried ? "Bearer realm=\"nodelink\", error=\"invalid_token\""
		      : "Bearer realm=\"nodelink\"");
	http_reply_error(req, 401, code,
		"send the header 'Authorization: Bearer TOKEN'; an "
		"administrator makes a token with: nodelink-server token "
		"create --client NAME --role ROLE",
		"%s", text);
}

/* Something wrong came: only so often, and the audit log knows what. */
static void
reply_wrong(struct api *api, struct http_request *req, const char *code,
	const char *text, const char *why)
{
	struct asker asker;

	if (!limits_login_failed(api->limits, req))
		return;
	asker_read(req, &asker);
	asker_refused(api, &asker, "login", NULL, NULL, why);
	reply_who(api, req, true, code, text);
}

/* Which of the wrong ones it is only the log is told. */
static void
reply_bad_token(
	struct api *api, struct http_request *req, int r, const struct err *err)
{
	static const struct {
		int r;
		const char *code, *text;
	} known[] = {
		{ -EACCES, "bad_token", "no such token" },
		{ -EKEYEXPIRED, "token_expired", "the token has expired" },
		{ -EKEYREVOKED, "token_revoked", "the token has been revoked" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i].r == r) {
			reply_wrong(api, req, known[i].code, known[i].text,
				err->text);
			return;
		}
	reply_failure(req, r, "look the token up");
}

static struct user *
user_of_token(struct api *api, struct http_request *req, const char *header)
{
	static const char scheme[] = "Bearer ";
	struct auth_token *token = NULL;
	struct err err = { "another scheme than Bearer" };
	struct user *user;
	int r = -EACCES;

	if (strncasecmp(header, scheme, sizeof scheme - 1) == 0) {
		header += sizeof scheme - 1;
		header += strspn(header, " ");
		r = auth_check(api->auth, header, &token, &err);
	}
	if (r < 0) {
		if (limits_refused(api->limits, req))
			reply_bad_token(api, req, r, &err);
		return NULL;
	}
	user = user_new(token);
	if (!user)
		reply_no_memory(req);
	return user;
}

/* NULL: replied, and counted: whoever has no good token is an address. */
static struct user *
identify(struct api *api, struct http_request *req)
{
	const char *header = http_header(req, "Authorization");
	const char *cookie = http_cookie(req, SESSION_COOKIE);
	bool reads = http_reads(req); /* a browser adds the cookie to any */
	struct user *user;

	if (header)
		return user_of_token(api, req, header);
	user = cookie && reads ? session_find(api, cookie) : NULL;
	if (user)
		return user_ref(user);
	if (!limits_refused(api->limits, req))
		return NULL;
	if (!cookie)
		reply_who(api, req, false, "no_token", "a token is needed");
	else if (!reads)
		reply_who(api, req, false, "no_token",
			"a token is needed: a session is for reading only");
	else
		reply_wrong(api, req, "no_session", "the session has ended",
			"no such session");
	return NULL;
}

static void
check_role(struct api *api, struct http_request *req,
	const struct auth_token *token)
{
	unsigned access = http_access(req);
	enum auth_role needed = (enum auth_role)(access - ACCESS_READ);
	struct asker asker;
	char what[80];

	if (token->role >= needed &&
		(access != ACCESS_ADMIN || !token->n_labels))
		return;
	(void)snprintf(what, sizeof what, "%s %s", http_method(req),
		http_pattern(req));
	asker_read(req, &asker);
	asker_refused(api, &asker, "access", NULL, what,
		token->role < needed ? "role" : "labels");
	if (token->role < needed)
		http_reply_error(req, 403, "forbidden",
			"an administrator can make another token: "
			"nodelink-server token create --role ROLE",
			"client '%s' has the role %s here; this needs %s",
			token->client, auth_role_name(token->role),
			auth_role_name(needed));
	else /* It could make itself a token without them. */
		http_reply_error(req, 403, "forbidden", NULL,
			"client '%s' is limited to some labels; this needs an "
			"admin without labels",
			token->client);
}

/* Whoever watches over the server asks, and has to hear that it is well, whatever
 * others do that come from the same proxy. */
static bool
is_probe(const struct http_request *req)
{
	const char *pattern = http_pattern(req);

	return strcmp(pattern, "/healthz") == 0 ||
	       strcmp(pattern, "/readyz") == 0;
}

static void
admit(void *arg, struct http_request *req)
{
	struct api *api = arg;
	struct user *user = NULL;

	if (is_probe(req))
		return;
	if (api->auth && http_access(req) != ACCESS_NONE) {
		user = identify(api, req);
		if (!user)
			return;
		http_take_user(req, user);
	}
	if (!limits_call(api->limits, req, user ? user->token->id : NULL))
		return;
	if (user)
		check_role(api, req, user->token);
}

static void
count(void *arg, struct http_request *req)
{
	struct api *api = arg;

	(void)limits_refused(api->limits, req); /* or replied */
}

static bool
still(const void *user)
{
	return user_valid(user);
}

static void
unref(void *user)
{
	user_unref(user);
}

const struct http_gate api_gate = { admit, count, still, unref };

void
api_recheck(struct api *api)
{
	sessions_sweep(api);
	http_recheck(api->http);
}

/* -------------------------------------------------------------------- tasks */

int
access_found(const struct user *user, int r, const struct task *t)
{
	if (user && r == 0 &&
		!labels_have(t->labels, t->n_labels, user->token->labels,
			user->token->n_labels))
		return -ENOENT;
	return r;
}

const char *
access_cancels(const struct user *user)
{
	return user && user->token->role < AUTH_ADMIN ? user_client(user)
						      : NULL;
}

bool
access_may_cancel(const struct user *user, const struct task *t)
{
	const char *only = access_cancels(user);

	return !only || (t->owner && strcmp(t->owner, only) == 0);
}

void
reply_not_owner(struct http_request *req, const char *owner)
{
	if (!owner || !*owner)
		owner = "anonymous";
	http_reply_error(req, 403, "not_owner",
		"an operator cancels its own tasks, an admin any",
		"not your task: it belongs to client '%s'", owner);
}
