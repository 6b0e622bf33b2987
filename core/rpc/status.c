/* status.c - our statuses and gRPC's */
#include "rpc/stream.h"

static const struct {
	const char *name;
	grpc_status_code code;
} table[] = {
	[RPC_STATUS_OK] = { "ok", GRPC_STATUS_OK },
	[RPC_STATUS_UNAVAILABLE] = { "unavailable", GRPC_STATUS_UNAVAILABLE },
	[RPC_STATUS_UNAUTHENTICATED] = { "unauthenticated",
		GRPC_STATUS_UNAUTHENTICATED },
	[RPC_STATUS_REPLACED] = { "replaced", GRPC_STATUS_ABORTED },
	[RPC_STATUS_TOO_LARGE] = { "too large",
		GRPC_STATUS_RESOURCE_EXHAUSTED },
	[RPC_STATUS_INVALID] = { "invalid", GRPC_STATUS_INVALID_ARGUMENT },
	[RPC_STATUS_OTHER] = { "other", GRPC_STATUS_UNKNOWN },
};

const char *
rpc_status_name(enum rpc_status status)
{
	return table[status].name;
}

grpc_status_code
rpc_status_to_code(enum rpc_status status)
{
	return table[status].code;
}

enum rpc_status
rpc_status_from_code(grpc_status_code code)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].code == code)
			return (enum rpc_status)i;
	return RPC_STATUS_OTHER;
}
