/* starts.h - starts that wait their turn */
#ifndef NODELINK_EXECUTOR_STARTS_H
#define NODELINK_EXECUTOR_STARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "wire/msg.h"

struct executor;
struct starts;

/* NULL: out of memory. */
struct starts *starts_new(struct executor *ex);
void starts_free(struct starts *s);

/* A MSG_START for an id that is neither a task nor waiting: now, or in order
 * after those that wait. len: bytes of the message. */
void starts_add(struct starts *s, struct msg_box *take_box, size_t len);
/* Too many bytes wait: the link is not read until fewer do. */
bool starts_are_full(const struct starts *s);
/* It must never run. False: it does not wait here. */
bool starts_drop(struct starts *s, const char *id);
bool starts_has(const struct starts *s, const char *id);
/* Forget all: the server sends them again to whoever comes next. */
void starts_clear(struct starts *s);

size_t starts_count(const struct starts *s);
/* Ids in order, beginning with after = NULL; NULL at the end. */
const char *starts_next(const struct starts *s, const char *after);

#endif
