/* test-link.c - frames over a socketpair: one end is a link, the other end
 * either a second link or bare bytes */
#include "wire/link.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/limits.h"
#include "tests/unit/unit.h"
#include "tests/unit/wire/link-pair.h"

/* ------------------------------------------------------------------ frames */

TEST(keeps_the_order_of_small_and_big_frames)
{
	static uint8_t big[LIMIT_MESSAGE];
	size_t bytes = 0;

	open_pair();
	for (size_t i = 0; i < 200; i++) {
		size_t len = i % 10 == 9 ? LIMIT_MESSAGE / (i + 1) * 9 : i;

		memset(big, (int)('a' + i % 26), len < 99 ? len : 99);
		ck_assert_int_eq(
			link_send_payload(seen.link, big, len, true), LINK_OK);
		bytes += len;
	}
	send_text(seen.link, "last");
	WAIT_FOR(peer.frames == 201);
	ck_assert_uint_eq(peer.bytes, bytes + 4);
	ck_assert_str_eq(buf_text(&peer.text) + peer.text.len - 6, ";last;");
	close_all();
}
END

TEST(gathers_a_turn_into_one_write)
{
	char got[64];

	open_bare();
	send_text(seen.link, "a");
	send_text(seen.link, "bc");
	ck_assert_int_eq(recv(bare, got, sizeof got, MSG_DONTWAIT), -1);
	loop_turn(loop, 0);
	ck_assert_int_eq(recv(bare, got, sizeof got, MSG_DONTWAIT), 11);
	ck_assert_mem_eq(got, "\1\0\0\0a\2\0\0\0bc", 11);
	close_all();
}
END

TEST(takes_frames_that_come_byte_by_byte)
{
	static const char bytes[] = "\3\0\0\0one\0\0\0\0\3\0\0\0two";

	open_bare();
	for (size_t i = 0; i < sizeof bytes - 1; i++) {
		say(bytes + i, 1);
		loop_turn(loop, 100);
	}
	WAIT_FOR(seen.frames == 3);
	ck_assert_str_eq(buf_text(&seen.text), "one;;two;");
	close_all();
}
END

TEST(takes_frames_larger_than_its_buffer_and_small_ones_after_them)
{
	static uint8_t big[LIMIT_MESSAGE];

	open_pair();
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(
			link_send_payload(seen.link, big, sizeof big, false),
			LINK_OK);
		send_text(seen.link, "x");
	}
	WAIT_FOR(peer.frames == 6);
	ck_assert_uint_eq(peer.bytes, 3 * sizeof big + 3);
	close_all();
}
END

TEST(sends_packed_messages)
{
	struct msg msg = { .kind = MSG_ATTACH, .plugin = "shell" };

	open_pair();
	ck_assert_int_eq(link_send(seen.link, &msg, true), LINK_OK);
	WAIT_FOR(peer.frames == 1);
	ck_assert_uint_gt(peer.bytes, 0);
	close_all();
}
END

/* ------------------------------------------------------------------ limits */

TEST(refuses_a_payload_over_the_limit)
{
	static uint8_t big[LIMIT_MESSAGE + 1];

	open_bare();
	ck_assert_int_eq(
		link_send_payload(seen.link, big, sizeof big, true), -EMSGSIZE);
	ck_assert_int_eq(seen.ends, 0);
	close_all();
}
END

TEST(ends_when_the_peer_announces_too_much_but_delivers_what_came_before)
{
	open_bare();
	SAY("\2\0\0\0ok\1\0\x10\0xx");
	WAIT_FOR(seen.ends == 1);
	ck_assert_int_eq(seen.end_r, -EMSGSIZE);
	ck_assert_str_eq(buf_text(&seen.text), "ok;");
	ck_assert_int_lt(link_send_payload(seen.link, NULL, 0, true), 0);
	turns(3);
	ck_assert_int_eq(seen.ends, 1);
	close_all();
}
END

TEST(says_full_at_the_limit_and_drained_once_below_half_of_it)
{
	static uint8_t piece[LIMIT_OUTPUT_CHUNK];
	size_t sent = 0;
	int r;

	open_pair();
	link_pause(peer.link, true);
	while ((r = link_send_payload(seen.link, piece, sizeof piece, false)) ==
		LINK_OK)
		sent++;
	ck_assert_int_eq(r, LINK_FULL);
	ck_assert_uint_ge(sent, LIMIT_SEND_QUEUE / sizeof piece);
	ck_assert_uint_le(sent, LIMIT_SEND_QUEUE / sizeof piece + 8);
	turns(5);
	ck_assert_int_eq(seen.drained, 0);
	ck_assert_int_eq(link_send_payload(seen.link, piece, 1, true), LINK_OK);
	link_pause(peer.link, false);
	WAIT_FOR(seen.drained == 1);
	WAIT_FOR(peer.frames == sent + 1);
	ck_assert_uint_eq(peer.bytes, sent * sizeof piece + 1);
	ck_assert_int_eq(seen.drained, 1);
	close_all();
}
END

/* ------------------------------------------------------------------- pause */

