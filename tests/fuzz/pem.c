/* pem.c - bytes as what a certificate's library reads first */
#include "tests/fuzz/pem.h"

#include <openssl/pem.h>
#include <string.h>

char *
input_pem(const struct input *in, const char *kind)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *data, *text;
	long n;

	MUST(bio);
	/* it fails for no bytes at all, and writes nothing */
	MUST(PEM_write_bio(bio, kind, "", in->data, (long)in->len) > 0 ||
		!in->len);
	n = BIO_get_mem_data(bio, &data);
	text = strndup(n > 0 ? data : "", n > 0 ? (size_t)n : 0);
	MUST(text);
	(void)BIO_free(bio);
	return text;
}
