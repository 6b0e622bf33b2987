/* test-msg.c - messages survive the trip, and nothing malformed gets in */
#include "wire/msg.h"

#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "tests/unit/unit.h"

static const struct msg *
trip(const struct msg *msg, enum msg_way way, struct msg_box **box)
{
	AUTO_BUF struct buf b = { 0 };
	struct err err = { "" };

	ck_assert_int_eq(msg_pack(msg, &b), 0);
	ck_assert_msg(
		msg_unpack(way, b.data, b.len, box, &err) == 0, "%s", err.text);
	return msg_get(*box);
}

static struct msg
a_start(const char *plugin, const struct msg_param *params, size_t n)
{
	static const struct msg_env env[] = { { "A", "1" }, { "B", "" } };

	return (struct msg){ .kind = MSG_START,
		.agent_id = "agent1",
		.task_id = "t-1",
		.plugin = plugin,
		.start = { .params = params,
			.n_params = n,
			.env = env,
			.n_env = 2,
			.attempt = 1,
			.timeout_ms = 300000,
			.grace_ms = 10000,
			.stop_signal = 2,
			.output_limit = 1ull << 40,
			.window = 1 << 20,
			.wait_orphans = true,
			.strict = true } };
}

TEST(carries_a_start_of_each_plugin)
{
	static const char *const one[] = { "seq 3" };
	static const char *const list[] = { "a", "", "c" };
	static const struct msg_param params[] = { { "cmd", one, 1 },
		{ "extra", list, 3 } };
	static const char *const plugins[] = { "shell", "docker", "countdown" };

	for (size_t i = 0; i < ARRAY_SIZE(plugins); i++) {
		struct msg msg = a_start(plugins[i], params, 2);
		AUTO(msg_free) struct msg_box *box = NULL;
		const struct msg *got = trip(&msg, MSG_TO_AGENT, &box);

		ck_assert_int_eq(got->kind, MSG_START);
		ck_assert_str_eq(got->plugin, plugins[i]);
		ck_assert_str_eq(got->task_id, "t-1");
		ck_assert_uint_eq(got->start.n_params, 2);
		ck_assert_str_eq(got->start.params[0].name, "cmd");
		ck_assert_str_eq(got->start.params[0].values[0], "seq 3");
		ck_assert_str_eq(got->start.params[1].values[2], "c");
		ck_assert_uint_eq(got->start.n_env, 2);
		ck_assert_str_eq(got->start.env[0].value, "1");
		ck_assert_int_eq(got->start.grace_ms, 10000);
		ck_assert_uint_eq(got->start.output_limit, 1ull << 40);
		ck_assert(got->start.wait_orphans);
		ck_assert(got->start.strict);
	}
}
END

TEST(carries_cancel_and_ack)
{
	AUTO(msg_free) struct msg_box *box = NULL, *box2 = NULL;
	struct msg cancel = { .kind = MSG_CANCEL,
		.task_id = "t",
		.plugin = "shell",
		.cancel = { .reason = "why", .code = 100, .grace_ms = -1 } };
	struct msg ack = { .kind = MSG_ACK,
		.task_id = "t",
		.plugin = "shell",
		.ack = { .seq = 7, .window = 9, .final = true } };
	const struct msg *got = trip(&cancel, MSG_TO_AGENT, &box);

	ck_assert_str_eq(got->cancel.reason, "why");
	ck_assert_str_eq(got->cancel.actor, "");
	ck_assert_int_eq(got->cancel.grace_ms, -1);
	got = trip(&ack, MSG_TO_AGENT, &box2);
	ck_assert_uint_eq(got->ack.seq, 7);
	ck_assert(got->ack.final);
}
END

TEST(carries_output_byte_for_byte)
{
	static const uint8_t bytes[] = { 0, 255, 'a', 0xc3, 0 };

	for (int s = MSG_STDOUT; s <= MSG_STDERR; s++) {
		AUTO(msg_free) struct msg_box *box = NULL;
		struct msg msg = { .kind = MSG_OUTPUT,
			.task_id = "t",
			.plugin = "shell",
			.seq = 3,
			.output = { (enum msg_stream)s, bytes, sizeof bytes } };
		const struct msg *got = trip(&msg, MSG_TO_SERVER, &box);

		ck_assert_uint_eq(got->seq, 3);
		ck_assert_int_eq((int)got->output.stream, s);
		ck_assert_uint_eq(got->output.len, sizeof bytes);
		ck_assert_int_eq(
			memcmp(got->output.data, bytes, sizeof bytes), 0);
	}
}
END

TEST(carries_a_result_with_its_receipt)
{
	static const char *const signals[] = { "SIGTERM", "SIGKILL" };
	static const struct msg_survivor killed[] = { { 42, "sleep" } };
	struct msg_receipt receipt = { .code = 100,
		.name = "user_request",
		.signals = signals,
		.n_signals = 2,
		.killed = killed,
		.n_killed = 1,
		.verified_at = 99,
		.containment = "group" };
	struct msg msg = { .kind = MSG_RESULT,
		.task_id = "t",
		.plugin = "shell",
		.result = { .cancelled = true,
			.outcome = MSG_SIGNALED,
			.code = 15,
			.stdout_bytes = 5,
			.receipt = &receipt } };
	AUTO(msg_free) struct msg_box *box = NULL;
	const struct msg *got = trip(&msg, MSG_TO_SERVER, &box);

	ck_assert_int_eq(got->kind, MSG_RESULT);
	ck_assert(got->result.cancelled);
	ck_assert(!got->result.ok);
	ck_assert_int_eq(got->result.code, 15);
	ck_assert_ptr_nonnull(got->result.receipt);
	ck_assert_str_eq(got->result.receipt->signals[1], "SIGKILL");
	ck_assert_int_eq(got->result.receipt->killed[0].pid, 42);
}
END

