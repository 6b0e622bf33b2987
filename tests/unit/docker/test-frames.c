/* test-frames.c - stdout and stderr out of one stream */
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "plugins/docker/frames.h"
#include "tests/unit/unit.h"

#define STREAM \
	"\1\0\0\0\0\0\0\3out" \
	"\2\0\0\0\0\0\0\4err\xff" \
	"\1\0\0\0\0\0\0\0" \
	"\1\0\0\0\0\0\0\1!"

static struct buf got[3];

static int
take(void *arg, unsigned stream, const char *data, size_t len)
{
	(void)arg;
	return buf_add(&got[stream], data, len);
}

static void
forget(void)
{
	for (int i = 0; i < 3; i++)
		buf_done(&got[i]);
}

TEST(takes_frames_apart_wherever_they_are_cut)
{
	for (size_t piece = 1; piece < sizeof STREAM; piece++) {
		struct frames f = { 0 };

		for (size_t at = 0; at < sizeof STREAM - 1; at += piece) {
			size_t left = sizeof STREAM - 1 - at;

			ck_assert_int_eq(frames_feed(&f, &STREAM[at],
						 left < piece ? left : piece,
						 take, NULL),
				0);
		}
		ck_assert_str_eq(buf_text(&got[1]), "out!");
		ck_assert_str_eq(buf_text(&got[2]), "err\xff");
		forget();
	}
}
END

TEST(passes_on_what_a_terminal_gives)
{
	struct frames f = { .raw = true };

	ck_assert_int_eq(frames_feed(&f, "\1\0x", 3, take, NULL), 0);
	ck_assert_uint_eq(got[1].len, 3);
	forget();
}
END

TEST(refuses_what_is_no_frame)
{
	static const char bad[][8] = { "\3\0\0\0\0\0\0\1", "\1\1\0\0\0\0\0\1",
		"\1\0\0\0\0\x10\0\1", "\1\0\0\0\xff\xff\xff\xff", "HTTP/1.1" };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct frames f = { 0 };

		ck_assert_int_eq(
			frames_feed(&f, bad[i], 8, take, NULL), -EPROTO);
	}
	forget();
}
END

	UNIT_MAIN("docker: frames", takes_frames_apart_wherever_they_are_cut,
		passes_on_what_a_terminal_gives, refuses_what_is_no_frame)
