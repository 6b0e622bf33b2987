/* test-http-stream.c - bodies that grow while they are sent */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "client.h"
#include "http/http.h"
#include "tests/unit/unit.h"

static struct loop *loop;
static struct http *http;
static uint16_t port;

static struct source { /* what the stream of the test has to say */
	struct http_request *req;
	const char *text; /* NULL: nothing yet */
	bool end, endless;
	uint64_t sent;
	int n_closed;
} source;

static ssize_t
source_read(void *arg, uint8_t *out, size_t max)
{
	struct source *s = arg;
	size_t n;

	if (s->endless) {
		memset(out, 'x', max);
		s->sent += max;
		return (ssize_t)max;
	}
	if (!s->text)
		return s->end ? HTTP_END : HTTP_LATER;
	n = strlen(s->text);
	memcpy(out, s->text, n);
	s->text = NULL;
	return (ssize_t)n;
}

static void
source_close(void *arg)
{
	struct source *s = arg;

	s->n_closed++;
	s->req = NULL;
}

static const struct http_stream_ops ops = { source_read, source_close };

static void
serve(void *arg, struct http_request *req)
{
	bool comments = http_query(req, "comments") != NULL;

	(void)arg;
	source.req = req;
	http_stream(req, 200, "text/event-stream",
		http_query(req, "sized") ? 3 : HTTP_SIZE_UNKNOWN, comments,
		&ops, &source);
}

static const struct http_route routes[] = { { "GET", "/stream", 0, serve,
	NULL } };

static void
start(struct client *c, int64_t heartbeat_ms, const char *query)
{
	struct http_conf conf = { .host = "127.0.0.1",
		.routes = routes,
		.n_routes = 1,
		.heartbeat_ms = heartbeat_ms };
	struct err err;
	char request[128];

	loop = loop_new();
	source = (struct source){ 0 };
	ck_assert_msg(
		http_new(loop, &conf, &http, &port, &err) == 0, "%s", err.text);
	client_open(c, loop, port);
	(void)snprintf(request, sizeof request,
		"GET /stream%s HTTP/1.1\r\nHost: a\r\n\r\n", query);
	client_say(c, request);
}

static void
stop(struct client *c)
{
	client_close(c);
	http_free(http);
	loop_free(loop);
}

static void
say(const char *text)
{
	ck_assert_ptr_nonnull(source.req);
	source.text = text;
	http_stream_wake(source.req);
}

TEST(shows_headers_at_once_and_text_as_it_comes)
{
	struct client c;

	start(&c, 0, "?comments=1");
	client_wait(&c, "\r\n\r\n");
	for (int i = 0; i < 20; i++) {
		char text[16];

		(void)snprintf(text, sizeof text, "piece %d.", i);
		say(text);
		client_wait(&c, text);
		client_turn(&c, 3);
	}
	source.end = true;
	http_stream_wake(source.req);
	client_wait(&c, "\r\n0\r\n\r\n");
	ck_assert_int_eq(source.n_closed, 1);
	ck_assert(!c.ended); /* the connection can be used again */
	client_say(&c, "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
	client_turn(&c, 20);
	ck_assert_int_eq(source.n_closed, 2);
	stop(&c);
}
END

TEST(shows_headers_at_once_without_comments_too)
{
	struct client c;

	start(&c, 0, "");
	client_wait(&c, "\r\n\r\n");
	say("text");
	client_wait(&c, "text");
	stop(&c);
	ck_assert_int_eq(source.n_closed, 1);
}
END

TEST(sends_signs_of_life_on_idle_streams)
{
	struct client c;

	start(&c, 100, "?comments=1");
	client_wait(&c, ":\n\n\r\n3\r\n:\n\n\r\n3\r\n:\n\n");
	stop(&c);
}
END

TEST(notices_at_once_that_an_idle_client_has_left)
{
	struct client c;

	start(&c, 0, "?comments=1");
	client_wait(&c, "\r\n\r\n");
	(void)close(c.fd);
	UNIT_UNTIL(loop, source.n_closed);
	ck_assert_int_eq(source.n_closed, 1);
	c.fd = -1;
	stop(&c);
}
END

TEST(notices_that_a_busy_client_has_left)
{
	struct client c;

	start(&c, 0, "?comments=1");
	client_wait(&c, "\r\n\r\n");
	source.endless = true;
	http_stream_wake(source.req);
	for (int i = 0; i < 200; i++)
		loop_turn(loop, 1);
	ck_assert_uint_gt(source.sent, 1000);
	ck_assert_uint_lt(source.sent, 16 << 20); /* held back, not hoarded */
	(void)close(c.fd);
	UNIT_UNTIL(loop, source.n_closed);
	ck_assert_int_eq(source.n_closed, 1);
	c.fd = -1;
	stop(&c);
}
END

TEST(sends_a_body_of_known_size)
{
	struct client c;

	start(&c, 0, "?sized=1");
	client_turn(&c, 10);
	say("abc");
	client_wait(&c, "\r\n\r\nabc");
	client_expect(&c, "Content-Length: 3");
	client_turn(&c, 20);
	ck_assert_int_eq(source.n_closed, 1);
	ck_assert(!c.ended);
	stop(&c);
}
END

	static void
	mark(void *arg)
{
	*(bool *)arg = true;
}

TEST(ends_streams_cleanly_when_the_server_stops)
{
	struct client c;
	bool stopped = false;

	start(&c, 0, "?comments=1");
	client_wait(&c, "\r\n\r\n");
	http_stop(http, 1000, mark, &stopped);
	client_wait(&c, "\r\n0\r\n\r\n");
	client_wait_end(&c);
	UNIT_UNTIL(loop, stopped);
	ck_assert_int_eq(source.n_closed, 1);
	stop(&c);
}
END

TEST(cuts_what_does_not_end_in_time)
{
	struct client c;
	bool stopped = false;

	start(&c, 0, "?comments=1");
	client_wait(&c, "\r\n\r\n");
	source.endless = true;
	http_stream_wake(source.req);
	loop_turn(loop, 1);
	http_stop(http, 100, mark, &stopped);
	UNIT_UNTIL(loop, stopped);
	ck_assert_int_eq(source.n_closed, 1);
	stop(&c);
}
END

	UNIT_MAIN("http-stream", shows_headers_at_once_and_text_as_it_comes,
		shows_headers_at_once_without_comments_too,
		sends_signs_of_life_on_idle_streams,
		notices_at_once_that_an_idle_client_has_left,
		notices_that_a_busy_client_has_left, sends_a_body_of_known_size,
		ends_streams_cleanly_when_the_server_stops,
		cuts_what_does_not_end_in_time)
