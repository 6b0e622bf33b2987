/* ready.h - what the server says of itself when it serves, or cannot */
#ifndef NODELINK_SERVER_READY_H
#define NODELINK_SERVER_READY_H

#include <stdint.h>

#include "sandbox/sandbox.h"
#include "settings.h"

/* Into the log: what its settings leave open, what holds, where it listens;
 * the last line begins "ready: ". */
void ready_say(const struct settings *settings, const struct sandbox *sandbox,
	uint16_t http_port, uint16_t grpc_port);
/* Why it does not serve, with the advice that fits most refusals to listen. */
void ready_refuse(int r, const struct err *err);

#endif
