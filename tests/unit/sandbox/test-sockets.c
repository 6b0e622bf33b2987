/* test-sockets.c - what a program that may connect gets of the network
 *
 * Landlock asks at connect() of plain TCP where that goes, and nowhere else. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "child.h"
#include "sandbox/sandbox.h"
#include "tests/unit/unit.h"

/* Their numbers, since some libc's headers have none. */
enum {
	SCTP = 132,
	UDPLITE = 136,
	SMC = 256,
	MPTCP = 262,
	TLS = 282,
	SOCK_DIAG = 4,
	FASTOPEN = 0x20000000,
	FASTOPEN_CONNECT = 30,
	ULP = 31,
};

#define UPPER ((uint64_t)1 << 32)

/* What this may be asked for cannot be told apart. */
#ifdef SYS_socketcall
enum { ALL_IN_ONE_CALL = true };
#else
enum { ALL_IN_ONE_CALL = false };
#endif

static const struct sandbox all[] = { { .profile = &sandbox_uplink },
	{ .profile = &sandbox_server_calling },
	{ .profile = &sandbox_enroll } };

/* What the next child asks for; its exit status is the errno that it got. */
static uint64_t asked[3];
static struct sockaddr_in somebody;
static char data[] = "x";

static int
make_socket(void)
{
	return syscall(SYS_socket, asked[0], asked[1], asked[2]) < 0 ? errno
								     : 0;
}

static int
set_option(void)
{
	AUTO_CLOSE int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int on = 1;

	return fd < 0 || syscall(SYS_setsockopt, fd, asked[0], asked[1], &on,
				 sizeof on) < 0
		       ? errno
		       : 0;
}

static int
send_to_somebody(void)
{
	AUTO_CLOSE int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct iovec byte = { data, 1 };
	struct mmsghdr m = { .msg_hdr = { .msg_name = &somebody,
				     .msg_namelen = sizeof somebody,
				     .msg_iov = &byte,
				     .msg_iovlen = 1 } };
	long r = -1;

	if (asked[0] == SYS_sendto)
		r = syscall(SYS_sendto, fd, "x", (size_t)1, asked[1], &somebody,
			sizeof somebody);
	else if (asked[0] == SYS_sendmsg)
		r = syscall(SYS_sendmsg, fd, &m.msg_hdr, asked[1]);
	else
		r = syscall(SYS_sendmmsg, fd, &m, 1, asked[1]);
	return r < 0 ? errno : 0;
}

/* By each of the profiles it gets this errno, 0 for none; or dies. */

static void
got(child_fn *fn, uint64_t a, uint64_t b, uint64_t c, int error)
{
	asked[0] = a;
	asked[1] = b;
	asked[2] = c;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		int status = child_run(all[i], fn);

		ck_assert_msg(status == error << 8,
			"%d of profile %zu: status %d, %s", error, i, status,
			child_words);
	}
}

static void
died(child_fn *fn, const char *call, uint64_t a, uint64_t b, uint64_t c)
{
	asked[0] = a;
	asked[1] = b;
	asked[2] = c;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		child_dies(all[i], fn, call);
}

static bool
may_make(int family, int type, int protocol)
{
	AUTO_CLOSE int fd = socket(family, type, protocol);

	return fd >= 0 || errno == EAFNOSUPPORT; /* a host without IPv6 */
}

static int
use_the_network(void)
{
	static const int families[] = { AF_INET, AF_INET6 };
	const struct addrinfo hints = { .ai_flags = AI_ADDRCONFIG };
	struct addrinfo *found = NULL;
	const int flags = SOCK_CLOEXEC | SOCK_NONBLOCK;
	bool all_made = true;

	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		const int f = families[i];

		all_made &= may_make(f, SOCK_STREAM, 0) &&
			    may_make(f, SOCK_STREAM | flags, IPPROTO_TCP) &&
			    may_make(f, SOCK_DGRAM | SOCK_CLOEXEC, 0) &&
			    may_make(f, SOCK_DGRAM | flags, IPPROTO_UDP);
	}
	all_made &= may_make(AF_UNIX, SOCK_STREAM | flags, 0) &&
		    may_make(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0) &&
		    may_make(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0) &&
		    may_make(AF_NETLINK, SOCK_DGRAM | flags, 0);
	return !all_made || getaddrinfo("localhost", "1", &hints, &found);
}

/* Not whether the kernel likes its value, but that it may be asked. */
static int
set_options(void)
{
	static const int levels[] = { SOL_SOCKET, IPPROTO_IP, IPPROTO_IPV6,
		270 /* of netlink */ };
	int on = 1;

	for (int option = 0; option < 64; option++)
		if (option != FASTOPEN_CONNECT && option != ULP)
			(void)setsockopt(-1, IPPROTO_TCP, option, &on, 4);
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++)
		for (int option = 0; option < 128; option++)
			(void)setsockopt(-1, levels[i], option, &on, 4);
	return 0;
}

