/* test-http-request.c - what reaches a handler and what is refused before */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "client.h"
#include "http/http.h"
#include "tests/unit/unit.h"

static struct loop *loop;
static struct http *http;
static uint16_t port;
static struct http_request *waiting; /* deferred */
static int n_gone;

static void
serve_hello(void *arg, struct http_request *req)
{
	(void)arg;
	http_reply_static(req, 200, "text/plain", "hello\n");
}

static void
serve_echo(void *arg, struct http_request *req)
{
	const char *q = http_query(req, "q");
	struct buf body = { 0 };

	(void)arg;
	ck_assert_int_eq(
		buf_printf(&body, "[\"%s\",\"%s\",%zu]", http_param(req, "id"),
			q ? q : "", http_body(req)->len),
		0);
	http_reply_json(req, 200, &body, 0);
}

static void
on_gone(void *arg)
{
	(void)arg;
	n_gone++;
	waiting = NULL;
}

static void
serve_later(void *arg, struct http_request *req)
{
	(void)arg;
	waiting = req;
	http_defer(req, on_gone, NULL);
}

static const struct http_route routes[] = {
	{ "GET", "/hello", 0, serve_hello, NULL },
	{ "GET", "/later", 0, serve_later, NULL },
	{ "POST", "/things/{id}", 0, serve_echo, NULL },
	{ "DELETE", "/things/{id}", 0, serve_echo, NULL },
	{ "GET", "/things/{id}/part", 0, serve_echo, NULL },
};

static void
start(int64_t request_timeout_ms)
{
	struct http_conf conf = { .host = "127.0.0.1",
		.routes = routes,
		.n_routes = ARRAY_SIZE(routes),
		.request_timeout_ms = request_timeout_ms };
	struct err err;

	loop = loop_new();
	ck_assert_msg(
		http_new(loop, &conf, &http, &port, &err) == 0, "%s", err.text);
}

static void
stop(struct client *c)
{
	client_close(c);
	http_free(http);
	loop_free(loop);
}

/* One request on a connection of its own; the reply must hold all parts. */
static void
expect_one(const char *request, const char *status, const char *part)
{
	struct client c;

	client_open(&c, loop, port);
	client_ask(&c, request);
	client_expect(&c, status);
	client_expect(&c, part);
	client_close(&c);
}

