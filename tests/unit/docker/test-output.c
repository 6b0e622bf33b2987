/* test-output.c - output that waits, and output that comes twice */
#include <string.h>

#include "plugins/docker/output.h"
#include "tests/unit/docker/fake-host.h"
#include "tests/unit/unit.h"

static struct output o;

static void
begin(bool log)
{
	output_begin(&o, true, log);
}

static void
feed(const char *text)
{
	ck_assert_int_eq(output_feed(&o, text, strlen(text)), 0);
}

static void
close_all(void)
{
	output_done(&o);
	memset(&o, 0, sizeof o);
	fake_host_close();
}

TEST(keeps_what_there_is_no_room_for_in_its_order)
{
	fake_host_open();
	begin(false);
	fake.room = 3;
	feed("ab");
	feed("cde"); /* all or nothing */
	feed("f");
	ck_assert_uint_eq(output_waiting(&o), 4);
	ck_assert_str_eq(buf_text(&fake.out[0]), "ab");
	fake.room = SIZE_MAX;
	output_flush(&o);
	feed("g");
	ck_assert_str_eq(buf_text(&fake.out[0]), "abcdefg");
	ck_assert_uint_eq(output_waiting(&o), 0);
	close_all();
}
END

TEST(gives_large_output_in_pieces)
{
	static char large[NDL_EMIT_MAX * 3 + 1];

	fake_host_open();
	begin(false);
	memset(large, 'x', sizeof large);
	ck_assert_int_eq(output_feed(&o, large, sizeof large), 0);
	ck_assert_uint_eq(fake.out[0].len, sizeof large);
	close_all();
}
END

TEST(goes_on_with_a_log_where_the_connection_broke)
{
	fake_host_open();
	begin(false);
	feed("one\ntw");
	begin(true);
	feed("one\n");
	feed("two\nthree");
	output_end(&o);
	begin(true); /* and once more */
	feed("one\ntwo\nthree\n");
	output_end(&o);
	ck_assert_str_eq(buf_text(&fake.out[0]), "one\ntwo\nthree\n");
	ck_assert(!o.gap);
	close_all();
}
END

TEST(notices_a_log_that_lacks_its_beginning)
{
	fake_host_open();
	begin(false);
	feed("one\ntwo\n");
	begin(true);
	feed("two\nthree\nfour\n");
	ck_assert(o.gap);
	close_all();

	fake_host_open();
	begin(false);
	feed("one\ntwo\n");
	begin(true);
	feed("one\n");
	output_end(&o);
	ck_assert(o.gap);
	close_all();
}
END

	UNIT_MAIN("docker: output",
		keeps_what_there_is_no_room_for_in_its_order,
		gives_large_output_in_pieces,
		goes_on_with_a_log_where_the_connection_broke,
		notices_a_log_that_lacks_its_beginning)
