/* test-buf.c - a growable piece of bytes, with a limit */
#include "base/buf.h"

#include <errno.h>
#include <string.h>

#include "tests/unit/unit.h"

TEST(grows_and_stays_terminated)
{
	AUTO_BUF struct buf b = { 0 };

	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(buf_printf(&b, "%d,", i), 0);
	ck_assert_uint_eq(strlen(buf_text(&b)), b.len);
	ck_assert_int_eq(strncmp(buf_text(&b), "0,1,2,", 6), 0);
}
END

TEST(refuses_what_is_over_its_limit_and_keeps_the_rest)
{
	AUTO_BUF struct buf b = { .max = 4 };

	ck_assert_int_eq(buf_add(&b, "abcd", 4), 0);
	ck_assert_int_eq(buf_add(&b, "e", 1), -EMSGSIZE);
	ck_assert_str_eq(buf_text(&b), "abcd");
}
END

TEST(refuses_a_length_that_overflows)
{
	AUTO_BUF struct buf b = { 0 };

	ck_assert_int_eq(buf_add(&b, "x", 1), 0);
	ck_assert_int_eq(buf_reserve(&b, SIZE_MAX), -EMSGSIZE);
}
END

TEST(drops_from_the_front)
{
	AUTO_BUF struct buf b = { 0 };

	ck_assert_int_eq(buf_add_text(&b, "hello"), 0);
	buf_drop(&b, 2);
	ck_assert_str_eq(buf_text(&b), "llo");
	buf_clear(&b);
	ck_assert_str_eq(buf_text(&b), "");
}
END

	UNIT_MAIN("buf", grows_and_stays_terminated,
		refuses_what_is_over_its_limit_and_keeps_the_rest,
		refuses_a_length_that_overflows, drops_from_the_front)
