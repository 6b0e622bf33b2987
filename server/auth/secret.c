/* secret.c - secrets: made once, kept as a hash, compared in constant time
 *
 * The alphabet has 32 characters, so each of them is five bits; those that
 * look alike are left out. */
#include "auth/secret.h"

#include <errno.h>
#include <nettle/memops.h>
#include <nettle/sha2.h>
#include <string.h>
#include <sys/random.h>

static const char alphabet[] = "abcdefghijkmnpqrstuvwxyz23456789";

/* n characters and a NUL. */
static bool
random_text(char *out, size_t n)
{
	uint8_t bytes[SECRET_PRIVATE];

	if (getrandom(bytes, n, 0) != (ssize_t)n)
		return false;
	for (size_t i = 0; i < n; i++)
		out[i] = alphabet[bytes[i] & 31];
	out[n] = 0;
	explicit_bzero(bytes, sizeof bytes);
	return true;
}

void
secret_hash(const char *text, uint8_t out[SECRET_HASH])
{
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	sha256_update(&ctx, strlen(text), (const uint8_t *)text);
	sha256_digest(&ctx, SECRET_HASH, out);
}

int
secret_new(struct secret *secret, struct err *err)
{
	if (!random_text(secret->id, SECRET_PUBLIC) ||
		!random_text(secret->text, SECRET_PRIVATE))
		return err_set(err, -EIO, "the kernel gives no random numbers");
	secret_hash(secret->text, secret->hash);
	return 0;
}

bool
secret_same(const uint8_t a[SECRET_HASH], const uint8_t *b)
{
	static const uint8_t nobody[SECRET_HASH];

	return memeql_sec(a, b ? b : nobody, SECRET_HASH) && b;
}

bool
secret_fits(const char *secret, const uint8_t *hash)
{
	uint8_t its[SECRET_HASH];

	secret_hash(secret, its);
	return secret_same(its, hash);
}

const char *
secret_split(const char *text, const char *prefix, char id[SECRET_PUBLIC + 1])
{
	size_t n = strlen(prefix);

	if (strncmp(text, prefix, n) != 0)
		return NULL;
	text += n;
	if (strspn(text, alphabet) != SECRET_PUBLIC ||
		text[SECRET_PUBLIC] != '_')
		return NULL;
	memcpy(id, text, SECRET_PUBLIC);
	id[SECRET_PUBLIC] = 0;
	text += SECRET_PUBLIC + 1;
	if (strspn(text, alphabet) != SECRET_PRIVATE || text[SECRET_PRIVATE])
		return NULL;
	return text;
}
