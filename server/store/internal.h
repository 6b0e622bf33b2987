/* internal.h - what the stores share */
#ifndef NODELINK_STORE_INTERNAL_H
#define NODELINK_STORE_INTERNAL_H

#include <stdint.h>

/* Of an id that a store does not have: -ESTALE when it was made between the
 * store's beginning and the youngest task that it has forgotten, else -ENOENT.
 * Ids tell when they were made, so no list of the forgotten is needed. */
int store_missing(const char *id, int64_t born, int64_t gone);

#endif
