/* ca.h - a small certificate authority, for agents and for the server itself
 *
 * One folder: ca.crt and ca.key. Keys are ECDSA P-256. What it signs is decided
 * here and not by who asks: of a request for a certificate only the key is
 * taken. There are no lists of revoked certificates; server/auth knows which
 * serial numbers may still come. */
#ifndef NODELINK_CA_CA_H
#define NODELINK_CA_CA_H

#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/err.h"
#include "tls/tls.h"

struct ca;

/* Makes folder and files; they belong to whom the folder above belongs to, so
 * that root may do it for a server that is not. -EEXIST: there is a CA. */
int ca_create(const char *dir, struct err *err);

/* 0, or -errno with text. */
int ca_open(const char *dir, struct ca **out, struct err *err);
void ca_free(struct ca *ca);
AUTO_DEFINE(struct ca *, ca_free)

/* Its certificate, PEM; borrowed. */
const char *ca_pem(const struct ca *ca);
/* "sha256:" and the hash of its certificate: to know it by. */
void ca_hash(const struct ca *ca, char out[TLS_HASH]);

struct ca_issued {
	char *pem; /* free() it */
	struct tls_facts facts;
};

/* For the key in a PKCS#10 request (PEM): the client certificate of this agent,
 * good for 90 days. -EINVAL with text: nothing that we sign. */
int ca_issue_agent(const struct ca *ca, const char *agent_id, const char *csr,
	struct ca_issued *out, struct err *err);

/* A server certificate for these host names and addresses, good for a year:
 * <dir>/server.crt and, new with each, server.key. */
int ca_issue_server(const struct ca *ca, const char *const *names, size_t n,
	struct err *err);

#endif
