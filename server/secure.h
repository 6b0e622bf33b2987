/* secure.h - TLS of the two listeners: their certificates, now and later */
#ifndef NODELINK_SERVER_SECURE_H
#define NODELINK_SERVER_SECURE_H

#include "base/err.h"
#include "http/http.h"
#include "loop/loop.h"
#include "metrics/metrics.h"
#include "rpc/rpc.h"
#include "tls/tls.h"

struct secure;

/* Reads the files, which are borrowed; those without a certificate are for a
 * listener without TLS. When they end is shown by m, which is not to be written
 * after secure_free(). 0, or -errno with text. */
int secure_new(struct loop *loop, const struct tls_files *http,
	const struct tls_files *rpc, struct metrics *m, struct secure **out,
	struct err *err);
void secure_free(struct secure *secure);
AUTO_DEFINE(struct secure *, secure_free)

/* To begin the listeners with; NULL: without TLS. Borrowed. */
const struct http_tls *secure_http(const struct secure *secure);
const struct rpc_tls *secure_rpc(const struct secure *secure);
/* Give them what has changed from now on; they outlive this. */
void
secure_follow(struct secure *secure, struct http *http, struct rpc_server *rpc);
/* Look now. */
void secure_reload(struct secure *secure);

#endif
