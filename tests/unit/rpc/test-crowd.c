/* test-crowd.c - which connections are cut when there are too many */
#include "rpc/crowd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/unit/unit.h"

enum { MOST = 16, FEW = 64 };

static struct loop *loop;
static struct crowd *crowd;
static int listener = -1, ours[MOST], theirs[MOST];
static struct sockaddr_in at;
static unsigned n, n_of_address, n_in_all;
static char cut_address[64];

static void
on_cut(void *arg, unsigned n_cut, const char *address, bool of_address)
{
	(void)arg;
	n_of_address += of_address ? n_cut : 0;
	n_in_all += of_address ? 0 : n_cut;
	(void)strncpy(cut_address, address, sizeof cut_address - 1);
}

static void
setup(unsigned max, unsigned max_per_address)
{
	struct crowd_conf conf = {
		.max = max, .max_per_address = max_per_address, .cut = on_cut
	};
	socklen_t len = sizeof at;
	struct err err = { "" };

	at = (struct sockaddr_in){ .sin_family = AF_INET };
	loop = loop_new();
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&at, len), 0);
	ck_assert_int_eq(listen(listener, MOST), 0);
	ck_assert_int_eq(
		getsockname(listener, (struct sockaddr *)&at, &len), 0);
	conf.loop = loop;
	conf.port = ntohs(at.sin_port);
	ck_assert_msg(crowd_new(&conf, &crowd, &err) == 0, "%s", err.text);
}

static void
teardown(void)
{
	crowd_free(crowd);
	loop_free(loop);
	(void)close(listener);
	for (unsigned i = 0; i < n; i++) {
		(void)close(ours[i]);
		(void)close(theirs[i]);
	}
}

/* One from 127.0.0.host; as gRPC does it, but not faster than the loop sees
 * that somebody is there. port 0: any. */
static void
come_from(unsigned host, in_port_t port)
{
	struct sockaddr_in from = { .sin_family = AF_INET,
		.sin_port = port,
		.sin_addr.s_addr = htonl(0x7f000000 + host) };
	struct sockaddr_in to = at;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_uint_lt(n, MOST);
	theirs[n] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(
		bind(theirs[n], (struct sockaddr *)&from, sizeof from), 0);
	ck_assert_int_eq(
		connect(theirs[n], (struct sockaddr *)&to, sizeof to), 0);
	loop_turn(loop, 0);
	ours[n] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	ck_assert_int_ge(ours[n++], 0);
}

static void
come(unsigned host)
{
	come_from(host, 0);
}

static bool
is_cut(unsigned i)
{
	char byte;

	return recv(theirs[i], &byte, 1, MSG_DONTWAIT) == 0;
}

static void
wait_cut(unsigned i)
{
	for (int64_t end = clock_ms() + unit_wait_ms(); !is_cut(i);) {
		ck_assert_int_lt(clock_ms(), end);
		loop_turn(loop, 10);
	}
}

static void
leave(unsigned i)
{
	(void)close(theirs[i]);
	(void)close(ours[i]);
	theirs[i] = ours[i] = -1;
}

static void
on_tick(void *arg, int signo)
{
	(void)signo;
	*(bool *)arg = true;
}

/* As if processors' time had passed. */
static void
tick(void)
{
	int64_t end = clock_ms() + unit_wait_ms();
	bool came = false;
	struct loop_signal *signal =
		loop_signal_new(loop, SIGPROF, on_tick, &came);

	ck_assert_int_eq(raise(SIGPROF), 0);
	while (!came) {
		ck_assert_int_lt(clock_ms(), end);
		loop_turn(loop, 10);
	}
	loop_turn(loop, 0); /* whoever else has waited for it */
	loop_signal_free(signal);
}

