/* keys.h - Idempotency-Key: a POST that may be repeated
 *
 * The first request with a key creates the task, and its answer is stored with
 * the task; a repeat by the same client gets that answer again. */
#ifndef NODELINK_API_KEYS_H
#define NODELINK_API_KEYS_H

#include "api/internal.h"

struct key_use { /* a key whose first request is not answered yet */
	struct api *api;
	char *name; /* own */
	uint8_t digest[STORE_DIGEST];
	UT_hash_handle hh; /* api->keys */
};

/* Go on with the request: use is NULL when it has no key, else the caller's
 * until key_release(). */
typedef void
key_first_fn(struct api *api, struct http_request *req, struct key_use *use);

/* Replies itself when the key is malformed, known or in use; else first() is
 * called before it returns. */
void key_check(struct api *api, struct http_request *req, key_first_fn *first);
/* NULL is fine. */
void key_release(struct key_use *use);

#endif
