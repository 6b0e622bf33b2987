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
	static const struct msg_hook cleanup[] = { { .cmd = "rm -f x" },
		{ "undo", MSG_CANCELLED, 9000 } };

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
			.strict = true,
			.idle_timeout_ms = 60000,
			.user = "daemon",
			.limits = { 64, 1ull << 30, 1500, 256, 1ull << 33 },
			.pre_stop = { .cmd = "drain", .timeout_ms = 2000 },
			.cleanup = cleanup,
			.n_cleanup = 2,
			.seccomp = MSG_SECCOMP_NONE } };
}

static void
check_limits(const struct msg_limits *l)
{
	ck_assert_uint_eq(l->pids, 64);
	ck_assert_uint_eq(l->memory, 1ull << 30);
	ck_assert_uint_eq(l->cpu_milli, 1500);
	ck_assert_uint_eq(l->open_files, 256);
	ck_assert_uint_eq(l->file_size, 1ull << 33);
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
		ck_assert_int_eq(got->start.idle_timeout_ms, 60000);
		ck_assert_str_eq(got->start.user, "daemon");
		check_limits(&got->start.limits);
		ck_assert_str_eq(got->start.pre_stop.cmd, "drain");
		ck_assert_int_eq(got->start.pre_stop.timeout_ms, 2000);
		ck_assert_uint_eq(got->start.n_cleanup, 2);
		ck_assert_str_eq(got->start.cleanup[0].cmd, "rm -f x");
		ck_assert_int_eq(got->start.cleanup[0].when, MSG_ALWAYS);
		ck_assert_int_eq(got->start.cleanup[1].when, MSG_CANCELLED);
		ck_assert_int_eq(got->start.cleanup[1].timeout_ms, 9000);
		ck_assert_int_eq(got->start.seccomp, MSG_SECCOMP_NONE);
	}
}
END

TEST(takes_absent_options_as_none)
{
	struct msg msg = {
		.kind = MSG_START, .task_id = "t", .plugin = "countdown"
	};
	AUTO(msg_free) struct msg_box *box = NULL;
	const struct msg_start *got = &trip(&msg, MSG_TO_AGENT, &box)->start;

	ck_assert_str_eq(got->user, "");
	ck_assert_str_eq(got->pre_stop.cmd, "");
	ck_assert_uint_eq(got->n_cleanup, 0);
	ck_assert_uint_eq(got->limits.pids, 0);
	ck_assert_int_eq(got->idle_timeout_ms, 0);
	ck_assert_int_eq(got->seccomp, MSG_SECCOMP_ANY);
}
END

