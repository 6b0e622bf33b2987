/* test-api.c - the API over real HTTP, real hub and store, and a fake agent */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api-rig.h"
#include "tests/unit/unit.h"

TEST(creates_a_task_and_shows_its_record)
{
	AUTO(msg_free) struct msg_box *start = NULL;

	setup();
	create();
	client_expect(&c, "\"agent_id\":\"a1\"");
	client_expect(&c, "\"status\":\"sent\"");
	client_expect(&c, "\"cmd\":\"true\"");
	client_expect(&c, "\"timeout\":1.500");
	client_expect(&c, "\"stop\":{\"signal\":\"SIGTERM\",\"grace\":10,"
			  "\"pre_stop\":null},\"cleanup\":[]");
	client_expect(&c, "\"labels\":{\"k\":\"v\"}");
	client_expect(&c, "\"cancel\":null,\"receipt\":null");
	start = fake_take(&agent, MSG_START);
	ck_assert_str_eq(msg_get(start)->task_id, id);
	ck_assert_int_eq(msg_get(start)->start.timeout_ms, 1500);
	started();
	output(2, MSG_STDOUT, "out");
	ended(3, (struct msg_result){ .code = 3, .failure = "exit" });
	get(with_id("/tasks/#"));
	client_expect(&c, "\"status\":\"failed\"");
	client_expect(
		&c, "\"exit_code\":3,\"signal\":null,\"failure\":\"exit\"");
	client_expect(&c, "\"stdout_bytes\":3");
	teardown();
}
END

TEST(refuses_wrong_fields_and_names_them)
{
	static const struct {
		const char *path, *body, *part;
	} bad[] = {
		{ "/tasks/shell", "", "a JSON body is needed" },
		{ "/tasks/shell", "[]", "must be an object" },
		{ "/tasks/shell", "{\"cmd\":\"x\"}", "'agent_id' is required" },
		{ "/tasks/shell", "{\"agent_id\":\"../x\"}", "'agent_id'" },
		{ "/tasks/shell", "{\"agent_id\":\"a1\"}",
			"'cmd' is required" },
		{ "/tasks/shell", "{\"agent_id\":\"a1\",\"cmd\":7}", "'cmd'" },
		{ "/tasks/shell", "{\"agent_id\":\"a1\",\"cmd\":\"x\\u0000\"}",
			"'cmd'" },
		{ "/tasks/shell",
			"{\"agent_id\":\"a1\",\"cmd\":\"x\",\"cwd\":1}",
			"'cwd'" },
		{ "/tasks/shell",
			"{\"agent_id\":\"a1\",\"cmd\":\"x\",\"timeuot\":1}",
			"unknown field 'timeuot'" },
		{ "/tasks/shell",
			"{\"agent_id\":\"a1\",\"cmd\":\"x\",\"timeout\":\"x\"}",
			"field 'timeout': expected seconds 0..2592000 or a "
			"text like" },
		{ "/tasks/shell",
			"{\"agent_id\":\"a1\",\"cmd\":\"x\",\"stop\":"
			"{\"signal\":\"NO\"}}",
			"field 'stop': field 'signal'" },
		{ "/tasks/shell",
			"{\"agent_id\":\"a1\",\"cmd\":\"x\",\"env\":{\"A\":1}}",
			"'env.A'" },
		{ "/tasks/shell",
			"{\"agent_id\":\"a1\",\"cmd\":\"x\",\"env\":"
			"{\"A=\":\"1\"}}",
			"'env'" },
		{ "/tasks/shell",
			"{\"agent_id\":\"a1\",\"cmd\":\"x\",\"labels\":"
			"{\"a\":[]}}",
			"'labels.a'" },
		{ "/tasks/shell",
			"{\"agent_id\":\"a1\",\"cmd\":\"x\",\"orphans\":\"?\"}",
			"'orphans'" },
		{ "/tasks/shell",
			"{\"agent_id\":\"a1\",\"cmd\":\"x\","
			"\"containment\":\"some\"}",
			"'containment'" },
		{ "/tasks/login", "{\"agent_id\":\"a1\",\"params\":{}}",
			"'host' is required" },
		{ "/tasks/login",
			"{\"agent_id\":\"a1\",\"params\":{\"host\":\"h\","
			"\"tries\":\"x\"}}",
			"'tries': expected int" },
		{ "/tasks/login",
			"{\"agent_id\":\"a1\",\"params\":{\"host\":[1,2]}}",
			"'host': expected one value" },
		{ "/tasks/login",
			"{\"agent_id\":\"a1\",\"params\":{\"host\":\"h\","
			"\"x\":1}}",
			"unknown field 'x'" },
		{ "/tasks/login", "{\"agent_id\":\"a1\",\"cmd\":\"x\"}",
			"unknown field 'cmd'" },
	};

	setup();
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		post(bad[i].path, bad[i].body);
		client_expect(&c, " 400 ");
		client_expect(&c, bad[i].part);
	}
	post("/tasks/shell", "{\"agent_id\":\"no\",\"cmd\":\"x\"}");
	client_expect(&c, " 404 ");
	client_expect(&c, "\"code\":\"no_such_agent\"");
	get("/tasks/nothing");
	client_expect(&c, " 404 ");
	get("/tasks/NOT_AN_ID");
	client_expect(&c, " 404 ");
	teardown();
}
END

