/* openssl.h - OpenSSL's objects as locals of ours, its errors as text */
#ifndef NODELINK_TLS_OPENSSL_H
#define NODELINK_TLS_OPENSSL_H

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/auto.h"
#include "base/err.h"
#include "tls/tls.h"

AUTO_DEFINE(BIO *, BIO_free_all)
AUTO_DEFINE(EVP_PKEY *, EVP_PKEY_free)
AUTO_DEFINE(X509 *, X509_free)
AUTO_DEFINE(X509_REQ *, X509_REQ_free)

/* What the library has to say of its last failure on this thread; forgets it.
 * Text lives for ever. */
const char *openssl_why(void);

/* For PEM_read_...(): without it the library asks on the terminal, or on
 * standard input, and waits. Always -1. */
int openssl_no_password(char *out, int size, int writing, void *arg);

/* The first one in the text, or NULL. A key with a password is none: nobody
 * would be asked for it. */
X509 *openssl_cert(const char *pem);
EVP_PKEY *openssl_key(const char *pem);

/* This one and nothing else, as PEM: free() it. NULL: out of memory. */
char *openssl_text(X509 *cert);

/* "sha256:" and the hash of a certificate in hex; room for TLS_HASH. */
void openssl_hash(const X509 *cert, char out[TLS_HASH]);

/* When it ends, wall ms. -EINVAL. */
int openssl_end(const X509 *cert, int64_t *out);

/* As tls_facts(). */
int openssl_facts(const X509 *cert, struct tls_facts *out);

#endif
