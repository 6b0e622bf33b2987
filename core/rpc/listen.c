/* listen.c - gRPC's server object: how it is set up, and where it listens */
#include "rpc/listen.h"

#include <errno.h>
#include <grpc/grpc_security.h>
#include <string.h>

grpc_server *
rpc_listen_make(const struct rpc_server_conf *conf)
{
	int every = conf->keepalive_ms;
	grpc_arg list[] = {
		/* default on: two servers would share a port in silence */
		RPC_ARG(GRPC_ARG_ALLOW_REUSEPORT, 0),
		RPC_ARG(GRPC_ARG_KEEPALIVE_TIME_MS, every),
		RPC_ARG(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
			conf->keepalive_timeout_ms),
		/* agents ping as often as we do; the default of five minutes
		 * would take that for abuse */
		RPC_ARG(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
			every / 4 < 5000 ? every / 4 : 5000),
		RPC_ARG(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 3),
		RPC_ARG(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0),
		/* with probing, a peer may fill 4 MB a stream here */
		RPC_ARG(GRPC_ARG_HTTP2_BDP_PROBE, 0),
		RPC_ARG(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, RPC_LOOKAHEAD),
		/* 64 KB of output in one frame: a quarter faster */
		RPC_ARG(GRPC_ARG_HTTP2_MAX_FRAME_SIZE, RPC_LOOKAHEAD),
		RPC_ARG(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, 10000),
		/* an agent has one stream; nobody keeps connections for none */
		RPC_ARG(GRPC_ARG_MAX_CONCURRENT_STREAMS, 128),
		RPC_ARG(GRPC_ARG_MAX_CONNECTION_IDLE_MS, 30000),
		RPC_ARG(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH,
			(int)conf->max_message),
		RPC_ARG(GRPC_ARG_ENABLE_CHANNELZ, 0),
	};
	grpc_channel_args args = { ARRAY_SIZE(list), list };

	return grpc_server_create(&args, NULL);
}

/* gRPC tells why only in its log. */
static int
listen_error(const char *address, const struct err *why, struct err *err)
{
	static const int known[] = { EADDRINUSE, EACCES, EADDRNOTAVAIL };

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strstr(why->text, err_name(known[i])))
			return err_set(err, -known[i],
				"cannot listen on '%s': %s", address,
				err_name(known[i]));
	return err_set(err, -EINVAL, "cannot listen on '%s': %s", address,
		why->text[0] ? why->text : "gRPC refuses it");
}

int
rpc_listen(grpc_server *grpc, const char *address,
	struct rpc_tls_source *source, uint16_t *port, struct err *err)
{
	grpc_server_credentials *creds = rpc_server_creds(source);
	struct err why;
	int r;

	if (!creds)
		return err_set(err, -EINVAL, "gRPC makes no credentials");
	rpc_log_capture_begin(&why);
	r = grpc_server_add_http2_port(grpc, address, creds);
	rpc_log_capture_end();
	grpc_server_credentials_release(creds);
	if (r <= 0)
		return listen_error(address, &why, err);
	*port = strncmp(address, "unix", 4) == 0 ? 0 : (uint16_t)r;
	return 0;
}
