/* test-options.c - what a request may say about any task */
#include <stdio.h>
#include <string.h>

#include "api-rig.h"
#include "base/limits.h"
#include "tests/unit/unit.h"

static void
post_shell(const char *more)
{
	char body[1024];

	(void)snprintf(body, sizeof body,
		"{\"agent_id\":\"a1\",\"cmd\":\"true\",%s}", more);
	post("/tasks/shell", body);
}

TEST(sends_every_option_and_echoes_it)
{
	AUTO(msg_free) struct msg_box *box = NULL;
	const struct msg_start *start;

	setup();
	post_shell("\"user\":\"joe\",\"idle_timeout\":\"1500ms\","
		   "\"limits\":{\"pids\":64,\"open_files\":256},"
		   "\"stop\":{\"pre_stop\":\"drain\"},"
		   "\"cleanup\":[{\"cmd\":\"a\"},"
		   "{\"cmd\":\"b\",\"when\":\"failed\",\"timeout\":\"2m\"}]");
	client_expect(&c, " 200 OK");
	client_expect(&c, "\"params\":{\"cmd\":\"true\"},\"user\":\"joe\","
			  "\"limits\":{\"pids\":64,\"memory\":null,"
			  "\"cpu\":null,\"open_files\":256,"
			  "\"file_size\":null}");
	client_expect(&c, "\"pre_stop\":{\"cmd\":\"drain\","
			  "\"timeout\":null}},\"cleanup\":["
			  "{\"cmd\":\"a\",\"when\":\"always\","
			  "\"timeout\":null},"
			  "{\"cmd\":\"b\",\"when\":\"failed\","
			  "\"timeout\":120}],\"idle_timeout\":1.500");
	box = fake_take(&agent, MSG_START);
	start = &msg_get(box)->start;
	ck_assert_str_eq(start->user, "joe");
	ck_assert_int_eq(start->idle_timeout_ms, 1500);
	ck_assert_uint_eq(start->limits.pids, 64);
	ck_assert_str_eq(start->pre_stop.cmd, "drain");
	ck_assert_uint_eq(start->n_cleanup, 2);
	ck_assert_int_eq(start->cleanup[1].when, MSG_FAILED);
	ck_assert_int_eq(start->cleanup[1].timeout_ms, 120000);
	teardown();
}
END

TEST(refuses_wrong_options_and_names_them)
{
	static const struct {
		const char *option, *part;
	} bad[] = {
		{ "\"user\":7", "field 'user': expected a text" },
		{ "\"user\":\"\"", "field 'user': '' is no name" },
		{ "\"user\":\"a:b\"", "field 'user': 'a:b' is no name" },
		{ "\"idle_timeout\":-1", "field 'idle_timeout': expected" },
		{ "\"limits\":[]", "field 'limits': expected an object" },
		{ "\"limits\":{\"disk\":1}",
			"field 'limits': unknown field 'disk'" },
		{ "\"limits\":{\"pids\":0}",
			"field 'limits': field 'pids': expected a whole number "
			"1..4194304, got 0" },
		{ "\"limits\":{\"pids\":4194305}", "got 4194305" },
		{ "\"limits\":{\"pids\":1.5}", "got 1.5" },
		{ "\"limits\":{\"memory\":\"1023k\"}",
			"field 'memory': expected at least 1048576 bytes, got "
			"1047552" },
		{ "\"limits\":{\"memory\":\"big\"}", "field 'memory'" },
		{ "\"limits\":{\"cpu\":0}",
			"field 'cpu': expected a number 0.001..8192, got 0" },
		{ "\"limits\":{\"cpu\":\"1\"}", "field 'cpu'" },
		{ "\"limits\":{\"cpu\":8192.5}", "got 8192.5" },
		{ "\"limits\":{\"open_files\":-1}", "field 'open_files'" },
		{ "\"limits\":{\"file_size\":0}", "field 'file_size'" },
		{ "\"stop\":{\"pre_stop\":[]}",
			"field 'stop': field 'pre_stop': expected an object" },
		{ "\"stop\":{\"pre_stop\":\"\"}", "'pre_stop' is required" },
		{ "\"stop\":{\"pre_stop\":{}}",
			"field 'stop': field 'pre_stop': field 'cmd' is "
			"required" },
		{ "\"stop\":{\"pre_stop\":{\"cmd\":\"x\",\"when\":\"failed\"}}",
			"unknown field 'when'" },
		{ "\"cleanup\":\"x\"", "field 'cleanup': expected a list" },
		{ "\"cleanup\":[\"x\"]",
			"field 'cleanup[0]': expected an object, got \\\"x" },
		{ "\"cleanup\":[{\"cmd\":\"x\"},{}]",
			"field 'cleanup[1]': field 'cmd' is required" },
		{ "\"cleanup\":[{\"cmd\":\"x\",\"when\":\"never\"}]",
			"field 'when': expected \\\"always\\\", "
			"\\\"cancelled\\\" or \\\"failed\\\", got \\\"never" },
		{ "\"cleanup\":[{\"cmd\":\"x\",\"timeout\":601}]",
			"field 'timeout': expected seconds 0..600" },
		{ "\"cleanup\":[{\"cmd\":\"x\",\"timeout\":0}]",
			"field 'timeout': a hook has no time" },
	};

	setup();
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		post_shell(bad[i].option);
		client_expect(&c, " 400 ");
		client_expect(&c, bad[i].part);
	}
	teardown();
}
END

