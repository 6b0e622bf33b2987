/* plugin.h - the one plugin of this executor: load it, vet it, describe it */
#ifndef NODELINK_EXECUTOR_PLUGIN_H
#define NODELINK_EXECUTOR_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/err.h"
#include "nodelink/plugin.h"

struct plugin {
	struct ndl_plugin v; /* what it declared; the rest is NULL */
	struct ndl_field *settings, *params; /* ours, ended by name NULL */
};

/* Load the file and check all that can be checked before any function of the
 * plugin runs. 0, or -errno with text. It is never unloaded: only our copy is
 * freed. */
int plugin_load(const char *file, struct plugin **out, struct err *err);
void plugin_free(struct plugin *p);
AUTO_DEFINE(struct plugin *, plugin_free)

/* The same for a descriptor that is in memory already (tests). */
int plugin_vet(const struct ndl_plugin *given, const char *file,
	struct plugin **out, struct err *err);

/* For --describe: text, or one JSON object. 0 or -ENOMEM. */
int plugin_describe(const struct plugin *p, bool json, struct buf *out);

/* "text", "bool", ... */
const char *plugin_type_name(unsigned type);

#endif
