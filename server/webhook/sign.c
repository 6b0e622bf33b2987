/* sign.c - signatures of Standard Webhooks, version 1: HMAC-SHA256 */
#include "webhook/sign.h"

#include <errno.h>
#include <inttypes.h>
#include <nettle/base64.h>
#include <nettle/hmac.h>
#include <stdio.h>
#include <string.h>

#include "conf/conf.h"

enum { FILE_MAX = 1024 };

static const char prefix[] = "whsec_";

static int
add_key(struct sign_keys *keys, const char *text, size_t len)
{
	uint8_t bytes[BASE64_DECODE_LENGTH(2 * SIGN_KEY_MAX)];
	size_t skip = sizeof prefix - 1, n = sizeof bytes;
	struct base64_decode_ctx ctx;

	if (keys->n == SIGN_KEYS || len < skip ||
		len - skip > 2 * SIGN_KEY_MAX ||
		memcmp(text, prefix, skip) != 0)
		return -EINVAL;
	base64_decode_init(&ctx);
	if (!base64_decode_update(&ctx, &n, bytes, len - skip, text + skip) ||
		!base64_decode_final(&ctx) || n < SIGN_KEY_MIN ||
		n > SIGN_KEY_MAX)
		return -EINVAL;
	memcpy(keys->keys[keys->n].bytes, bytes, n);
	keys->keys[keys->n++].len = n;
	explicit_bzero(bytes, sizeof bytes);
	return 0;
}

int
sign_keys_parse(const char *text, struct sign_keys *out)
{
	struct sign_keys keys = { .n = 0 };
	int r = 0;

	while (*text && r == 0) {
		size_t len = strcspn(text, "\r\n");

		if (len)
			r = add_key(&keys, text, len);
		text += len;
		text += strspn(text, "\r\n");
	}
	if (!keys.n)
		r = -EINVAL;
	if (r == 0)
		*out = keys;
	sign_keys_wipe(&keys);
	return r;
}

int
sign_keys_read(const char *path, struct sign_keys *out, struct err *err)
{
	AUTO_BUF struct buf text = { 0 };
	int r = conf_secret_bytes(path, FILE_MAX, &text, err);

	if (r < 0)
		return r;
	r = sign_keys_parse(buf_text(&text), out);
	if (text.len)
		explicit_bzero(text.data, text.len);
	return r < 0 ? err_set(err, r,
			       "secret file '%s': expected one or two lines "
			       "'whsec_' and base64 of %d to %d bytes",
			       path, SIGN_KEY_MIN, SIGN_KEY_MAX)
		     : 0;
}

void
sign_keys_wipe(struct sign_keys *keys)
{
	explicit_bzero(keys, sizeof *keys);
}

int
sign(const struct sign_keys *keys, const char *id, int64_t timestamp_s,
	const char *body, struct buf *out)
{
	int r = 0;

	for (size_t i = 0; i < keys->n && r == 0; i++) {
		char text[BASE64_ENCODE_RAW_LENGTH(SHA256_DIGEST_SIZE) + 1];
		uint8_t digest[SHA256_DIGEST_SIZE];
		struct hmac_sha256_ctx ctx;
		char head[160];

		(void)snprintf(
			head, sizeof head, "%s.%" PRId64 ".", id, timestamp_s);
		hmac_sha256_set_key(
			&ctx, keys->keys[i].len, keys->keys[i].bytes);
		hmac_sha256_update(&ctx, strlen(head), (const uint8_t *)head);
		hmac_sha256_update(&ctx, strlen(body), (const uint8_t *)body);
		hmac_sha256_digest(&ctx, sizeof digest, digest);
		explicit_bzero(&ctx, sizeof ctx);
		base64_encode_raw(text, sizeof digest, digest);
		text[sizeof text - 1] = 0;
		r = buf_printf(out, "%sv1,%s", i ? " " : "", text);
	}
	return r;
}
