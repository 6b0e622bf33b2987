/* test-cancel-many.c - many tasks cancelled at one request */
#include <stdio.h>
#include <string.h>

#include "api-rig.h"
#include "base/limits.h"
#include "tests/unit/unit.h"

static char ids[3][ID_MAX];

static void
create_with(const char *labels)
{
	char body[256];
	const char *p;

	(void)snprintf(body, sizeof body,
		"{\"agent_id\":\"a1\",\"cmd\":\"x\",\"labels\":{%s}}", labels);
	post("/tasks/shell", body);
	p = strstr(buf_text(&c.in), "\"task_id\":\"");
	ck_assert_ptr_nonnull(p);
	(void)snprintf(
		id, sizeof id, "%.*s", (int)strcspn(p + 11, "\""), p + 11);
}

/* Three that run: red and old, red, blue. */
static void
setup_three(void)
{
	static const char *const labels[] = { "\"team\":\"red\",\"old\":\"\"",
		"\"team\":\"red\"", "\"team\":\"blue\"" };

	setup();
	for (int i = 0; i < 3; i++) {
		create_with(labels[i]);
		(void)strcpy(ids[i], id);
		started();
		msg_free(fake_take(&agent, MSG_START));
	}
}

static void
cancel_many(const char *query)
{
	char request[512];

	buf_clear(&c.in);
	(void)snprintf(request, sizeof request,
		"DELETE /tasks?%s HTTP/1.1\r\nHost: x\r\n\r\n", query);
	client_say(&c, request);
}

/* The node's word on the task's end. */
static void
end_task(int i, struct msg_result result)
{
	(void)strcpy(id, ids[i]);
	ended(2, result);
}

TEST(waits_for_all_that_match_and_tells_them_apart)
{
	AUTO(msg_free) struct msg_box *first = NULL, *second = NULL;

	setup_three();
	cancel_many("label=team=red&agent_id=a1&reason=enough&grace=3");
	client_turn(&c, 20);
	first = fake_take(&agent, MSG_CANCEL);
	ck_assert_str_eq(msg_get(first)->task_id, ids[0]);
	ck_assert_uint_eq(msg_get(first)->cancel.code, 102);
	ck_assert_str_eq(msg_get(first)->cancel.name, "bulk");
	ck_assert_str_eq(msg_get(first)->cancel.reason, "enough");
	ck_assert_int_eq(msg_get(first)->cancel.grace_ms, 3000);
	second = fake_take(&agent, MSG_CANCEL);
	ck_assert_str_eq(msg_get(second)->task_id, ids[1]);
	end_task(0, (struct msg_result){ .cancelled = true });
	client_turn(&c, 20);
	ck_assert_uint_eq(c.in.len, 0);
	end_task(1, (struct msg_result){ .ok = true });
	client_wait(&c, "\"tasks\":[");
	client_expect(&c, " 200 OK");
	client_expect(&c, "{\"message\":\"tasks cancelled\",\"dry_run\":false,"
			  "\"matched\":2,\"left\":0,\"cancelled\":1,"
			  "\"ended\":1,\"undeliverable\":0,\"unfinished\":0,");
	client_expect(&c, "\"agent_id\":\"a1\",\"status\":\"cancelled\","
			  "\"phase\":\"verified\"},");
	client_expect(&c, "\"status\":\"completed\",\"phase\":\"too_late\"}]");
	get("/tasks?label=team=blue");
	client_expect(&c, "\"status\":\"in_progress\"");
	client_expect(&c, "\"cancel\":null");
	teardown();
}
END

TEST(only_tells_what_a_dry_run_would_hit)
{
	setup_three();
	cancel_many("label=team=red&dry_run=1&status=in_progress&plugin=shell");
	client_wait(&c, "\"message\":\"dry run, nothing cancelled\"");
	client_expect(&c, " 200 OK");
	client_expect(&c, "\"matched\":2,\"left\":0,\"cancelled\":0,"
			  "\"ended\":0,\"undeliverable\":0,\"unfinished\":2,");
	client_expect(&c, ids[0]);
	client_expect(&c, "\"status\":\"in_progress\",\"phase\":null}");
	get("/tasks?label=team");
	ck_assert_ptr_null(strstr(buf_text(&c.in), "\"cancel\":{"));
	cancel_many("label=team=red&dry_run=1&status=pending");
	client_wait(&c, "\"matched\":0");
	cancel_many("label=team=red&dry_run=1&plugin=login");
	client_wait(&c, "\"matched\":0");
	cancel_many("label=team&label=old&dry_run=1");
	client_wait(&c, "\"matched\":1");
	client_expect(&c, ids[0]);
	teardown();
}
END

TEST(answers_202_while_some_are_not_verified)
{
	setup_three();
	cancel_many("agent_id=a1&wait=0&code=302");
	client_wait(&c, "\"message\":\"cancel requested\"");
	client_expect(&c, " 202 ");
	client_expect(&c, "\"unfinished\":3");
	client_expect(&c, "\"phase\":\"requested\"");
	end_task(0, (struct msg_result){ .cancelled = true });
	cancel_many("agent_id=a1&wait=50ms"); /* joins what is under way */
	client_wait(&c, "\"matched\":2");
	client_expect(&c, " 202 ");
	get(with_id("/tasks/#"));
	client_expect(&c, "\"code\":302,\"name\":\"maintenance\"");
	teardown();
}
END

