/* place.h - where an executor has its socket and its tasks' folders
 *
 * An executor whose settings are not those of today goes on with its tasks
 * beside the one that has the new ones, so a plugin has several places. Each is
 * a name below the runtime directory and one below the scratch directory:
 *
 *	executor-shell.sock	shell		place 0, as a rule the only one
 *	executor-shell.1.sock	shell.1		place 1 */
#ifndef NODELINK_BASE_PLACE_H
#define NODELINK_BASE_PLACE_H

#include <stdbool.h>

#include "base/id.h"

/* Room for the longest. */
struct place_name {
	char text[ID_MAX + 32];
};

const char *
place_socket(const char *plugin, unsigned place, struct place_name *out);
const char *
place_folder(const char *plugin, unsigned place, struct place_name *out);

/* Is it the name of such a socket? Then plugin (ID_MAX bytes) and place are
 * set. */
bool place_parse(const char *name, char *plugin, unsigned *place);

#endif
