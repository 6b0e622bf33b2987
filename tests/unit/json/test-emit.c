/* test-emit.c - write JSON straight into a buffer */
#include "json/emit.h"

#include <errno.h>

#include "tests/unit/unit.h"

TEST(writes_every_kind_of_value)
{
	static const struct label labels[] = { { "a", "1" }, { "b\"", "" } };
	AUTO_BUF struct buf b = { 0 };
	struct emit e;

	emit_init(&e, &b);
	emit_object(&e, NULL);
	emit_text(&e, "text", "a\"b\xff");
	emit_text_or_null(&e, "empty", "");
	emit_int(&e, "int", -5);
	emit_uint(&e, "uint", UINT64_MAX);
	emit_seconds(&e, "whole", 2000);
	emit_seconds(&e, "part", 1050);
	emit_bool(&e, "yes", true);
	emit_time(&e, "never", 0);
	emit_time(&e, "at", 1000);
	emit_array(&e, "list");
	emit_int(&e, NULL, 1);
	emit_object(&e, NULL);
	emit_foreign(&e, "k\"", "v");
	emit_foreign_array(&e, "l");
	emit_bool(&e, NULL, false);
	emit_array_end(&e);
	emit_object_end(&e);
	emit_array_end(&e);
	emit_labels(&e, labels, 2);
	emit_object_end(&e);
	ck_assert_int_eq(emit_done(&e), 0);
	ck_assert_str_eq(buf_text(&b),
		"{\"text\":\"a\\\"b\xef\xbf\xbd\",\"empty\":null,\"int\":-5,"
		"\"uint\":18446744073709551615,\"whole\":2,\"part\":1.050,"
		"\"yes\":true,\"never\":null,"
		"\"at\":\"1970-01-01T00:00:01.000Z\","
		"\"list\":[1,{\"k\\\"\":\"v\",\"l\":[false]}],"
		"\"labels\":{\"a\":\"1\",\"b\\\"\":\"\"}}");
}
END

TEST(remembers_the_first_error)
{
	AUTO_BUF struct buf b = { .max = 8 };
	struct emit e;

	emit_init(&e, &b);
	emit_text(&e, NULL, "more than eight bytes");
	emit_int(&e, NULL, 1);
	ck_assert_int_eq(emit_done(&e), -EMSGSIZE);
}
END

	UNIT_MAIN("emit", writes_every_kind_of_value, remembers_the_first_error)
