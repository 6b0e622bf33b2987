/* confine.h - what nodelink-server needs of the host once it runs */
#ifndef NODELINK_SERVER_CONFINE_H
#define NODELINK_SERVER_CONFINE_H

#include "base/err.h"
#include "sandbox/sandbox.h"
#include "server/settings.h"

/* Before the first thread; sandbox_filter(out) is to follow. 0 or -errno with
 * text. */
int
confine(const struct settings *settings, struct sandbox *out, struct err *err);

#endif
