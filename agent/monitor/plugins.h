/* plugins.h - which plugins are there: <plugin dir>/<name>.so */
#ifndef NODELINK_MONITOR_PLUGINS_H
#define NODELINK_MONITOR_PLUGINS_H

#include "monitor/settings.h"

/* The plugins named in list ("a, b" or "a b"), or all when it is NULL, sorted.
 * 0, or -errno with text: folder not readable, a listed one missing or twice,
 * one that others may change, none at all, more than LIMIT_PLUGINS. *n counts
 * what must be freed, also on failure. */
int plugins_find(const char *dir, const char *list,
	struct plugin_file out[LIMIT_PLUGINS], size_t *n, struct err *err);

/* Is there a plugin of this name? */
bool plugins_has(const char *dir, const char *name);

#endif
