/* fuzz-json.c - JSON of clients, and bytes of tasks that become JSON */
#include <string.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "json/escape.h"
#include "json/json.h"
#include "tests/fuzz/fuzz.h"

static unsigned
depth(const json_t *value)
{
	unsigned most = 0;
	const char *name;
	json_t *member;
	size_t i;

	if (!json_is_object(value) && !json_is_array(value))
		return 0;
	json_object_foreach((json_t *)(uintptr_t)value, name, member)
	{
		unsigned d = depth(member);

		most = d > most ? d : most;
	}
	json_array_foreach(value, i, member)
	{
		unsigned d = depth(member);

		most = d > most ? d : most;
	}
	return most + 1;
}

static void
read_all(const json_t *object)
{
	static const char name[] = "a";
	char shown[JSON_SHOW];
	struct err err = { "" };
	const char *text;
	json_t *value;
	uint64_t u;
	uint32_t milli;
	int64_t ms;
	bool yes;
	int signo;

	if (json_get_text(object, name, 8, &text, &err) == JSON_GOT)
		MUST(strlen(text) <= 8);
	(void)json_get_bool(object, name, &yes, &err);
	(void)json_get_object(object, name, &value, &err);
	(void)json_get_array(object, name, &value, &err);
	if (json_get_count(object, name, 2, 50, &u, &err) == JSON_GOT)
		MUST(u >= 2 && u <= 50);
	if (json_get_milli(object, name, 64, &milli, &err) == JSON_GOT)
		MUST(milli >= 1 && milli <= 64000);
	if (json_get_duration(object, name, 100, &ms, &err) == JSON_GOT)
		MUST(ms >= 0 && ms <= 100000);
	(void)json_get_size(object, name, &u, &err);
	(void)json_get_signal(object, name, &signo, &err);
	(void)json_known(object, (const char *const[]){ name }, 1, &err);
	MUST(utf8_valid((const uint8_t *)err.text, strlen(err.text)) ||
		strlen(err.text) > 60);
	(void)json_show(json_object_get(object, name), shown);
}

/* Whatever a task prints, the string that it becomes is JSON. */
static void
escape(const uint8_t *data, size_t len)
{
	AUTO_BUF struct buf out = { 0 };
	uint8_t small[64];
	size_t used = 0, at = 0, n;
	json_t *value;

	MUST(buf_add(&out, "[\"", 2) == 0);
	MUST(escape_json_buf(&out, data, len) == 0);
	MUST(buf_add(&out, "\"]", 2) == 0);
	value = json_loadb(
		(const char *)out.data, out.len, JSON_ALLOW_NUL, NULL);
	MUST(value);
	if (utf8_valid(data, len)) {
		const json_t *s = json_array_get(value, 0);

		MUST(json_string_length(s) == len &&
			(!len || memcmp(json_string_value(s), data, len) == 0));
	}
	json_decref(value);
	for (; at < len; at += used) { /* goes on, piece by piece */
		n = escape_json(
			data + at, len - at, &used, small, sizeof small);
		MUST(used > 0 && n <= sizeof small);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct err err = { "" };
	json_t *root = NULL;

	if (json_parse(data, len, &root, &err) == 0) {
		MUST(depth(root) <= LIMIT_JSON_DEPTH);
		if (json_is_object(root))
			read_all(root);
	} else {
		MUST(*err.text);
	}
	json_decref(root);
	escape(data, len);
	return 0;
}
