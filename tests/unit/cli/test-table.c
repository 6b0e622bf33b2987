/* test-table.c - columns of text for people */
#include "cli/table.h"

#include <locale.h>
#include <string.h>

#include "tests/unit/unit.h"

static const struct table_column columns[] = {
	{ .title = "NAME" },
	{ .title = "N", .right = true },
	{ .title = "COMMAND", .gives = true },
};

static struct table *
filled(void)
{
	struct table *t = table_new(columns, ARRAY_SIZE(columns));
	static const struct table_cell rows[][3] = {
		{ { .text = "a" }, { .text = "5" }, { .text = "make all" } },
		{ { .text = "grüße", .style = "<g>" }, { .text = "120" },
			{ .text = "x\033[m\ny" } },
		{ { .text = "z" }, { .text = "1" }, { .text = NULL } },
	};

	ck_assert_ptr_nonnull(t);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		ck_assert_int_eq(table_row(t, rows[i]), 0);
	ck_assert_uint_eq(table_rows(t), ARRAY_SIZE(rows));
	return t;
}

static void
shows(struct table *take_t, struct table_form form, const char *expected)
{
	AUTO(table_free) struct table *t = take_t;
	AUTO_BUF struct buf out = { 0 };

	ck_assert_int_eq(table_text(t, &form, &out), 0);
	ck_assert_str_eq(buf_text(&out), expected);
}

TEST(aligns_columns_and_leaves_no_trailing_space)
{
	shows(filled(), (struct table_form){ 0 },
		"NAME     N  COMMAND\n"
		"a        5  make all\n"
		"grüße  120  x\\x1b[m\\ny\n"
		"z        1\n");
}
END

TEST(cuts_the_column_that_gives)
{
	AUTO(table_free) struct table *t = filled();
	static const struct table_cell row[] = { { .text = "b" },
		{ .text = "2" }, { .text = "a rather long command line" } };

	ck_assert_int_eq(table_row(t, row), 0);
	shows(TAKE(t), (struct table_form){ .width = 24 },
		"NAME     N  COMMAND\n"
		"a        5  make all\n"
		"grüße  120  x\\x1b[m\\ny\n"
		"z        1\n"
		"b        2  a rather lo…\n");
}
END

TEST(leaves_eight_columns_of_what_gives)
{
	AUTO(table_free) struct table *t = filled();
	static const struct table_cell row[] = { { .text = "b" },
		{ .text = "2" }, { .text = "a rather long command line" } };

	ck_assert_int_eq(table_row(t, row), 0);
	shows(TAKE(t), (struct table_form){ .width = 5 },
		"NAME     N  COMMAND\n"
		"a        5  make all\n"
		"grüße  120  x\\x1b[m…\n"
		"z        1\n"
		"b        2  a rathe…\n");
}
END

TEST(styles_texts_and_no_padding)
{
	shows(filled(),
		(struct table_form){
			.style_titles = "<t>", .style_end = "<e>" },
		"<t>NAME<e>     <t>N<e>  <t>COMMAND<e>\n"
		"a        5  make all\n"
		"<g>grüße<e>  120  x\\x1b[m\\ny\n"
		"z        1\n");
}
END

TEST(shows_what_would_turn_the_direction_of_writing)
{
	static const struct table_column plain[] = { { 0 } };
	static const struct table_cell row[] = { { .text = "a\xe2\x80\xae"
							   "b\xe2\x81\xa6"
							   "c\xe2\x80\xa8"
							   "d…" } };
	struct table *t = table_new(plain, ARRAY_SIZE(plain));

	ck_assert_int_eq(table_row(t, row), 0);
	shows(t, (struct table_form){ 0 },
		"a\\xe2\\x80\\xaeb\\xe2\\x81\\xa6c\\xe2\\x80\\xa8d…\n");
}
END

TEST(can_do_without_titles)
{
	static const struct table_column plain[] = { { 0 }, { 0 } };
	static const struct table_cell row[] = { { .text = "agent" },
		{ .text = "web1" } };
	struct table *t = table_new(plain, ARRAY_SIZE(plain));

	ck_assert_uint_eq(table_rows(t), 0);
	ck_assert_int_eq(table_row(t, row), 0);
	ck_assert_uint_eq(table_rows(t), 1);
	shows(t, (struct table_form){ 0 }, "agent  web1\n");
}
END

TEST(pays_for_a_wide_cell_in_its_own_row_only)
{
	AUTO(table_free)
	struct table *t = table_new(columns, ARRAY_SIZE(columns));
	AUTO_BUF struct buf out = { 0 };
	char wide[1000];
	const struct table_cell rows[][3] = {
		{ { .text = wide }, { .text = "1" }, { .text = "x" } },
		{ { .text = "b" }, { .text = "2" }, { .text = "y" } },
	};

	memset(wide, 'a', sizeof wide - 1);
	wide[sizeof wide - 1] = 0;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		ck_assert_int_eq(table_row(t, rows[i]), 0);
	ck_assert_int_eq(table_text(t, &(struct table_form){ 0 }, &out), 0);
	ck_assert_ptr_nonnull(strstr(buf_text(&out), wide)); /* all of it */
	ck_assert_ptr_nonnull(strstr(buf_text(&out), "a  1  x\nb "));
	ck_assert_uint_lt(out.len, sizeof wide + 400);
}
END

	int
	main(void)
{
	const TTest *const tests[] = {
		aligns_columns_and_leaves_no_trailing_space,
		cuts_the_column_that_gives, leaves_eight_columns_of_what_gives,
		styles_texts_and_no_padding, can_do_without_titles,
		shows_what_would_turn_the_direction_of_writing,
		pays_for_a_wide_cell_in_its_own_row_only, NULL
	};

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return unit_skip("there is no locale C.UTF-8");
	return unit_run("table", tests);
}
