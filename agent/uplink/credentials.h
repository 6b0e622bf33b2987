/* credentials.h - what the uplink shows and whom it trusts
 *
 * The monitor opens the files and hands them over: at the start, and again when
 * it is asked, which is done when a connection has ended. So a certificate that
 * was renewed is used by the next one. What cannot be used is told once and
 * leaves what was there before. That the certificate ends is told each day from
 * a week before, as far as these are called. */
#ifndef NODELINK_UPLINK_CREDENTIALS_H
#define NODELINK_UPLINK_CREDENTIALS_H

#include <stdbool.h>

#include "base/err.h"
#include "rpc/rpc.h"
#include "tls/tls.h"

struct credentials {
	int socket; /* to the monitor; -1: none */
	struct tls_pem pem;
	struct rpc_tls tls; /* the same */
	char *token; /* NULL: none */
	struct err told; /* "" nothing */
	int64_t told_end_ms; /* that the certificate ends; 0: not yet */
};

/* What the monitor has sent already; without a socket nothing but the token,
 * which may be NULL and beats a file. 0, or -errno with text;
 * credentials_done() in any case. */
int credentials_open(
	struct credentials *c, int socket, const char *token, struct err *err);
void credentials_done(struct credentials *c);

/* What to give to core/rpc; NULL: plaintext. Borrowed. */
const struct rpc_tls *credentials_tls(const struct credentials *c);

/* Have the monitor send the files once more. */
void credentials_ask(const struct credentials *c);

/* Give the client what is new of what has come. True: there is another token,
 * which takes another client. */
bool credentials_renew(struct credentials *c, struct rpc_client *client);

#endif
