/* tls.h - certificates and keys: from files into memory, checked on the way
 *
 * gRPC and libmicrohttpd notice a broken pair late and say little, so whatever
 * is given to them was read here: it is PEM, the key is the certificate's, and
 * nobody else may read the key. Over OpenSSL's libcrypto. */
#ifndef NODELINK_TLS_TLS_H
#define NODELINK_TLS_TLS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct tls_files { /* paths, borrowed; NULL: none */
	const char *cert; /* chain, our own first */
	const char *key; /* with cert; mode 0600 */
	const char *ca; /* whom to trust, one or more */
};

/* Of the first certificate in this text. 0; -EINVAL: there is none, or its
 * serial number is longer than the 20 bytes that it may have. */
enum { TLS_SERIAL = 41, TLS_HASH = 7 + 64 + 1 };
struct tls_facts {
	char serial[TLS_SERIAL]; /* hex */
	int64_t not_after; /* wall ms */
};
int tls_facts(const char *pem, struct tls_facts *out);

/* From a week before not_after (wall ms) it is time to tell somebody, once a
 * day: "expires on 2026-...". told_ms: the last time, monotonic; 0: never. */
enum { TLS_END_TEXT = 64 };
bool
tls_ends_soon(int64_t not_after, int64_t *told_ms, char text[TLS_END_TEXT]);

struct tls_pem { /* what was in them; NULL: none */
	char *cert, *key, *ca;
	struct tls_facts facts; /* of the certificate */
	int64_t ca_not_after; /* of the CA that ends first, wall ms; or 0 */
};

/* All of them, or nothing and -errno with text. tls_pem_done() afterwards. */
int
tls_read(const struct tls_files *files, struct tls_pem *out, struct err *err);
/* The same for what is in memory: only facts and ca_not_after are written.
 * -EINVAL with text; the names are for that. */
int
tls_check(struct tls_pem *pem, const struct tls_files *names, struct err *err);
bool tls_pem_same(const struct tls_pem *a, const struct tls_pem *b);
/* Wipes the key. */
void tls_pem_done(struct tls_pem *pem);

/* The name in an agent's certificate, a URI: "nodelink:agent:" and its id. */
#define TLS_AGENT_NAME "nodelink:agent:"

#endif
