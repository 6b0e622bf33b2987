/* sign.h - signatures of Standard Webhooks, version 1: HMAC-SHA256 */
#ifndef NODELINK_WEBHOOK_SIGN_H
#define NODELINK_WEBHOOK_SIGN_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum { SIGN_KEYS = 2, SIGN_KEY_MIN = 24, SIGN_KEY_MAX = 64 };

struct sign_keys { /* two while a secret is being replaced */
	struct {
		uint8_t bytes[SIGN_KEY_MAX];
		size_t len;
	} keys[SIGN_KEYS];
	size_t n;
};

/* A file of one or two lines "whsec_" and base64 of 24 to 64 bytes, that only
 * its owner may read. 0, or -errno with text; *out is as before then. */
int sign_keys_read(const char *path, struct sign_keys *out, struct err *err);
/* The same of its text; -EINVAL: it has no such form. */
int sign_keys_parse(const char *text, struct sign_keys *out);
void sign_keys_wipe(struct sign_keys *keys);

/* "v1,BASE64 v1,BASE64", one for each key, appended. 0 or -ENOMEM. */
int sign(const struct sign_keys *keys, const char *id, int64_t timestamp_s,
	const char *body, struct buf *out);

#endif
