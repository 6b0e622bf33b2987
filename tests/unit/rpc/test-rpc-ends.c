/* test-rpc-ends.c - how streams end, and begin again */
#include "rpc/rpc.h"

#include <errno.h>
#include <grpc/grpc_security.h>
#include <string.h>

#include "rig.h"
#include "tests/unit/unit.h"

TEST(a_refusal_reaches_the_client_with_its_text)
{
	struct rig rig;
	struct end end = { 0 };

	rig_init(&rig);
	rig.refuse = true;
	rig_serve(&rig);
	rig_connect(&rig, &end);
	RIG_UNTIL(&rig, end.closes == 10);
	ck_assert_int_eq(end.opens, 0);
	ck_assert(!end.was_open);
	ck_assert_int_eq(end.status, RPC_STATUS_UNAUTHENTICATED);
	ck_assert_str_eq(end.text, "bad token of 'node-1'");
	ck_assert_int_eq(rig.at_server.closes, 0);
	rig.refuse = false;
	RIG_UNTIL(&rig, end.s);
	rig_disconnect(&rig, &end);
	rig_done(&rig);
}
END

TEST(a_stopping_server_ends_streams_with_unavailable)
{
	struct rig rig;
	struct end ends[10] = { { 0 } };

	rig_init(&rig);
	rig_serve(&rig);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		rig_connect(&rig, &ends[i]);
		RIG_UNTIL(&rig, ends[i].s);
	}
	rig_stop_server(&rig, 5000);
	ck_assert_int_eq(rig.at_server.closes, 10);
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		RIG_UNTIL(&rig, ends[i].closes > 0);
		ck_assert_int_eq(ends[i].status, RPC_STATUS_UNAVAILABLE);
		rpc_client_free(ends[i].client);
	}
	rig_done(&rig);
}
END

TEST(a_client_comes_back_when_the_server_does)
{
	struct rig rig;
	struct end end = { 0 };

	rig_init(&rig);
	rig_serve(&rig);
	rig_connect(&rig, &end);
	RIG_UNTIL(&rig, end.s);
	for (int i = 2; i < 6; i++) {
		int closes = end.closes;

		rig_stop_server(&rig, 1000);
		RIG_UNTIL(&rig, end.closes >= closes + 3);
		ck_assert_int_eq(end.status, RPC_STATUS_UNAVAILABLE);
		ck_assert(!end.was_open);
		ck_assert_ptr_nonnull(strstr(end.text, "refused"));
		ck_assert_int_le(end.retry_ms, 200);
		rig_serve(&rig);
		RIG_UNTIL(&rig, end.s);
		ck_assert_int_eq(end.opens, i);
	}
	rig_disconnect(&rig, &end);
	rig_done(&rig);
}
END

TEST(a_replaced_stream_says_so_to_its_client)
{
	struct rig rig;
	struct end end = { 0 };

	rig_init(&rig);
	rig_serve(&rig);
	rig_connect(&rig, &end);
	RIG_UNTIL(&rig, end.s);
	rpc_close(rig.at_server.s, RPC_STATUS_REPLACED, "newer stream");
	RIG_UNTIL(&rig, end.closes && rig.at_server.closes);
	ck_assert_int_eq(end.status, RPC_STATUS_REPLACED);
	ck_assert_str_eq(end.text, "newer stream");
	ck_assert_int_eq(rig.at_server.status, RPC_STATUS_REPLACED);
	rig_disconnect(&rig, &end);
	rig_done(&rig);
}
END

TEST(an_orderly_close_of_the_server_sends_its_queue_first)
{
	struct rig rig;
	struct end end = { 0 };

	rig_init(&rig);
	rig_serve(&rig);
	rig_connect(&rig, &end);
	RIG_UNTIL(&rig, end.s);
	rig_send(&rig, &rig.at_server.s, 0, 1000, 1000);
	rpc_close(rig.at_server.s, RPC_STATUS_OK, "bye");
	RIG_UNTIL(&rig, end.closes);
	ck_assert_uint_eq(end.got, 1000);
	ck_assert_str_eq(end.text, "bye");
	rig_disconnect(&rig, &end);
	rig_done(&rig);
}
END

TEST(a_server_at_its_limit_of_streams_refuses)
{
	struct rig rig;
	struct end first = { 0 }, second = { 0 };

	rig_init(&rig);
	rig.server_conf.max_streams = 1;
	rig_serve(&rig);
	rig_connect(&rig, &first);
	RIG_UNTIL(&rig, first.s);
	rig_connect(&rig, &second);
	RIG_UNTIL(&rig, second.closes);
	ck_assert_int_eq(second.status, RPC_STATUS_UNAVAILABLE);
	rig_disconnect(&rig, &first);
	RIG_UNTIL(&rig, second.s);
	rig_disconnect(&rig, &second);
	rig_done(&rig);
}
END

