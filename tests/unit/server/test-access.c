/* test-access.c - who is let in, and to which tasks */
#include <stdio.h>
#include <string.h>

#include "api-rig.h"
#include "api/limits.h"
#include "base/clock.h"
#include "base/limits.h"
#include "tests/unit/unit.h"

#define SHELL "{\"agent_id\":\"a1\",\"cmd\":\"true\""

static char kept[4][AUTH_SECRET];

/* A token that stays until the fourth one after it. */
static const char *
keep(const char *client, enum auth_role role, const char *label,
	const char *value)
{
	static size_t at;
	char *text = kept[at++ % ARRAY_SIZE(kept)];

	(void)strcpy(text, token_for(client, role, label, value));
	return text;
}

static void
lacks(const char *text)
{
	ck_assert_msg(!strstr(buf_text(&c.in), text), "'%s' in '%s'", text,
		buf_text(&c.in));
}

TEST(says_what_is_missing)
{
	char wrong[AUTH_SECRET];

	setup_asking();
	get("/healthz");
	client_expect(&c, " 200 OK");
	get("/agents");
	client_expect(&c, " 401 ");
	client_expect(&c, "WWW-Authenticate: Bearer realm=\"nodelink\"\r\n");
	client_expect(&c, "\"code\":\"no_token\"");
	client_expect(&c, "nodelink-server token create");
	(void)strcpy(wrong, keep("ci", AUTH_ADMIN, NULL, NULL));
	wrong[strlen(wrong) - 1] ^= 1;
	as(wrong);
	get("/agents");
	client_expect(&c, " 401 ");
	client_expect(&c, "error=\"invalid_token\"");
	client_expect(&c, "\"error\":\"no such token\",\"code\":\"bad_token\"");
	as("");
	get("/agents");
	client_expect(&c, "\"code\":\"bad_token\"");
	(void)strcpy(credentials, "Authorization: Basic Y2k6Y2k=\r\n");
	get("/agents");
	client_expect(&c, "\"code\":\"bad_token\"");
	(void)strcpy(credentials, "Authorization: bEARER  ");
	(void)strcat(strcat(credentials, kept[0]), "\r\n");
	get("/agents");
	client_expect(&c, " 200 OK");
	teardown();
}
END

TEST(gives_each_role_its_routes)
{
	setup_asking();
	as(keep("eve", AUTH_VIEWER, NULL, NULL));
	get("/tasks");
	client_expect(&c, " 200 OK");
	post("/tasks/shell", SHELL "}");
	client_expect(&c, " 403 ");
	client_expect(&c, "\"error\":\"client 'eve' has the role viewer here; "
			  "this needs operator\",\"code\":\"forbidden\"");
	del("/tasks?label=k");
	client_expect(&c, "\"code\":\"forbidden\"");
	as(keep("ci", AUTH_OPERATOR, NULL, NULL));
	create();
	client_expect(&c, "\"owner\":\"ci\"");
	post("/agents/a1/drain", "");
	client_expect(&c, "\"code\":\"forbidden\"");
	as(keep("root", AUTH_ADMIN, "team", "red"));
	post("/agents/a1/drain", ""); /* the tasks of others are there, too */
	client_expect(&c, "\"code\":\"forbidden\"");
	client_expect(&c, "admin without labels");
	as(keep("root", AUTH_ADMIN, NULL, NULL));
	post("/agents/a1/drain", "");
	client_expect(&c, "\"actor\":\"root@127.0.0.1\"");
	teardown();
}
END

