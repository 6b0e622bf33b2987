/* api-rig.c - the API over real HTTP, real hub and store, and a fake agent */
#include "api-rig.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "tests/unit/unit.h"

struct api api;
static struct http *http;
uint16_t api_port;
struct rpc_stream agent;
struct client c;
char id[ID_MAX]; /* of the task created last */
char credentials[192];
static char dir[] = "/tmp/test-api-XXXXXX", tokens[64];

void
say(struct msg msg)
{
	AUTO_BUF struct buf b = { 0 };

	msg.plugin = msg.plugin ? msg.plugin : "shell";
	ck_assert_int_eq(msg_pack(&msg, &b), 0);
	hub_rpc_ops.on_message(api.hub, &agent, b.data, b.len);
}

static void
connect_agent(void)
{
	static const struct msg_field shell[] = {
		{ .name = "cmd", .type = "text", .required = true },
		{ .name = "cwd", .type = "path" }
	};
	static const struct msg_field login[] = {
		{ .name = "host", .type = "text", .required = true },
		{ .name = "tries", .type = "int", .fallback = "3" },
		{ .name = "words", .type = "text", .list = true },
		{ .name = "password", .type = "text", .secret = true }
	};
	static const struct msg_limit_kind limits[] = { { "pids", "cgroup1" },
		{ "open_files", "rlimit" } };
	static const char *const no_names[] = { NULL };
	const struct rpc_hello hello = { .agent_id = "a1",
		.agent_token = "",
		.peer = "test",
		.tls_names = no_names,
		.serial = "" };
	enum rpc_status status;
	struct err err;

	memset(&agent, 0, sizeof agent);
	ck_assert_int_eq(
		hub_rpc_ops.on_open(api.hub, &agent, &hello, &status, &err), 0);
	say((struct msg){
		.kind = MSG_HELLO, .hello = { "0.1", "boot", "host" } });
	say((struct msg){ .kind = MSG_INVENTORY,
		.inventory = { .instance = "i",
			.version = "1",
			.containment = "subreaper",
			.params = shell,
			.n_params = 2,
			.limits = limits,
			.n_limits = 2 } });
	say((struct msg){ .kind = MSG_INVENTORY,
		.plugin = "login",
		.inventory = { .instance = "j",
			.summary = "logs in",
			.params = login,
			.n_params = 4 } });
}

static void
start(void)
{
	const struct store_memory_conf mem = { .loop = api.loop,
		.dir = "/tmp",
		.limits = { .retention_ms = 1000000,
			.max_tasks = 1000,
			.max_output = 1 << 30 } };
	struct hub_conf conf = { .loop = api.loop,
		.default_grace_ms = 10000,
		.default_start_timeout_ms = 60000,
		.lost_after_ms = 60000,
		.default_output_limit = 1 << 30,
		.window = 1 << 20 };
	struct http_conf hc = { .host = "127.0.0.1",
		.routes = api_routes,
		.n_routes = api_n_routes,
		.gate = &api_gate,
		.asks = api.auth != NULL,
		.arg = &api };
	struct err err = { "" };

	ck_assert_int_eq(store_memory_new(&mem, &api.store), 0);
	conf.store = api.store;
	ck_assert_int_eq(hub_new(&conf, &api.hub, NULL), 0);
	ck_assert_int_eq(http_new(api.loop, &hc, &http, &api_port, &err), 0);
	api.http = http;
	connect_agent();
	client_open(&c, api.loop, api_port);
}

void
setup(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	credentials[0] = 0;
	api = (struct api){ .loop = loop_new() };
	start();
}

static void
tokens_changed(void *arg)
{
	api_recheck(arg);
}

