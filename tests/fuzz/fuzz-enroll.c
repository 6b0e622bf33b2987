/* fuzz-enroll.c - what whoever says to be the server answers to an enrolment
 *
 * The first byte says whether the rest is the answer, or certificate and CA as
 * DER, of which we make one; the next two say how long the first is. */
#include <errno.h>
#include <openssl/pem.h>
#include <string.h>

#include "enroll/answer.h"
#include "enroll/identity.h"
#include "tests/fuzz/pem.h"
#include "tls/openssl.h"

#define SERVER "https://s"

static struct identity *identity;

static json_t *
make_answer(struct input *in)
{
	size_t len = (size_t)input_byte(in) << 8 | input_byte(in);
	const struct input first = input_piece(in, len);
	AUTO_FREE char *cert = input_pem(&first, PEM_STRING_X509);
	AUTO_FREE char *ca = input_pem(in, PEM_STRING_X509);
	json_t *answer = json_pack("{ss ss}", "certificate", cert, "ca", ca);

	MUST(answer);
	return answer;
}

/* The right one is taken, and comes without what is behind it. */
static void
pin(const json_t *answer)
{
	static const char other[] = "sha256:"
				    "0000000000000000000000000000000000000000"
				    "000000000000000000000000";
	AUTO_FREE char *taken = NULL;
	char hash[TLS_HASH], same[TLS_HASH];
	struct err err = { "" };
	const char *pem = NULL;
	X509 *cert;
	int r = answer_ca(answer, other, SERVER, &taken, &err);

	MUST((r == -EPERM || r == -EBADMSG) && *err.text && !taken);
	if (r == -EBADMSG)
		return;
	MUST(answer_text(answer, "ca", &pem, &err) == 0);
	cert = openssl_cert(pem);
	MUST(cert);
	openssl_hash(cert, hash);
	X509_free(cert);
	MUST(answer_ca(answer, hash, SERVER, &taken, &err) == 0);
	cert = openssl_cert(taken);
	MUST(cert && !strstr(strstr(taken, "-----END"), "BEGIN"));
	openssl_hash(cert, same);
	X509_free(cert);
	MUST(strcmp(hash, same) == 0);
}

/* Nobody has a certificate for a key that was made a moment ago. */
static void
check(const json_t *answer)
{
	const char *cert = NULL, *ca = NULL;
	struct err err = { "" };

	if (answer_text(answer, "certificate", &cert, &err) < 0 ||
		answer_text(answer, "ca", &ca, &err) < 0) {
		MUST(*err.text);
		return;
	}
	MUST(identity_check(identity, "web1", cert, ca, &err) == -EBADMSG);
	MUST(*err.text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct input in = { data, len };
	AUTO(json_decref) json_t *answer = NULL;
	struct err err = { "" };

	if (!identity)
		identity = identity_new(&err);
	MUST(identity);
	if (input_byte(&in) & 1)
		answer = make_answer(&in);
	else if (json_parse(in.data, in.len, &answer, &err) < 0)
		return 0;
	pin(answer);
	check(answer);
	return 0;
}