TEST(refuses_more_hooks_than_its_limits)
{
	AUTO_BUF struct buf many = { 0 }, longest = { 0 };

	setup();
	ck_assert_int_eq(
		buf_add_text(&many, "\"cleanup\":[{\"cmd\":\"x\"}"), 0);
	for (int i = 0; i < LIMIT_HOOKS; i++)
		ck_assert_int_eq(buf_add_text(&many, ",{\"cmd\":\"x\"}"), 0);
	ck_assert_int_eq(buf_add_text(&many, "]"), 0);
	post_shell(buf_text(&many));
	client_expect(&c, "field 'cleanup': 33 members, at most 32");
	ck_assert_int_eq(buf_printf(&longest,
				 "{\"agent_id\":\"a1\",\"cmd\":\"x\","
				 "\"stop\":{\"pre_stop\":\"%0*d\"}}",
				 LIMIT_HOOK_CMD + 1, 0),
		0);
	post("/tasks/shell", buf_text(&longest));
	client_expect(&c, "field 'pre_stop': 4097 bytes, at most 4096");
	teardown();
}
END

TEST(leaves_the_user_of_a_container_to_its_plugin)
{
	AUTO(msg_free) struct msg_box *box = NULL;
	static const struct msg_field fields[] = { { .name = "image",
							   .type = "text" },
		{ .name = "user", .type = "text" } };

	setup();
	say((struct msg){ .kind = MSG_INVENTORY,
		.plugin = "docker",
		.inventory = { .params = fields, .n_params = 2 } });
	post("/tasks/docker", "{\"agent_id\":\"a1\",\"image\":\"i\","
			      "\"user\":\"1:2\"}");
	client_expect(&c, "\"params\":{\"image\":\"i\",\"user\":\"1:2\"},"
			  "\"user\":null");
	box = fake_take(&agent, MSG_START);
	ck_assert_str_eq(msg_get(box)->start.user, "");
	ck_assert_uint_eq(msg_get(box)->start.n_params, 2);
	post("/tasks/docker", "{\"agent_id\":\"a1\",\"image\":\"i\","
			      "\"limits\":{\"pids\":9}}");
	client_expect(&c, " 400 ");
	client_expect(&c, "field 'limits': a container has fields of its own");
	teardown();
}
END

TEST(refuses_at_once_what_the_host_cannot_do)
{
	static const struct {
		const char *option, *name;
	} news[] = { { "\"user\":\"joe\"", "user" },
		{ "\"idle_timeout\":1", "idle_timeout" },
		{ "\"stop\":{\"pre_stop\":\"x\"}", "stop.pre_stop" },
		{ "\"cleanup\":[{\"cmd\":\"x\"}]", "cleanup" },
		{ "\"seccomp\":\"none\"", "seccomp" } };
	char text[160];

	setup();
	post_shell("\"limits\":{\"memory\":\"1G\"}");
	client_expect(&c, " 400 ");
	client_expect(&c, "field 'limits': the agent's host cannot limit "
			  "'memory'");
	post_shell("\"containment\":\"strict\"");
	client_expect(&c, " 400 ");
	client_expect(&c, "field 'containment': the agent's host has only "
			  "'subreaper', which is not complete");
	/* An executor that names no limits is of an older version. */
	for (size_t i = 0; i < ARRAY_SIZE(news); i++) {
		(void)snprintf(text, sizeof text,
			"{\"agent_id\":\"a1\",\"params\":{\"host\":\"h\"},%s}",
			news[i].option);
		post("/tasks/login", text);
		client_expect(&c, " 400 ");
		(void)snprintf(text, sizeof text,
			"field '%s': the agent's version does not know it",
			news[i].name);
		client_expect(&c, text);
	}
	post("/tasks/login", "{\"agent_id\":\"a1\",\"params\":{\"host\":\"h\"},"
			     "\"containment\":\"strict\"}");
	client_expect(&c, " 200 "); /* it knows and refuses that by itself */
	teardown();
}
END

TEST(shows_what_an_executor_can_do)
{
	setup();
	get("/agents/a1");
	client_expect(&c, "\"containment\":\"subreaper\",\"complete\":false,"
			  "\"seccomp\":null,\"limits\":{\"pids\":\"cgroup1\","
			  "\"open_files\":\"rlimit\"},\"params\":");
	teardown();
}
END