TEST(carries_an_inventory)
{
	static const struct msg_field fields[] = { { "cmd", "text", true, false,
		false, "", "command" } };
	static const struct msg_held held[] = { { "t-1", 4, true } };
	struct msg msg = { .kind = MSG_INVENTORY,
		.plugin = "shell",
		.inventory = { "i", "1.0", "s", "group", fields, 1, held, 1 } };
	AUTO(msg_free) struct msg_box *box = NULL;
	const struct msg *got = trip(&msg, MSG_TO_SERVER, &box);

	ck_assert_uint_eq(got->inventory.n_params, 1);
	ck_assert(got->inventory.params[0].required);
	ck_assert_str_eq(got->inventory.tasks[0].task_id, "t-1");
	ck_assert(got->inventory.tasks[0].ended);
}
END

	static void
	refused(const struct msg *msg, enum msg_way way, const char *part)
{
	AUTO_BUF struct buf b = { 0 };
	struct msg_box *box = NULL;
	struct err err = { "" };

	ck_assert_int_eq(msg_pack(msg, &b), 0);
	ck_assert_int_eq(msg_unpack(way, b.data, b.len, &box, &err), -EBADMSG);
	ck_assert_msg(strstr(err.text, part) != NULL, "'%s' lacks '%s'",
		err.text, part);
}

TEST(refuses_ids_of_a_wrong_form)
{
	struct msg msg = { .kind = MSG_ACK, .plugin = "shell" };

	msg.task_id = "../etc";
	refused(&msg, MSG_TO_AGENT, "task_id '../etc'");
	msg.task_id = "";
	refused(&msg, MSG_TO_AGENT, "task_id");
	msg.task_id = "ok";
	msg.plugin = "../../bin/ls";
	refused(&msg, MSG_TO_AGENT, "plugin '../../bin/ls'");
	msg.plugin = "shell";
	msg.agent_id = "a b";
	refused(&msg, MSG_TO_AGENT, "agent_id 'a b'");
}
END

TEST(refuses_text_that_is_not_utf8_at_any_depth)
{
	static const char *const bad[] = { "ok", "\xff" };
	static const struct msg_param params[] = { { "x", bad, 2 } };
	struct msg msg = a_start("other", params, 1);

	refused(&msg, MSG_TO_AGENT, "'values' is not UTF-8");
}
END

TEST(refuses_more_than_its_limits)
{
	static const char *one[LIMIT_LIST + 1];
	static struct msg_param params[LIMIT_PARAMS + 1];
	struct msg msg;

	for (size_t i = 0; i <= LIMIT_LIST; i++)
		one[i] = "v";
	for (size_t i = 0; i <= LIMIT_PARAMS; i++)
		params[i] = (struct msg_param){ "p", one, 1 };
	msg = a_start("other", params, LIMIT_PARAMS + 1);
	refused(&msg, MSG_TO_AGENT, "65 params");
	params[0].n_values = LIMIT_LIST + 1;
	msg = a_start("other", params, 1);
	refused(&msg, MSG_TO_AGENT, "1025 values");
}
END

TEST(refuses_to_pack_what_is_too_large)
{
	static char large[LIMIT_MESSAGE];
	const char *value = large;
	struct msg_param param = { "cmd", &value, 1 };
	struct msg msg = a_start("other", &param, 1);
	AUTO_BUF struct buf b = { 0 };

	memset(large, 'x', sizeof large - 1);
	ck_assert_int_eq(msg_pack(&msg, &b), -EMSGSIZE);
	ck_assert_uint_eq(b.len, 0);
}
END

TEST(refuses_noise_and_ignores_what_is_newer)
{
	static const uint8_t noise[] = { 0xff, 0xff, 0xff };
	/* field 4000, a string: some later version's message */
	static const uint8_t newer[] = { 0x82, 0xfa, 0x01, 0x01, 'x' };
	struct msg_box *box = NULL;
	struct err err;

	ck_assert_int_eq(
		msg_unpack(MSG_TO_AGENT, noise, sizeof noise, &box, &err),
		-EBADMSG);
	ck_assert_int_eq(
		msg_unpack(MSG_TO_AGENT, newer, sizeof newer, &box, &err),
		-EOPNOTSUPP);
	ck_assert_int_eq(
		msg_unpack(MSG_TO_SERVER, NULL, 0, &box, &err), -EOPNOTSUPP);
}
END

TEST(keeps_the_number_of_a_response_it_does_not_know)
{
	/* task_id "t", plugin "p", seq 5, and field 4000 of a later version */
	static const uint8_t newer[] = { 0x12, 1, 't', 0x8a, 1, 1, 'p', 0x80, 1,
		5, 0x82, 0xfa, 0x01, 0x01, 'x' };
	AUTO(msg_free) struct msg_box *box = NULL;
	struct err err = { "" };

	ck_assert_msg(
		msg_unpack(MSG_TO_SERVER, newer, sizeof newer, &box, &err) == 0,
		"%s", err.text);
	ck_assert_int_eq(msg_get(box)->kind, MSG_UNKNOWN);
	ck_assert_uint_eq(msg_get(box)->seq, 5);
}
END

	UNIT_MAIN("msg", carries_a_start_of_each_plugin, carries_cancel_and_ack,
		carries_output_byte_for_byte, carries_a_result_with_its_receipt,
		carries_an_inventory, refuses_ids_of_a_wrong_form,
		refuses_text_that_is_not_utf8_at_any_depth,
		refuses_more_than_its_limits, refuses_to_pack_what_is_too_large,
		refuses_noise_and_ignores_what_is_newer,
		keeps_the_number_of_a_response_it_does_not_know)