TEST(ends_what_has_not_been_sent_at_once)
{
	setup();
	hub_rpc_ops.on_close(api.hub, &agent, RPC_STATUS_UNAVAILABLE, "test");
	create_with("\"a\":\"b\"");
	client_expect(&c, "\"status\":\"pending\"");
	cancel_many("label=a=b");
	client_wait(&c, "\"cancelled\":1");
	client_expect(&c, " 200 OK");
	cancel_many("label=a=b");
	client_wait(&c, "\"message\":\"no unfinished task matches\"");
	client_expect(&c, " 200 OK");
	teardown();
}
END

TEST(does_not_wait_for_an_agent_that_is_away)
{
	setup_three();
	hub_rpc_ops.on_close(api.hub, &agent, RPC_STATUS_UNAVAILABLE, "test");
	cancel_many("agent_id=a1");
	client_wait(&c, "\"message\":\"cancel requested\"");
	client_expect(&c, " 202 ");
	client_expect(&c, "\"unfinished\":3");
	teardown();
}
END

TEST(goes_on_when_its_client_leaves)
{
	struct client other;

	setup_three();
	client_open(&other, api.loop, api_port);
	client_say(&other, "DELETE /tasks?agent_id=a1 HTTP/1.1\r\n"
			   "Host: x\r\n\r\n");
	client_turn(&other, 20);
	client_close(&other);
	client_turn(&c, 50);
	for (int i = 0; i < 3; i++) {
		end_task(i, (struct msg_result){ .cancelled = true });
		get(with_id("/tasks/#"));
		client_expect(&c, "\"status\":\"cancelled\"");
		client_expect(&c, "\"name\":\"bulk\"");
	}
	teardown();
}
END

TEST(refuses_what_is_not_clearly_meant)
{
	static const struct {
		const char *query, *part;
	} bad[] = {
		{ "", "query 'label' or 'agent_id' is required" },
		{ "plugin=shell", "query 'label' or 'agent_id' is required" },
		{ "label=", "query 'label': expected name or name=value" },
		{ "agent_id=a1&lable=x", "unknown query 'lable'" },
		{ "agent_id=a1&agent_id=a2",
			"query 'agent_id' is there twice" },
		{ "agent_id=a1&status=failed",
			"query 'status': expected pending, sent or "
			"in_progress, got \\\"failed\\\"" },
		{ "agent_id=a1&status=odd", "query 'status': expected" },
		{ "agent_id=a1&dry_run=maybe", "query 'dry_run'" },
		{ "agent_id=a1&code=timeout", "'code': expected" },
		{ "agent_id=a1&grace=x", "query 'grace'" },
		{ "agent_id=a1&wait=x", "query 'wait'" },
	};
	AUTO_BUF struct buf labels = { 0 };

	setup_three();
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		cancel_many(bad[i].query);
		client_wait(&c, bad[i].part);
		client_expect(&c, " 400 ");
	}
	for (int i = 0; i <= LIMIT_LABELS; i++)
		ck_assert_int_eq(buf_add_text(&labels, "label=x&"), 0);
	cancel_many(buf_text(&labels));
	client_wait(&c, "query 'label': more than 32");
	cancel_many("agent_id=a2");
	client_wait(&c, "\"code\":\"no_such_agent\"");
	client_expect(&c, " 404 ");
	get("/tasks?agent_id=a1");
	ck_assert_ptr_null(strstr(buf_text(&c.in), "\"cancel\":{"));
	teardown();
}
END

	static void
	ignore(void *arg, int r, struct task *t)
{
	(void)arg;
	(void)t;
	ck_assert_int_eq(r, 0);
}

TEST(takes_its_limit_and_tells_how_many_are_left)
{
	const char *cmd = "x";
	const struct msg_param param = { "cmd", &cmd, 1 };
	const struct hub_task spec = { .agent_id = "a1",
		.plugin = "shell",
		.start_timeout_ms = -1,
		.start = { .params = &param, .n_params = 1 } };

	setup();
	hub_rpc_ops.on_close(api.hub, &agent, RPC_STATUS_UNAVAILABLE, "test");
	for (int i = 0; i < LIMIT_BULK + 7; i++)
		ck_assert_int_eq(
			hub_create(api.hub, &spec, ignore, NULL, NULL), 0);
	cancel_many("agent_id=a1");
	client_wait(&c, "\"tasks\":[");
	client_expect(&c, " 202 ");
	client_expect(&c, "\"matched\":10000,\"left\":7,\"cancelled\":10000,");
	client_turn(&c, 200); /* the rest of that answer */
	cancel_many("agent_id=a1");
	client_wait(&c, "\"matched\":7,\"left\":0,\"cancelled\":7,");
	client_expect(&c, " 200 OK");
	teardown();
}
END

	UNIT_MAIN("cancel-many", waits_for_all_that_match_and_tells_them_apart,
		only_tells_what_a_dry_run_would_hit,
		answers_202_while_some_are_not_verified,
		ends_what_has_not_been_sent_at_once,
		does_not_wait_for_an_agent_that_is_away,
		goes_on_when_its_client_leaves,
		refuses_what_is_not_clearly_meant,
		takes_its_limit_and_tells_how_many_are_left)
