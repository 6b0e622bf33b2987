/* session.c - POST and DELETE /session: a cookie for browsers */
#include "api/session.h"

#include <errno.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "api/internal.h"
#include "auth/json.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/limits.h"

enum { SECRET = 32, COOKIE = 2 * SECRET + 1 };

struct session {
	uint8_t key[SHA256_DIGEST_SIZE]; /* of the cookie, which we forget */
	struct user *user; /* own */
	UT_hash_handle hh;
};

static void
digest(const char *cookie, uint8_t out[SHA256_DIGEST_SIZE])
{
	struct sha256_ctx sum;

	sha256_init(&sum);
	sha256_update(&sum, strlen(cookie), (const uint8_t *)cookie);
	sha256_digest(&sum, SHA256_DIGEST_SIZE, out);
}

static struct session *
find(const struct api *api, const char *cookie)
{
	uint8_t key[SHA256_DIGEST_SIZE];
	struct session *s;

	digest(cookie, key);
	HASH_FIND(hh, api->sessions, key, sizeof key, s);
	return s;
}

static void
end(struct api *api, struct session *s)
{
	s->user->ended = true; /* streams may hold it */
	HASH_DEL(api->sessions, s);
	user_unref(s->user);
	free(s);
}

struct user *
session_find(struct api *api, const char *cookie)
{
	struct session *s = find(api, cookie);

	return s && user_valid(s->user) ? s->user : NULL;
}

void
sessions_sweep(struct api *api)
{
	struct session *s, *next;

	HASH_ITER(hh, api->sessions, s, next)
		if (!user_valid(s->user))
			end(api, s);
}

void
api_done(struct api *api)
{
	struct session *s, *next;

	HASH_ITER(hh, api->sessions, s, next)
		end(api, s);
}

/* Nobody gathers them: the oldest of the same token makes room. */
static void
make_room(struct api *api, const struct auth_token *token)
{
	struct session *s, *next, *oldest = NULL;
	size_t n = 0;

	HASH_ITER(
		hh, api->sessions, s, next) { /* in the order of their making */
		if (s->user->token != token)
			continue;
		oldest = oldest ? oldest : s;
		n++;
	}
	if (n >= LIMIT_SESSIONS) {
		end(api, oldest);
		http_recheck(api->http); /* what it has open */
	}
}

/* ----------------------------------------------------------------- handlers */

/* Here or in front of us; who lies about it makes his own cookie useless. */
static bool
has_tls(const struct api *api, struct http_request *req)
{
	const char *proto = http_header(req, "X-Forwarded-Proto");

	return api->tls || (proto && strcasecmp(proto, "https") == 0);
}

static void
set_cookie(struct api *api, struct http_request *req, const char *cookie)
{
	char text[COOKIE + 128];

	(void)snprintf(text, sizeof text,
		SESSION_COOKIE
		"=%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%d%s",
		cookie, *cookie ? LIMIT_SESSION_S : 0,
		has_tls(api, req) ? "; Secure" : "");
	http_add_header(req, "Set-Cookie", text);
	explicit_bzero(text, sizeof text);
}

static int
session_new(struct api *api, struct auth_token *token, char cookie[COOKIE])
{
	struct session *s = calloc(1, sizeof *s);
	uint8_t secret[SECRET];

	if (s)
		s->user = user_new(auth_token_ref(token));
	if (!s || !s->user) {
		free(s);
		return -ENOMEM;
	}
	/* Never short up to 256 bytes, once seeded. */
	while (getrandom(secret, sizeof secret, 0) != (ssize_t)sizeof secret)
		;
	for (size_t i = 0; i < SECRET; i++)
		(void)snprintf(cookie + 2 * i, 3, "%02x", secret[i]);
	explicit_bzero(secret, sizeof secret);
	digest(cookie, s->key);
	s->user->ends_ms = clock_ms() + LIMIT_SESSION_S * 1000LL;
	sessions_sweep(api);
	make_room(api, token);
	HASH_ADD(hh, api->sessions, key, sizeof s->key, s);
	return 0;
}

void
api_login(void *arg, struct http_request *req)
{
	struct api *api = arg;
	struct user *user = access_user(req);
	char cookie[COOKIE];
	struct buf body = { 0 };
	struct emit e;

	if (!user) {
		http_reply_error(req, 409, "anonymous", NULL,
			"clients are not asked who they are here: no session "
			"is needed");
		return;
	}
	if (session_new(api, user->token, cookie) < 0) {
		reply_no_memory(req);
		return;
	}
	set_cookie(api, req, cookie);
	explicit_bzero(cookie, sizeof cookie);
	emit_init(&e, &body);
	emit_object(&e, NULL);
	auth_token_json(&e, user->token);
	emit_object_end(&e);
	http_reply_json(req, 200, &body, emit_done(&e));
}

/* Without a session too: whoever asks has none afterwards. */
void
api_logout(void *arg, struct http_request *req)
{
	struct api *api = arg;
	const char *cookie = http_cookie(req, SESSION_COOKIE);
	struct session *s = cookie ? find(api, cookie) : NULL;

	if (s) {
		end(api, s);
		http_recheck(api->http);
	}
	set_cookie(api, req, "");
	http_reply_static(req, 200, "application/json",
		"{\"message\":\"session ended\"}\n");
}
