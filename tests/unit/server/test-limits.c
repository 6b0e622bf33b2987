/* test-limits.c - limits of one client, over real HTTP */
#include "api/limits.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "client.h"
#include "tests/unit/unit.h"

static struct loop *loop;
static struct http *http;
static struct limits *limits;
static uint16_t port;
static struct client c, other;

static void
login(void *arg, struct http_request *req)
{
	(void)arg;
	if (limits_login_failed(limits, req))
		http_reply_static(req, 401, "text/plain", "no\n");
}

static void
call(void *arg, struct http_request *req)
{
	(void)arg;
	if (limits_call(limits, req, http_param(req, "id")))
		http_reply_static(req, 200, "text/plain", "yes\n");
}

static void
nothing(void *arg)
{
	(void)arg;
}

static void
wait_for_ever(void *arg, struct http_request *req)
{
	if (limits_call(limits, req, http_param(req, "id")))
		http_defer(req, nothing, arg);
}

static const struct http_route routes[] = {
	{ .method = "GET", .pattern = "/login", .handler = login },
	{ .method = "GET", .pattern = "/call", .handler = call },
	{ .method = "GET", .pattern = "/call/{id}", .handler = call },
	{ .method = "GET", .pattern = "/wait/{id}", .handler = wait_for_ever },
};

static void
setup(const struct limits_conf *conf)
{
	struct http_conf hc = { .host = "127.0.0.1",
		.routes = routes,
		.n_routes = ARRAY_SIZE(routes) };
	struct err err;

	loop = loop_new();
	limits = limits_new(conf, NULL);
	ck_assert_int_eq(http_new(loop, &hc, &http, &port, &err), 0);
	client_open(&c, loop, port);
	client_open(&other, loop, port);
	clock_set(1000);
}

static void
teardown(void)
{
	client_close(&c);
	client_close(&other);
	http_free(http);
	limits_free(limits);
	loop_free(loop);
}

static void
get(const char *path, const char *expected)
{
	char request[128];

	(void)snprintf(request, sizeof request,
		"GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path);
	client_ask(&c, request);
	client_expect(&c, expected);
}

TEST(tells_an_address_with_too_many_wrong_tokens_when_to_come_again)
{
	setup(&(struct limits_conf){ .failed_logins = 3 });
	for (int i = 0; i < 3; i++)
		get("/login", "401 Unauthorized");
	get("/login", "429 Too Many");
	client_expect(&c, "too_many_logins");
	client_expect(&c, "Retry-After: 20\r\n");
	clock_set(21000);
	get("/login", "401 Unauthorized");
	get("/login", "429 Too Many");
	get("/call", "200 OK"); /* it is about wrong ones only */
	teardown();
}
END

TEST(limits_the_calls_of_each_token_and_of_each_address)
{
	setup(&(struct limits_conf){ .calls_per_second = 2 });
	get("/call/a", "200 OK");
	get("/call/a", "200 OK");
	get("/call/a", "429 Too Many");
	client_expect(&c, "too_many_calls");
	client_expect(&c, "Retry-After: 1\r\n");
	get("/call/b", "200 OK");
	get("/call", "200 OK");
	get("/call", "200 OK");
	get("/call", "429 Too Many");
	clock_set(1500);
	get("/call/a", "200 OK");
	get("/call/a", "429 Too Many");
	teardown();
}
END

TEST(limits_the_open_requests_of_each_token)
{
	setup(&(struct limits_conf){ .open_requests = 1 });
	client_say(&other, "GET /wait/a HTTP/1.1\r\nHost: x\r\n\r\n");
	client_turn(&other, 50);
	get("/call/a", "429 Too Many");
	client_expect(&c, "too_many_requests");
	get("/call/b", "200 OK");
	client_close(&other);
	UNIT_UNTIL(loop, http_connections(http) <= 1);
	get("/call/a", "200 OK");
	get("/call/a", "200 OK"); /* the one before is over */
	client_open(&other, loop, port);
	teardown();
}
END

TEST(limits_nothing_unless_told)
{
	setup(&(struct limits_conf){ 0 });
	for (int i = 0; i < 200; i++) {
		get("/login", "401 Unauthorized");
		get("/call/a", "200 OK");
	}
	limits_free(limits);
	limits = NULL;
	get("/login", "401 Unauthorized");
	get("/call/a", "200 OK");
	teardown();
}
END

	UNIT_MAIN("server/api/limits",
		tells_an_address_with_too_many_wrong_tokens_when_to_come_again,
		limits_the_calls_of_each_token_and_of_each_address,
		limits_the_open_requests_of_each_token,
		limits_nothing_unless_told)