TEST(hides_secret_parameters)
{
	AUTO(msg_free) struct msg_box *start = NULL;

	setup();
	post("/tasks/login",
		"{\"agent_id\":\"a1\",\"params\":{\"host\":\"h\",\"tries\":7,"
		"\"words\":[\"a\",true],\"password\":\"hunter2\"}}");
	client_expect(&c,
		"\"params\":{\"host\":\"h\",\"tries\":\"7\",\"words\":[\"a\","
		"\"true\"],\"password\":\"***\"}");
	ck_assert_ptr_null(strstr(buf_text(&c.in), "hunter2"));
	start = fake_take(&agent, MSG_START);
	ck_assert_str_eq(msg_get(start)->start.params[3].values[0], "hunter2");
	teardown();
}
END

TEST(gives_plugins_numbers_as_they_were_written)
{
	static const char *const wanted[] = { "0.1", "1.5", "-2.7",
		"0.30000000000000004", "0.3333333333333333", "2", "100",
		"10000000000000000", "1e+300", "9223372036854775807" };
	AUTO(msg_free) struct msg_box *start = NULL;
	const struct msg_param *words;

	setup();
	post("/tasks/login",
		"{\"agent_id\":\"a1\",\"params\":{\"host\":0.1,\"tries\":3.0,"
		"\"words\":[0.1,1.50,-2.7,0.30000000000000004,"
		"0.3333333333333333,2.0,1e2,1e16,1e300,"
		"9223372036854775807]}}");
	client_expect(&c, " 200 ");
	client_expect(&c, "\"host\":\"0.1\",\"tries\":\"3\"");
	start = fake_take(&agent, MSG_START);
	words = &msg_get(start)->start.params[2];
	ck_assert_uint_eq(words->n_values, ARRAY_SIZE(wanted));
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		ck_assert_str_eq(words->values[i], wanted[i]);
	teardown();
}
END

TEST(lists_tasks_by_filter_and_page)
{
	setup();
	for (int i = 0; i < 3; i++)
		create();
	get("/tasks?limit=2");
	client_expect(&c, "\"next_cursor\":\"");
	client_expect(&c, id); /* newest first */
	get("/tasks?label=k=v&status=sent&agent_id=a1");
	client_expect(&c, id);
	client_expect(&c, "\"next_cursor\":null");
	get("/tasks?label=k&label=k=v&plugin=shell");
	client_expect(&c, id);
	get("/tasks?label=k&label=l");
	client_expect(&c, "{\"tasks\":[],");
	get("/tasks?plugin=login");
	client_expect(&c, "{\"tasks\":[],");
	get("/tasks?label=k=w");
	client_expect(&c, "{\"tasks\":[],");
	get("/agents/a1/tasks?status=failed");
	client_expect(&c, "{\"tasks\":[],");
	get("/agents/a9/tasks");
	client_expect(&c, " 404 ");
	get("/tasks?status=asleep");
	client_expect(&c, " 400 ");
	get("/tasks?label==v");
	client_expect(&c, "query 'label': expected name or name=value");
	get("/tasks?plugin=a&plugin=b");
	client_expect(&c, "query 'plugin' is there twice");
	get("/tasks?limit=0");
	client_expect(&c, " 400 ");
	get("/tasks?cursor=%21");
	client_expect(&c, " 400 ");
	teardown();
}
END

