/* cert.c - a certificate that is made up step by step */
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "ca/internal.h"

enum {
	BEHIND_S = 300, /* a clock that has just begun to be set */
	DAY_S = 24 * 3600,
	SERIAL_BYTES = 20, /* as many as there may be, a positive number */
};

static int
set_serial(X509 *cert)
{
	unsigned char bytes[SERIAL_BYTES];
	BIGNUM *number = NULL;
	int ok = RAND_bytes(bytes, sizeof bytes) == 1;

	bytes[0] = (unsigned char)((bytes[0] & 0x3f) | 0x40); /* all 20 count */
	if (ok)
		number = BN_bin2bn(bytes, sizeof bytes, NULL);
	ok = number &&
	     BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert)) != NULL;
	BN_free(number);
	return ok ? 0 : -1;
}

static int
set_name(X509 *cert, const char *name)
{
	return X509_NAME_add_entry_by_NID(X509_get_subject_name(cert),
		       NID_commonName, MBSTRING_UTF8,
		       (const unsigned char *)name, -1, -1, 0) == 1
		       ? 0
		       : -1;
}

X509 *
cert_new(int days, const char *name)
{
	AUTO(X509_free) X509 *cert = X509_new();

	if (!cert || X509_set_version(cert, X509_VERSION_3) != 1 ||
		set_serial(cert) < 0 || set_name(cert, name) < 0 ||
		!X509_gmtime_adj(X509_getm_notBefore(cert), -BEHIND_S) ||
		!X509_gmtime_adj(X509_getm_notAfter(cert), (long)days * DAY_S))
		return NULL;
	return TAKE(cert);
}

int
cert_extend(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;
	int ok;

	X509V3_set_ctx(&context, issuer ? issuer : cert, cert, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	ok = extension && X509_add_ext(cert, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	return ok ? 0 : -1;
}

int
cert_sign(X509 *cert, X509 *issuer, EVP_PKEY *key)
{
	const X509_NAME *name = X509_get_subject_name(issuer ? issuer : cert);

	return X509_set_issuer_name(cert, name) == 1 &&
			       X509_sign(cert, key, EVP_sha256()) > 0
		       ? 0
		       : -1;
}
