/* ca.c - a small certificate authority: made, opened */
#include "ca/ca.h"

#include <errno.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "ca/internal.h"

enum { CA_DAYS = 3650 };

/* Two CAs of one name confuse those who have both. */
static int
make_name(char out[32])
{
	unsigned char random[4];

	if (RAND_bytes(random, sizeof random) != 1)
		return -1;
	(void)snprintf(out, 32, "nodelink CA %02x%02x%02x%02x", random[0],
		random[1], random[2], random[3]);
	return 0;
}

static char *
make_own(EVP_PKEY *key)
{
	AUTO(X509_free) X509 *cert = NULL;
	char name[32];

	if (make_name(name) < 0)
		return NULL;
	cert = cert_new(CA_DAYS, name);
	if (!cert || X509_set_pubkey(cert, key) != 1 ||
		cert_extend(cert, NULL, NID_basic_constraints,
			"critical,CA:TRUE,pathlen:0") < 0 ||
		cert_extend(cert, NULL, NID_key_usage,
			"critical,keyCertSign,cRLSign") < 0 ||
		cert_extend(cert, NULL, NID_subject_key_identifier, "hash") <
			0 ||
		cert_sign(cert, NULL, key) < 0)
		return NULL;
	return openssl_text(cert);
}

static bool
exists(const char *dir, const char *name)
{
	AUTO_FREE char *path = NULL;

	if (asprintf(&path, "%s/%s", dir, name) < 0)
		return false;
	return access(path, F_OK) == 0;
}

int
ca_create(const char *dir, struct err *err)
{
	AUTO(EVP_PKEY_free) EVP_PKEY *key = NULL;
	AUTO_FREE char *pem = NULL;
	int r = folder_make(dir, err);

	if (r < 0)
		return r;
	if (exists(dir, "ca.key") || exists(dir, "ca.crt"))
		return err_set(err, -EEXIST,
			"there is a CA in '%s'; what it has signed would end "
			"with it",
			dir);
	key = EVP_EC_gen("P-256");
	pem = key ? make_own(key) : NULL;
	if (!pem)
		return err_set(
			err, -ENOMEM, "cannot make a CA: %s", openssl_why());
	r = folder_write_key(dir, "ca.key", key, err);
	return r < 0 ? r : folder_write(dir, "ca.crt", pem, false, err);
}

int
ca_open(const char *dir, struct ca **out, struct err *err)
{
	AUTO(ca_free) struct ca *ca = calloc(1, sizeof *ca);
	AUTO_FREE char *cert = NULL, *key = NULL;
	struct tls_pem pem = { 0 };
	int r;

	if (!ca || !(ca->dir = strdup(dir)) ||
		asprintf(&cert, "%s/ca.crt", dir) < 0 ||
		asprintf(&key, "%s/ca.key", dir) < 0)
		return err_set(err, -ENOMEM, "out of memory");
	r = tls_read(
		&(struct tls_files){ .cert = cert, .key = key }, &pem, err);
	if (r < 0)
		return r;
	ca->cert = openssl_cert(pem.cert);
	ca->key = openssl_key(pem.key);
	ca->pem = TAKE(pem.cert);
	tls_pem_done(&pem);
	if (!ca->cert || !ca->key)
		return err_set(err, -ENOMEM, "out of memory");
	if (X509_check_ca(ca->cert) != 1)
		return err_set(err, -EINVAL,
			"the certificate in '%s' is not that of a CA", cert);
	*out = TAKE(ca);
	return 0;
}

void
ca_free(struct ca *ca)
{
	if (!ca)
		return;
	free(ca->dir);
	free(ca->pem);
	X509_free(ca->cert);
	EVP_PKEY_free(ca->key);
	free(ca);
}

const char *
ca_pem(const struct ca *ca)
{
	return ca->pem;
}

void
ca_hash(const struct ca *ca, char out[TLS_HASH])
{
	openssl_hash(ca->cert, out);
}