TEST(a_stopping_server_does_not_wait_for_those_who_do_not_read)
{
	struct rig rig;
	struct end end = { 0 };

	rig_init(&rig);
	rig_serve(&rig);
	rig_connect(&rig, &end);
	RIG_UNTIL(&rig, end.s && rig.at_server.s);
	rpc_pause(end.s, true);
	rig_send(&rig, &rig.at_server.s, 0, 50, 64 << 10);
	rig_idle(&rig, 50);
	ck_assert_uint_gt(rpc_queued(rig.at_server.s), 0);
	rig_stop_server(&rig, 100);
	ck_assert_int_eq(rig.at_server.closes, 1);
	ck_assert_int_eq(rig.at_server.status, RPC_STATUS_UNAVAILABLE);
	if (end.s)
		rpc_pause(end.s, false);
	RIG_UNTIL(&rig, end.closes > 0);
	ck_assert(!end.out_of_order);
	rig_disconnect(&rig, &end);
	rig_done(&rig);
}
END

TEST(an_agent_that_vanishes_is_noticed)
{
	struct rig rig;
	struct end end = { 0 };

	rig_init(&rig);
	rig_serve(&rig);
	rig_connect(&rig, &end);
	RIG_UNTIL(&rig, end.s && rig.at_server.s);
	rpc_pause(rig.at_server.s, true);
	rig_send(&rig, &end.s, 0, 100, 64);
	rig_idle(&rig, 20);
	rpc_client_free(end.client);
	ck_assert_int_eq(end.closes, 0);
	RIG_UNTIL(&rig, rig.at_server.closes);
	ck_assert_int_eq(rig.at_server.status, RPC_STATUS_UNAVAILABLE);
	rig_done(&rig);
}
END

TEST(clients_may_be_stopped_and_freed_in_any_order)
{
	struct rig rig;
	struct end a = { 0 }, b = { 0 }, c = { 0 }, d = { 0 }, e = { 0 };

	rig_init(&rig);
	rig_serve(&rig);
	rig.echo = true;
	rig_connect(&rig, &a);
	rpc_client_free(a.client); /* before the loop ran */
	rig_connect(&rig, &b);
	rig_connect(&rig, &c);
	rig_connect(&rig, &d);
	rig_connect(&rig, &e);
	loop_turn(rig.loop, 0);
	rpc_client_free(b.client); /* while trying */
	rig_disconnect(&rig, &e); /* while trying */
	RIG_UNTIL(&rig, c.s && d.s);
	rpc_close(d.s, RPC_STATUS_OK, "");
	d.free_on_close = true;
	RIG_UNTIL(&rig, d.closes);
	ck_assert_ptr_null(d.client);
	c.close_on_message = true;
	rig_send(&rig, &c.s, 0, 100, 64);
	RIG_UNTIL(&rig, c.closes);
	ck_assert_int_ge(c.retry_ms, 0);
	RIG_UNTIL(&rig, c.opens == 2);
	rpc_client_free(c.client); /* while open */
	rig_done(&rig);
}
END

TEST(an_illegal_id_or_token_is_refused_at_once)
{
	struct rpc_client *client = NULL;
	struct rpc_client_ops ops = { 0 };
	struct err err;
	struct rig rig;

	rig_init(&rig);
	rig.client_conf.server = "127.0.0.1:1";
	rig.client_conf.agent_id = "n\303\266de";
	ck_assert_int_eq(rpc_client_new(rig.loop, &rig.client_conf, &ops, NULL,
				 &client, &err),
		-EINVAL);
	ck_assert_str_eq(err.text,
		"agent_id has a character that is not printable ASCII");
	rig.client_conf.agent_id = "node";
	rig.client_conf.agent_token = "secret\n";
	ck_assert_int_eq(rpc_client_new(rig.loop, &rig.client_conf, &ops, NULL,
				 &client, &err),
		-EINVAL);
	ck_assert_ptr_null(strstr(err.text, "secret"));
	rig_done(&rig);
}
END