static int
send_and_receive(void)
{
	AUTO_CLOSE int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct iovec byte = { data, 1 };
	struct mmsghdr m = { .msg_hdr = { .msg_iov = &byte, .msg_iovlen = 1 } };

	return connect(fd, (struct sockaddr *)&somebody, sizeof somebody) < 0 ||
	       send(fd, "x", 1, MSG_NOSIGNAL) != 1 ||
	       sendmsg(fd, &m.msg_hdr, MSG_NOSIGNAL | MSG_DONTWAIT) != 1 ||
	       sendmmsg(fd, &m, 1, MSG_NOSIGNAL | MSG_MORE) != 1 ||
	       write(fd, "x", 1) != 1;
}

static int
listener(void)
{
	struct sockaddr_in at_any = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof at_any;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at_any, len), 0);
	ck_assert_int_eq(listen(fd, 64), 0);
	ck_assert_int_eq(
		getsockname(fd, (struct sockaddr *)&somebody, &len), 0);
	return fd;
}

TEST(tcp_udp_and_looking_up_names_go_on)
{
	AUTO_CLOSE int fd = listener();

	(void)fd; /* open until the end */
	got(use_the_network, 0, 0, 0, 0);
	got(set_options, 0, 0, 0, 0);
	got(send_and_receive, 0, 0, 0, 0);
}
END

/* As on a kernel that has none, since a newer library may try it. */
TEST(multipath_tcp_is_refused)
{
	got(make_socket, AF_INET, SOCK_STREAM, MPTCP, EPROTONOSUPPORT);
	got(make_socket, AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
		MPTCP, EPROTONOSUPPORT);
	got(make_socket, AF_INET, SOCK_STREAM, UPPER | MPTCP, EPROTONOSUPPORT);
}
END

TEST(sending_does_not_connect)
{
	static const long calls[] = { SYS_sendto, SYS_sendmsg, SYS_sendmmsg };
	AUTO_CLOSE int fd = listener();

	(void)fd; /* open until the end */
	for (size_t i = 0; !ALL_IN_ONE_CALL && i < ARRAY_SIZE(calls); i++) {
		const uint64_t call = (uint64_t)calls[i];

		got(send_to_somebody, call, FASTOPEN, 0, EOPNOTSUPP);
		got(send_to_somebody, call, FASTOPEN | MSG_NOSIGNAL, 0,
			EOPNOTSUPP);
		got(send_to_somebody, call, UPPER | FASTOPEN, 0, EOPNOTSUPP);
	}
}
END

TEST(tcp_does_not_become_something_else)
{
	if (ALL_IN_ONE_CALL)
		return;
	got(set_option, IPPROTO_TCP, FASTOPEN_CONNECT, 0, EOPNOTSUPP);
	got(set_option, IPPROTO_TCP, UPPER | FASTOPEN_CONNECT, 0, EOPNOTSUPP);
	got(set_option, UPPER | IPPROTO_TCP, ULP, 0, ENOPROTOOPT);
	got(set_option, IPPROTO_TCP, ULP, 0, ENOPROTOOPT);
	got(set_option, TLS, 1, 0, ENOPROTOOPT);
	got(set_option, IPPROTO_UDP, 103, 0, ENOPROTOOPT);
	died(set_option, "setsockopt", SCTP, 110, 0); /* it would connect */
	died(set_option, "setsockopt", IPPROTO_TCP, 64, 0);
}
END

TEST(other_protocols_are_out_of_reach)
{
	died(make_socket, "socket", AF_INET, SOCK_STREAM, SCTP);
	died(make_socket, "socket", AF_INET6, SOCK_SEQPACKET, SCTP);
	died(make_socket, "socket", AF_INET, SOCK_STREAM, SMC);
	died(make_socket, "socket", AF_INET, SOCK_RAW, IPPROTO_TCP);
	died(make_socket, "socket", AF_INET6, SOCK_RAW, IPPROTO_UDP);
	died(make_socket, "socket", AF_INET, SOCK_DGRAM, IPPROTO_ICMP);
	died(make_socket, "socket", AF_INET, SOCK_DGRAM, UDPLITE);
	died(make_socket, "socket", AF_NETLINK, SOCK_RAW, SOCK_DIAG);
}
END

/* The kernel does not look at them. */
TEST(upper_bits_of_an_argument_do_not_help)
{
	died(make_socket, "socket", UPPER | AF_INET, SOCK_RAW, IPPROTO_TCP);
	died(make_socket, "socket", AF_INET, UPPER | SOCK_RAW, IPPROTO_TCP);
	died(make_socket, "socket", AF_INET, SOCK_STREAM, UPPER | SCTP);
	died(make_socket, "socket", UPPER | AF_PACKET, SOCK_RAW, 0);
	if (!ALL_IN_ONE_CALL)
		died(set_option, "setsockopt", UPPER | SCTP, 110, 0);
	got(make_socket, UPPER | AF_INET, UPPER | SOCK_STREAM, UPPER, 0);
	got(set_option, UPPER | IPPROTO_TCP, UPPER | TCP_NODELAY, 0, 0);
}
END

	UNIT_MAIN("sockets", tcp_udp_and_looking_up_names_go_on,
		multipath_tcp_is_refused, sending_does_not_connect,
		tcp_does_not_become_something_else,
		other_protocols_are_out_of_reach,
		upper_bits_of_an_argument_do_not_help)
