/* emit.h - write JSON straight into a buffer, without building a tree
 *
 * Errors stick: the calls return nothing, emit_done() tells whether memory
 * sufficed. `key` is NULL inside an array and for the outermost value, and is
 * otherwise a plain word that needs no escaping. Text may hold any bytes. */
#ifndef NODELINK_JSON_EMIT_H
#define NODELINK_JSON_EMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/label.h"

struct emit {
	struct buf *out; /* borrowed */
	bool comma; /* before the next member */
	int r;
};

void emit_init(struct emit *e, struct buf *out);

void emit_object(struct emit *e, const char *key);
void emit_object_end(struct emit *e);
void emit_array(struct emit *e, const char *key);
void emit_array_end(struct emit *e);

void emit_text(struct emit *e, const char *key, const char *text);
/* null when text is NULL or "". */
void emit_text_or_null(struct emit *e, const char *key, const char *text);
void emit_int(struct emit *e, const char *key, int64_t value);
void emit_uint(struct emit *e, const char *key, uint64_t value);
/* Milliseconds as seconds, with a fraction only where there is one. */
void emit_seconds(struct emit *e, const char *key, int64_t ms);
void emit_bool(struct emit *e, const char *key, bool value);
void emit_null(struct emit *e, const char *key);
/* Wall clock as RFC 3339; null for 0. */
void emit_time(struct emit *e, const char *key, int64_t wall_ms);
/* Members whose names come from outside. */
void emit_foreign(struct emit *e, const char *name, const char *text);
void emit_foreign_array(struct emit *e, const char *name);
/* "labels": {"name":"value",...} */
void emit_labels(struct emit *e, const struct label *labels, size_t n);

/* 0 or -ENOMEM (-EMSGSIZE over the buffer's limit). */
int emit_done(const struct emit *e);

#endif
