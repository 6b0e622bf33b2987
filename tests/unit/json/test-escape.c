/* test-escape.c - bytes as the inside of a JSON string */
#include "json/escape.h"

#include <string.h>

#include "tests/unit/unit.h"

static void
expect(const char *in, size_t len, const char *want)
{
	AUTO_BUF struct buf whole = { 0 };

	ck_assert_int_eq(escape_json_buf(&whole, in, len), 0);
	ck_assert_str_eq(buf_text(&whole), want);

	/* Through every small buffer it comes out the same. */
	for (size_t room = ESCAPE_MAX; room < 40; room++) {
		AUTO_BUF struct buf pieces = { 0 };
		const uint8_t *p = (const uint8_t *)in;
		size_t left = len, used;
		uint8_t out[40];

		while (left) {
			size_t n = escape_json(p, left, &used, out, room);

			ck_assert_uint_le(n, room);
			ck_assert_uint_gt(used, 0);
			ck_assert_int_eq(buf_add(&pieces, out, n), 0);
			p += used;
			left -= used;
		}
		ck_assert_str_eq(buf_text(&pieces), want);
	}
}

TEST(copies_plain_text)
{
	expect("", 0, "");
	expect("hello, world / and more than sixteen bytes", 42,
		"hello, world / and more than sixteen bytes");
}
END

TEST(escapes_what_json_wants_escaped)
{
	expect("a\"b\\c\n\t\r\b\f\v\x01\x1f", 13,
		"a\\\"b\\\\c\\n\\t\\r\\b\\f\\u000b\\u0001\\u001f");
	expect("\0", 1, "\\u0000");
	expect("0123456789abcdef\"0123456789abcde\n", 33,
		"0123456789abcdef\\\"0123456789abcde\\n");
}
END

TEST(escapes_del_which_terminals_act_upon)
{
	expect("a\x7f", 2, "a\\u007f");
}
END

TEST(keeps_valid_characters_of_every_length)
{
	expect("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9,
		"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
}
END

TEST(replaces_each_broken_character_once_as_browsers_do)
{
	expect("\xff", 1, "\xef\xbf\xbd");
	expect("a\xe2\x82"
	       "b",
		4,
		"a\xef\xbf\xbd"
		"b");
	expect("\xf0\x9f\x98", 3, "\xef\xbf\xbd");
	expect("\xc0\x80", 2, "\xef\xbf\xbd\xef\xbf\xbd");
	expect("\xed\xa0\x80", 3, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}
END

TEST(writes_nothing_without_room)
{
	uint8_t out[ESCAPE_MAX];
	size_t used = 7;

	ck_assert_uint_eq(
		escape_json((const uint8_t *)"abc", 3, &used, out, 5), 0);
	ck_assert_uint_eq(used, 0);
}
END

TEST(leaves_a_buffer_as_it_was_when_the_limit_is_reached)
{
	AUTO_BUF struct buf b = { .max = 16 };

	ck_assert_int_eq(buf_add_text(&b, "ab"), 0);
	ck_assert_int_lt(escape_json_buf(&b, "\1\1\1\1\1\1\1\1", 8), 0);
	ck_assert_uint_eq(b.len, 2);
}
END

	UNIT_MAIN("escape", copies_plain_text, escapes_what_json_wants_escaped,
		escapes_del_which_terminals_act_upon,
		keeps_valid_characters_of_every_length,
		replaces_each_broken_character_once_as_browsers_do,
		writes_nothing_without_room,
		leaves_a_buffer_as_it_was_when_the_limit_is_reached)
