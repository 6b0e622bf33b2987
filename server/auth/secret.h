/* secret.h - secrets: made once, kept as a hash, compared in constant time */
#ifndef NODELINK_AUTH_SECRET_H
#define NODELINK_AUTH_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/auth.h"
#include "base/err.h"

enum {
	SECRET_HASH = AUTH_HASH,
	SECRET_PUBLIC = 12, /* characters of a public id: 60 bits */
	SECRET_PRIVATE = 52, /* of a secret: 260 bits */
};

/* A new one; who makes it clears it. -EIO: no randomness. */
struct secret {
	char id[SECRET_PUBLIC + 1];
	char text[SECRET_PRIVATE + 1];
	uint8_t hash[SECRET_HASH];
};
int secret_new(struct secret *secret, struct err *err);

void secret_hash(const char *secret, uint8_t out[SECRET_HASH]);
/* NULL is nobody's hash: false, in the same time. */
bool secret_same(const uint8_t a[SECRET_HASH], const uint8_t *b);
bool secret_fits(const char *secret, const uint8_t *hash);

/* "<prefix><id>_<secret>" apart: id gets SECRET_PUBLIC characters and a NUL.
 * The secret, or NULL: not of that form. */
const char *
secret_split(const char *text, const char *prefix, char id[SECRET_PUBLIC + 1]);

#endif
