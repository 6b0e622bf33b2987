/* json.c - JSON that comes from outside: parsed strictly, read by type */
#include "json/json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/parse.h"
#include "base/utf8.h"

/* ----------------------------------------------------------------- parsing */

/* Deepest nesting, found without recursion and before jansson recurses. What
 * is no JSON at all is counted somehow and refused later. */
static int
check_depth(const char *text, size_t len, struct err *err)
{
	bool in_string = false;
	int depth = 0;

	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = false;
			continue;
		}
		if (c == '"')
			in_string = true;
		else if (c == '{' || c == '[')
			depth++;
		else if (c == '}' || c == ']')
			depth--;
		if (depth > LIMIT_JSON_DEPTH)
			return err_set(err, -EINVAL,
				"byte %zu: nested deeper than %d levels", i,
				LIMIT_JSON_DEPTH);
	}
	return 0;
}

int
json_parse(const void *data, size_t len, json_t **out, struct err *err)
{
	json_error_t where;
	json_t *value;
	int r = check_depth(data, len, err);

	if (r < 0)
		return r;
	value = json_loadb(
		data, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &where);
	if (value) {
		*out = value;
		return 0;
	}
	if (json_error_code(&where) == json_error_out_of_memory)
		return err_set(err, -ENOMEM, "out of memory");
	return err_set(err, -EINVAL, "line %d, column %d: %s", where.line,
		where.column, where.text);
}

/* ------------------------------------------------------------- error texts */

struct shown {
	char *text;
	size_t len; /* of the whole value, not all of it is kept */
};

static int
keep_shown(const char *part, size_t len, void *arg)
{
	enum { KEEP = JSON_SHOW - 4 }; /* room for dots and NUL */
	struct shown *s = arg;
	size_t room;

	if (s->len > KEEP)
		return 0; /* shortened already */
	room = KEEP - s->len;
	memcpy(s->text + s->len, part, len < room ? len : room);
	s->len += len;
	if (len > room)
		memcpy(s->text + KEEP -
				utf8_cut((const uint8_t *)s->text, KEEP),
			"...", 4);
	else
		s->text[s->len] = 0;
	return 0;
}

const char *
json_show(const json_t *value, char out[JSON_SHOW])
{
	struct shown s = { .text = out };

	out[0] = 0;
	if (json_dump_callback(
		    value, keep_shown, &s, JSON_COMPACT | JSON_ENCODE_ANY) < 0)
		out[0] = 0;
	return out;
}

static int
wrong(struct err *err, const char *name, const char *expected,
	const json_t *value)
{
	char shown[JSON_SHOW];

	return err_set(err, -EINVAL, "field '%s': expected %s, got %s", name,
		expected, json_show(value, shown));
}

/* "a, b, c", as far as they fit. */
static const char *
listed(const char *const *names, size_t n, char *out, size_t size)
{
	size_t len = 0;

	*out = 0;
	for (size_t i = 0; i < n && len < size; i++)
		len += (size_t)snprintf(
			out + len, size - len, "%s%s", i ? ", " : "", names[i]);
	return out;
}

int
json_known(const json_t *object, const char *const *names, size_t n_names,
	struct err *err)
{
	char known[320];
	void *it = json_object_iter((json_t *)(uintptr_t)object);

	/* The iterator's prototype lacks a const that it keeps in fact. */
	for (; it;
		it = json_object_iter_next((json_t *)(uintptr_t)object, it)) {
		const char *key = json_object_iter_key(it);
		size_t i = 0;

		while (i < n_names && strcmp(names[i], key) != 0)
			i++;
		if (i == n_names)
			return err_set(err, -EINVAL,
				"unknown field '%.64s'; there are %s", key,
				listed(names, n_names, known, sizeof known));
	}
	return 0;
}

/* ----------------------------------------------------------------- getters */

const char *
json_plain_text(const json_t *value)
{
	const char *text = json_string_value(value);

	return text && strlen(text) == json_string_length(value) ? text : NULL;
}

/* NULL: missing or null. */
static json_t *
member(const json_t *object, const char *name)
{
	json_t *value = json_object_get(object, name);

	return json_is_null(value) ? NULL : value;
}

int
json_get_text(const json_t *object, const char *name, size_t max,
	const char **out, struct err *err)
{
	const json_t *value = member(object, name);

	if (!value)
		return JSON_ABSENT;
	if (!json_plain_text(value))
		return wrong(err, name, "a text without NUL", value);
	if (json_string_length(value) > max)
		return err_set(err, -EINVAL,
			"field '%s': %zu bytes, at most %zu are allowed", name,
			json_string_length(value), max);
	*out = json_plain_text(value);
	return JSON_GOT;
}