TEST(shows_no_task_outside_the_labels)
{
	static const char *const paths[] = { "/tasks/#", "/tasks/#/output",
		"/stream?ref=#" };
	const char *red;

	setup_asking();
	as(keep("root", AUTH_ADMIN, NULL, NULL));
	create();
	red = keep("red", AUTH_ADMIN, "team", "red");
	as(red);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		get(with_id(paths[i]));
		client_expect(&c, " 404 ");
		client_expect(&c, "\"code\":\"no_such_task\"");
	}
	del(with_id("/tasks/#"));
	client_expect(&c, "\"code\":\"no_such_task\"");
	get("/tasks");
	client_expect(&c, "{\"tasks\":[],");
	get("/tasks?label=k=v");
	client_expect(&c, "{\"tasks\":[],");
	get("/agents/a1/tasks");
	client_expect(&c, "{\"tasks\":[],");
	del("/tasks?agent_id=a1");
	client_expect(&c, "\"matched\":0,\"left\":0");
	get("/tasks?label=team=blue");
	client_expect(&c, "{\"tasks\":[],");
	del("/tasks?reason=x"); /* its own labels are no filter of a request */
	client_expect(&c, "'label' or 'agent_id' is required");
	teardown();
}
END

TEST(gives_tasks_the_labels_of_the_token)
{
	setup_asking();
	as(keep("red", AUTH_OPERATOR, "team", "red"));
	post("/tasks/shell", SHELL "}");
	client_expect(&c, "\"labels\":{\"team\":\"red\"}");
	post("/tasks/shell", SHELL ",\"labels\":{\"team\":\"red\"}}");
	client_expect(&c, "\"labels\":{\"team\":\"red\"}");
	create();
	client_expect(&c, "\"labels\":{\"k\":\"v\",\"team\":\"red\"}");
	get(with_id("/tasks/#"));
	client_expect(&c, " 200 OK");
	post("/tasks/shell", SHELL ",\"labels\":{\"team\":\"blue\"}}");
	client_expect(&c, " 403 ");
	client_expect(&c, "\"error\":\"field 'labels.team': your token makes "
			  "only tasks with \\\"red\\\"\","
			  "\"code\":\"outside_labels\"");
	get("/tasks?label=team=blue");
	client_expect(&c, "{\"tasks\":[],");
	teardown();
}
END

TEST(lets_an_operator_cancel_only_its_own_tasks)
{
	const char *ci, *bob;

	setup_asking();
	ci = keep("ci", AUTH_OPERATOR, NULL, NULL);
	bob = keep("bob", AUTH_OPERATOR, NULL, NULL);
	as(ci);
	create();
	msg_free(fake_take(&agent, MSG_START));
	as(bob);
	del(with_id("/tasks/#"));
	client_expect(&c, " 403 ");
	client_expect(&c, "\"error\":\"not your task: it belongs to client "
			  "'ci'\",\"code\":\"not_owner\"");
	del("/tasks?label=k&wait=0");
	client_expect(&c, "\"matched\":0");
	del("/tasks?label=k&owner=ci&wait=0");
	client_expect(&c, "\"code\":\"not_owner\"");
	ck_assert_uint_eq(agent.n_sent, 0);
	get(with_id("/tasks/#"));
	client_expect(&c, "\"cancel\":null");
	as(ci);
	del("/tasks?label=k&dry_run=1");
	client_expect(&c, "\"matched\":1");
	api_delete("?wait=0");
	client_wait(&c, "\"actor\":\"ci@127.0.0.1\"");
	msg_free(fake_take(&agent, MSG_CANCEL));
	teardown();
}
END

TEST(lets_an_admin_cancel_any_task)
{
	setup_asking();
	as(keep("ci", AUTH_OPERATOR, NULL, NULL));
	create();
	create();
	as(keep("root", AUTH_ADMIN, NULL, NULL));
	get("/tasks?owner=ci");
	client_expect(&c, id);
	get("/tasks?owner=root");
	client_expect(&c, "{\"tasks\":[],");
	del("/tasks?label=k&owner=ci&dry_run=1");
	client_expect(&c, "\"matched\":2");
	api_delete("?wait=0");
	client_wait(&c, "\"actor\":\"root@127.0.0.1\"");
	teardown();
}
END

