/* params.h - the fields of a task, from JSON to what travels */
#ifndef NODELINK_API_PARAMS_H
#define NODELINK_API_PARAMS_H

#include <jansson.h>

#include "base/arena.h"
#include "base/err.h"
#include "wire/msg.h"

/* All results: 0, -EINVAL with a text for the client, -ENOMEM. Texts are
 * borrowed from the JSON or lie in the arena. */

/* Every member of the object but those named in skip. Numbers and booleans
 * become text, arrays lists; null is as if it were absent. */
int params_read(const json_t *object, const char *const *skip, size_t n_skip,
	struct arena *arena, struct msg_start *out, struct err *err);

int params_read_env(const json_t *body, struct arena *arena,
	struct msg_start *out, struct err *err);

/* Against what the plugin says it takes. */
int params_check(const struct msg_start *start,
	const struct msg_inventory *inventory, struct err *err);

#endif
