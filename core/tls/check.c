/* check.c - what no TLS library should be given is found here
 *
 * gRPC ends the process when the first certificate of a server is of no use to
 * it, so what it will do with it is done here before. */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <string.h>

#include "tls/openssl.h"

AUTO_DEFINE(SSL_CTX *, SSL_CTX_free)

/* The end of a file is told like this. */
static bool
at_end(void)
{
	bool yes = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;

	if (yes)
		ERR_clear_error();
	return yes;
}

/* Every certificate of a file of CAs can be read, and there is one. */
static int
check_ca(struct tls_pem *pem, const char *file, struct err *err)
{
	AUTO(BIO_free_all) BIO *bio = BIO_new_mem_buf(pem->ca, -1);
	int64_t first = 0, end;
	int n = 0;

	if (!bio)
		return err_set(err, -ENOMEM, "out of memory");
	for (;; n++) {
		AUTO(X509_free)
		X509 *cert = PEM_read_bio_X509_AUX(
			bio, NULL, openssl_no_password, NULL);

		if (!cert)
			break;
		if (openssl_end(cert, &end) == 0 && (!first || end < first))
			first = end; /* else it is nobody's CA */
	}
	if (n && at_end()) {
		pem->ca_not_after = first;
		return 0;
	}
	return err_set(err, -EINVAL,
		"certificate %d in '%s' cannot be read: %s", n + 1, file,
		openssl_why());
}

/* Our own certificate and those that follow it. */
static int
use_chain(SSL_CTX *ctx, const char *pem)
{
	AUTO(BIO_free_all) BIO *bio = BIO_new_mem_buf(pem, -1);
	bool first = true;

	if (!bio)
		return -ENOMEM;
	for (;; first = false) {
		AUTO(X509_free)
		X509 *cert =
			PEM_read_bio_X509(bio, NULL, openssl_no_password, NULL);

		if (!cert)
			return !first && at_end() ? 0 : -EINVAL;
		if (first ? SSL_CTX_use_certificate(ctx, cert) != 1
			  : SSL_CTX_add1_chain_cert(ctx, cert) != 1)
			return -EINVAL;
	}
}

static int
check_pair(struct tls_pem *pem, const struct tls_files *files, struct err *err)
{
	AUTO(SSL_CTX_free) SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	AUTO(EVP_PKEY_free) EVP_PKEY *key = NULL;

	if (!ctx)
		return err_set(err, -ENOMEM, "out of memory");
	if (use_chain(ctx, pem->cert) < 0 || tls_facts(pem->cert, &pem->facts))
		return err_set(err, -EINVAL,
			"the certificate in '%s' cannot be used: %s",
			files->cert, openssl_why());
	key = openssl_key(pem->key);
	if (!key || SSL_CTX_use_PrivateKey(ctx, key) != 1)
		return err_set(err, -EINVAL,
			"the key in '%s' cannot be used with the certificate "
			"in '%s': %s",
			files->key, files->cert, openssl_why());
	return 0;
}

int
tls_check(struct tls_pem *pem, const struct tls_files *names, struct err *err)
{
	int r = 0;

	if (!pem->cert != !pem->key)
		return err_set(err, -EINVAL,
			"TLS certificate and key must be given together, '%s' "
			"is alone",
			pem->cert ? names->cert : names->key);
	if (pem->cert)
		r = check_pair(pem, names, err);
	if (r == 0 && pem->ca)
		r = check_ca(pem, names->ca, err);
	return r;
}

int
tls_facts(const char *pem, struct tls_facts *out)
{
	AUTO(X509_free) X509 *cert = openssl_cert(pem);

	return cert ? openssl_facts(cert, out) : -EINVAL;
}
