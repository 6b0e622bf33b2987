/* internal.h - what the files of server/ca share */
#ifndef NODELINK_CA_INTERNAL_H
#define NODELINK_CA_INTERNAL_H

#include "ca/ca.h"
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
/* NULL: out of memory. */
char *cert_text(X509 *cert);

/* folder.c: what is written there appears whole or not at all. -errno with
 * text. */
int folder_make(const char *dir, struct err *err);
int folder_write(const char *dir, const char *name, const char *text,
	bool secret, struct err *err);
/* A new key of ours as <name>. NULL with text. */
EVP_PKEY *folder_new_key(const char *dir, const char *name, struct err *err);

#endif
