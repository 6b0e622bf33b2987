/* openssl.c - OpenSSL's objects as locals of ours, its errors as text */
#include "tls/openssl.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

const char *
openssl_why(void)
{
	unsigned long code = ERR_peek_last_error();
	const char *text = code ? ERR_reason_error_string(code) : NULL;

	ERR_clear_error();
	return text ? text : "no reason given";
}

int
openssl_no_password(char *out, int size, int writing, void *arg)
{
	(void)out, (void)size, (void)writing, (void)arg;
	return -1;
}

X509 *
openssl_cert(const char *pem)
{
	AUTO(BIO_free_all) BIO *bio = BIO_new_mem_buf(pem, -1);

	return bio ? PEM_read_bio_X509(bio, NULL, openssl_no_password, NULL)
		   : NULL;
}

EVP_PKEY *
openssl_key(const char *pem)
{
	AUTO(BIO_free_all) BIO *bio = BIO_new_mem_buf(pem, -1);

	return bio ? PEM_read_bio_PrivateKey(
			     bio, NULL, openssl_no_password, NULL)
		   : NULL;
}

char *
openssl_text(X509 *cert)
{
	AUTO(BIO_free_all) BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long len;

	if (!bio || PEM_write_bio_X509(bio, cert) != 1)
		return NULL;
	len = BIO_get_mem_data(bio, &text);
	return strndup(text, (size_t)len);
}

void
openssl_hash(const X509 *cert, char out[TLS_HASH])
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (X509_digest(cert, EVP_sha256(), hash, &len) != 1)
		len = 0; /* out of memory: a hash that is nobody's */
	(void)snprintf(out, TLS_HASH, "sha256:");
	for (unsigned i = 0; i < len; i++)
		(void)snprintf(out + 7 + 2 * (size_t)i, 3, "%02x", hash[i]);
}

int
openssl_end(const X509 *cert, int64_t *out)
{
	struct tm end;

	if (ASN1_TIME_to_tm(X509_get0_notAfter(cert), &end) != 1)
		return -EINVAL;
	*out = (int64_t)timegm(&end) * 1000;
	return 0;
}

int
openssl_facts(const X509 *cert, struct tls_facts *out)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(cert);
	const unsigned char *bytes = ASN1_STRING_get0_data(serial);
	int len = ASN1_STRING_length(serial);

	if (len > (TLS_SERIAL - 1) / 2 || openssl_end(cert, &out->not_after))
		return -EINVAL;
	out->serial[0] = 0;
	for (int i = 0; i < len; i++)
		(void)snprintf(
			out->serial + 2 * (size_t)i, 3, "%02x", bytes[i]);
	return 0;
}