TEST(keeps_the_keys_of_clients_apart)
{
	char mine[sizeof credentials], first[ID_MAX];
	const char *tokens[] = { NULL, NULL };

	setup_asking();
	tokens[0] = keep("ci", AUTH_OPERATOR, NULL, NULL);
	tokens[1] = keep("bob", AUTH_OPERATOR, NULL, NULL);
	for (int i = 0; i < 2; i++) {
		as(tokens[i]);
		(void)strcat(credentials, "Idempotency-Key: 1\r\n");
		create();
		lacks("Idempotent-Replayed");
		if (i == 0)
			(void)strcpy(first, id);
	}
	ck_assert_str_ne(first, id);
	(void)strcpy(mine, credentials);
	create();
	client_expect(&c, "Idempotent-Replayed");
	client_expect(&c, "\"owner\":\"bob\"");
	/* another token of the same client, which makes other tasks */
	as(keep("bob", AUTH_OPERATOR, "team", "red"));
	(void)strcat(credentials, "Idempotency-Key: 1\r\n");
	post("/tasks/shell", "{\"agent_id\":\"a1\",\"cmd\":\"true\","
			     "\"labels\":{\"k\":\"v\"},\"timeout\":1.5}");
	client_expect(&c, "\"code\":\"idempotency_key_reused\"");
	teardown();
}
END

	/* The cookie of a new session of this token, as a header. */
	static void
	log_in(const char *token)
{
	const char *cookie;

	as(token);
	post("/session", "");
	client_expect(&c, " 200 OK");
	cookie = strstr(buf_text(&c.in), "nodelink_session=");
	ck_assert_ptr_nonnull(cookie);
	(void)snprintf(credentials, sizeof credentials, "Cookie: %.*s\r\n",
		(int)strcspn(cookie, ";"), cookie);
}

TEST(takes_a_cookie_for_reading)
{
	setup_asking();
	log_in(keep("eve", AUTH_ADMIN, "team", "red"));
	client_expect(&c, "; Path=/; HttpOnly; SameSite=Strict; Max-Age=");
	client_expect(&c, "\"client\":\"eve\",\"role\":\"admin\","
			  "\"labels\":{\"team\":\"red\"},");
	get("/tasks");
	client_expect(&c, " 200 OK");
	post("/tasks/shell", SHELL "}");
	client_expect(&c, " 401 ");
	client_expect(&c, "a session is for reading only");
	post("/session", "");
	client_expect(&c, "\"code\":\"no_token\"");
	del("/session");
	client_expect(&c, "nodelink_session=; Path=/; HttpOnly; "
			  "SameSite=Strict; Max-Age=0");
	get("/tasks");
	client_expect(&c, "\"code\":\"no_session\"");
	(void)strcpy(credentials, "Cookie: nodelink_session=\r\n");
	get("/tasks");
	client_expect(&c, " 401 ");
	as(keep("eve", AUTH_VIEWER, NULL, NULL));
	(void)strcat(credentials, "X-Forwarded-Proto: HTTPS\r\n");
	post("/session", "");
	client_expect(&c, "; Secure\r\n");
	api.tls = true;
	log_in(keep("eve", AUTH_VIEWER, NULL, NULL));
	client_expect(&c, "; Secure\r\n");
	teardown();
}
END

TEST(keeps_few_sessions_of_one_token)
{
	char first[sizeof credentials], other[sizeof credentials];
	const char *eve;

	setup_asking();
	eve = keep("eve", AUTH_VIEWER, NULL, NULL);
	log_in(keep("bob", AUTH_VIEWER, NULL, NULL));
	(void)strcpy(other, credentials);
	for (int i = 0; i < LIMIT_SESSIONS; i++) {
		log_in(eve);
		if (i == 0)
			(void)strcpy(first, credentials);
	}
	(void)strcpy(credentials, first);
	get("/tasks");
	client_expect(&c, " 200 OK");
	log_in(eve);
	get("/tasks");
	client_expect(&c, " 200 OK");
	(void)strcpy(credentials, first);
	get("/tasks");
	client_expect(&c, "\"code\":\"no_session\"");
	(void)strcpy(credentials, other);
	get("/tasks");
	client_expect(&c, " 200 OK");
	teardown();
}
END

	static void
	watch(struct client *watcher)
{
	char request[512];

	client_open(watcher, api.loop, api_port);
	(void)snprintf(request, sizeof request,
		"GET /stream?ref=%s HTTP/1.1\r\nHost: x\r\n%s\r\n", id,
		credentials);
	client_say(watcher, request);
	client_wait(watcher, "\r\n\r\n");
}

