/* chain.c - number and hash of the last line, and where they are kept */
#include <errno.h>
#include <inttypes.h>
#include <nettle/base16.h>
#include <nettle/sha2.h>
#include <string.h>
#include <unistd.h>

#include "audit/internal.h"
#include "base/parse.h"
#include "json/json.h"

enum { SEQ_DIGITS = 20, HEAD_LEN = SEQ_DIGITS + 1 + CHAIN_HASH - 1 + 1 };

void
chain_init(struct chain *chain)
{
	chain->seq = 0;
	memset(chain->hash, '0', CHAIN_HASH - 1);
	chain->hash[CHAIN_HASH - 1] = 0;
}

void
chain_hash(const void *line, size_t len, char out[CHAIN_HASH])
{
	uint8_t digest[SHA256_DIGEST_SIZE];
	struct sha256_ctx sum;

	sha256_init(&sum);
	sha256_update(&sum, len, line);
	sha256_digest(&sum, sizeof digest, digest);
	base16_encode_update(out, sizeof digest, digest);
	out[CHAIN_HASH - 1] = 0;
}

static bool
is_hash(const char *text)
{
	return strlen(text) == CHAIN_HASH - 1 &&
	       strspn(text, "0123456789abcdef") == CHAIN_HASH - 1;
}

/* "00000000000000000042 <hash>\n": of one length, so that it is replaced by one
 * write and never half of it. */
int
chain_read(int fd, struct chain *out)
{
	char text[HEAD_LEN + 2];
	struct chain chain;
	ssize_t n = pread(fd, text, sizeof text - 1, 0);

	if (n < 0)
		return -errno;
	if (n == 0)
		return -ENODATA;
	if (n != HEAD_LEN || text[SEQ_DIGITS] != ' ' ||
		text[HEAD_LEN - 1] != '\n')
		return -EBADMSG;
	text[SEQ_DIGITS] = text[HEAD_LEN - 1] = 0;
	if (parse_u64(text, 0, CHAIN_LAST, &chain.seq) < 0 ||
		!is_hash(text + SEQ_DIGITS + 1))
		return -EBADMSG;
	memcpy(chain.hash, text + SEQ_DIGITS + 1, CHAIN_HASH);
	*out = chain;
	return 0;
}

int
chain_write(int fd, const struct chain *chain)
{
	char text[HEAD_LEN + 1];
	ssize_t n;

	(void)snprintf(text, sizeof text, "%0*" PRIu64 " %s\n", SEQ_DIGITS,
		chain->seq, chain->hash);
	n = pwrite(fd, text, HEAD_LEN, 0);
	if (n < 0)
		return -errno;
	return n == HEAD_LEN ? 0 : -ENOSPC;
}

int
chain_parse(
	const char *line, size_t len, struct chain_line *out, struct err *err)
{
	AUTO(json_decref) json_t *event = NULL;
	const char *prev = "", *action = "";
	int r;

	if (len > AUDIT_LINE)
		return err_set(err, -EBADMSG, "it is longer than %d bytes",
			AUDIT_LINE);
	r = json_parse(line, len, &event, err);
	if (r == 0)
		r = json_get_count(event, "seq", 1, CHAIN_LAST, &out->seq, err);
	if (r == 0)
		r = json_get_text(event, "prev", CHAIN_HASH, &prev, err);
	if (r == 0)
		r = json_get_text(event, "action", AUDIT_LINE, &action, err);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return -EBADMSG;
	if (r == JSON_ABSENT)
		return err_set(err, -EBADMSG,
			"a field of 'seq', 'prev', 'action' is missing");
	if (!is_hash(prev))
		return err_set(err, -EBADMSG, "field 'prev' is no SHA-256");
	memcpy(out->prev, prev, CHAIN_HASH);
	return 0;
}
