/* test-guard.c - which connections are cut when the process grows */
#include "rpc/guard.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/unit/unit.h"

enum { GROWTH = 32 << 20, PIECE = 64 << 10, DEADLINE_MS = 20000 };

static struct loop *loop;
static struct guard *guard;
static int listener = -1, ours = -1, theirs = -1;
static uint64_t messages;
static unsigned n_cut;
static char cut_peer[64], piece[PIECE];

static uint64_t
in_messages(void *arg, const char *peer)
{
	(void)arg;
	ck_assert_int_eq(strncmp(peer, "ipv4:127.0.0.1:", 15), 0);
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

/* Receive 2 MiB, some of it as messages, while we grow and are busy. */
static void
receive(bool as_messages)
{
	int64_t end = clock_ms() + DEADLINE_MS;
	char *growth = malloc(GROWTH);

	ck_assert_ptr_nonnull(growth);
	for (int i = 0; i < 32 && !n_cut && clock_ms() < end; i++) {
		ck_assert_int_eq(send(theirs, piece, PIECE, 0), PIECE);
		for (size_t n = 0; n < PIECE;)
			n += (size_t)recv(ours, piece, PIECE - n, 0);
		messages += as_messages ? PIECE : 0;
		memset(growth + i * (GROWTH / 32), i, GROWTH / 32);
		for (int64_t until = clock_ms() + 60; clock_ms() < until;)
			memset(piece, i, PIECE); /* be busy */
		for (int turn = 0; turn < 3; turn++)
			loop_turn(loop, 1);
	}
	free(growth);
}

TEST(cuts_what_receives_and_brings_no_message)
{
	char byte;

	setup();
	receive(false);
	ck_assert_uint_eq(n_cut, 1);
	ck_assert_int_eq(strncmp(cut_peer, "ipv4:127.0.0.1:", 15), 0);
	ck_assert_int_eq(recv(theirs, &byte, 1, 0), 0); /* it is told */
	teardown();
}
END

TEST(leaves_alone_what_comes_as_messages)
{
	setup();
	receive(true);
	ck_assert_uint_eq(n_cut, 0);
	teardown();
}
END

	UNIT_MAIN("guard", cuts_what_receives_and_brings_no_message,
		leaves_alone_what_comes_as_messages)
