/* credentials.h - what the uplink shows and whom it trusts, from its files
 *
 * Read at the start, and before each try to connect: a certificate that was
 * renewed is used by the next connection. What cannot be used is told once and
 * leaves what was there before. */
#ifndef NODELINK_UPLINK_CREDENTIALS_H
#define NODELINK_UPLINK_CREDENTIALS_H

#include "base/err.h"
#include "rpc/rpc.h"
#include "tls/tls.h"

struct credentials {
	const struct tls_files *files; /* borrowed */
	struct tls_pem pem;
	struct rpc_tls tls; /* the same */
	struct err told; /* "" nothing */
};

/* 0, or -errno with text; credentials_done() in any case. */
int credentials_read(
	struct credentials *c, const struct tls_files *files, struct err *err);
void credentials_done(struct credentials *c);

/* What to give to core/rpc; NULL: plaintext. Borrowed. */
const struct rpc_tls *credentials_tls(const struct credentials *c);

/* Look again, and give the client what is new. */
void credentials_renew(struct credentials *c, struct rpc_client *client);

#endif