TEST(delivers_nothing_while_paused_and_all_of_it_after)
{
	open_bare();
	seen.pause_after = 1;
	SAY("\1\0\0\0a\1\0\0\0b\1\0\0\0c");
	WAIT_FOR(seen.frames == 1);
	SAY("\1\0\0\0d");
	turns(5);
	ck_assert_str_eq(buf_text(&seen.text), "a;");
	link_pause(seen.link, false);
	ck_assert_str_eq(buf_text(&seen.text), "a;");
	WAIT_FOR(seen.frames == 4);
	ck_assert_str_eq(buf_text(&seen.text), "a;b;c;d;");
	close_all();
}
END

TEST(tells_the_end_after_the_pause_and_after_the_frames)
{
	open_bare();
	link_pause(seen.link, true);
	SAY("\1\0\0\0a");
	(void)close(TAKE_FD(bare));
	turns(5);
	ck_assert_int_eq(seen.ends, 0);
	link_pause(seen.link, false);
	WAIT_FOR(seen.ends == 1);
	ck_assert_int_eq(seen.end_r, 0);
	ck_assert_str_eq(buf_text(&seen.text), "a;");
	close_all();
}
END

/* --------------------------------------------------------------------- end */

TEST(tells_an_orderly_end)
{
	open_bare();
	SAY("\1\0\0\0a");
	(void)close(TAKE_FD(bare));
	WAIT_FOR(seen.ends == 1);
	ck_assert_int_eq(seen.end_r, 0);
	ck_assert_uint_eq(seen.frames, 1);
	close_all();
}
END

TEST(tells_an_end_inside_a_frame)
{
	open_bare();
	SAY("\1\0\0\0a\5\0\0\0he");
	(void)close(TAKE_FD(bare));
	WAIT_FOR(seen.ends == 1);
	ck_assert_int_eq(seen.end_r, -ECONNRESET);
	ck_assert_uint_eq(seen.frames, 1);
	close_all();
}
END

TEST(delivers_what_a_dead_peer_said_although_writing_fails)
{
	static uint8_t big[LIMIT_OUTPUT_CHUNK];

	open_bare();
	SAY("\1\0\0\0a");
	(void)close(TAKE_FD(bare));
	ck_assert_int_lt(
		link_send_payload(seen.link, big, sizeof big, false), 0);
	ck_assert_int_eq(seen.ends, 0); /* not from inside our own call */
	WAIT_FOR(seen.ends == 1);
	ck_assert_uint_eq(seen.frames, 1);
	close_all();
}
END

TEST(notices_a_peer_that_closes_without_reading)
{
	open_bare();
	send_text(seen.link, "never read");
	loop_turn(loop, 0);
	SAY("\1\0\0\0a");
	(void)close(TAKE_FD(bare));
	WAIT_FOR(seen.ends == 1);
	ck_assert_str_eq(buf_text(&seen.text), "a;");
	turns(5);
	ck_assert_int_eq(seen.ends, 1);
	close_all();
}
END

/* -------------------------------------------------------------------- free */

TEST(may_be_freed_inside_on_frame)
{
	open_bare();
	seen.free_after = 2;
	SAY("\1\0\0\0a\1\0\0\0b\1\0\0\0c");
	WAIT_FOR(!seen.link);
	turns(3);
	ck_assert_str_eq(buf_text(&seen.text), "a;b;");
	ck_assert_int_eq(seen.ends, 0);
	close_all();
}
END

TEST(may_be_freed_inside_on_end)
{
	open_bare();
	seen.free_at_end = true;
	(void)close(TAKE_FD(bare));
	WAIT_FOR(seen.ends == 1);
	ck_assert_ptr_null(seen.link);
	close_all();
}
END

TEST(tries_what_is_queued_once_more_when_freed)
{
	char got[16];

	open_bare();
	send_text(seen.link, "bye");
	link_free(TAKE(seen.link));
	ck_assert_int_eq(recv(bare, got, sizeof got, MSG_DONTWAIT), 7);
	ck_assert_int_eq(recv(bare, got, sizeof got, MSG_DONTWAIT), 0);
	close_all();
}
END

TEST(knows_the_user_at_the_other_end)
{
	open_bare();
	ck_assert_int_eq(link_peer_uid(seen.link), (int)getuid());
	close_all();
}
END

	UNIT_MAIN("link", keeps_the_order_of_small_and_big_frames,
		gathers_a_turn_into_one_write,
		takes_frames_that_come_byte_by_byte,
		takes_frames_larger_than_its_buffer_and_small_ones_after_them,
		sends_packed_messages, refuses_a_payload_over_the_limit,
		ends_when_the_peer_announces_too_much_but_delivers_what_came_before,
		says_full_at_the_limit_and_drained_once_below_half_of_it,
		delivers_nothing_while_paused_and_all_of_it_after,
		tells_the_end_after_the_pause_and_after_the_frames,
		tells_an_orderly_end, tells_an_end_inside_a_frame,
		delivers_what_a_dead_peer_said_although_writing_fails,
		notices_a_peer_that_closes_without_reading,
		may_be_freed_inside_on_frame, may_be_freed_inside_on_end,
		tries_what_is_queued_once_more_when_freed,
		knows_the_user_at_the_other_end)