/* The public part of "nlk_<id>_<secret>". */
static void
take_away(const char *token)
{
	const char *from = strchr(token, '_') + 1;
	char public[AUTH_ID];
	struct err err = { "" };

	(void)snprintf(
		public, sizeof public, "%.*s", (int)strcspn(from, "_"), from);
	ck_assert_msg(
		auth_token_revoke(api.auth, public, &err) == 0, "%s", err.text);
}

TEST(cuts_what_a_revoked_token_has_opened)
{
	struct client by_token, by_cookie, by_other;
	const char *eve, *bob;

	setup_asking();
	bob = keep("bob", AUTH_OPERATOR, NULL, NULL);
	eve = keep("eve", AUTH_VIEWER, NULL, NULL);
	as(bob);
	create();
	watch(&by_other);
	as(eve);
	watch(&by_token);
	log_in(eve);
	watch(&by_cookie);
	take_away(eve);
	client_wait_end(&by_token);
	client_wait_end(&by_cookie);
	get("/tasks");
	client_expect(&c, "\"code\":\"no_session\"");
	as(eve);
	get("/tasks");
	client_expect(&c, "\"code\":\"token_revoked\"");
	client_turn(&by_other, 20);
	ck_assert(!by_other.ended);
	client_close(&by_token);
	client_close(&by_cookie);
	client_close(&by_other);
	teardown();
}
END

TEST(cuts_the_streams_of_a_session_that_ends)
{
	struct client by_token, by_cookie;
	const char *eve;

	setup_asking();
	eve = keep("eve", AUTH_ADMIN, NULL, NULL);
	as(eve);
	create();
	watch(&by_token);
	log_in(eve);
	watch(&by_cookie);
	del("/session");
	client_wait_end(&by_cookie);
	client_turn(&by_token, 20);
	ck_assert(!by_token.ended);
	client_close(&by_token);
	client_close(&by_cookie);
	teardown();
}
END

	/* Twice the same, which is all that an address may ask for in a second. */
	static void
	asks_too_often(
		const char *path, const char *header, const char *expected)
{
	static int64_t now_ms;

	clock_set(now_ms += 1000);
	(void)strcpy(credentials, header);
	for (int i = 0; i < 2; i++) {
		get(path);
		client_expect(&c, expected);
	}
	get(path);
	client_expect(&c, " 429 ");
	client_expect(&c, "\"code\":\"too_many_calls\"");
}

TEST(counts_by_address_who_has_no_good_token_and_what_has_no_route)
{
	struct limits *limits = limits_new(
		&(struct limits_conf){ .calls_per_second = 2 }, NULL);

	setup_asking();
	api.limits = limits;
	asks_too_often("/tasks", "", "\"code\":\"no_token\"");
	asks_too_often("/tasks", "Authorization: Bearer nlk_0\r\n",
		"\"code\":\"bad_token\"");
	asks_too_often("/tasks", "Cookie: nodelink_session=0\r\n",
		"\"code\":\"no_session\"");
	asks_too_often("/nowhere", "", "\"code\":\"no_such_path\"");
	asks_too_often("/session", "", "\"code\":\"wrong_method\"");
	asks_too_often("/tasks?label=%ff", "", "\"code\":\"not_utf8\"");
	as(keep("eve", AUTH_VIEWER, NULL, NULL));
	get("/tasks");
	client_expect(&c, " 200 OK");
	teardown();
	limits_free(limits);
}
END

