/* listen.h - gRPC's server object: how it is set up, and where it listens
 *
 * Inside core/rpc only. */
#ifndef NODELINK_RPC_LISTEN_H
#define NODELINK_RPC_LISTEN_H

#include "rpc/stream.h"

grpc_server *rpc_listen_make(const struct rpc_server_conf *conf);
/* source NULL: plaintext. -errno with text. */
int rpc_listen(grpc_server *grpc, const char *address,
	struct rpc_tls_source *source, uint16_t *port, struct err *err);

#endif
