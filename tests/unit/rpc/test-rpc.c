/* test-rpc.c - messages over loopback: order, limits, flow control */
#include "rpc/rpc.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "rig.h"
#include "tests/unit/unit.h"

TEST(opens_with_id_and_token_and_echoes)
{
	struct rig rig;
	struct end end = { 0 };

	rig_init(&rig);
	rig_serve(&rig);
	rig.echo = true;
	rig_connect(&rig, &end);
	RIG_UNTIL(&rig, end.s);
	ck_assert_str_eq(rig.at_server.id, "node-1");
	ck_assert_str_eq(rig.at_server.token, "secret");
	ck_assert_int_eq(strncmp(rig.at_server.peer, "ipv4:127.", 9), 0);
	ck_assert_int_eq(strncmp(rpc_peer(end.s), "ipv4:127.", 9), 0);
	ck_assert_int_eq(rpc_send(end.s, "", 0, false), RPC_OK);
	RIG_UNTIL(&rig, end.got == 1);
	ck_assert_uint_eq(end.bytes, 0);
	rig_disconnect(&rig, &end);
	ck_assert_int_eq(end.closes, 1);
	ck_assert_int_eq(end.status, RPC_STATUS_OK);
	RIG_UNTIL(&rig, rig.at_server.closes == 1);
	ck_assert_int_eq(rig.at_server.status, RPC_STATUS_OK);
	rig_done(&rig);
}
END

TEST(keeps_the_order_of_100000_messages_both_ways)
{
	enum { N = 100000 };
	struct rig rig;
	struct end end = { 0 };

	rig_init(&rig);
	rig_serve(&rig);
	rig_connect(&rig, &end);
	RIG_UNTIL(&rig, end.s && rig.at_server.s);
	for (uint32_t i = 0; i < N; i += 100) {
		rig_send(&rig, &end.s, i, i + 100, 64);
		rig_send(&rig, &rig.at_server.s, i, i + 100, 64);
		loop_turn(rig.loop, 0);
	}
	RIG_UNTIL(&rig, end.got == N && rig.at_server.got == N);
	ck_assert(!end.out_of_order);
	ck_assert(!rig.at_server.out_of_order);
	rig_disconnect(&rig, &end);
	rig_done(&rig);
}
END

TEST(carries_large_messages_whole)
{
	struct rig rig;
	struct end end = { 0 };

	rig_init(&rig);
	rig_serve(&rig);
	rig.echo = true;
	rig_connect(&rig, &end);
	RIG_UNTIL(&rig, end.s);
	rig_send(&rig, &end.s, 0, 20, LIMIT_MESSAGE);
	RIG_UNTIL(&rig, end.got == 20);
	ck_assert(!end.out_of_order);
	ck_assert_uint_eq(end.bytes, 20 * (uint64_t)LIMIT_MESSAGE);
	rig_disconnect(&rig, &end);
	rig_done(&rig);
}
END

TEST(a_paused_reader_fills_the_senders_queue_and_bounds_memory)
{
	enum { SIZE = 64 << 10 };
	static char data[SIZE];
	struct rig rig;
	struct end end = { 0 };
	uint32_t sent = 0;
	int64_t still_ms;

	rig_init(&rig);
	rig_serve(&rig);
	rig_connect(&rig, &end);
	RIG_UNTIL(&rig, end.s && rig.at_server.s);
	rpc_pause(end.s, true);
	for (still_ms = clock_ms(); clock_ms() < still_ms + 300;) {
		memcpy(data, &sent, sizeof sent);
		if (rpc_send(rig.at_server.s, data, SIZE, false) == RPC_OK) {
			sent++;
			still_ms = clock_ms();
		} else {
			loop_turn(rig.loop, 50);
		}
	}
	ck_assert_uint_eq(end.got, 0);
	/* The queue's limit, and little more on the way. */
	ck_assert_uint_le((size_t)sent * SIZE, LIMIT_SEND_QUEUE + (2 << 20));
	ck_assert_uint_le(rpc_queued(rig.at_server.s), LIMIT_SEND_QUEUE);
	ck_assert_int_eq(rpc_send(rig.at_server.s, data, SIZE, true), RPC_OK);
	ck_assert_int_eq(rig.at_server.writables, 0);
	rpc_pause(end.s, false);
	RIG_UNTIL(&rig, rig.at_server.writables == 1);
	RIG_UNTIL(&rig, end.got == sent + 1);
	/* The end of the last write may be noticed after its arrival. */
	RIG_UNTIL(&rig, rpc_queued(rig.at_server.s) == 0);
	rig_disconnect(&rig, &end);
	rig_done(&rig);
}
END

