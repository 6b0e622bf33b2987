/* keys.c - Idempotency-Key: a POST that may be repeated */
#include "api/keys.h"

#include <errno.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/access.h"

enum { KEY_MAX = 255 };
_Static_assert(SHA256_DIGEST_SIZE == STORE_DIGEST, "the digest is SHA-256");

static bool
is_key(const char *text)
{
	size_t n = strlen(text);

	if (!n || n > KEY_MAX)
		return false;
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

/* Every client has keys of its own, which hold no line end. */
static char *
full_name(const struct http_request *req, const char *text)
{
	const char *client = user_client(access_user(req));
	char *name;

	return asprintf(&name, "%s%s%s", client, *client ? "\n" : "", text) < 0
		       ? NULL
		       : name;
}

static void
add_text(struct sha256_ctx *sum, const char *text)
{
	sha256_update(sum, strlen(text) + 1, (const uint8_t *)text);
}

/* What makes it the same request: where it goes, the labels that its token
 * adds, and its very bytes. */
static void
digest(struct http_request *req, uint8_t out[STORE_DIGEST])
{
	const char *plugin = http_param(req, "plugin");
	const struct user *user = access_user(req);
	const struct buf *body = http_body(req);
	struct sha256_ctx sum;

	sha256_init(&sum);
	add_text(&sum, plugin);
	for (size_t i = 0; user && i < user->token->n_labels; i++) {
		add_text(&sum, user->token->labels[i].name);
		add_text(&sum, user->token->labels[i].value);
	}
	sha256_update(&sum, body->len, body->data);
	sha256_digest(&sum, STORE_DIGEST, out);
}

static void
reply_mismatch(struct http_request *req)
{
	http_reply_error(req, 422, "idempotency_key_reused",
		"use a new key for a new request",
		"this Idempotency-Key came with another request before");
}

static void
reply_known(struct http_request *req, const uint8_t mine[STORE_DIGEST],
	const struct store_key *key)
{
	struct buf body = { 0 };

	if (memcmp(mine, key->digest, STORE_DIGEST) != 0) {
		reply_mismatch(req);
		return;
	}
	http_add_header(req, "Idempotent-Replayed", "true");
	http_reply_json(req, 200, &body, buf_add_text(&body, key->answer));
}

struct lookup {
	struct http_request *req;
	struct key_use *use; /* own */
	key_first_fn *first;
};

/* The store answers at once: it looks into its memory or a file. */
static void
got_key(void *arg, int r, const struct store_key *key)
{
	struct lookup *l = arg;
	struct key_use *use = l->use;
	struct api *api = use->api;

	if (r == 0 && !key) {
		HASH_ADD_KEYPTR(
			hh, api->keys, use->name, strlen(use->name), use);
		l->first(api, l->req, use);
		return;
	}
	if (r < 0)
		reply_store_failing(l->req, r);
	else
		reply_known(l->req, use->digest, key);
	free(use->name);
	free(use);
}

static struct key_use *
use_new(struct api *api, struct http_request *req, const char *text)
{
	struct key_use *use = calloc(1, sizeof *use);

	if (!use)
		return NULL;
	use->api = api;
	use->name = full_name(req, text);
	if (!use->name) {
		free(use);
		return NULL;
	}
	digest(req, use->digest);
	return use;
}

void
key_check(struct api *api, struct http_request *req, key_first_fn *first)
{
	const char *text = http_header(req, "Idempotency-Key");
	struct lookup lookup = { .req = req, .first = first };
	struct key_use *other;

	if (!text) {
		first(api, req, NULL);
		return;
	}
	if (!is_key(text)) {
		http_reply_error(req, 400, "bad_idempotency_key", NULL,
			"Idempotency-Key: expected 1 to %d characters of "
			"ASCII",
			KEY_MAX);
		return;
	}
	lookup.use = use_new(api, req, text);
	if (!lookup.use) {
		reply_no_memory(req);
		return;
	}
	HASH_FIND_STR(api->keys, lookup.use->name, other);
	if (!other) {
		api->store->ops->key(
			api->store, lookup.use->name, got_key, &lookup);
		return;
	}
	if (memcmp(other->digest, lookup.use->digest, STORE_DIGEST) != 0) {
		reply_mismatch(req);
	} else {
		http_add_header(req, "Retry-After", "1");
		http_reply_error(req, 409, "idempotency_key_in_use", NULL,
			"the first request with this Idempotency-Key is not "
			"answered yet");
	}
	free(lookup.use->name);
	free(lookup.use);
}

void
key_release(struct key_use *use)
{
	if (!use)
		return;
	HASH_DEL(use->api->keys, use);
	free(use->name);
	free(use);
}
