/* test-utf8.c - is it UTF-8, and where does a character end */
#include "base/utf8.h"

#include <string.h>

#include "base/auto.h"
#include "tests/unit/unit.h"

static bool
valid(const char *s)
{
	return utf8_valid((const uint8_t *)s, strlen(s));
}

TEST(takes_every_length_and_refuses_the_forbidden_forms)
{
	static const char *const bad[] = { "\x80", "\xc0\x80", "\xc1\xbf",
		"\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
		"\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "a\xc3",
		"\xe2\x82" };

	ck_assert(valid("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"));
	ck_assert(valid(""));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ck_assert_msg(!valid(bad[i]), "taken: number %zu", i);
}
END

TEST(finds_the_character_that_the_end_cuts)
{
	static const struct {
		const char *bytes;
		size_t cut;
	} cases[] = { { "", 0 }, { "abc", 0 }, { "ab\xc3", 1 },
		{ "a\xe2\x82", 2 }, { "\xf0\x9f\x98", 3 }, { "a\xc3\xa9", 0 },
		{ "\xf0\x9f\x98\x80", 0 }, { "a\x80\x80", 0 },
		{ "\xe2\xff", 0 } };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		ck_assert_uint_eq(utf8_cut((const uint8_t *)cases[i].bytes,
					  strlen(cases[i].bytes)),
			cases[i].cut);
}
END

TEST(makes_a_line_of_anything)
{
	char text[] = "a\xc3\xa9\n\xff\xe2\x82\x7f"
		      "b\xc2\x9b\xc2\xa0";

	utf8_make_line(text);
	ck_assert_str_eq(text, "a\xc3\xa9?????b??\xc2\xa0");
}
END

TEST(makes_text_of_any_bytes_and_cuts_between_characters)
{
	char out[6];

	utf8_clean("\xff"
		   "a\xc3",
		3, out, sizeof out);
	ck_assert_str_eq(out, "?a?");
	utf8_clean("abc\xe2\x82\xac", 6, out, sizeof out);
	ck_assert_str_eq(out, "abc");
	utf8_clean("ab\xe2\x82\xac", 5, out, sizeof out);
	ck_assert_str_eq(out, "ab\xe2\x82\xac");
	utf8_clean("", 0, out, 1);
	ck_assert_str_eq(out, "");
}
END

	UNIT_MAIN("utf8", takes_every_length_and_refuses_the_forbidden_forms,
		finds_the_character_that_the_end_cuts, makes_a_line_of_anything,
		makes_text_of_any_bytes_and_cuts_between_characters)