TEST(shows_what_the_node_has_made_of_it)
{
	setup();
	create();
	client_expect(&c, "\"user\":null,\"limits\":{\"pids\":null");
	say((struct msg){ .kind = MSG_STARTED,
		.task_id = id,
		.seq = 1,
		.started = { .pid = 42,
			.grace_ms = 5000,
			.timeout_ms = 900,
			.seccomp = "default",
			.user = "nobody",
			.limits = { .pids = 4096, .cpu_milli = 500 } } });
	get(with_id("/tasks/#"));
	client_expect(&c, "\"user\":\"nobody\",\"limits\":{\"pids\":4096,"
			  "\"memory\":null,\"cpu\":0.500,");
	client_expect(&c, "\"grace\":5,");
	client_expect(&c, "\"seccomp\":\"default\",\"stop\":");
	client_expect(&c, "\"timeout\":0.900,");
	say((struct msg){ .kind = MSG_RESULT,
		.task_id = id,
		.seq = 2,
		.result = { .outcome = MSG_NOT_STARTED,
			.failure = "refused",
			.rule = "docker.images" } });
	get(with_id("/tasks/#"));
	client_expect(
		&c, "\"failure\":\"refused\",\"rule\":\"docker.images\",");
	teardown();
}
END

TEST(shows_hooks_and_their_output)
{
	static const struct msg_hook_run hooks[] = {
		{ "pre_stop", "drain", MSG_EXITED, 3, false, 10, 20 },
		{ "cleanup", "undo", MSG_SIGNALED, 9, true, 1000, 30000 },
	};
	static const char *const shown =
		"\"hooks\":[{\"kind\":\"pre_stop\",\"cmd\":\"drain\","
		"\"exit_code\":3,\"signal\":null,\"error\":null,"
		"\"timed_out\":false,"
		"\"started_at\":\"1970-01-01T00:00:00.010Z\","
		"\"duration\":0.020},{\"kind\":\"cleanup\",\"cmd\":\"undo\","
		"\"exit_code\":null,\"signal\":\"SIGKILL\","
		"\"error\":null,\"timed_out\":true,"
		"\"started_at\":\"1970-01-01T00:00:01.000Z\","
		"\"duration\":30}]";
	const struct msg_receipt receipt = { .code = 100 };
	char text[1024];

	setup();
	create();
	started();
	output(2, MSG_STDOUT, "out");
	output(3, MSG_HOOK, "bye\n");
	api_delete("");
	ended(4, (struct msg_result){ .cancelled = true,
			 .outcome = MSG_EXITED,
			 .receipt = &receipt,
			 .hooks = hooks,
			 .n_hooks = 2 });
	(void)snprintf(text, sizeof text, "\"containment\":null,%s}", shown);
	client_wait(&c, text); /* in the receipt */
	get(with_id("/tasks/#"));
	(void)snprintf(text, sizeof text, "%s},%s,\"output\":", shown, shown);
	client_expect(&c, text); /* and beside it */
	client_expect(&c, "\"stdout_bytes\":3,\"stderr_bytes\":0,"
			  "\"hook_bytes\":4,");
	get(with_id("/tasks/#/output?stream=hook"));
	client_expect(&c, "\r\n\r\nbye\n");
	get(with_id("/tasks/#/output"));
	client_expect(&c, "\r\n\r\nout");
	get(with_id("/stream?ref=#"));
	client_expect(&c, "\"cancelled\":false,\"time\":\"2");
	client_expect(&c, ",\"hook\":{\"output\":\"bye\\n\"}}");
	client_expect(&c, shown);
	teardown();
}
END

TEST(lets_the_output_of_hooks_count_towards_the_window)
{
	static char much[LIMIT_OUTPUT_CHUNK];
	AUTO(msg_free) struct msg_box *box = NULL;

	memset(much, 'x', sizeof much - 1);
	setup();
	create();
	msg_free(fake_take(&agent, MSG_START));
	started();
	for (uint64_t seq = 2; seq < 7; seq++)
		output(seq, MSG_HOOK, much);
	box = fake_take(&agent, MSG_ACK);
	ck_assert_uint_eq(
		msg_get(box)->ack.window, 5 * (sizeof much - 1) + (1 << 20));
	teardown();
}
END

	UNIT_MAIN("options", sends_every_option_and_echoes_it,
		refuses_wrong_options_and_names_them,
		refuses_more_hooks_than_its_limits,
		leaves_the_user_of_a_container_to_its_plugin,
		refuses_at_once_what_the_host_cannot_do,
		shows_what_an_executor_can_do,
		shows_what_the_node_has_made_of_it,
		shows_hooks_and_their_output,
		lets_the_output_of_hooks_count_towards_the_window)
