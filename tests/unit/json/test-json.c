/* test-json.c - JSON that comes from outside */
#include "json/json.h"

#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "tests/unit/unit.h"

static json_t *
parse(const char *text)
{
	struct err err = { "" };
	json_t *value = NULL;

	ck_assert_msg(json_parse(text, strlen(text), &value, &err) == 0, "%s",
		err.text);
	return value;
}

static void
refuse(const char *text, size_t len, const char *part)
{
	struct err err = { "" };
	json_t *value = NULL;

	ck_assert_int_eq(json_parse(text, len, &value, &err), -EINVAL);
	ck_assert_ptr_null(value);
	ck_assert_msg(strstr(err.text, part) != NULL, "%s", err.text);
}

TEST(says_where_the_text_is_wrong)
{
	refuse("{\"a\": 1,\n  oops}", 16, "line 2, column ");
	refuse("", 0, "line 1");
	refuse("{} x", 4, "end of file");
}
END

TEST(refuses_what_other_parsers_let_pass)
{
	refuse("{\"a\":1,\"a\":2}", 13, "duplicate");
	refuse("{\"a\":\"\xff\"}", 9, "unable to decode byte 0xff");
	refuse("{\"a\":\"b\0c\"}", 11, "");
	refuse("{\"a\":'b'}", 9, "");
	refuse("3", 1, "");
}
END

TEST(refuses_nesting_beyond_the_limit)
{
	char text[2 * LIMIT_JSON_DEPTH + 3];
	size_t n = LIMIT_JSON_DEPTH;

	memset(text, '[', n);
	memset(text + n, ']', n);
	text[2 * n] = 0;
	json_decref(parse(text));
	memset(text, '[', n + 1);
	memset(text + n + 1, ']', n + 1);
	refuse(text, 2 * n + 2, "nested deeper than");
	json_decref(parse("[\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[\"]"));
}
END

TEST(names_a_field_that_nobody_knows)
{
	static const char *const names[] = { "cmd", "timeout" };
	AUTO(json_decref)
	json_t *o = parse("{\"cmd\":1,\"timeuot\":2}");
	struct err err;

	ck_assert_int_eq(json_known(o, names, 2, &err), -EINVAL);
	ck_assert_str_eq(
		err.text, "unknown field 'timeuot'; there are cmd, timeout");
}
END

TEST(tells_field_expectation_and_value_of_a_wrong_type)
{
	AUTO(json_decref)
	json_t *o = parse("{\"timeout\":\"x\",\"cmd\":[1],\"long\":\"12345\","
			  "\"neg\":-1,\"big\":1e300,\"nul\":\"1s\\u0000x\"}");
	struct err err;
	const char *text = "untouched";
	int64_t ms = 7;
	json_t *list;
	uint32_t milli;
	uint64_t n;

	ck_assert_int_eq(
		json_get_duration(o, "timeout", 2592000, &ms, &err), -EINVAL);
	ck_assert_str_eq(err.text,
		"field 'timeout': expected seconds 0..2592000 or a text like "
		"\"500ms\" or \"2m\", got \"x\"");
	ck_assert_int_eq(json_get_text(o, "cmd", 10, &text, &err), -EINVAL);
	ck_assert_str_eq(
		err.text, "field 'cmd': expected a text without NUL, got [1]");
	ck_assert_int_eq(json_get_text(o, "long", 4, &text, &err), -EINVAL);
	ck_assert_int_eq(json_get_duration(o, "neg", 10, &ms, &err), -EINVAL);
	ck_assert_int_eq(json_get_duration(o, "big", 10, &ms, &err), -EINVAL);
	ck_assert_int_eq(json_get_text(o, "nul", 10, &text, &err), -EINVAL);
	ck_assert_int_eq(json_get_duration(o, "nul", 10, &ms, &err), -EINVAL);
	ck_assert_int_eq(json_get_array(o, "neg", &list, &err), -EINVAL);
	ck_assert_int_eq(json_get_count(o, "big", 0, 10, &n, &err), -EINVAL);
	ck_assert_int_eq(json_get_count(o, "neg", 0, 10, &n, &err), -EINVAL);
	ck_assert_str_eq(
		err.text, "field 'neg': expected a whole number 0..10, got -1");
	ck_assert_int_eq(json_get_milli(o, "neg", 10, &milli, &err), -EINVAL);
	ck_assert_int_eq(json_get_milli(o, "big", 10, &milli, &err), -EINVAL);
	ck_assert_str_eq(text, "untouched");
	ck_assert_int_eq(ms, 7);
}
END

TEST(takes_missing_and_null_as_absent)
{
	AUTO(json_decref) json_t *o = parse("{\"a\":null}");
	struct err err;
	const char *text = NULL;

	ck_assert_int_eq(json_get_text(o, "a", 9, &text, &err), JSON_ABSENT);
	ck_assert_int_eq(json_get_text(o, "b", 9, &text, &err), JSON_ABSENT);
}
END

TEST(reads_every_type)
{
	AUTO(json_decref)
	json_t *o = parse("{\"s\":1.5,\"d\":\"2m\",\"z\":\"64k\",\"n\":12,"
			  "\"sig\":\"SIGINT\",\"b\":true,\"o\":{},"
			  "\"l\":[1]}");
	struct err err;
	int64_t ms;
	uint64_t size;
	uint32_t milli;
	int signo;
	bool yes;
	json_t *inner;

	ck_assert_int_eq(json_get_duration(o, "s", 10, &ms, &err), JSON_GOT);
	ck_assert_int_eq(ms, 1500);
	ck_assert_int_eq(json_get_duration(o, "d", 600, &ms, &err), JSON_GOT);
	ck_assert_int_eq(ms, 120000);
	ck_assert_int_eq(json_get_size(o, "z", &size, &err), JSON_GOT);
	ck_assert_uint_eq(size, 65536);
	ck_assert_int_eq(json_get_size(o, "n", &size, &err), JSON_GOT);
	ck_assert_uint_eq(size, 12);
	ck_assert_int_eq(json_get_signal(o, "sig", &signo, &err), JSON_GOT);
	ck_assert_int_eq(signo, 2);
	ck_assert_int_eq(json_get_bool(o, "b", &yes, &err), JSON_GOT);
	ck_assert(yes);
	ck_assert_int_eq(json_get_object(o, "o", &inner, &err), JSON_GOT);
	ck_assert_int_eq(json_get_array(o, "l", &inner, &err), JSON_GOT);
	ck_assert_int_eq(json_get_count(o, "n", 12, 12, &size, &err), JSON_GOT);
	ck_assert_uint_eq(size, 12);
	ck_assert_int_eq(json_get_milli(o, "s", 2, &milli, &err), JSON_GOT);
	ck_assert_uint_eq(milli, 1500);
}
END

TEST(shortens_long_values_between_characters)
{
	AUTO(json_decref)
	json_t *o = parse("[\"\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
			  "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
			  "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
			  "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
			  "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
			  "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\"]");
	char shown[JSON_SHOW];

	json_show(o, shown);
	ck_assert_uint_lt(strlen(shown), JSON_SHOW);
	ck_assert_str_eq(shown + strlen(shown) - 5, "\xc3\xa4...");
}
END

	UNIT_MAIN("json", says_where_the_text_is_wrong,
		refuses_what_other_parsers_let_pass,
		refuses_nesting_beyond_the_limit,
		names_a_field_that_nobody_knows,
		tells_field_expectation_and_value_of_a_wrong_type,
		takes_missing_and_null_as_absent, reads_every_type,
		shortens_long_values_between_characters)
