/* fuzz-tls.c - certificates and keys: of agents that connect, and in files
 *
 * The first byte says whether the rest is PEM, or a certificate as DER. */
#include <errno.h>
#include <openssl/pem.h>
#include <string.h>

#include "tests/fuzz/pem.h"
#include "tls/openssl.h"

/* Later than any that a certificate can say. */
#define YEAR_10000_MS INT64_C(253402300800000)

static const struct tls_files names = { "cert", "key", "ca" };

/* Serial numbers are compared with those of the database, as text. */
static void
check_facts(const struct tls_facts *facts)
{
	size_t len = strlen(facts->serial);

	MUST(len >= 2 && len < TLS_SERIAL && len % 2 == 0);
	MUST(strspn(facts->serial, "0123456789abcdef") == len);
	MUST(facts->not_after < YEAR_10000_MS);
}

/* One text as all that there can be: it may hold a key and its certificate. */
static void
check_pem(char *text)
{
	struct tls_pem pair = { .cert = text, .key = text },
		       ca = { .ca = text }, alone = { .cert = text };
	struct tls_facts facts;
	struct err err = { "" };
	int r = tls_check(&pair, &names, &err);

	MUST(r == 0 || (r == -EINVAL && *err.text));
	if (r == 0) {
		MUST(tls_facts(text, &facts) == 0);
		MUST(strcmp(facts.serial, pair.facts.serial) == 0);
		check_facts(&facts);
	}
	*err.text = 0;
	r = tls_check(&ca, &names, &err);
	MUST(r == 0 || (r == -EINVAL && *err.text));
	MUST(ca.ca_not_after < YEAR_10000_MS);
	MUST(tls_check(&alone, &names, &err) == -EINVAL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct input in = { data, len };
	bool wrap = input_byte(&in) & 1;
	AUTO_FREE char *text =
		wrap ? input_pem(&in, PEM_STRING_X509) : input_text(&in);
	struct tls_facts facts;
	int r = tls_facts(text, &facts);

	MUST(r == 0 || r == -EINVAL);
	if (r == 0)
		check_facts(&facts);
	check_pem(text);
	return 0;
}