TEST(shows_agents_with_their_plugins)
{
	setup();
	get("/agents");
	client_expect(
		&c, "{\"agents\":[{\"agent_id\":\"a1\",\"connected\":true");
	client_expect(&c, "\"name\":\"login\"");
	client_expect(&c, "\"summary\":\"logs in\"");
	client_expect(&c, "{\"name\":\"tries\",\"type\":\"int\","
			  "\"required\":false,\"list\":false,\"secret\":false,"
			  "\"default\":\"3\",\"help\":null}");
	get("/agents/a1");
	client_expect(&c, "{\"agent_id\":\"a1\"");
	get("/agents/a2");
	client_expect(&c, " 404 ");
	get("/healthz");
	client_expect(&c, "\"agents_connected\":1");
	get("/readyz");
	client_expect(&c, " 200 OK");
	get("/");
	client_expect(&c, "nodelink-api(7)");
	teardown();
}
END

TEST(says_cancelled_only_when_it_is_true)
{
	const struct msg_receipt receipt = {
		.code = 100, .name = "user_request", .reason = "enough"
	};
	AUTO(msg_free) struct msg_box *cancel = NULL;

	setup();
	create();
	msg_free(fake_take(&agent, MSG_START));
	started();
	api_delete("?reason=enough&grace=3");
	ck_assert_uint_eq(c.in.len, 0); /* waits */
	cancel = fake_take(&agent, MSG_CANCEL);
	ck_assert_int_eq(msg_get(cancel)->cancel.grace_ms, 3000);
	ck_assert_str_eq(msg_get(cancel)->cancel.reason, "enough");
	ended(2, (struct msg_result){ .cancelled = true,
			 .outcome = MSG_SIGNALED,
			 .code = 15,
			 .receipt = &receipt });
	client_wait(&c, "\"receipt\":{\"code\":100");
	client_expect(&c, " 200 OK");
	client_expect(&c, "{\"message\":\"task cancelled\"");
	client_expect(&c, "\"status\":\"cancelled\"");
	api_delete("");
	client_wait(&c, "\"code\":\"already_final\"");
	client_expect(&c, " 400 ");
	client_expect(&c, "\"status\":\"cancelled\"");
	teardown();
}
END

TEST(answers_202_when_nobody_wants_to_wait)
{
	setup();
	create();
	started();
	api_delete("?wait=0");
	client_wait(&c, "{\"message\":\"cancel requested\"");
	client_expect(&c, " 202 ");
	client_expect(&c, "\"cancel\":{\"phase\":\"requested\"");
	api_delete("?wait=50ms");
	client_wait(&c, " 202 ");
	buf_clear(&c.in);
	client_say(&c, with_id("DELETE /tasks/# HTTP/1.1\r\nHost: x\r\n"
			       "Prefer: respond-async\r\n\r\n"));
	client_wait(&c, " 202 ");
	api_delete("?wait=x");
	client_wait(&c, " 400 ");
	api_delete("?code=timeout");
	client_wait(&c, " 400 ");
	teardown();
}
END

TEST(tells_that_a_cancel_came_too_late)
{
	setup();
	create();
	started();
	api_delete("");
	ended(2, (struct msg_result){ .ok = true });
	client_wait(&c, "\"code\":\"too_late\"");
	client_expect(&c, "\"error\":\"task is already completed\"");
	teardown();
}
END

TEST(goes_on_when_the_client_of_a_waiting_cancel_leaves)
{
	struct client other;

	setup();
	create();
	started();
	client_open(&other, api.loop, api_port);
	client_say(&other, with_id("DELETE /tasks/# HTTP/1.1\r\n"
				   "Host: x\r\n\r\n"));
	client_turn(&other, 20);
	client_close(&other);
	client_turn(&c, 50);
	ended(2, (struct msg_result){ .cancelled = true });
	get(with_id("/tasks/#"));
	client_expect(&c, "\"status\":\"cancelled\"");
	teardown();
}
END

