/* id.h - names that travel: task ids, agent ids, plugin names */
#ifndef NODELINK_BASE_ID_H
#define NODELINK_BASE_ID_H

#include <stdbool.h>
#include <stdint.h>

enum { ID_LEN = 64, ID_MAX = ID_LEN + 1 }; /* ID_MAX: room with the NUL */

/* A new id, a UUID version 7 in lower case. It sorts behind all that this
 * process has made before, even if the wall clock was set back. One thread. */
void id_new(char out[ID_MAX]);
/* When an id of that form was made, wall ms; -1: not of that form. */
int64_t id_time_ms(const char *id);

/* [a-z0-9-]{1,64}: every task id that comes over a wire. */
bool id_valid(const char *id);

/* [A-Za-z0-9._-]{1,64}, not starting with '.' or '-': agent ids. */
bool id_valid_agent(const char *id);

/* [a-z][a-z0-9-]{0,31}: plugin names, which become file names. */
bool id_valid_plugin(const char *name);

#endif