TEST(refused_calls_cost_nobody_who_needs_no_token)
{
	struct limits *limits = limits_new(
		&(struct limits_conf){ .calls_per_second = 2 }, NULL);

	setup_asking();
	api.limits = limits;
	asks_too_often("/tasks", "", "\"code\":\"no_token\"");
	get("/");
	client_expect(&c, " 200 OK");
	for (int i = 0; i < 5; i++) {
		get("/healthz");
		client_expect(&c, " 200 OK");
		get("/readyz");
		client_expect(&c, " 200 OK");
	}
	teardown();
	limits_free(limits);
}
END

TEST(counts_the_open_requests_of_nobody)
{
	struct limits *limits =
		limits_new(&(struct limits_conf){ .open_requests = 1 }, NULL);
	struct client slow;

	setup_asking();
	api.limits = limits;
	client_open(&slow, api.loop, api_port);
	client_say(&slow, "POST /tasks/shell HTTP/1.1\r\nHost: a\r\n"
			  "Content-Length: 5\r\n\r\n{");
	client_turn(&slow, 20);
	get("/tasks");
	client_expect(&c, "\"code\":\"too_many_requests\"");
	client_close(&slow);
	teardown();
	limits_free(limits);
}
END

	/* `c` would have been idle for too long. */
	static void
	later(int64_t now_ms)
{
	clock_set(now_ms);
	client_close(&c);
	client_open(&c, api.loop, api_port);
}

TEST(ends_a_session_after_twelve_hours_and_what_is_open_with_it)
{
	struct client by_token, by_cookie;
	char first[sizeof credentials];
	const char *eve;

	setup_asking();
	clock_set(1000);
	eve = keep("eve", AUTH_ADMIN, NULL, NULL);
	as(eve);
	create();
	watch(&by_token);
	log_in(eve);
	client_expect(&c, "; Max-Age=43200\r\n");
	(void)strcpy(first, credentials);
	watch(&by_cookie);
	later(1000 + 12 * 3600 * 1000 - 1);
	log_in(eve);
	(void)strcpy(credentials, first);
	get("/tasks"); /* used, and it ends all the same */
	client_expect(&c, " 200 OK");
	client_turn(&by_cookie, 20);
	ck_assert(!by_cookie.ended);
	later(1000 + 12 * 3600 * 1000);
	get("/tasks");
	client_expect(&c, "\"code\":\"no_session\"");
	client_wait_end(&by_cookie);
	client_turn(&by_token, 20);
	ck_assert(!by_token.ended);
	client_close(&by_token);
	client_close(&by_cookie);
	teardown();
}
END

TEST(asks_nobody_in_development_mode)
{
	setup();
	get("/");
	client_expect(&c, "Development mode");
	create();
	client_expect(&c, "\"owner\":null");
	post("/session", "");
	client_expect(&c, " 409 ");
	client_expect(&c, "\"code\":\"anonymous\"");
	as("whatever");
	api_delete("?wait=0");
	client_wait(&c, "\"actor\":\"anonymous@127.0.0.1\"");
	teardown();
	setup_asking();
	get("/");
	client_expect(&c, " 200 OK");
	lacks("Development mode");
	teardown();
}
END

	UNIT_MAIN("access", says_what_is_missing, gives_each_role_its_routes,
		shows_no_task_outside_the_labels,
		gives_tasks_the_labels_of_the_token,
		lets_an_operator_cancel_only_its_own_tasks,
		lets_an_admin_cancel_any_task, keeps_the_keys_of_clients_apart,
		takes_a_cookie_for_reading, keeps_few_sessions_of_one_token,
		cuts_what_a_revoked_token_has_opened,
		cuts_the_streams_of_a_session_that_ends,
		counts_by_address_who_has_no_good_token_and_what_has_no_route,
		refused_calls_cost_nobody_who_needs_no_token,
		counts_the_open_requests_of_nobody,
		ends_a_session_after_twelve_hours_and_what_is_open_with_it,
		asks_nobody_in_development_mode)
