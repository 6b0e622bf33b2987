/* gone.h - plugins that our settings do not have, but which have executors
 *
 * An earlier monitor has left them; the uplink would find their sockets. */
#ifndef NODELINK_MONITOR_GONE_H
#define NODELINK_MONITOR_GONE_H

#include <stddef.h>

#include "monitor/settings.h"

/* Of the sockets in the runtime directory: of executors that run, and of such
 * that have died without a word. 0, or -errno; gone_done() follows in any
 * case. */
int gone_find(const struct settings *s, struct plugin_file out[LIMIT_PLUGINS],
	size_t *n);
void gone_done(struct plugin_file *gone, size_t n);

#endif
