/* internal.h - what the files of server/ca share */
#ifndef NODELINK_CA_INTERNAL_H
#define NODELINK_CA_INTERNAL_H

#include "ca/ca.h"
#include "tls/folder.h"
#include "tls/openssl.h"

struct ca {
	char *dir;
	char *pem;
	X509 *cert;
	EVP_PKEY *key;
};

/* cert.c: a certificate that is made up step by step. It begins with a random
 * serial number and our time of grace for clocks that are behind. NULL: out of
 * memory. */
X509 *cert_new(int days, const char *name);
/* -1 when out of memory or not understood; issuer: NULL for its own. */
int cert_extend(X509 *cert, X509 *issuer, int nid, const char *value);
/* Issuer's name and signature. -1. */
int cert_sign(X509 *cert, X509 *issuer, EVP_PKEY *key);

#endif
