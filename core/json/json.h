/* json.h - JSON that comes from outside: parsed strictly, read by type
 *
 * Over jansson, which refuses duplicate keys, broken UTF-8 and lone surrogates
 * by itself. NUL in a text is refused by the getters, which know its name. The getters write their errors for the person who sent
 * the JSON: field, what is allowed, and what came instead. */
#ifndef NODELINK_JSON_JSON_H
#define NODELINK_JSON_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/err.h"

AUTO_DEFINE(json_t *, json_decref)

/* The text must be one object or array, at most LIMIT_JSON_DEPTH deep. *out is
 * the caller's: json_decref(). -EINVAL with text that says where, or -ENOMEM. */
int json_parse(const void *data, size_t len, json_t **out, struct err *err);

/* -EINVAL with text, which has the list, when the object has a member whose
 * name is not in it. */
int json_known(const json_t *object, const char *const *names, size_t n_names,
	struct err *err);

/* A member of an object by type. JSON_ABSENT when it is missing or null, *out
 * stays as it was then; -EINVAL with text when it is something else. What *out
 * points to belongs to the object. */
enum { JSON_GOT, JSON_ABSENT };
int json_get_text(const json_t *object, const char *name, size_t max,
	const char **out, struct err *err);
int json_get_bool(
	const json_t *object, const char *name, bool *out, struct err *err);
int json_get_object(
	const json_t *object, const char *name, json_t **out, struct err *err);
int json_get_array(
	const json_t *object, const char *name, json_t **out, struct err *err);
/* A whole number of min..max. */
int json_get_count(const json_t *object, const char *name, uint64_t min,
	uint64_t max, uint64_t *out, struct err *err);
/* A number of 0.001..max as thousandths. */
int json_get_milli(const json_t *object, const char *name, uint32_t max,
	uint32_t *out, struct err *err);
/* A number of seconds, fractions allowed, or a text like "1500ms", "10s",
 * "2m"; as milliseconds. */
int json_get_duration(const json_t *object, const char *name, int64_t max_s,
	int64_t *out_ms, struct err *err);
/* A number of bytes, or a text like "64k", "1G". */
int json_get_size(
	const json_t *object, const char *name, uint64_t *out, struct err *err);
/* "TERM", "SIGTERM" or 15. */
int json_get_signal(
	const json_t *object, const char *name, int *out, struct err *err);

/* The text, or NULL when the value is none or holds a NUL. */
const char *json_plain_text(const json_t *value);

/* The value as it was written, shortened, for error texts. */
enum { JSON_SHOW = 64 };
const char *json_show(const json_t *value, char out[JSON_SHOW]);

#endif
