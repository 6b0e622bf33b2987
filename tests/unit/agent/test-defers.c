/* test-defers.c - the file in which a task leaves commands, whatever is in it */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "executor/defers.h"
#include "tests/unit/unit.h"

static int
file_of(const void *data, size_t len)
{
	char path[] = "/tmp/nodelink-defers-XXXXXX";
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(fd_write_all(fd, data, len), 0);
	return fd;
}

static struct defers *
read_text(const char *text)
{
	AUTO_CLOSE int fd = file_of(text, strlen(text));
	struct defers *d;

	ck_assert_int_eq(defers_read(fd, strlen(text), &d), 0);
	return d;
}

static void
expect_limit(size_t lines, size_t n, bool refused)
{
	AUTO_BUF struct buf text = { 0 };
	AUTO(defers_free) struct defers *d = NULL;

	for (size_t i = 0; i < lines; i++)
		ck_assert_int_eq(buf_printf(&text, "echo %zu\n", i), 0);
	d = read_text(buf_text(&text));
	ck_assert_uint_eq(d->n, n);
	ck_assert_int_eq(d->list[LIMIT_DEFERS - 1].refused, 0);
	ck_assert_str_eq(d->list[LIMIT_DEFERS - 1].cmd, "echo 255");
	if (refused)
		ck_assert_int_eq(d->list[LIMIT_DEFERS].refused, EFBIG);
}

TEST(finds_nothing_in_an_empty_file_nor_in_empty_lines)
{
	ck_assert_ptr_null(read_text(""));
	ck_assert_ptr_null(read_text("\n\n\n"));
}
END

TEST(gives_the_lines_as_they_are)
{
	AUTO(defers_free)
	struct defers *d =
		read_text("rm -rf '/a b'\n\n  echo \"$x\" \\\n\xff\n");

	ck_assert_uint_eq(d->n, 3);
	ck_assert_str_eq(d->list[0].cmd, "rm -rf '/a b'");
	ck_assert_str_eq(d->list[1].cmd, "  echo \"$x\" \\");
	ck_assert_str_eq(d->list[2].cmd, "\xff");
	for (size_t i = 0; i < d->n; i++)
		ck_assert_int_eq(d->list[i].refused, 0);
}
END

TEST(does_not_run_a_line_without_end)
{
	AUTO(defers_free) struct defers *d = read_text("true\nrm -rf /tmp/a");

	ck_assert_uint_eq(d->n, 2);
	ck_assert_int_eq(d->list[0].refused, 0);
	ck_assert_int_eq(d->list[1].refused, EBADMSG);
}
END

TEST(refuses_a_line_with_a_nul)
{
	static const char text[] = "echo a\0b\ntrue\n";
	AUTO_CLOSE int fd = file_of(text, sizeof text - 1);
	AUTO(defers_free) struct defers *d = NULL;

	ck_assert_int_eq(defers_read(fd, sizeof text - 1, &d), 0);
	ck_assert_uint_eq(d->n, 2);
	ck_assert_int_eq(d->list[0].refused, EINVAL);
	ck_assert_str_eq(d->list[0].cmd, "echo a");
	ck_assert_int_eq(d->list[1].refused, 0);
}
END

TEST(refuses_a_line_over_the_limit_and_takes_one_at_it)
{
	AUTO_BUF struct buf text = { 0 };
	AUTO(defers_free) struct defers *d = NULL;

	ck_assert_int_eq(buf_printf(&text, "%0*d\n%0*d\nlast\n", LIMIT_HOOK_CMD,
				 0, LIMIT_HOOK_CMD + 1, 0),
		0);
	d = read_text(buf_text(&text));
	ck_assert_uint_eq(d->n, 3);
	ck_assert_int_eq(d->list[0].refused, 0);
	ck_assert_uint_eq(strlen(d->list[0].cmd), LIMIT_HOOK_CMD);
	ck_assert_int_eq(d->list[1].refused, E2BIG);
	ck_assert_str_eq(d->list[2].cmd, "last");
}
END

TEST(takes_as_many_as_the_limit_allows_and_tells_of_the_rest)
{
	expect_limit(LIMIT_DEFERS, LIMIT_DEFERS, false);
	expect_limit(LIMIT_DEFERS + 1, LIMIT_DEFERS + 1, true);
	expect_limit(5000, LIMIT_DEFERS + 1, true);
}
END

TEST(reads_no_more_of_a_huge_file_than_the_limits_allow)
{
	AUTO_CLOSE int fd = file_of("true\n", 5);
	AUTO(defers_free) struct defers *d = NULL;

	ck_assert_int_eq(ftruncate(fd, (off_t)1 << 40), 0);
	ck_assert_int_eq(defers_read(fd, (uint64_t)1 << 40, &d), 0);
	ck_assert_uint_eq(d->n, 3);
	ck_assert_str_eq(d->list[0].cmd, "true");
	ck_assert_int_eq(d->list[0].refused, 0);
	ck_assert_int_eq(d->list[1].refused, E2BIG);
	ck_assert_int_eq(d->list[2].refused, EFBIG);
	ck_assert_uint_lt(d->text.cap, 4 << 20);
}
END

TEST(reads_a_file_that_has_shrunk)
{
	AUTO_CLOSE int fd = file_of("true\n", 5);
	AUTO(defers_free) struct defers *d = NULL;

	ck_assert_int_eq(defers_read(fd, 100, &d), 0);
	ck_assert_uint_eq(d->n, 1);
}
END

	UNIT_MAIN("executor: defers",
		finds_nothing_in_an_empty_file_nor_in_empty_lines,
		gives_the_lines_as_they_are, does_not_run_a_line_without_end,
		refuses_a_line_with_a_nul,
		refuses_a_line_over_the_limit_and_takes_one_at_it,
		takes_as_many_as_the_limit_allows_and_tells_of_the_rest,
		reads_no_more_of_a_huge_file_than_the_limits_allow,
		reads_a_file_that_has_shrunk)
