/* test-frame.c - messages on a byte stream */
#include "wire/frame.h"

#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "tests/unit/unit.h"

static void
add_frame(struct buf *out, const char *payload)
{
	size_t start;

	ck_assert_int_eq(frame_begin(out, &start), 0);
	ck_assert_int_eq(buf_add_text(out, payload), 0);
	frame_end(out, start);
}

TEST(puts_the_length_first_in_little_endian)
{
	AUTO_BUF struct buf b = { 0 };

	add_frame(&b, "hello");
	ck_assert_uint_eq(b.len, 9);
	ck_assert_mem_eq(b.data, "\5\0\0\0hello", 9);
}
END

TEST(finds_frames_one_after_another)
{
	AUTO_BUF struct buf b = { 0 };
	const uint8_t *p;
	size_t n, used;

	add_frame(&b, "one");
	add_frame(&b, "");
	ck_assert_int_eq(frame_next(b.data, b.len, &p, &n, &used), 1);
	ck_assert_uint_eq(n, 3);
	ck_assert_mem_eq(p, "one", 3);
	ck_assert_int_eq(
		frame_next(b.data + used, b.len - used, &p, &n, &used), 1);
	ck_assert_uint_eq(n, 0);
	ck_assert_uint_eq(used, FRAME_HEADER);
}
END

TEST(asks_for_more_until_the_last_byte)
{
	AUTO_BUF struct buf b = { 0 };
	const uint8_t *p;
	size_t n, used;

	add_frame(&b, "hello");
	for (size_t len = 0; len < b.len; len++) {
		used = 0;
		ck_assert_int_eq(frame_next(b.data, len, &p, &n, &used), 0);
		ck_assert_uint_eq(used, len < FRAME_HEADER ? 0 : b.len);
	}
}
END

TEST(refuses_a_length_over_the_limit)
{
	uint8_t header[FRAME_HEADER];
	const uint8_t *p;
	size_t n, used;

	frame_header(header, LIMIT_MESSAGE);
	ck_assert_int_eq(frame_next(header, 4, &p, &n, &used), 0);
	header[0]++;
	ck_assert_int_eq(frame_next(header, 4, &p, &n, &used), -EMSGSIZE);
	memset(header, 0xff, sizeof header);
	ck_assert_int_eq(frame_next(header, 4, &p, &n, &used), -EMSGSIZE);
}
END

	UNIT_MAIN("frame", puts_the_length_first_in_little_endian,
		finds_frames_one_after_another,
		asks_for_more_until_the_last_byte,
		refuses_a_length_over_the_limit)
