/* test-http-gate.c - who is let in, before the body and while it lasts */
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

static struct person {
	bool welcome;
	int refs;
} person;
static struct http_request *open_req; /* deferred or a stream */
static int n_gone;

enum { ACCESS_ALL, ACCESS_NAMED };

static void
admit(void *arg, struct http_request *req)
{
	const char *name = http_header(req, "Name");

	(void)arg;
	if (http_access(req) == ACCESS_ALL)
		return;
	if (!name && http_reads(req))
		name = http_cookie(req, "name");
	if (!name) {
		http_reply_error(req, 401, "who", NULL, "say your name");
		return;
	}
	person.refs++;
	http_take_user(req, &person);
	if (strcmp(name, "p") != 0)
		http_reply_error(req, 403, "not_you", NULL, "another name");
}

static bool
still(const void *user)
{
	return ((const struct person *)user)->welcome;
}

static void
unref(void *user)
{
	((struct person *)user)->refs--;
}

static const struct http_gate gate = { admit, NULL, still, unref };

static void
serve(void *arg, struct http_request *req)
{
	(void)arg;
	http_reply_static(req, 200, "text/plain",
		http_user(req) ? "hello person\n" : "hello\n");
}

static void
on_gone(void *arg)
{
	(void)arg;
	n_gone++;
	open_req = NULL;
}

static void
serve_later(void *arg, struct http_request *req)
{
	(void)arg;
	open_req = req;
	http_defer(req, on_gone, NULL);
}

static bool talks;

static ssize_t
stream_read(void *arg, uint8_t *out, size_t max)
{
	(void)arg;
	memset(out, 'x', max);
	return talks ? (ssize_t)max : HTTP_LATER;
}

static const struct http_stream_ops ops = { stream_read, on_gone };

static void
serve_stream(void *arg, struct http_request *req)
{
	(void)arg;
	open_req = req;
	http_stream(
		req, 200, "text/plain", HTTP_SIZE_UNKNOWN, true, &ops, NULL);
}

static const struct http_route routes[] = {
	{ "GET", "/free", ACCESS_ALL, serve, NULL },
	{ "GET", "/named", ACCESS_NAMED, serve, NULL },
	{ "POST", "/named", ACCESS_NAMED, serve, NULL },
	{ "GET", "/later", ACCESS_NAMED, serve_later, NULL },
	{ "GET", "/free-later", ACCESS_ALL, serve_later, NULL },
	{ "GET", "/stream", ACCESS_NAMED, serve_stream, NULL },
};

static bool local;

static void
start(struct client *c, bool asks)
{
	struct http_conf conf = { .host = "127.0.0.1",
		.routes = routes,
		.n_routes = ARRAY_SIZE(routes),
		.gate = &gate,
		.asks = asks,
		.local = local };
	struct err err;

	person = (struct person){ .welcome = true };
	n_gone = 0;
	open_req = NULL;
	talks = false;
	loop = loop_new();
	ck_assert_msg(
		http_new(loop, &conf, &http, &port, &err) == 0, "%s", err.text);
	client_open(c, loop, port);
}

static void
stop(struct client *c)
{
	client_close(c);
	http_free(http);
	loop_free(loop);
	ck_assert_int_eq(person.refs, 0);
}

TEST(asks_the_gate_of_each_request)
{
	struct client c;

	start(&c, true);
	client_ask(&c, "GET /free HTTP/1.1\r\nHost: a\r\n\r\n");
	client_expect(&c, "\r\n\r\nhello\n");
	client_ask(&c, "GET /named HTTP/1.1\r\nHost: a\r\n\r\n");
	client_expect(&c, " 401 ");
	client_ask(&c, "GET /named HTTP/1.1\r\nHost: a\r\nName: q\r\n\r\n");
	client_expect(&c, " 403 ");
	client_ask(&c, "GET /named HTTP/1.1\r\nHost: a\r\nName: p\r\n\r\n");
	client_expect(&c, "\r\n\r\nhello person\n");
	client_ask(&c, "GET /named HTTP/1.1\r\nHost: a\r\n\r\n");
	client_expect(&c, " 401 "); /* each for itself */
	client_ask(&c, "GET /named HTTP/1.1\r\nHost: a\r\n"
		       "Cookie: other=1; name=p\r\n\r\n");
	client_expect(&c, "\r\n\r\nhello person\n");
	client_ask(&c, "POST /named HTTP/1.1\r\nHost: a\r\nCookie: name=p\r\n"
		       "Content-Length: 0\r\n\r\n");
	client_expect(&c, " 401 ");
	client_ask(&c, "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n");
	client_expect(&c, " 404 ");
	ck_assert(!c.ended);
	stop(&c);
}
END

TEST(keeps_no_body_of_those_who_are_refused)
{
	static char piece[64 << 10];
	struct client c;

	start(&c, true);
	client_say(&c, "POST /named HTTP/1.1\r\nHost: a\r\n"
		       "Transfer-Encoding: chunked\r\n\r\n");
	for (size_t n = 0; n <= LIMIT_HTTP_BODY; n += sizeof piece) {
		client_say(&c, "10000\r\n");
		client_send(&c, piece, sizeof piece);
		client_say(&c, "\r\n");
	}
	client_say(&c, "0\r\n\r\n");
	client_wait(&c, "\"code\":\"who\""); /* and not "body_too_large" */
	client_ask(&c, "GET /free HTTP/1.1\r\nHost: a\r\n\r\n");
	client_expect(&c, "200 OK");
	client_say(&c, "POST /named HTTP/1.1\r\nHost: a\r\n"
		       "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n");
	client_wait_end(&c);
	client_expect(&c, " 401 ");
	client_expect(&c, "Connection: close\r\n");
	ck_assert_ptr_null(strstr(buf_text(&c.in), " 100 "));
	stop(&c);
}
END

