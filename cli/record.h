/* record.h - members of what the server says, as plain values
 *
 * The server may be newer or older than we are: what is missing or of another
 * type reads as nothing. Texts: http_text(). */
#ifndef NODELINK_CLI_RECORD_H
#define NODELINK_CLI_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "json/json.h"

bool record_bool(const json_t *object, const char *name);
int64_t record_number(const json_t *object, const char *name); /* or 0 */
/* A number of seconds, as milliseconds; or 0. */
int64_t record_seconds(const json_t *object, const char *name);
/* A time, as wall milliseconds; 0: none. */
int64_t record_time(const json_t *object, const char *name);
/* An object or a list; NULL: none, which is as good as an empty one. */
json_t *record_object(const json_t *object, const char *name);
json_t *record_list(const json_t *object, const char *name);
/* There is a value: the member is not null, and not missing. */
bool record_has(const json_t *object, const char *name);

#endif
