/* params.c - the fields of a task, from JSON to what travels
 *
 * The executor checks them again and has the last word; checking here gives
 * the client its answer at once. */
#include "api/params.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/parse.h"
#include "json/json.h"

static bool
is_listed(const char *name, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

enum { NUMBER_TEXT = 32 };

static bool
reads_as(const char *text, double number)
{
	AUTO(json_decref)
	json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);

	return value && json_number_value(value) == number;
}

/* In as few digits as make the same number again: plugins see the 0.1 that was
 * written, and not 0.10000000000000001. What is whole has no exponent, which
 * readers of whole numbers do not take. */
static void
write_real(double number, char text[NUMBER_TEXT])
{
	enum { ANY = 15, ENOUGH = 17 }; /* digits of a double, by IEEE 754 */

	if (number > -1e18 && number < 1e18 &&
		(double)(json_int_t)number == number) {
		(void)snprintf(text, NUMBER_TEXT, "%" JSON_INTEGER_FORMAT,
			(json_int_t)number);
		return;
	}
	for (int digits = ANY; digits <= ENOUGH; digits++) {
		(void)snprintf(text, NUMBER_TEXT, "%.*g", digits, number);
		if (reads_as(text, number))
			return;
	}
}

/* A scalar as text; NULL when it is none, or memory is out. */
static const char *
scalar_text(const json_t *value, struct arena *arena)
{
	char *text;

	if (json_is_string(value))
		return json_plain_text(value);
	if (json_is_boolean(value))
		return json_is_true(value) ? "true" : "false";
	if (!json_is_number(value))
		return NULL;
	text = arena_alloc(arena, NUMBER_TEXT);
	if (text && json_is_integer(value))
		(void)snprintf(text, NUMBER_TEXT, "%" JSON_INTEGER_FORMAT,
			json_integer_value(value));
	else if (text)
		write_real(json_real_value(value), text);
	return text;
}

static int
read_values(const char *name, const json_t *value, struct arena *arena,
	struct msg_param *out, struct err *err)
{
	bool list = json_is_array(value);
	size_t n = list ? json_array_size(value) : 1;
	const char **values = arena_array(arena, n + 1, sizeof *values);
	char shown[JSON_SHOW];

	if (n > LIMIT_LIST)
		return err_set(err, -EINVAL,
			"field '%.64s': %zu members, at most %d are allowed",
			name, n, LIMIT_LIST);
	if (!values)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const json_t *v = list ? json_array_get(value, i) : value;

		values[i] = scalar_text(v, arena);
		if (!values[i])
			return err_set(err, -EINVAL,
				"field '%.64s': expected a text, number, "
				"boolean or a list of these, got %s",
				name, json_show(v, shown));
	}
	*out = (struct msg_param){ name, values, n };
	return 0;
}

int
params_read(const json_t *object, const char *const *skip, size_t n_skip,
	struct arena *arena, struct msg_start *out, struct err *err)
{
	/* jansson's iteration wants it unconst and does not change it. */
	json_t *o = (json_t *)(uintptr_t)object;
	struct msg_param *params = arena_array(
		arena, json_object_size(object) + 1, sizeof *params);
	const char *name;
	json_t *value;
	size_t n = 0;
	int r;

	if (!params)
		return -ENOMEM;
	json_object_foreach(o, name, value)
	{
		if (json_is_null(value) || is_listed(name, skip, n_skip))
			continue;
		if (n == LIMIT_PARAMS)
			return err_set(err, -EINVAL,
				"more than %d fields for the plugin",
				LIMIT_PARAMS);
		r = read_values(name, value, arena, &params[n++], err);
		if (r < 0)
			return r;
	}
	out->params = params;
	out->n_params = n;
	return 0;
}

int
params_read_env(const json_t *body, struct arena *arena, struct msg_start *out,
	struct err *err)
{
	json_t *object, *value;
	struct msg_env *env;
	const char *name;
	size_t n = 0;
	int r = json_get_object(body, "env", &object, err);

	if (r == JSON_ABSENT)
		return 0;
	if (r < 0)
		return r;
	if (json_object_size(object) > LIMIT_LIST)
		return err_set(err, -EINVAL, "field 'env': more than %d names",
			LIMIT_LIST);
	env = arena_array(arena, json_object_size(object) + 1, sizeof *env);
	if (!env)
		return -ENOMEM;
	json_object_foreach(object, name, value)
	{
		if (!*name || strchr(name, '='))
			return err_set(err, -EINVAL,
				"field 'env': '%.64s' is no name of a variable",
				name);
		env[n].name = name;
		env[n].value = json_plain_text(value);
		if (!env[n++].value)
			return err_set(err, -EINVAL,
				"field 'env.%.64s': expected a text without NUL",
				name);
	}
	out->env = env;
	out->n_env = n;
	return 0;
}

/* ----------------------------------------------------------------- checking */

static bool
fits_type(const char *type, const char *text)
{
	uint64_t u;
	int64_t i;
	bool b;

	if (strcmp(type, "bool") == 0)
		return parse_bool(text, &b) == 0;
	if (strcmp(type, "int") == 0)
		return parse_i64(text, INT64_MIN, INT64_MAX, &i) == 0;
	if (strcmp(type, "size") == 0)
		return parse_size(text, &u) == 0;
	if (strcmp(type, "msec") == 0)
		return parse_duration_ms(text, &i) == 0;
	return true; /* text, path, and types of a newer agent */
}

static const struct msg_field *
find_field(const struct msg_inventory *inventory, const char *name)
{
	for (size_t i = 0; i < inventory->n_params; i++)
		if (strcmp(inventory->params[i].name, name) == 0)
			return &inventory->params[i];
	return NULL;
}

static int
check_param(
	const struct msg_param *p, const struct msg_field *f, struct err *err)
{
	if (!f)
		return err_set(err, -EINVAL,
			"unknown field '%.64s': the plugin has no such "
			"parameter (GET /agents/{id}, and "
			"\"nodelink plugins\", list them)",
			p->name);
	if (!f->list && p->n_values != 1)
		return err_set(err, -EINVAL,
			"field '%s': expected one value, got %zu", f->name,
			p->n_values);
	for (size_t i = 0; i < p->n_values; i++)
		if (!fits_type(f->type, p->values[i]))
			return err_set(err, -EINVAL,
				"field '%s': expected %s, got \"%.64s\"",
				f->name, f->type,
				f->secret ? "***" : p->values[i]);
	return 0;
}

int
params_check(const struct msg_start *start,
	const struct msg_inventory *inventory, struct err *err)
{
	int r;

	for (size_t i = 0; i < start->n_params; i++) {
		const struct msg_param *p = &start->params[i];

		r = check_param(p, find_field(inventory, p->name), err);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < inventory->n_params; i++) {
		const struct msg_field *f = &inventory->params[i];
		size_t k = 0;

		if (!f->required || *f->fallback)
			continue;
		while (k < start->n_params &&
			strcmp(start->params[k].name, f->name) != 0)
			k++;
		if (k == start->n_params)
			return err_set(err, -EINVAL, "field '%s' is required",
				f->name);
	}
	return 0;
}