TEST(streams_events_live_and_from_the_start)
{
	struct client late;

	setup();
	create();
	started();
	output(2, MSG_STDOUT, "first");
	client_say(&c, with_id("GET /stream?ref=# HTTP/1.1\r\n"
			       "Host: x\r\n\r\n"));
	client_wait(&c, "\"stdout\":\"first\"");
	client_expect(&c, "Content-Type: text/event-stream");
	output(3, MSG_STDERR, "second");
	client_wait(&c, "\"stderr\":\"second\"");
	ended(4, (struct msg_result){ .ok = true });
	client_wait(&c, "\r\n0\r\n\r\n");
	client_expect(&c, "\"isFinal\":true,\"cancelled\":false");
	client_open(&late, api.loop, api_port);
	client_say(&late, with_id("GET /stream?ref=# HTTP/1.1\r\nHost: x\r\n"
				  "Last-Event-ID: 1\r\n\r\n"));
	client_wait(&late, "\r\n0\r\n\r\n");
	ck_assert_ptr_null(strstr(buf_text(&late.in), "first"));
	client_expect(&late, "second");
	client_close(&late);
	get("/stream");
	client_expect(&c, " 400 ");
	get("/stream?ref=nothing");
	client_expect(&c, " 404 ");
	teardown();
}
END

TEST(gives_exact_output_whole_in_part_and_live)
{
	struct client live;

	setup();
	create();
	started();
	output(2, MSG_STDOUT, "01\xff");
	output(3, MSG_STDERR, "err");
	client_open(&live, api.loop, api_port);
	client_say(&live, with_id("GET /tasks/#/output?follow=1 HTTP/1.1\r\n"
				  "Host: x\r\n\r\n"));
	client_wait(&live, "01\xff");
	get(with_id("/tasks/#/output"));
	client_expect(&c, "Content-Length: 3\r\n");
	output(4, MSG_STDOUT, "3456");
	client_wait(&live, "3456");
	ended(5, (struct msg_result){ .ok = true });
	client_wait(&live, "\r\n0\r\n\r\n");
	client_close(&live);
	get(with_id("/tasks/#/output?stream=stderr"));
	client_expect(&c, "\r\n\r\nerr");
	client_ask(&c, with_id("GET /tasks/#/output HTTP/1.1\r\nHost: x\r\n"
			       "Range: bytes=2-4\r\n\r\n"));
	client_expect(&c, " 206 ");
	client_expect(&c, "Content-Range: bytes 2-4/7");
	client_expect(&c, "\r\n\r\n\xff"
			  "34");
	client_ask(&c, with_id("GET /tasks/#/output HTTP/1.1\r\nHost: x\r\n"
			       "Range: bytes=-2\r\n\r\n"));
	client_expect(&c, "\r\n\r\n56");
	client_ask(&c, with_id("GET /tasks/#/output HTTP/1.1\r\nHost: x\r\n"
			       "Range: bytes=7-\r\n\r\n"));
	client_expect(&c, " 416 ");
	client_expect(&c, "Content-Range: bytes */7");
	get(with_id("/tasks/#/output?stream=both"));
	client_expect(&c, " 400 ");
	teardown();
}
END

	static void
	list_fails(struct store *s, const struct store_filter *filter,
		const char *cursor, size_t limit, store_list_fn *done,
		void *arg)
{
	(void)s;
	(void)filter;
	(void)cursor;
	(void)limit;
	done(arg, -EIO, NULL, 0, "");
}

static int
count_fails(struct store *s, size_t *waiting, size_t *dead)
{
	(void)s;
	(void)waiting;
	(void)dead;
	return -EIO;
}

TEST(says_everywhere_alike_that_the_store_cannot_be_read)
{
	static const char *const paths[] = { "/tasks", "/agents/a1/tasks",
		"/webhooks" };
	const struct store_ops *good;
	struct store_ops bad;

	setup();
	good = api.store->ops;
	bad = *good;
	bad.list = list_fails;
	bad.letter_count = count_fails;
	api.store->ops = &bad;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		get(paths[i]);
		client_expect(&c, " 503 ");
		client_expect(&c, "Retry-After: 5\r\n");
		client_expect(&c, "\"code\":\"store_failing\"");
	}
	api.store->ops = good;
	teardown();
}
END

	UNIT_MAIN("api", creates_a_task_and_shows_its_record,
		refuses_wrong_fields_and_names_them, hides_secret_parameters,
		gives_plugins_numbers_as_they_were_written,
		lists_tasks_by_filter_and_page, shows_agents_with_their_plugins,
		says_cancelled_only_when_it_is_true,
		answers_202_when_nobody_wants_to_wait,
		tells_that_a_cancel_came_too_late,
		goes_on_when_the_client_of_a_waiting_cancel_leaves,
		streams_events_live_and_from_the_start,
		gives_exact_output_whole_in_part_and_live,
		says_everywhere_alike_that_the_store_cannot_be_read)