TEST(cuts_what_comes_last_of_an_address_that_has_too_many)
{
	setup(MOST, 2);
	for (unsigned i = 0; i < 3; i++)
		come(1);
	come(2);
	wait_cut(2);
	ck_assert_str_eq(cut_address, "127.0.0.1");
	ck_assert(!is_cut(0) && !is_cut(1) && !is_cut(3));
	come(1);
	wait_cut(4);
	ck_assert(!is_cut(0) && !is_cut(1) && !is_cut(3));
	ck_assert_uint_eq(n_of_address, 2);
	ck_assert_uint_eq(n_in_all, 0);
	teardown();
}
END

TEST(cuts_what_comes_last_when_there_are_too_many_in_all)
{
	setup(2, 2);
	for (unsigned i = 0; i < 3; i++)
		come(1 + i);
	wait_cut(2);
	ck_assert_str_eq(cut_address, "127.0.0.3");
	ck_assert(!is_cut(0) && !is_cut(1));
	ck_assert_uint_eq(n_of_address, 0);
	ck_assert_uint_eq(n_in_all, 1);
	teardown();
}
END

TEST(takes_0_for_any_number)
{
	setup(0, 1);
	come(1);
	come(1);
	come(2);
	wait_cut(1);
	ck_assert(!is_cut(0) && !is_cut(2));
	teardown();
	n = 0;
	setup(2, 0);
	come(1);
	come(1);
	come(1);
	wait_cut(2);
	ck_assert(!is_cut(0) && !is_cut(1));
	teardown();
}
END

TEST(lets_others_come_when_some_have_left)
{
	setup(2, 2);
	come(1);
	come(1);
	come(2);
	wait_cut(2);
	leave(0);
	leave(2);
	come(2);
	come(2);
	wait_cut(4);
	ck_assert(!is_cut(1) && !is_cut(3));
	teardown();
}
END

TEST(cuts_one_that_comes_again_from_the_port_of_one_that_was_cut)
{
	const struct linger reset = { .l_onoff = 1 };
	struct sockaddr_in from;
	socklen_t len = sizeof from;

	setup(MOST, 1);
	come(1);
	come(1);
	wait_cut(1);
	ck_assert_int_eq(
		getsockname(theirs[1], (struct sockaddr *)&from, &len), 0);
	(void)setsockopt(
		theirs[1], SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
	(void)setsockopt(ours[1], SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
	leave(1);
	come_from(1, from.sin_port);
	wait_cut(2);
	ck_assert(!is_cut(0));
	ck_assert_uint_eq(n_of_address, 2);
	teardown();
}
END

TEST(cuts_later_what_it_had_no_descriptor_to_cut)
{
	struct rlimit before, few;
	int fill[FEW], n_fill = 0;

	setup(MOST, 1);
	come(1);
	come(1);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = before;
	few.rlim_cur = FEW;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	do
		fill[n_fill] = dup(listener);
	while (fill[n_fill++] >= 0);
	ck_assert_int_eq(errno, EMFILE);
	tick();
	ck_assert(!is_cut(1));
	while (n_fill--)
		(void)close(fill[n_fill]); /* the last of them is none */
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	wait_cut(1);
	ck_assert(!is_cut(0));
	ck_assert_uint_eq(n_of_address, 1);
	teardown();
}
END

TEST(leaves_the_port_when_it_is_freed)
{
	struct sockaddr_in to;
	int fd;

	setup(2, 2);
	crowd_free(crowd);
	crowd = NULL;
	to = at;
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	(void)close(listener);
	listener = -1;
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_lt(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
	ck_assert_int_eq(errno, ECONNREFUSED);
	(void)close(fd);
	teardown();
}
END

	UNIT_MAIN("rpc/crowd",
		cuts_what_comes_last_of_an_address_that_has_too_many,
		cuts_what_comes_last_when_there_are_too_many_in_all,
		takes_0_for_any_number, lets_others_come_when_some_have_left,
		cuts_one_that_comes_again_from_the_port_of_one_that_was_cut,
		cuts_later_what_it_had_no_descriptor_to_cut,
		leaves_the_port_when_it_is_freed)
