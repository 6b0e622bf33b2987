/* test-output.c - bytes to two streams, in order, without waiting */
#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>

#include "base/fd.h"
#include "tests/unit/unit.h"

static int reader[2]; /* of what is written to stdout and stderr */
static int kept[2]; /* our own */

static void
redirect(bool together)
{
	int out[2], err[2];

	(void)signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(fd_pipe(out, true), 0);
	ck_assert_int_eq(fd_pipe(err, true), 0);
	kept[0] = dup(STDOUT_FILENO);
	kept[1] = dup(STDERR_FILENO);
	(void)dup2(out[1], STDOUT_FILENO);
	(void)dup2(together ? out[1] : err[1], STDERR_FILENO);
	(void)close(out[1]);
	(void)close(err[1]);
	reader[0] = out[0];
	reader[1] = err[0];
}

static void
restore(void)
{
	(void)dup2(kept[0], STDOUT_FILENO);
	(void)dup2(kept[1], STDERR_FILENO);
	for (int i = 0; i < 2; i++) {
		(void)close(kept[i]);
		if (reader[i] >= 0)
			(void)close(reader[i]);
	}
}

/* What is there now. */
static size_t
drain(int fd, struct buf *out)
{
	uint8_t piece[4096];
	size_t all = 0;
	ssize_t n;

	while ((n = read(fd, piece, sizeof piece)) > 0) {
		all += (size_t)n;
		if (buf_add(out, piece, (size_t)n) < 0)
			return 0;
	}
	return all;
}

TEST(keeps_the_order_of_streams_that_meet)
{
	AUTO_BUF struct buf got = { 0 };
	struct output o = { 0 };
	int r = 0;

	redirect(true);
	for (int i = 0; i < 40 && r == 0; i++)
		r = output_add(&o, i % 3 ? STDOUT_FILENO : STDERR_FILENO,
			&"0123456789"[i % 10], 1);
	output_flush(&o);
	(void)drain(reader[0], &got);
	restore();
	ck_assert_int_eq(r, 0);
	ck_assert_str_eq(
		buf_text(&got), "0123456789012345678901234567890123456789");
	ck_assert_uint_eq(o.n_pieces, 0);
	output_done(&o);
}
END

TEST(never_waits_for_a_full_pipe_and_loses_nothing)
{
	static char data[1 << 20];
	AUTO_BUF struct buf got = { 0 };
	struct output o = { 0 };
	struct pollfd fd = { 0 };
	bool waited;

	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (char)(i * 7 + i / 251);
	redirect(false);
	(void)output_add(&o, STDOUT_FILENO, data, sizeof data);
	(void)output_add(&o, STDERR_FILENO, "later", 5);
	output_flush(&o); /* would hang here if it could block */
	waited = output_waits(&o, &fd);
	while (output_waits(&o, &fd) && drain(reader[0], &got))
		output_flush(&o);
	(void)drain(reader[0], &got);
	(void)drain(reader[1], &got);
	restore();
	ck_assert(waited);
	ck_assert_uint_eq(got.len, sizeof data + 5);
	ck_assert_mem_eq(got.data, data, sizeof data);
	ck_assert_mem_eq(got.data + sizeof data, "later", 5);
	output_done(&o);
}
END

TEST(drops_what_nobody_reads_and_says_so_of_stdout)
{
	AUTO_BUF struct buf got = { 0 };
	struct output o = { 0 };

	redirect(false);
	(void)close(reader[0]);
	reader[0] = -1;
	(void)output_add(&o, STDOUT_FILENO, "x", 1);
	(void)output_add(&o, STDERR_FILENO, "y", 1);
	output_flush(&o);
	(void)output_add(&o, STDOUT_FILENO, "z", 1);
	(void)drain(reader[1], &got);
	restore();
	ck_assert_int_eq(o.broken, EPIPE);
	ck_assert_uint_eq(o.n_pieces, 0);
	ck_assert_str_eq(buf_text(&got), "y");
	output_done(&o);
}
END

TEST(refuses_what_is_no_base64)
{
	struct output o = { 0 };

	ck_assert_int_eq(output_base64(&o, STDOUT_FILENO, "YQBi"), 0);
	ck_assert_uint_eq(o.bytes.len, 3);
	ck_assert_mem_eq(o.bytes.data, "a\0b", 3);
	ck_assert_int_eq(output_base64(&o, STDOUT_FILENO, "Y!"), -EBADMSG);
	ck_assert_int_eq(output_base64(&o, STDOUT_FILENO, "YQ"), -EBADMSG);
	ck_assert_uint_eq(o.bytes.len, 3);
	output_done(&o);
}
END

	UNIT_MAIN("cli output", keeps_the_order_of_streams_that_meet,
		never_waits_for_a_full_pipe_and_loses_nothing,
		drops_what_nobody_reads_and_says_so_of_stdout,
		refuses_what_is_no_base64)