void
setup_asking(void)
{
	const struct auth_conf conf = {
		.path = tokens, .on_change = tokens_changed, .arg = &api
	};
	struct err err = { "" };

	log_set_level(LOG_LEVEL_ERROR);
	credentials[0] = 0;
	memcpy(dir + sizeof dir - 7, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(tokens, sizeof tokens, "%s/auth.db", dir);
	api = (struct api){ .loop = loop_new() };
	ck_assert_msg(auth_new(api.loop, &conf, &api.auth, &err) == 0, "%s",
		err.text);
	start();
}

const char *
token_for(const char *client, enum auth_role role, const char *label,
	const char *value)
{
	static char text[AUTH_SECRET];
	const struct label labels[] = { { label, value } };
	const struct auth_token_spec spec = { .client = client,
		.role = role,
		.labels = labels,
		.n_labels = label != NULL };
	struct err err = { "" };

	ck_assert_msg(auth_token_new(api.auth, &spec, text, &err) == 0, "%s",
		err.text);
	return text;
}

void
as(const char *token)
{
	(void)snprintf(credentials, sizeof credentials,
		token ? "Authorization: Bearer %s\r\n" : "%s",
		token ? token : "");
}

void
teardown(void)
{
	client_close(&c);
	http_free(http);
	api_done(&api);
	auth_free(api.auth);
	if (api.auth) {
		(void)unlink(tokens);
		(void)rmdir(dir);
	}
	fake_done(&agent);
	hub_free(api.hub);
	api.store->ops->free(api.store);
	loop_free(api.loop);
}

void
get(const char *path)
{
	char request[512];

	(void)snprintf(request, sizeof request,
		"GET %s HTTP/1.1\r\nHost: x\r\n%s\r\n", path, credentials);
	client_ask(&c, request);
}

void
del(const char *path)
{
	char request[512];

	(void)snprintf(request, sizeof request,
		"DELETE %s HTTP/1.1\r\nHost: x\r\n%s\r\n", path, credentials);
	client_ask(&c, request);
}

void
post(const char *path, const char *body)
{
	AUTO_BUF struct buf b = { 0 };

	ck_assert_int_eq(buf_printf(&b,
				 "POST %s HTTP/1.1\r\nHost: x\r\n%s"
				 "Content-Length: %zu\r\n\r\n%s",
				 path, credentials, strlen(body), body),
		0);
	client_ask(&c, buf_text(&b));
}

void
create(void)
{
	const char *p;

	post("/tasks/shell", "{\"agent_id\":\"a1\",\"cmd\":\"true\","
			     "\"labels\":{\"k\":\"v\"},\"timeout\":1.5}");
	client_expect(&c, " 200 OK");
	p = strstr(buf_text(&c.in), "\"task_id\":\"");
	ck_assert_ptr_nonnull(p);
	(void)snprintf(
		id, sizeof id, "%.*s", (int)strcspn(p + 11, "\""), p + 11);
}

void
started(void)
{
	say((struct msg){ .kind = MSG_STARTED,
		.task_id = id,
		.seq = 1,
		.started = { .at = 1, .pid = 42, .grace_ms = 10000 } });
}

void
output(uint64_t seq, enum msg_stream stream, const char *text)
{
	say((struct msg){ .kind = MSG_OUTPUT,
		.task_id = id,
		.seq = seq,
		.output = { stream, (const uint8_t *)text, strlen(text) } });
}

void
ended(uint64_t seq, struct msg_result result)
{
	result.ended_at = 5;
	say((struct msg){ .kind = MSG_RESULT,
		.task_id = id,
		.seq = seq,
		.result = result });
}

const char *
with_id(const char *fmt)
{
	static char text[256];
	const char *at = strchr(fmt, '#');

	(void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - fmt), fmt, id,
		at + 1);
	return text;
}

void
api_delete(const char *query)
{
	char request[512];

	buf_clear(&c.in);
	(void)snprintf(request, sizeof request,
		"DELETE /tasks/%s%s HTTP/1.1\r\nHost: x\r\n%s\r\n", id, query,
		credentials);
	client_say(&c, request);
	client_turn(&c, 20);
}
