/* fake-rpc.h - core/rpc without a network, for the hub */
#ifndef NODELINK_TESTS_FUZZ_FAKE_RPC_H
#define NODELINK_TESTS_FUZZ_FAKE_RPC_H

#include "rpc/rpc.h"

struct rpc_stream {
	void *user;
	bool closed;
};

#endif