TEST(a_port_in_use_is_named)
{
	struct rpc_server_ops ops = { 0 };
	struct rpc_server *second = NULL;
	struct err err = { "" };
	uint16_t port;
	struct rig rig;

	rig_init(&rig);
	rig_serve(&rig);
	ck_assert_int_eq(rpc_server_new(rig.loop, &rig.server_conf, &ops, NULL,
				 &second, &port, &err),
		-EADDRINUSE);
	ck_assert_ptr_nonnull(strstr(err.text, rig.address));
	ck_assert_ptr_nonnull(strstr(err.text, "Address already in use"));
	rig.server_conf.listen = "192.0.2.1:0";
	ck_assert_int_eq(rpc_server_new(rig.loop, &rig.server_conf, &ops, NULL,
				 &second, &port, &err),
		-EADDRNOTAVAIL);
	rig.server_conf.listen = "nonsense";
	ck_assert_int_lt(rpc_server_new(rig.loop, &rig.server_conf, &ops, NULL,
				 &second, &port, &err),
		0);
	ck_assert_ptr_nonnull(strstr(err.text, "nonsense"));
	/* The loop never ran with it: may be freed without a stop. */
	rig.server_conf.listen = "127.0.0.1:0";
	ck_assert_int_eq(rpc_server_new(rig.loop, &rig.server_conf, &ops, NULL,
				 &second, &port, &err),
		0);
	rpc_server_free(second);
	rig_done(&rig);
}
END

	/* A raw client: what it gets for a method that we do not have. */
	static grpc_status_code
	call_method(struct rig *rig, const char *method)
{
	grpc_completion_queue *cq = grpc_completion_queue_create_for_next(NULL);
	grpc_channel_credentials *creds = grpc_insecure_credentials_create();
	grpc_channel *channel = grpc_channel_create(rig->address, creds, NULL);
	grpc_call *call = grpc_channel_create_call(channel, NULL,
		GRPC_PROPAGATE_DEFAULTS, cq,
		grpc_slice_from_copied_string(method), NULL,
		gpr_time_from_seconds(9999999999, GPR_CLOCK_REALTIME), NULL);
	grpc_op ops[3] = { { .op = GRPC_OP_SEND_INITIAL_METADATA },
		{ .op = GRPC_OP_RECV_STATUS_ON_CLIENT },
		{ .op = GRPC_OP_RECV_INITIAL_METADATA } };
	grpc_status_code code = GRPC_STATUS_OK;
	grpc_metadata_array head, trailer;
	grpc_slice details;

	grpc_metadata_array_init(&head);
	grpc_metadata_array_init(&trailer);
	ops[2].data.recv_initial_metadata.recv_initial_metadata = &head;
	ops[1].data.recv_status_on_client.trailing_metadata = &trailer;
	ops[1].data.recv_status_on_client.status = &code;
	ops[1].data.recv_status_on_client.status_details = &details;
	ck_assert_int_eq(grpc_call_start_batch(call, ops, 3, NULL, NULL), 0);
	for (bool done = false; !done;) {
		done = grpc_completion_queue_next(
			       cq, gpr_time_from_millis(1, GPR_TIMESPAN), NULL)
			       .type == GRPC_OP_COMPLETE;
		loop_turn(rig->loop, 0);
	}
	grpc_slice_unref(details);
	grpc_metadata_array_destroy(&head);
	grpc_metadata_array_destroy(&trailer);
	grpc_call_unref(call);
	grpc_channel_destroy(channel);
	grpc_channel_credentials_release(creds);
	grpc_completion_queue_shutdown(cq);
	(void)grpc_completion_queue_next(
		cq, gpr_inf_future(GPR_CLOCK_REALTIME), NULL);
	grpc_completion_queue_destroy(cq);
	return code;
}

TEST(an_unknown_method_is_answered)
{
	struct rig rig;

	rig_init(&rig);
	rig_serve(&rig);
	loop_turn(rig.loop, 0);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(call_method(&rig, "/nodelink.v1.No/Way"),
			GRPC_STATUS_UNIMPLEMENTED);
	rig_done(&rig);
}
END

	UNIT_MAIN("rpc ends", a_refusal_reaches_the_client_with_its_text,
		a_stopping_server_ends_streams_with_unavailable,
		a_client_comes_back_when_the_server_does,
		a_replaced_stream_says_so_to_its_client,
		an_orderly_close_of_the_server_sends_its_queue_first,
		a_server_at_its_limit_of_streams_refuses,
		a_stopping_server_does_not_wait_for_those_who_do_not_read,
		an_agent_that_vanishes_is_noticed,
		clients_may_be_stopped_and_freed_in_any_order,
		an_illegal_id_or_token_is_refused_at_once,
		a_port_in_use_is_named, an_unknown_method_is_answered)
