/* fields.h - values checked against the fields that a plugin declared
 *
 * Used for a plugin's settings and for each task's parameters. All text lives
 * in one block, so that a sleeping task costs one allocation. */
#ifndef NODELINK_EXECUTOR_FIELDS_H
#define NODELINK_EXECUTOR_FIELDS_H

#include <stddef.h>

#include "base/auto.h"
#include "base/err.h"
#include "nodelink/plugin.h"
#include "wire/msg.h"

struct fields;

/* Names, number, form and size of what was given, defaults for what was not.
 * 0, -ENOMEM, or -EINVAL with a text that names the field (and not the value
 * of a secret one). `what` is "parameter" or "setting". */
int fields_check(const struct ndl_field *declared, const char *what,
	const struct msg_param *given, size_t n, struct fields **out,
	struct err *err);
void fields_free(struct fields *f);
AUTO_DEFINE(struct fields *, fields_free)

/* The value, or NULL; of a list the first one. */
const char *fields_get(const struct fields *f, const char *name);
/* Ended by NULL; or NULL when there is no value. */
const char *const *fields_get_list(const struct fields *f, const char *name);

#endif