TEST(a_paused_server_stops_delivery_and_goes_on_where_it_was)
{
	struct rig rig;
	struct end end = { 0 };

	rig_init(&rig);
	rig_serve(&rig);
	rig_connect(&rig, &end);
	RIG_UNTIL(&rig, end.s && rig.at_server.s);
	rpc_pause(rig.at_server.s, true);
	rig_send(&rig, &end.s, 0, 5000, 64);
	rig_idle(&rig, 100);
	ck_assert_uint_eq(rig.at_server.got, 0);
	rpc_pause(rig.at_server.s, false);
	RIG_UNTIL(&rig, rig.at_server.got == 5000);
	ck_assert(!rig.at_server.out_of_order);
	rig_disconnect(&rig, &end);
	rig_done(&rig);
}
END

TEST(a_half_closed_stream_delivers_everything_sent_before)
{
	struct rig rig;
	struct end end = { 0 };

	rig_init(&rig);
	rig_serve(&rig);
	rig_connect(&rig, &end);
	RIG_UNTIL(&rig, end.s && rig.at_server.s);
	rpc_pause(rig.at_server.s, true);
	rig_send(&rig, &end.s, 0, 1000, 64);
	rpc_close(end.s, RPC_STATUS_OK, "");
	ck_assert_int_eq(rpc_send(end.s, "x", 1, true), RPC_GONE);
	rig_idle(&rig, 50);
	ck_assert_int_eq(rig.at_server.closes, 0);
	rpc_pause(rig.at_server.s, false);
	RIG_UNTIL(&rig, rig.at_server.closes == 1 && end.closes == 1);
	ck_assert_uint_eq(rig.at_server.got, 1000);
	ck_assert_int_eq(rig.at_server.status, RPC_STATUS_OK);
	rig_disconnect(&rig, &end);
	rig_done(&rig);
}
END

TEST(a_message_over_the_limit_ends_the_stream_on_both_sides)
{
	static const char data[2000];
	struct rig rig;
	struct end end = { 0 };

	rig_init(&rig);
	rig.server_conf.max_message = 1000;
	rig_serve(&rig);
	rig_connect(&rig, &end);
	RIG_UNTIL(&rig, end.s);
	ck_assert_int_eq(rpc_send(end.s, data, sizeof data, false), RPC_OK);
	RIG_UNTIL(&rig, rig.at_server.closes && end.closes);
	ck_assert_int_eq(rig.at_server.status, RPC_STATUS_TOO_LARGE);
	ck_assert_int_eq(end.status, RPC_STATUS_TOO_LARGE);
	ck_assert_uint_eq(rig.at_server.got, 0);
	rig_disconnect(&rig, &end);
	rig_done(&rig);
}
END

TEST(works_over_a_unix_socket)
{
	struct rig rig;
	struct end end = { 0 };

	rig_init(&rig);
	(void)snprintf(rig.address, sizeof rig.address,
		"unix:/tmp/nodelink-test-rpc-%d", (int)getpid());
	rig_serve(&rig);
	rig.echo = true;
	rig_connect(&rig, &end);
	RIG_UNTIL(&rig, end.s);
	rig_send(&rig, &end.s, 0, 10, 64);
	RIG_UNTIL(&rig, end.got == 10);
	rig_disconnect(&rig, &end);
	rig_done(&rig);
	ck_assert_int_ne(access(rig.address + 5, F_OK), 0);
}
END

	UNIT_MAIN("rpc", opens_with_id_and_token_and_echoes,
		keeps_the_order_of_100000_messages_both_ways,
		carries_large_messages_whole,
		a_paused_reader_fills_the_senders_queue_and_bounds_memory,
		a_paused_server_stops_delivery_and_goes_on_where_it_was,
		a_half_closed_stream_delivers_everything_sent_before,
		a_message_over_the_limit_ends_the_stream_on_both_sides,
		works_over_a_unix_socket)