int
json_get_bool(
	const json_t *object, const char *name, bool *out, struct err *err)
{
	const json_t *value = member(object, name);

	if (!value)
		return JSON_ABSENT;
	if (!json_is_boolean(value))
		return wrong(err, name, "true or false", value);
	*out = json_is_true(value);
	return JSON_GOT;
}

int
json_get_object(
	const json_t *object, const char *name, json_t **out, struct err *err)
{
	json_t *value = member(object, name);

	if (!value)
		return JSON_ABSENT;
	if (!json_is_object(value))
		return wrong(err, name, "an object", value);
	*out = value;
	return JSON_GOT;
}

int
json_get_array(
	const json_t *object, const char *name, json_t **out, struct err *err)
{
	json_t *value = member(object, name);

	if (!value)
		return JSON_ABSENT;
	if (!json_is_array(value))
		return wrong(err, name, "a list", value);
	*out = value;
	return JSON_GOT;
}

int
json_get_count(const json_t *object, const char *name, uint64_t min,
	uint64_t max, uint64_t *out, struct err *err)
{
	const json_t *value = member(object, name);
	char shown[JSON_SHOW];

	if (!value)
		return JSON_ABSENT;
	if (!json_is_integer(value) || json_integer_value(value) < 0 ||
		(uint64_t)json_integer_value(value) < min ||
		(uint64_t)json_integer_value(value) > max)
		return err_set(err, -EINVAL,
			"field '%s': expected a whole number %llu..%llu, "
			"got %s",
			name, (unsigned long long)min, (unsigned long long)max,
			json_show(value, shown));
	*out = (uint64_t)json_integer_value(value);
	return JSON_GOT;
}

int
json_get_milli(const json_t *object, const char *name, uint32_t max,
	uint32_t *out, struct err *err)
{
	const json_t *value = member(object, name);
	double number = json_number_value(value);
	char shown[JSON_SHOW];

	if (!value)
		return JSON_ABSENT;
	if (!json_is_number(value) || !(number >= 0.001 && number <= max))
		return err_set(err, -EINVAL,
			"field '%s': expected a number 0.001..%u, got %s", name,
			max, json_show(value, shown));
	*out = (uint32_t)(number * 1000 + 0.5);
	return JSON_GOT;
}

/* 0, or -ERANGE outside 0..max_s. */
static int
seconds_to_ms(const json_t *value, int64_t max_s, int64_t *out_ms)
{
	double s = json_number_value(value);

	if (!(s >= 0 && s <= (double)max_s))
		return -ERANGE;
	*out_ms = (int64_t)(s * 1000 + 0.5);
	return 0;
}

int
json_get_duration(const json_t *object, const char *name, int64_t max_s,
	int64_t *out_ms, struct err *err)
{
	const json_t *value = member(object, name);
	char shown[JSON_SHOW];
	int64_t ms;

	if (!value)
		return JSON_ABSENT;
	if (json_is_number(value) && seconds_to_ms(value, max_s, out_ms) == 0)
		return JSON_GOT;
	if (json_plain_text(value) &&
		parse_duration_ms(json_plain_text(value), &ms) == 0 &&
		ms >= 0 && ms <= max_s * 1000) {
		*out_ms = ms;
		return JSON_GOT;
	}
	return err_set(err, -EINVAL,
		"field '%s': expected seconds 0..%lld or a text like \"500ms\" "
		"or \"2m\", got %s",
		name, (long long)max_s, json_show(value, shown));
}

int
json_get_size(
	const json_t *object, const char *name, uint64_t *out, struct err *err)
{
	const json_t *value = member(object, name);

	if (!value)
		return JSON_ABSENT;
	if (json_is_integer(value) && json_integer_value(value) >= 0) {
		*out = (uint64_t)json_integer_value(value);
		return JSON_GOT;
	}
	if (json_plain_text(value) &&
		parse_size(json_plain_text(value), out) == 0)
		return JSON_GOT;
	return wrong(
		err, name, "bytes or a text like \"64k\" or \"1G\"", value);
}

int
json_get_signal(
	const json_t *object, const char *name, int *out, struct err *err)
{
	const json_t *value = member(object, name);

	if (!value)
		return JSON_ABSENT;
	if (json_is_integer(value) && json_integer_value(value) > 0 &&
		json_integer_value(value) < 65) {
		*out = (int)json_integer_value(value);
		return JSON_GOT;
	}
	if (json_plain_text(value) &&
		parse_signal(json_plain_text(value), out) == 0)
		return JSON_GOT;
	return wrong(err, name, "a signal like \"TERM\" or 15", value);
}
