/* test-guard.c - which connections are cut when the process grows */
#include "rpc/guard.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "tests/unit/unit.h"

enum {
	GROWTH = 64 << 20,
	PIECES = 32,
	PIECE = LIMIT_MESSAGE / 8,
	HALF = PIECE / 2
};

static struct loop *loop;
static struct guard *guard;
static int listener = -1, ours = -1, theirs = -1;
static uint64_t messages;
static unsigned n_cut;
static char cut_peer[64], watched[64], piece[HALF];

static uint64_t
in_messages(void *arg, const char *peer)
{
	(void)arg;
	ck_assert_int_eq(strncmp(peer, "ipv4:127.0.0.1:", 15), 0);
	(void)snprintf(watched, sizeof watched, "%s", peer);
	return messages;
}

static void
cut(void *arg, const char *peer)
{
	(void)arg;
	n_cut++;
	(void)snprintf(cut_peer, sizeof cut_peer, "%s", peer);
}

static void
setup(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof at;
	struct err err = { "" };

	loop = loop_new();
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&at, len), 0);
	ck_assert_int_eq(listen(listener, 1), 0);
	ck_assert_int_eq(
		getsockname(listener, (struct sockaddr *)&at, &len), 0);
	ck_assert_msg(guard_new(loop, ntohs(at.sin_port), in_messages, cut,
			      NULL, &guard, &err) == 0,
		"%s", err.text);
	theirs = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(connect(theirs, (struct sockaddr *)&at, len), 0);
	ours = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	ck_assert_int_ge(ours, 0);
}

static void
teardown(void)
{
	guard_free(guard);
	loop_free(loop);
	(void)close(listener);
	(void)close(ours);
	(void)close(theirs);
}

enum how { NO_MESSAGES, SMALL_MESSAGES, LARGE_MESSAGES, SHORT_STREAMS };

/* Of what was received: a piece is a message, eight are, or two are a stream of
 * messages. */
static void
bring(enum how how, int i)
{
	switch (how) {
	case NO_MESSAGES: break;
	case SMALL_MESSAGES: messages += PIECE; break;
	case LARGE_MESSAGES: messages += i % 8 == 7 ? LIMIT_MESSAGE : 0; break;
	case SHORT_STREAMS:
		messages += PIECE;
		if (i % 2 == 0)
			break;
		guard_ended(guard, watched, messages);
		messages = 0;
	}
}

/* Receive 4 MiB, some of it as messages, while we grow and are busy. */
static void
receive(enum how how)
{
	int64_t end = clock_ms() + unit_wait_ms();
	char *growth = malloc(GROWTH);

	ck_assert_ptr_nonnull(growth);
	for (int i = 0; i < PIECES && !n_cut && clock_ms() < end; i++) {
		for (size_t n = 0; n < PIECE;) {
			if (n % HALF == 0)
				ck_assert_int_eq(
					send(theirs, piece, HALF, 0), HALF);
			n += (size_t)recv(ours, piece, HALF - n % HALF, 0);
		}
		bring(how, i);
		memset(growth + i * (GROWTH / PIECES), i, GROWTH / PIECES);
		for (int64_t until = clock_ms() + 60; clock_ms() < until;)
			memset(piece, i, HALF); /* be busy */
		for (int turn = 0; turn < 3; turn++)
			loop_turn(loop, 1);
	}
	free(growth);
}

static void
leaves_alone(enum how how)
{
	setup();
	receive(how);
	ck_assert_int_ne(watched[0], 0);
	ck_assert_uint_eq(n_cut, 0);
	teardown();
}

TEST(cuts_what_receives_and_brings_no_message)
{
	char byte;

	setup();
	receive(NO_MESSAGES);
	ck_assert_uint_eq(n_cut, 1);
	ck_assert_int_eq(strncmp(cut_peer, "ipv4:127.0.0.1:", 15), 0);
	ck_assert_int_eq(recv(theirs, &byte, 1, 0), 0); /* it is told */
	teardown();
}
END

TEST(leaves_alone_what_comes_as_messages)
{
	leaves_alone(SMALL_MESSAGES);
}
END

TEST(waits_for_the_end_of_the_longest_message)
{
	leaves_alone(LARGE_MESSAGES);
}
END

TEST(remembers_the_messages_of_streams_that_have_ended)
{
	leaves_alone(SHORT_STREAMS);
}
END

	UNIT_MAIN("guard", cuts_what_receives_and_brings_no_message,
		leaves_alone_what_comes_as_messages,
		waits_for_the_end_of_the_longest_message,
		remembers_the_messages_of_streams_that_have_ended)
