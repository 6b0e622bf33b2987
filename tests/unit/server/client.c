/* client.c - a raw HTTP client for tests, on the same thread as the server */
#include "client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "tests/unit/unit.h"

void
client_open(struct client *c, struct loop *loop, uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	*c = (struct client){ .loop = loop };
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(c->fd, 0);
	ck_assert_int_eq(connect(c->fd, (struct sockaddr *)&a, sizeof a), 0);
}

void
client_close(struct client *c)
{
	(void)close(c->fd);
	buf_done(&c->in);
}

static void
receive(struct client *c)
{
	char data[65536];
	ssize_t n;

	while ((n = recv(c->fd, data, sizeof data, MSG_DONTWAIT)) > 0)
		ck_assert_int_eq(buf_add(&c->in, data, (size_t)n), 0);
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		c->ended = true;
}

void
client_send(struct client *c, const void *data, size_t len)
{
	const char *p = data;
	int64_t until = clock_us() + unit_wait_ms() * INT64_C(1000);

	while (len) {
		ssize_t n = send(c->fd, p, len, MSG_DONTWAIT | MSG_NOSIGNAL);

		ck_assert_int_lt(clock_us(), until);
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		} else if (errno != EAGAIN) {
			return; /* the server has had enough */
		}
		loop_turn(c->loop, 1);
	}
}

void
client_say(struct client *c, const char *text)
{
	client_send(c, text, strlen(text));
}

void
client_wait(struct client *c, const char *text)
{
	int64_t until = clock_us() + unit_wait_ms() * INT64_C(1000);

	for (;;) {
		receive(c);
		if (c->in.len &&
			memmem(c->in.data, c->in.len, text, strlen(text)))
			return;
		ck_assert_msg(clock_us() < until && !c->ended,
			"waiting for '%s', got '%s'", text, buf_text(&c->in));
		loop_turn(c->loop, 5);
	}
}

void
client_wait_end(struct client *c)
{
	int64_t until = clock_us() + unit_wait_ms() * INT64_C(1000);

	for (receive(c); !c->ended; receive(c)) {
		ck_assert_msg(clock_us() < until, "no end after '%s'",
			buf_text(&c->in));
		loop_turn(c->loop, 5);
	}
}

/* The head is there, and as much body as it promises. */
static bool
complete(const struct client *c)
{
	const char *text = buf_text(&c->in);
	const char *body = strstr(text, "\r\n\r\n");
	const char *length = strstr(text, "Content-Length: ");

	if (!body)
		return false;
	return !length || c->in.len - (size_t)(body + 4 - text) >=
				  strtoul(length + 16, NULL, 10);
}

void
client_ask(struct client *c, const char *request)
{
	int64_t until = clock_us() + unit_wait_ms() * INT64_C(1000);

	buf_clear(&c->in);
	client_say(c, request);
	for (receive(c); !c->ended && !complete(c); receive(c)) {
		ck_assert_msg(
			clock_us() < until, "no reply to '%.200s'", request);
		loop_turn(c->loop, 5);
	}
}

void
client_turn(struct client *c, int64_t ms)
{
	enum { TURNS = 10 }; /* at least, whatever the clock says */
	int64_t until = clock_us() + ms * 1000;

	for (int i = 0; i < TURNS || clock_us() < until; i++) {
		loop_turn(c->loop, clock_us() < until ? 5 : 0);
		receive(c);
	}
}

void
client_expect(const struct client *c, const char *text)
{
	ck_assert_msg(strstr(buf_text(&c->in), text) != NULL, "no '%s' in '%s'",
		text, buf_text(&c->in));
}
