/* telling.h - why there is no connection to the server, once per change
 *
 * Every try fails for the same reason until somebody acts; the log says it
 * the first time, at debug level the other times. */
#ifndef NODELINK_UPLINK_TELLING_H
#define NODELINK_UPLINK_TELLING_H

#include <stdbool.h>

#include "rpc/rpc.h"
#include "uplink/uplink.h"

struct telling { /* zeroed: nothing said */
	enum rpc_status status;
	bool told;
};

/* A stream is open: whatever comes next is news. */
void telling_reset(struct telling *t);

/* A stream, or a try for one, has ended. */
void telling_say(struct telling *t, const struct uplink_conf *conf,
	enum rpc_status status, const char *text);

#endif
