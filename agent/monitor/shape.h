/* shape.h - what an executor is started with
 *
 * The node's policy, which it keeps for as long as it lives. */
#ifndef NODELINK_MONITOR_SHAPE_H
#define NODELINK_MONITOR_SHAPE_H

#include "monitor/args.h"
#include "monitor/digest.h"
#include "monitor/plugins.h"
#include "monitor/settings.h"

/* Its program and what shapes it, and so not where it is and who may connect;
 * the digest of all that is the last. 0 or -ENOMEM. */
int shape_make(const struct settings *s, const struct plugin_file *plugin,
	struct args *argv, struct digest *digest);

#endif
