/* record.c - members of what the server says, as plain values */
#include "cli/record.h"

#include "cli/http.h"
#include "cli/when.h"

bool
record_bool(const json_t *object, const char *name)
{
	return json_is_true(json_object_get(object, name));
}

int64_t
record_number(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

int64_t
record_seconds(const json_t *object, const char *name)
{
	double s = json_number_value(json_object_get(object, name));

	/* Far beyond what the API allows, and well within int64_t. */
	return s > 0 && s < 1e12 ? (int64_t)(s * 1000 + 0.5) : 0;
}

int64_t
record_time(const json_t *object, const char *name)
{
	int64_t ms = 0;

	(void)when_parse(http_text(object, name), &ms); /* 0 then */
	return ms;
}

json_t *
record_object(const json_t *object, const char *name)
{
	json_t *value = json_object_get(object, name);

	return json_is_object(value) ? value : NULL;
}

json_t *
record_list(const json_t *object, const char *name)
{
	json_t *value = json_object_get(object, name);

	return json_is_array(value) ? value : NULL;
}

bool
record_has(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	return value && !json_is_null(value);
}
