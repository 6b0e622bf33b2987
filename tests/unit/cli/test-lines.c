/* test-lines.c - output as lines: the last ones, or each with its time */
#include "cli/lines.h"

#include <string.h>
#include <unistd.h>

#include "tests/unit/unit.h"

static struct output out;

static void
begin(struct lines *l, bool stamps, int tail)
{
	out = (struct output){ 0 };
	*l = (struct lines){ .output = &out,
		.stamps = stamps,
		.holds = tail >= 0,
		.max = tail < 0 ? 0 : (size_t)tail };
}

static void
add(struct lines *l, enum lines_stream stream, const char *text)
{
	int fd = stream == LINES_OUT ? STDOUT_FILENO : STDERR_FILENO;

	ck_assert_int_eq(lines_add(l, stream, fd, "T", text, strlen(text)), 0);
}

/* Nothing is written in here: what would be is in the buffer. */
static void
expect(struct lines *l, const char *text)
{
	ck_assert_str_eq(buf_text(&out.bytes), text);
	lines_done(l);
	output_done(&out);
}

TEST(passes_on_what_it_need_not_know)
{
	struct lines l;

	begin(&l, false, -1);
	ck_assert_int_eq(lines_add(&l, LINES_OUT, 1, NULL, "a\nb\0c", 5), 0);
	ck_assert_uint_eq(out.bytes.len, 5);
	ck_assert_mem_eq(out.bytes.data, "a\nb\0c", 5);
	expect(&l, "a\nb");
}
END

TEST(each_line_begins_with_its_time)
{
	struct lines l;

	begin(&l, true, -1);
	add(&l, LINES_OUT, "one\ntw");
	add(&l, LINES_ERR, "other\n");
	add(&l, LINES_OUT, "o\n\nthree");
	add(&l, LINES_OUT, "");
	add(&l, LINES_OUT, "\n");
	expect(&l, "T one\nT twT other\no\nT \nT three\n");
}
END

TEST(holds_the_last_lines_and_no_more)
{
	struct lines l;

	begin(&l, false, 2);
	add(&l, LINES_OUT, "1\n2\n3\n4");
	ck_assert_uint_eq(out.bytes.len, 0);
	ck_assert_uint_eq(l.n_held, 2);
	ck_assert_int_eq(lines_release(&l), 0);
	add(&l, LINES_OUT, "4\n5\n");
	expect(&l, "3\n44\n5\n");
}
END

TEST(a_line_belongs_to_its_stream)
{
	struct lines l;

	begin(&l, true, 2);
	add(&l, LINES_OUT, "old\nbe");
	add(&l, LINES_ERR, "error\n");
	add(&l, LINES_OUT, "gun\n");
	ck_assert_int_eq(lines_release(&l), 0);
	expect(&l, "T error\nT begun\n");
}
END

TEST(what_goes_on_of_a_line_that_was_dropped_is_no_new_one)
{
	struct lines l;

	begin(&l, true, 1);
	add(&l, LINES_OUT, "half");
	add(&l, LINES_ERR, "error\n");
	add(&l, LINES_OUT, " a line\n");
	ck_assert_int_eq(lines_release(&l), 0);
	expect(&l, " a line\n");
	begin(&l, false, 0);
	add(&l, LINES_OUT, "1\n2");
	ck_assert_uint_eq(l.n_held, 0);
	ck_assert_int_eq(lines_release(&l), 0);
	add(&l, LINES_OUT, "3\n");
	expect(&l, "3\n");
}
END

TEST(what_is_held_can_be_thrown_away)
{
	struct lines l;

	begin(&l, false, 9);
	add(&l, LINES_HOOK, "1\n2");
	expect(&l, "");
}
END

	UNIT_MAIN("lines", passes_on_what_it_need_not_know,
		each_line_begins_with_its_time,
		holds_the_last_lines_and_no_more, a_line_belongs_to_its_stream,
		what_goes_on_of_a_line_that_was_dropped_is_no_new_one,
		what_is_held_can_be_thrown_away)
