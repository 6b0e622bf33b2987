/* ready.h - what the server says of itself when it serves */
#ifndef NODELINK_SERVER_READY_H
#define NODELINK_SERVER_READY_H

#include <stdint.h>

#include "sandbox/sandbox.h"
#include "settings.h"

/* Into the log: what its settings leave open, what holds, where it listens;
 * the last line begins "ready: ". */
void ready_say(const struct settings *settings, const struct sandbox *sandbox,
	uint16_t http_port, uint16_t grpc_port);

#endif
