/* hooks.h - the command lines that a task brings for its end, from JSON */
#ifndef NODELINK_API_HOOKS_H
#define NODELINK_API_HOOKS_H

#include <jansson.h>

#include "base/arena.h"
#include "base/err.h"
#include "wire/msg.h"

/* Results: 0, -EINVAL with a text for the client, -ENOMEM. Texts are borrowed
 * from the JSON. Absent fields leave *out as it is. */

/* "pre_stop" of the object: a text, or {cmd, timeout}. */
int
hooks_read_pre_stop(const json_t *stop, struct msg_start *out, struct err *err);

/* "cleanup" of the body: a list of {cmd, when, timeout}. */
int hooks_read_cleanup(const json_t *body, struct arena *arena,
	struct msg_start *out, struct err *err);

const char *hooks_when_name(enum msg_when when);

#endif
