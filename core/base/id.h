/* id.h - names that travel: task ids, agent ids, plugin names */
#ifndef NODELINK_BASE_ID_H
#define NODELINK_BASE_ID_H

#include <stdbool.h>

enum { ID_LEN = 64, ID_MAX = ID_LEN + 1 }; /* ID_MAX: room with the NUL */

/* A new id that sorts by time of making: a UUID version 7 in lower case. */
void id_new(char out[ID_MAX]);

/* [a-z0-9-]{1,64}: every task id that comes over a wire. */
bool id_valid(const char *id);

/* [A-Za-z0-9._-]{1,64}, not starting with '.' or '-': agent ids. */
bool id_valid_agent(const char *id);

/* [a-z][a-z0-9-]{0,31}: plugin names, which become file names. */
bool id_valid_plugin(const char *name);

#endif
