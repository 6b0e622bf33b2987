/* test-text.c - lines for a terminal: how wide, and where to cut */
#include "cli/text.h"

#include <locale.h>

#include "tests/unit/unit.h"

TEST(counts_columns)
{
	ck_assert_uint_eq(text_width("abc"), 3);
	ck_assert_uint_eq(text_width("grüße"), 5);
	ck_assert_uint_eq(text_width("日本"), 4);
	ck_assert_uint_eq(text_width("e\xcc\x81"), 1); /* e and an accent */
}
END

	static const char *
	cut(const char *text, size_t columns, size_t used)
{
	static struct buf out;
	size_t got = 99;

	buf_clear(&out);
	ck_assert_int_eq(text_add_cut(&out, text, columns, &got), 0);
	ck_assert_uint_eq(got, used);
	ck_assert_uint_eq(text_width(buf_text(&out)), used);
	return buf_text(&out);
}

TEST(cuts_between_characters)
{
	ck_assert_str_eq(cut("abcdef", 6, 6), "abcdef");
	ck_assert_str_eq(cut("abcdef", 5, 5), "abcd…");
	ck_assert_str_eq(cut("grüße", 4, 4), "grü…");
	ck_assert_str_eq(cut("日本語", 5, 5), "日本…");
	ck_assert_str_eq(cut("日本語", 4, 3), "日…"); /* half a character */
	ck_assert_str_eq(cut("ab", 1, 1), "…");
	ck_assert_str_eq(cut("ab", 0, 0), "");
	ck_assert_str_eq(cut("", 0, 0), "");
}
END

TEST(breaks_at_spaces)
{
	ck_assert_uint_eq(text_break("one two three", 7), 7);
	ck_assert_uint_eq(text_break("one two three", 8), 7);
	ck_assert_uint_eq(text_break("one two three", 6), 3);
	ck_assert_uint_eq(text_break("abcdefgh", 5), 5);
	ck_assert_uint_eq(text_break("日本", 3), 3);
	ck_assert_uint_eq(text_break("日本", 1), 3); /* or it never ends */
}
END

TEST(writes_dots_where_there_is_no_utf8)
{
	ck_assert(text_utf8());
	ck_assert_ptr_nonnull(setlocale(LC_CTYPE, "C"));
	ck_assert(!text_utf8());
	ck_assert_str_eq(cut("abcdef", 5, 5), "ab...");
	ck_assert_str_eq(cut("abcdef", 2, 0), "");
	ck_assert_uint_eq(text_width("grüße"), 5); /* better than nothing */
}
END

TEST(tells_sizes)
{
	char out[TEXT_BYTES];

	ck_assert_str_eq(text_bytes(0, out), "0 B");
	ck_assert_str_eq(text_bytes(1023, out), "1023 B");
	ck_assert_str_eq(text_bytes(1024, out), "1 KiB");
	ck_assert_str_eq(text_bytes(1536, out), "1.5 KiB");
	ck_assert_str_eq(text_bytes(20 * 1024 + 512, out), "20 KiB");
	ck_assert_str_eq(text_bytes(1024 * 1024 - 1, out), "1023 KiB");
	ck_assert_str_eq(text_bytes(5ULL << 30, out), "5 GiB");
	ck_assert_str_eq(text_bytes(UINT64_MAX, out), "15 EiB");
}
END

	int
	main(void)
{
	const TTest *const tests[] = { counts_columns, cuts_between_characters,
		breaks_at_spaces, writes_dots_where_there_is_no_utf8,
		tells_sizes, NULL };

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return unit_skip("there is no locale C.UTF-8");
	return unit_run("text", tests);
}
