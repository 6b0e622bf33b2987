/* tokens.c - GET and POST /tokens, DELETE /tokens/{id}: clients' tokens
 *
 * Each change waits for the disk, as it is no use before it is safe there; that
 * is for admins, and rare. */
#include <errno.h>
#include <string.h>

#include "api/access.h"
#include "api/asker.h"
#include "api/internal.h"
#include "api/options.h"
#include "auth/json.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/parse.h"
#include "json/json.h"

enum { UNNOTED = 1 }; /* no line of the audit log can be written: not done */

/* Without a database there is nothing to list or change. */
static struct auth *
auth_of(const struct api *api, struct http_request *req)
{
	if (!api->auth)
		http_reply_error(req, 409, "anonymous", NULL,
			"clients are not asked who they are here: there are no "
			"tokens");
	return api->auth;
}

/* The database cannot be changed: said once more in the log. */
static void
reply_not_written(struct http_request *req, int r, const struct err *err)
{
	log_error(0, "%s", err->text);
	http_add_header(req, "Retry-After", "5");
	http_reply_error(req, 503, "auth_failing", NULL,
		"the server's database of tokens cannot be changed now: %s",
		err_name(-r));
}

/* ----------------------------------------------------------------------- GET */

static int
emit_token(void *arg, const struct auth_token *token)
{
	struct emit *e = arg;

	emit_object(e, NULL);
	auth_token_json(e, token);
	emit_object_end(e);
	return 0;
}

void
api_tokens(void *arg, struct http_request *req)
{
	const struct api *api = arg;
	struct auth *auth = auth_of(api, req);
	struct buf body = { 0 };
	struct emit e;

	if (!auth)
		return;
	emit_init(&e, &body);
	emit_object(&e, NULL);
	emit_array(&e, "tokens");
	(void)auth_tokens_each(auth, emit_token, &e); /* it never fails */
	emit_array_end(&e);
	emit_object_end(&e);
	http_reply_json(req, 200, &body, emit_done(&e));
}

/* ---------------------------------------------------------------------- POST */

struct wish {
	json_t *doc; /* has the texts */
	struct arena arena;
	struct auth_token_spec spec;
};

static int
read_role(const json_t *doc, struct auth_token_spec *spec, struct err *err)
{
	const char *role = "";
	int r = json_get_text(doc, "role", AUTH_NAME, &role, err);

	if (r < 0)
		return r;
	spec->role = auth_role_parse(role);
	return spec->role < AUTH_ROLES
		       ? 0
		       : err_set(err, -EINVAL,
				 "field 'role': expected viewer, operator or "
				 "admin");
}

static int
read_expires(const json_t *doc, struct auth_token_spec *spec, struct err *err)
{
	int64_t ms = 0;
	int r = parse_duration_ms(AUTH_TOKEN_EXPIRES, &ms);

	if (r == 0)
		r = json_get_duration(doc, "expires", LIMIT_TOKEN_S, &ms, err);
	if (r >= 0 && ms)
		spec->expires_at = clock_wall_ms() + ms;
	return r < 0 ? r : 0;
}

static int
read_wish(const struct http_request *req, struct wish *w, struct err *err)
{
	static const char *const names[] = { "client", "role", "labels",
		"expires" };
	int r = body_object(req, names, ARRAY_SIZE(names), &w->doc, err);

	if (r >= 0)
		r = json_get_text(
			w->doc, "client", AUTH_NAME - 1, &w->spec.client, err);
	if (r >= 0 && !w->spec.client)
		r = err_set(err, -EINVAL, "field 'client' is missing");
	if (r >= 0)
		r = read_role(w->doc, &w->spec, err);
	if (r >= 0)
		r = read_expires(w->doc, &w->spec, err);
	if (r >= 0)
		r = labels_read(w->doc, &w->arena, &w->spec.labels,
			&w->spec.n_labels, err);
	return r < 0 ? r : 0;
}

static void
reply_made(struct http_request *req, struct auth *auth, const char *text)
{
	const struct auth_token *token = auth_token_find(auth, text);
	struct buf body = { 0 };
	struct emit e;

	emit_init(&e, &body);
	emit_object(&e, NULL);
	emit_text(&e, "token", text);
	if (token)
		auth_token_json(&e, token);
	emit_object_end(&e);
	http_reply_json(req, 200, &body, emit_done(&e));
}

/* As auth_token_new(), or UNNOTED. */
static int
make_noted(struct api *api, struct http_request *req,
	const struct auth_token_spec *spec, char text[AUTH_SECRET],
	struct err *err)
{
	struct asker asker;
	int r;

	asker_read(req, &asker);
	if (asker_does(api, &asker, "token.create", spec->client,
		    auth_role_name(spec->role), NULL) < 0)
		return UNNOTED;
	r = auth_token_new(api->auth, spec, text, err);
	if (r < 0)
		asker_failed(
			api, &asker, "token.create", spec->client, err->text);
	return r;
}

void
api_token_new(void *arg, struct http_request *req)
{
	struct api *api = arg;
	struct auth *auth = auth_of(api, req);
	struct wish w = { .doc = NULL };
	char text[AUTH_SECRET];
	struct err err = { "" };
	int r;

	if (!auth)
		return;
	r = read_wish(req, &w, &err);
	if (r == 0)
		r = make_noted(api, req, &w.spec, text, &err);
	if (r == UNNOTED)
		reply_unnoted(req);
	else if (r == -EINVAL || r == -ENOMEM)
		reply_refused(req, r, "bad_request", &err);
	else if (r == -EDQUOT)
		http_reply_error(
			req, 409, "too_many_tokens", NULL, "%s", err.text);
	else if (r < 0)
		reply_not_written(req, r, &err);
	else
		reply_made(req, auth, text);
	explicit_bzero(text, sizeof text);
	arena_done(&w.arena);
	json_decref(w.doc);
}

/* -------------------------------------------------------------------- DELETE */

static int
revoke_noted(struct api *api, struct http_request *req, const char *id,
	struct err *err)
{
	struct asker asker;
	int r;

	asker_read(req, &asker);
	if (asker_does(api, &asker, "token.revoke", id, NULL, NULL) < 0)
		return UNNOTED;
	r = auth_token_revoke(api->auth, id, err);
	if (r < 0)
		asker_failed(api, &asker, "token.revoke", id, err->text);
	return r;
}

void
api_token_revoke(void *arg, struct http_request *req)
{
	struct api *api = arg;
	struct err err = { "" };
	int r;

	if (!auth_of(api, req))
		return;
	r = revoke_noted(api, req, http_param(req, "id"), &err);
	if (r == UNNOTED)
		reply_unnoted(req);
	else if (r == -ENOENT)
		http_reply_error(req, 404, "no_such_token",
			"GET /tokens lists those that are good", "%s",
			err.text);
	else if (r < 0)
		reply_not_written(req, r, &err);
	else
		http_reply_static(req, 200, "application/json",
			"{\"message\":\"token revoked\"}\n");
}
