/* test-record.c - members of what the server says */
#include "cli/record.h"

#include <string.h>

#include "tests/unit/unit.h"

static json_t *
parse(const char *text)
{
	json_t *doc = NULL;

	ck_assert_int_eq(json_parse(text, strlen(text), &doc, NULL), 0);
	return doc;
}

TEST(reads_what_is_there)
{
	AUTO(json_decref)
	json_t *doc = parse("{\"yes\":true,\"n\":-5,\"s\":1.5,\"whole\":2,"
			    "\"at\":\"1970-01-01T00:00:01.500Z\","
			    "\"o\":{\"x\":1},\"l\":[1]}");

	ck_assert(record_bool(doc, "yes"));
	ck_assert_int_eq(record_number(doc, "n"), -5);
	ck_assert_int_eq(record_seconds(doc, "s"), 1500);
	ck_assert_int_eq(record_seconds(doc, "whole"), 2000);
	ck_assert_int_eq(record_time(doc, "at"), 1500);
	ck_assert_int_eq(record_number(record_object(doc, "o"), "x"), 1);
	ck_assert_uint_eq(json_array_size(record_list(doc, "l")), 1);
	ck_assert(record_has(doc, "n"));
}
END

TEST(reads_nothing_where_there_is_nothing)
{
	AUTO(json_decref)
	json_t *doc = parse("{\"null\":null,\"text\":\"x\",\"list\":[]}");
	static const char *const names[] = { "null", "text", "list", "none" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		ck_assert(!record_bool(doc, names[i]));
		ck_assert_int_eq(record_number(doc, names[i]), 0);
		ck_assert_int_eq(record_seconds(doc, names[i]), 0);
		ck_assert_int_eq(record_time(doc, names[i]), 0);
		ck_assert_ptr_null(record_object(doc, names[i]));
	}
	ck_assert_ptr_null(record_list(doc, "text"));
	ck_assert(!record_has(doc, "null"));
	ck_assert(!record_has(doc, "none"));
	ck_assert(!record_has(NULL, "none"));
}
END

TEST(survives_numbers_beyond_all_reason)
{
	AUTO(json_decref)
	json_t *doc = parse("{\"large\":1e300,\"below\":-1e300}");

	ck_assert_int_eq(record_seconds(doc, "large"), 0);
	ck_assert_int_eq(record_seconds(doc, "below"), 0);
}
END

	UNIT_MAIN("record", reads_what_is_there,
		reads_nothing_where_there_is_nothing,
		survives_numbers_beyond_all_reason)