/* A page of a name like "a" may be anybody's; credentials tell it apart. */
TEST(takes_writes_from_pages_of_a_named_host_only_when_it_asks)
{
	static const char post[] = "POST /named HTTP/1.1\r\nHost: a\r\n"
				   "Origin: https://a\r\nName: p\r\n"
				   "Content-Length: 0\r\n\r\n";
	struct client c;

	start(&c, false);
	client_ask(&c, post);
	client_expect(&c, "\"code\":\"foreign_origin\"");
	stop(&c);
	start(&c, true);
	client_ask(&c, post);
	client_expect(&c, "200 OK");
	client_ask(&c, "POST /named HTTP/1.1\r\nHost: a\r\n"
		       "Origin: https://b\r\nName: p\r\n"
		       "Content-Length: 0\r\n\r\n");
	client_expect(&c, "\"code\":\"foreign_origin\"");
	stop(&c);
}
END

/* A page may have its own name lead here, and would read what it likes. */
TEST(knows_only_names_of_this_host_when_it_is_local)
{
	static const char *const good[] = { "localhost", "LOCALHOST:80",
		"127.0.0.1", "127.0.0.1:80", "[::1]:80" };
	static const char *const bad[] = { "a", "evil.example:80",
		"localhost.evil.example", "127.0.0.1.evil.example:80" };
	char request[128];
	struct client c;

	local = true;
	start(&c, false);
	for (size_t i = 0; i < ARRAY_SIZE(good) + ARRAY_SIZE(bad); i++) {
		bool is_good = i < ARRAY_SIZE(good);

		(void)snprintf(request, sizeof request,
			"GET /free HTTP/1.1\r\nHost: %s\r\n\r\n",
			is_good ? good[i] : bad[i - ARRAY_SIZE(good)]);
		client_ask(&c, request);
		client_expect(
			&c, is_good ? " 200 OK" : "\"code\":\"foreign_host\"");
	}
	stop(&c);
	local = false;
	start(&c, false);
	client_ask(&c, "GET /free HTTP/1.1\r\nHost: evil.example\r\n\r\n");
	client_expect(&c, " 200 OK");
	stop(&c);
}
END

	/* Opens this, and says after a while that the person is not welcome. */
	static void
	expect_cut(struct client *c, const char *request)
{
	start(c, true);
	client_say(c, request);
	client_turn(c, 20);
	ck_assert_ptr_nonnull(open_req);
	http_recheck(http);
	client_turn(c, 20);
	ck_assert_int_eq(n_gone, 0);
	ck_assert(!c->ended);
	person.welcome = false;
	http_recheck(http);
	client_wait_end(c);
	UNIT_UNTIL(loop, http_connections(http) == 0);
	ck_assert_int_eq(n_gone, 1);
	stop(c);
}

TEST(cuts_open_requests_of_those_who_may_not_go_on)
{
	struct client c;

	expect_cut(&c, "GET /later HTTP/1.1\r\nHost: a\r\nName: p\r\n\r\n");
	expect_cut(&c, "GET /stream HTTP/1.1\r\nHost: a\r\nName: p\r\n\r\n");
}
END

TEST(cuts_a_stream_whose_client_does_not_read)
{
	struct client c;

	start(&c, true);
	talks = true;
	client_say(&c, "GET /stream HTTP/1.1\r\nHost: a\r\nName: p\r\n\r\n");
	for (int i = 0; i < 200; i++)
		loop_turn(loop, 1); /* until the socket takes no more */
	ck_assert_ptr_nonnull(open_req);
	person.welcome = false;
	http_recheck(http);
	UNIT_UNTIL(loop, http_connections(http) == 0);
	ck_assert_int_eq(n_gone, 1);
	stop(&c);
}
END

TEST(cuts_a_body_that_is_still_coming)
{
	struct client c;

	start(&c, true);
	client_say(&c, "POST /named HTTP/1.1\r\nHost: a\r\nName: p\r\n"
		       "Content-Length: 5\r\n\r\n{");
	client_turn(&c, 20);
	person.welcome = false;
	http_recheck(http);
	client_wait_end(&c);
	ck_assert_uint_eq(c.in.len, 0);
	stop(&c);
}
END

TEST(leaves_requests_without_a_user_alone)
{
	struct client c;

	start(&c, true);
	client_say(&c, "GET /free-later HTTP/1.1\r\nHost: a\r\n\r\n");
	client_turn(&c, 20);
	person.welcome = false;
	http_recheck(http);
	client_turn(&c, 20);
	ck_assert(!c.ended);
	ck_assert_int_eq(n_gone, 0);
	http_reply_static(open_req, 200, "text/plain", "late\n");
	client_wait(&c, "late\n");
	stop(&c);
}
END

	UNIT_MAIN("http-gate", asks_the_gate_of_each_request,
		keeps_no_body_of_those_who_are_refused,
		takes_writes_from_pages_of_a_named_host_only_when_it_asks,
		knows_only_names_of_this_host_when_it_is_local,
		cuts_open_requests_of_those_who_may_not_go_on,
		cuts_a_stream_whose_client_does_not_read,
		cuts_a_body_that_is_still_coming,
		leaves_requests_without_a_user_alone)