TEST(serves_many_requests_on_one_connection)
{
	struct client c;

	start(0);
	client_open(&c, loop, port);
	for (int i = 0; i < 50; i++) {
		client_ask(&c, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
		client_expect(&c, "200 OK");
		client_expect(&c, "Server: nodelink/");
		client_expect(&c, "\r\n\r\nhello\n");
		client_ask(&c,
			"POST /things/x1?q=%C3%A4 HTTP/1.1\r\nHost: a\r\n"
			"Content-Length: 2\r\n\r\n{}");
		client_expect(&c, "\r\n\r\n[\"x1\",\"\xc3\xa4\",2]\n");
	}
	ck_assert(!c.ended);
	ck_assert_uint_eq(http_connections(http), 1);
	stop(&c);
}
END

TEST(answers_head_where_get_is_answered)
{
	struct client c;

	start(0);
	client_open(&c, loop, port);
	client_say(&c, "HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n");
	client_wait(&c, "\r\n\r\n");
	client_expect(&c, "Content-Length: 6");
	client_turn(&c, 20);
	ck_assert_ptr_null(strstr(buf_text(&c.in), "hello"));
	stop(&c);
}
END

TEST(tells_unknown_paths_from_wrong_methods)
{
	struct client c;

	start(0);
	client_open(&c, loop, port);
	client_ask(&c, "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n");
	client_expect(&c, "404 Not Found");
	client_expect(&c, "\"code\":\"no_such_path\"");
	client_ask(&c, "GET /things/ HTTP/1.1\r\nHost: a\r\n\r\n");
	client_expect(&c, "404 Not Found");
	client_ask(&c, "PUT /things/x HTTP/1.1\r\nHost: a\r\n"
		       "Content-Length: 0\r\n\r\n");
	client_expect(&c, "405 Method Not Allowed");
	client_expect(&c, "Allow: POST, DELETE\r\n");
	client_ask(&c, "POST /hello HTTP/1.1\r\nHost: a\r\n\r\n");
	client_expect(&c, "Allow: GET, HEAD\r\n");
	client_ask(&c, "GET /a/b/c/d/e/f/g/h/i/j HTTP/1.1\r\nHost: a\r\n\r\n");
	client_expect(&c, "404 Not Found");
	client_ask(&c, "GET /\xff\"%22 HTTP/1.1\r\nHost: a\r\n\r\n");
	client_expect(&c, "404 Not Found");
	ck_assert(!c.ended); /* all of it on one connection */
	stop(&c);
}
END

TEST(refuses_ambiguous_framing)
{
#define POST "POST /things/x HTTP/1.1\r\nHost: a\r\n"
	struct client c;

	start(0);
	client_open(&c, loop, port);
	expect_one(POST "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
		" 400 ", "");
	expect_one(POST "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
		" 400 ", "");
	expect_one(POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"
			"\r\n0\r\n\r\n",
		" 400 ", "bad_framing");
	expect_one(
		POST "Transfer-Encoding: gzip\r\n\r\n", " 400 ", "bad_framing");
	expect_one(POST "Transfer-Encoding: xchunked\r\n\r\n", " 400 ", "");
	expect_one(POST "Content-Length: +2\r\n\r\n{}", " 400 ", "");
	expect_one("GET /hello HTTP/1.1\r\n\r\n", " 400 ", "bad_host");
	expect_one(POST "Content-Length : 2\r\n\r\n{}", " 400 ", "bad_header");
	expect_one("GET /hello?a=b c HTTP/1.1\r\nHost: a\r\n\r\n", " 400 ",
		"bad_uri");
	expect_one("GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", " 400 ",
		"bad_host");
	expect_one("GET /hello HTTP/1.1\r\nHost: a\r\nAuthorization: a\r\n"
		   "Authorization: b\r\n\r\n",
		" 400 ", "bad_header");
	expect_one("GET /hello%00x HTTP/1.1\r\nHost: a\r\n\r\n", " 400 ",
		"bad_uri");
	expect_one("GET /hello?a=%zz HTTP/1.1\r\nHost: a\r\n\r\n", " 400 ",
		"bad_uri");
	expect_one("GET /hello?a=%ff HTTP/1.1\r\nHost: a\r\n\r\n", " 400 ",
		"not_utf8");
	stop(&c);
}
END

TEST(refuses_what_is_too_long)
{
	static char text[64 << 10];
	struct client c;
	int n;

	start(0);
	client_open(&c, loop, port);
	n = snprintf(text, sizeof text,
		"GET /%05000d HTTP/1.1\r\nHost: a\r\n\r\n", 0);
	ck_assert_int_gt(n, 0);
	expect_one(text, " 414 ", "uri_too_long");
	n = snprintf(text, sizeof text,
		"GET /hello HTTP/1.1\r\nHost: a\r\nX: %013000d\r\n\r\n", 0);
	expect_one(text, " 431 ", "");
	n = snprintf(text, sizeof text,
		"GET /hello HTTP/1.1\r\nHost: a\r\nX: %060000d\r\n\r\n", 0);
	expect_one(text, " 431 ", "");
	stop(&c);
}
END

TEST(refuses_bodies_that_are_too_large_and_goes_on)
{
	static char body[LIMIT_HTTP_BODY + 1];
	struct client c;
	char head[128];

	start(0);
	client_open(&c, loop, port);
	memset(body, 'x', sizeof body);
	(void)snprintf(head, sizeof head, POST "Content-Length: %zu\r\n\r\n",
		sizeof body);
	client_say(&c, head);
	client_send(&c, body, sizeof body);
	client_wait(&c, "body_too_large");
	client_expect(&c, " 413 ");
	client_ask(&c, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
	client_expect(&c, "200 OK");

	buf_clear(&c.in);
	client_say(&c, POST "Transfer-Encoding: chunked\r\n\r\n100001\r\n");
	client_send(&c, body, sizeof body);
	client_say(&c, "\r\n0\r\n\r\n");
	client_wait(&c, "body_too_large");
	client_expect(&c, " 413 ");
	client_ask(&c, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
	client_expect(&c, "200 OK");

	expect_one(POST "Content-Length: 99999999999\r\n\r\n", " 413 ",
		"body_too_large");
	stop(&c);
}
END

TEST(takes_a_body_of_exactly_the_limit)
{
	static char body[LIMIT_HTTP_BODY];
	struct client c;
	char head[128];

	start(0);
	client_open(&c, loop, port);
	memset(body, 'x', sizeof body);
	(void)snprintf(head, sizeof head, POST "Content-Length: %zu\r\n\r\n",
		sizeof body);
	client_say(&c, head);
	client_send(&c, body, sizeof body);
	client_wait(&c, "[\"x\",\"\",1048576]");
	stop(&c);
}
END

TEST(refuses_bodies_of_another_type_and_pages_of_other_hosts)
{
	struct client c;

	start(0);
	client_open(&c, loop, port);
	client_ask(&c, POST "Content-Type: text/plain\r\n"
			    "Content-Length: 2\r\n\r\n{}");
	client_expect(&c, " 415 ");
	client_ask(&c, POST "Content-Type: application/json; charset=utf-8\r\n"
			    "Content-Length: 2\r\n\r\n{}");
	client_expect(&c, "200 OK");
	client_ask(&c,
		POST "Content-Type: application/x-www-form-urlencoded\r\n"
		     "Content-Length: 2\r\n\r\n{}");
	client_expect(&c, "200 OK"); /* curl -d */
	client_ask(&c, POST "Origin: http://evil.example\r\n"
			    "Content-Length: 2\r\n\r\n{}");
	client_expect(&c, " 403 ");
	/* a name that its owner has pointed at this machine */
	client_ask(&c, POST "Origin: http://a\r\nContent-Length: 2\r\n\r\n{}");
	client_expect(&c, " 403 ");
	client_ask(&c, "POST /things/x HTTP/1.1\r\nHost: localhost:1\r\n"
		       "Origin: http://localhost:1\r\n"
		       "Content-Length: 2\r\n\r\n{}");
	client_expect(&c, "200 OK");
	client_ask(&c, "POST /things/x HTTP/1.1\r\nHost: 127.0.0.1:1\r\n"
		       "Origin: http://127.0.0.1:1\r\n"
		       "Content-Length: 2\r\n\r\n{}");
	client_expect(&c, "200 OK");
	stop(&c);
}
END

TEST(sends_a_deferred_reply_when_it_is_there)
{
	struct client c;
	struct buf body = { 0 };

	start(0);
	n_gone = 0;
	client_open(&c, loop, port);
	for (int i = 0; i < 3; i++) {
		buf_clear(&c.in);
		waiting = NULL;
		client_say(&c, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
		client_turn(&c, 20);
		ck_assert_ptr_nonnull(waiting);
		ck_assert_uint_eq(c.in.len, 0);
		ck_assert_int_eq(buf_add_text(&body, "{}"), 0);
		http_reply_json(waiting, 202, &body, 0);
		client_wait(&c, "{}\n");
		client_expect(&c, "202 Accepted");
	}
	ck_assert_int_eq(n_gone, 0);
	stop(&c);
}
END

TEST(tells_the_handler_when_the_client_of_a_deferred_reply_leaves)
{
	struct client c;

	start(0);
	n_gone = 0;
	waiting = NULL;
	client_open(&c, loop, port);
	client_say(&c, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
	client_turn(&c, 20);
	ck_assert_ptr_nonnull(waiting);
	(void)close(c.fd);
	UNIT_UNTIL(loop, http_connections(http) == 0);
	ck_assert_int_eq(n_gone, 1);
	ck_assert_uint_eq(http_connections(http), 0);
	c.fd = -1;
	stop(&c);
}
END

TEST(ends_requests_that_only_drip)
{
	struct client c;

	start(400);
	client_open(&c, loop, port);
	client_say(&c, "GET /hello HTTP/1.1\r\nHost: a\r\nX-");
	for (int i = 0; i < unit_wait_ms() / 50 && !c.ended; i++) {
		client_turn(&c, 50);
		client_say(&c, "a");
	}
	ck_assert(c.ended);
	stop(&c);
}
END

	static void
	mark(void *arg)
{
	*(bool *)arg = true;
}

TEST(stops_gracefully)
{
	struct client idle, busy, late;
	struct err err;
	bool stopped = false;
	struct http_conf conf = { .host = "127.0.0.1" };
	uint16_t again;
	struct http *second;

	start(0);
	n_gone = 0;
	client_open(&idle, loop, port);
	client_ask(&idle, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
	client_open(&busy, loop, port);
	client_say(&busy, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
	client_turn(&busy, 20);
	http_stop(http, 1000, mark, &stopped);
	client_wait_end(&busy);
	client_expect(&busy, " 503 ");
	client_wait_end(&idle);
	UNIT_UNTIL(loop, stopped);
	ck_assert_int_eq(n_gone, 1);
	conf.port = port; /* it is free again */
	ck_assert_msg(http_new(loop, &conf, &second, &again, &err) == 0, "%s",
		err.text);
	ck_assert_int_eq(
		http_new(loop, &conf, &second, &again, &err), -EADDRINUSE);
	ck_assert_ptr_nonnull(strstr(err.text, "cannot listen on 127.0.0.1:"));
	http_free(second);
	client_close(&idle);
	late.fd = -1;
	(void)late;
	stop(&busy);
}
END

	UNIT_MAIN("http-request", serves_many_requests_on_one_connection,
		answers_head_where_get_is_answered,
		tells_unknown_paths_from_wrong_methods,
		refuses_ambiguous_framing, refuses_what_is_too_long,
		refuses_bodies_that_are_too_large_and_goes_on,
		takes_a_body_of_exactly_the_limit,
		refuses_bodies_of_another_type_and_pages_of_other_hosts,
		sends_a_deferred_reply_when_it_is_there,
		tells_the_handler_when_the_client_of_a_deferred_reply_leaves,
		ends_requests_that_only_drip, stops_gracefully)