TEST(takes_the_user_of_the_seeds_form)
{
	/* task_id "t", shell_execute { cmd "id", user "joe" }, no options */
	static const uint8_t seeds[] = { 0x12, 1, 't', 0x1a, 9, 0x0a, 2, 'i',
		'd', 0x1a, 3, 'j', 'o', 'e' };
	AUTO(msg_free) struct msg_box *box = NULL;
	const struct msg *got;

	ck_assert_int_eq(
		msg_unpack(MSG_TO_AGENT, seeds, sizeof seeds, &box, NULL), 0);
	got = msg_get(box);
	ck_assert_str_eq(got->plugin, "shell");
	ck_assert_str_eq(got->start.user, "joe");
	ck_assert_uint_eq(got->start.n_params, 1);
	ck_assert_str_eq(got->start.params[0].name, "cmd");
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

/* It must not fail, and what it says comes back in every answer to it. */
TEST(shortens_the_texts_of_a_cancel)
{
	static char text[LIMIT_MESSAGE / 4];
	AUTO(msg_free) struct msg_box *box = NULL;
	struct msg cancel = { .kind = MSG_CANCEL,
		.task_id = "t",
		.plugin = "shell",
		.cancel = { .reason = text, .name = text, .actor = text } };
	const struct msg *got;

	memset(text, 'x', sizeof text - 1);
	memcpy(text + LIMIT_REASON - 1, "\xc3\xa9", 2);
	got = trip(&cancel, MSG_TO_AGENT, &box);
	ck_assert_uint_eq(strlen(got->cancel.reason), LIMIT_REASON - 1);
	ck_assert_uint_eq(strlen(got->cancel.name), LIMIT_REASON - 1);
	ck_assert_uint_eq(strlen(got->cancel.actor), LIMIT_REASON - 1);
}
END

TEST(carries_output_byte_for_byte)
{
	static const uint8_t bytes[] = { 0, 255, 'a', 0xc3, 0 };

	for (int s = MSG_STDOUT; s <= MSG_HOOK; s++) {
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

TEST(carries_what_a_start_came_to)
{
	struct msg msg = { .kind = MSG_STARTED,
		.task_id = "t",
		.plugin = "shell",
		.seq = 1,
		.started = { 5, 42, "cgroup2", 10000, "nobody",
			{ 64, 1ull << 30, 1500, 256, 1ull << 33 }, 7000,
			"default" } };
	AUTO(msg_free) struct msg_box *box = NULL;
	const struct msg *got = trip(&msg, MSG_TO_SERVER, &box);

	ck_assert_int_eq(got->kind, MSG_STARTED);
	ck_assert_int_eq(got->started.pid, 42);
	ck_assert_str_eq(got->started.user, "nobody");
	ck_assert_int_eq(got->started.timeout_ms, 7000);
	ck_assert_str_eq(got->started.seccomp, "default");
	check_limits(&got->started.limits);
}
END

TEST(carries_the_rule_of_a_refusal)
{
	struct msg msg = { .kind = MSG_RESULT,
		.task_id = "t",
		.plugin = "shell",
		.result = { .outcome = MSG_NOT_STARTED,
			.failure = "refused",
			.rule = "tasks.allow_users" } };
	AUTO(msg_free) struct msg_box *box = NULL;
	const struct msg_result *got = &trip(&msg, MSG_TO_SERVER, &box)->result;

	ck_assert_str_eq(got->rule, "tasks.allow_users");
}
END

TEST(carries_the_hooks_that_have_run)
{
	static const struct msg_hook_run hooks[] = {
		{ "pre_stop", "drain", MSG_EXITED, 3, false, 10, 20 },
		{ "cleanup", "undo", MSG_SIGNALED, 9, true, 40, 30000 },
	};
	struct msg msg = { .kind = MSG_RESULT,
		.task_id = "t",
		.plugin = "shell",
		.result = { .ok = true, .hooks = hooks, .n_hooks = 2 } };
	AUTO(msg_free) struct msg_box *box = NULL;
	const struct msg_result *got = &trip(&msg, MSG_TO_SERVER, &box)->result;

	ck_assert_uint_eq(got->n_hooks, 2);
	ck_assert_str_eq(got->hooks[0].kind, "pre_stop");
	ck_assert_int_eq(got->hooks[0].code, 3);
	ck_assert_str_eq(got->hooks[1].cmd, "undo");
	ck_assert_int_eq(got->hooks[1].outcome, MSG_SIGNALED);
	ck_assert(got->hooks[1].timed_out);
	ck_assert_int_eq(got->hooks[1].started_at, 40);
	ck_assert_int_eq(got->hooks[1].duration_ms, 30000);
}
END

TEST(carries_why_a_cancel_goes_on)
{
	struct msg msg = { .kind = MSG_CANCEL_PHASE,
		.task_id = "t",
		.plugin = "shell",
		.cancel_phase = { MSG_PHASE_STOPPING, "m", 9, 200, "r", "a" } };
	AUTO(msg_free) struct msg_box *box = NULL;
	const struct msg *got = trip(&msg, MSG_TO_SERVER, &box);

	ck_assert_int_eq(got->cancel_phase.phase, MSG_PHASE_STOPPING);
	ck_assert_int_eq(got->cancel_phase.at, 9);
	ck_assert_uint_eq(got->cancel_phase.code, 200);
	ck_assert_str_eq(got->cancel_phase.reason, "r");
	ck_assert_str_eq(got->cancel_phase.actor, "a");
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
	static const struct msg_limit_kind limits[] = { { "pids", "cgroup1" },
		{ "open_files", "rlimit" } };
	struct msg msg = { .kind = MSG_INVENTORY,
		.plugin = "shell",
		.inventory = { "i", "1.0", "s", "group", fields, 1, held, 1,
			limits, 2, true, true, "required", true, "why" } };
	AUTO(msg_free) struct msg_box *box = NULL;
	const struct msg *got = trip(&msg, MSG_TO_SERVER, &box);

	ck_assert_uint_eq(got->inventory.n_params, 1);
	ck_assert(got->inventory.params[0].required);
	ck_assert_str_eq(got->inventory.tasks[0].task_id, "t-1");
	ck_assert(got->inventory.tasks[0].ended);
	ck_assert_uint_eq(got->inventory.n_limits, 2);
	ck_assert_str_eq(got->inventory.limits[0].name, "pids");
	ck_assert_str_eq(got->inventory.limits[1].by, "rlimit");
	ck_assert(got->inventory.complete);
	ck_assert(got->inventory.draining);
	ck_assert(got->inventory.partial);
	ck_assert_str_eq(got->inventory.seccomp, "required");
	ck_assert_str_eq(got->inventory.draining_reason, "why");
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

TEST(refuses_hooks_beyond_their_limits)
{
	static struct msg_hook cleanup[LIMIT_HOOKS + 1];
	static char text[LIMIT_HOOK_CMD + 2];
	struct msg msg = a_start("other", NULL, 0);

	memset(text, 'x', sizeof text - 1);
	for (size_t i = 0; i <= LIMIT_HOOKS; i++)
		cleanup[i].cmd = "x";
	msg.start.cleanup = cleanup;
	msg.start.n_cleanup = LIMIT_HOOKS + 1;
	refused(&msg, MSG_TO_AGENT, "33 cleanup hooks, the limit is 32");
	msg.start.n_cleanup = LIMIT_HOOKS;
	cleanup[31].cmd = text;
	refused(&msg, MSG_TO_AGENT, "cmd of 4097 bytes, the limit is 4096");
	cleanup[31].cmd = "";
	refused(&msg, MSG_TO_AGENT, "cleanup hook without cmd");
	cleanup[31].cmd = "x";
	cleanup[31].timeout_ms = LIMIT_HOOK_S * 1000 + 1;
	refused(&msg, MSG_TO_AGENT, "600001 ms, the limit is 600 s");
	cleanup[31].timeout_ms = 0;
	msg.start.pre_stop.timeout_ms = -1;
	refused(&msg, MSG_TO_AGENT, "pre_stop hook has a timeout of -1 ms");
	msg.start.pre_stop.timeout_ms = 0;
	text[LIMIT_USER + 1] = 0;
	msg.start.user = text;
	refused(&msg, MSG_TO_AGENT, "a name of 65 bytes, the limit is 64");
}
END

TEST(refuses_times_below_nothing)
{
	struct msg msg = a_start("other", NULL, 0);

	msg.start.timeout_ms = -1;
	refused(&msg, MSG_TO_AGENT, "a timeout of -1 ms");
	msg.start.timeout_ms = INT64_MIN;
	refused(&msg, MSG_TO_AGENT, "a timeout of -9223372036854775808 ms");
	msg.start.timeout_ms = 0;
	msg.start.idle_timeout_ms = -1;
	refused(&msg, MSG_TO_AGENT, "an idle timeout of -1 ms");
}
END

TEST(refuses_a_filter_of_an_unknown_name)
{
	/* task_id "t", plugin_task {}, plugin "p", options { seccomp "off" } */
	static const uint8_t bytes[] = { 0x12, 1, 't', 0x32, 0, 0x82, 1, 1, 'p',
		0x8a, 1, 5, 0x7a, 3, 'o', 'f', 'f' };
	struct msg_box *box = NULL;
	struct err err;

	ck_assert_int_eq(
		msg_unpack(MSG_TO_AGENT, bytes, sizeof bytes, &box, &err),
		-EBADMSG);
	ck_assert_str_eq(err.text, "seccomp is 'off'");
}
END

TEST(refuses_a_hook_for_an_unknown_occasion)
{
	/* task_id "t", plugin_task {}, plugin "p",
	 * options { cleanup { cmd "x", when "seldom" } } */
	static const uint8_t bytes[] = { 0x12, 1, 't', 0x32, 0, 0x82, 1, 1, 'p',
		0x8a, 1, 13, 0x72, 11, 0x0a, 1, 'x', 0x12, 6, 's', 'e', 'l',
		'd', 'o', 'm' };
	struct msg_box *box = NULL;
	struct err err;

	ck_assert_int_eq(
		msg_unpack(MSG_TO_AGENT, bytes, sizeof bytes, &box, &err),
		-EBADMSG);
	ck_assert_str_eq(err.text, "cleanup hook has when 'seldom'");
}
END

TEST(refuses_results_and_inventories_beyond_their_limits)
{
	static struct msg_hook_run hooks[LIMIT_HOOK_RUNS + 1];
	static struct msg_limit_kind kinds[LIMIT_LIST + 1];
	struct msg msg = { .kind = MSG_RESULT,
		.task_id = "t",
		.plugin = "shell",
		.result = { .hooks = hooks, .n_hooks = LIMIT_HOOK_RUNS + 1 } };

	refused(&msg, MSG_TO_SERVER, "names 291 hooks, the limit is 290");
	msg.result.n_hooks = 1;
	hooks[0].outcome = (enum msg_outcome)7;
	refused(&msg, MSG_TO_SERVER, "hook has unknown outcome 7");
	hooks[0].outcome = MSG_SIGNALED;
	hooks[0].code = 65;
	refused(&msg, MSG_TO_SERVER, "hook has signal 65");
	msg = (struct msg){ .kind = MSG_INVENTORY,
		.plugin = "shell",
		.inventory = { .limits = kinds, .n_limits = LIMIT_LIST + 1 } };
	refused(&msg, MSG_TO_SERVER, "names 1025 limits, the limit is 1024");
}
END

TEST(refuses_too_much_output_at_once)
{
	static uint8_t data[LIMIT_OUTPUT_CHUNK + 1];
	struct msg msg = { .kind = MSG_OUTPUT,
		.task_id = "t",
		.plugin = "shell",
		.output = { MSG_HOOK, data, sizeof data } };

	refused(&msg, MSG_TO_SERVER, "65537 bytes in one response");
	msg.output.stream = MSG_STDOUT;
	refused(&msg, MSG_TO_SERVER, "65537 bytes in one response");
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

	UNIT_MAIN("msg", carries_a_start_of_each_plugin,
		takes_absent_options_as_none, takes_the_user_of_the_seeds_form,
		carries_cancel_and_ack, shortens_the_texts_of_a_cancel,
		carries_output_byte_for_byte, carries_what_a_start_came_to,
		carries_the_rule_of_a_refusal, carries_the_hooks_that_have_run,
		carries_why_a_cancel_goes_on, carries_a_result_with_its_receipt,
		carries_an_inventory, refuses_ids_of_a_wrong_form,
		refuses_text_that_is_not_utf8_at_any_depth,
		refuses_more_than_its_limits, refuses_hooks_beyond_their_limits,
		refuses_times_below_nothing,
		refuses_a_filter_of_an_unknown_name,
		refuses_a_hook_for_an_unknown_occasion,
		refuses_results_and_inventories_beyond_their_limits,
		refuses_too_much_output_at_once,
		refuses_to_pack_what_is_too_large,
		refuses_noise_and_ignores_what_is_newer,
		keeps_the_number_of_a_response_it_does_not_know)
