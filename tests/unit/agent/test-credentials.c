/* test-credentials.c - the uplink's certificates, renewed under it */
#include "uplink/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/pass.h"

#include "tests/unit/agent/fake-rpc.h"
#include "base/clock.h"
#include "tests/unit/certs.h"
#include "tests/unit/ear.h"
#include "tests/unit/unit.h"

static char dir[CERTS_DIR];
static int monitor; /* its end of the socket */
static struct credentials c;

static void
hand(struct pass *files, const char *name, const char *file)
{
	const char *path = certs_path(dir, file);

	files->files[files->n++] =
		(struct pass_file){ name, path, fd_open(path, O_RDONLY) };
}

/* As the monitor does. */
static void
hand_over(void)
{
	AUTO_PASS struct pass files = { .n = 0 };

	hand(&files, "ca", "ca.crt");
	hand(&files, "cert", "my.crt");
	hand(&files, "key", "my.key");
	hand(&files, "token_file", "token");
	ck_assert_int_eq(pass_send(monitor, &files), 0);
}

static bool
renew(void)
{
	hand_over();
	return credentials_renew(&c, NULL);
}

static void
setup(void)
{
	struct err err = { "" };
	int ends[2];

	certs_begin(dir);
	certs_run(dir, "ca ca; cert a ca DNS:a; cert b ca DNS:b\n"
		       "cp a.crt my.crt; cp a.key my.key; echo t1 >token");
	ck_assert_int_eq(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	monitor = ends[0];
	hand_over();
	ck_assert_msg(
		credentials_open(&c, ends[1], NULL, &err) == 0, "%s", err.text);
	ck_assert_str_eq(c.token, "t1");
	fake_rpc.new_tls = 0;
}

static void
teardown(void)
{
	(void)close(c.socket);
	(void)close(monitor);
	credentials_done(&c);
	certs_end(dir);
}

TEST(what_has_not_changed_is_not_given_again)
{
	setup();
	ck_assert(!renew());
	ck_assert_uint_eq(fake_rpc.new_tls, 0);
	teardown();
}
END

TEST(a_renewed_certificate_is_given_to_the_client)
{
	char *b;

	setup();
	certs_run(dir, "cp b.crt my.crt; cp b.key my.key");
	b = certs_read(dir, "b.crt");
	ck_assert(!credentials_renew(&c, NULL)); /* nothing has come */
	ck_assert_uint_eq(fake_rpc.new_tls, 0);
	ck_assert(!renew());
	ck_assert_uint_eq(fake_rpc.new_tls, 1);
	ck_assert_str_eq(credentials_tls(&c)->cert, b);
	free(b);
	teardown();
}
END

TEST(the_last_of_several_counts)
{
	setup();
	hand_over();
	certs_run(dir, "cp b.crt my.crt; cp b.key my.key; echo t2 >token");
	ck_assert(renew());
	ck_assert_uint_eq(fake_rpc.new_tls, 1);
	teardown();
}
END

TEST(a_pair_that_does_not_fit_leaves_the_old_one_until_it_does)
{
	char *a;

	setup();
	a = certs_read(dir, "a.crt");
	certs_run(dir, "cp b.crt my.crt");
	(void)renew();
	certs_run(dir, ": >my.crt");
	(void)renew();
	certs_run(dir, "cp b.crt my.crt; mv ca.crt ca; : >ca.crt");
	(void)renew();
	ck_assert_uint_eq(fake_rpc.new_tls, 0);
	ck_assert_str_eq(credentials_tls(&c)->cert, a);
	certs_run(dir, "mv ca ca.crt; cp b.key my.key");
	(void)renew();
	ck_assert_uint_eq(fake_rpc.new_tls, 1);
	free(a);
	teardown();
}
END

TEST(a_new_token_is_told_and_an_empty_file_is_none)
{
	setup();
	certs_run(dir, ": >token");
	ck_assert(!renew());
	certs_run(dir, "echo t2 >token");
	ck_assert(renew());
	teardown();
}
END

	/* How often the log says that the certificate ends, when the files come. */
	static unsigned
	told_by_renew(void)
{
	struct ear ear = ear_open();
	unsigned n = 0;
	char *text;

	(void)renew();
	text = ear_close(ear);
	for (const char *p = text; (p = strstr(p, "my.crt' expires on")); p++)
		n++;
	free(text);
	return n;
}

TEST(that_the_certificate_ends_is_told_once_a_day_until_it_is_renewed)
{
	const int64_t day = INT64_C(24) * 3600 * 1000;
	struct ear ear;
	char *text;

	clock_set(day);
	ear = ear_open();
	setup();
	text = ear_close(ear);
	ck_assert_ptr_nonnull(strstr(text, "my.crt' expires on"));
	free(text);
	ck_assert_uint_eq(told_by_renew(), 0);
	clock_set(2 * day);
	ck_assert_uint_eq(told_by_renew(), 1);
	ck_assert_uint_eq(told_by_renew(), 0);
	certs_run(dir, "cert c ca DNS:c 30; cp c.crt my.crt; cp c.key my.key");
	clock_set(3 * day);
	ck_assert_uint_eq(told_by_renew(), 0);
	ck_assert_uint_eq(fake_rpc.new_tls, 1);
	clock_set(-1);
	teardown();
}
END

TEST(it_asks_the_monitor_for_the_files)
{
	char byte;

	setup();
	credentials_ask(&c);
	ck_assert_int_eq(recv(monitor, &byte, 1, MSG_DONTWAIT), 1);
	teardown();
}
END

TEST(without_files_there_is_no_tls)
{
	AUTO_PASS struct pass files = { .n = 0 };
	struct credentials none;
	struct err err = { "" };
	int ends[2];

	ck_assert_int_eq(credentials_open(&none, -1, "t", &err), 0);
	ck_assert_ptr_null(credentials_tls(&none));
	ck_assert_str_eq(none.token, "t");
	ck_assert(!credentials_renew(&none, NULL));
	credentials_ask(&none);
	credentials_done(&none);
	certs_begin(dir);
	certs_run(dir, ": >my.crt");
	hand(&files, "cert", "my.crt");
	ck_assert_int_eq(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	ck_assert_int_eq(credentials_open(&none, ends[1], NULL, &err), -EAGAIN);
	ck_assert_int_eq(pass_send(ends[0], &files), 0);
	ck_assert_int_lt(credentials_open(&none, ends[1], NULL, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "needs a CA"));
	credentials_done(&none);
	(void)close(ends[0]);
	(void)close(ends[1]);
	certs_end(dir);
}
END

	int
	main(void)
{
	static const TTest *tests[9];
	size_t n = 0;

	if (!certs_can())
		return unit_skip("no openssl program");
	tests[n++] = what_has_not_changed_is_not_given_again;
	tests[n++] = a_renewed_certificate_is_given_to_the_client;
	tests[n++] = the_last_of_several_counts;
	tests[n++] = a_pair_that_does_not_fit_leaves_the_old_one_until_it_does;
	tests[n++] = a_new_token_is_told_and_an_empty_file_is_none;
	tests[n++] =
		that_the_certificate_ends_is_told_once_a_day_until_it_is_renewed;
	tests[n++] = it_asks_the_monitor_for_the_files;
	tests[n++] = without_files_there_is_no_tls;
	return unit_run("uplink credentials", tests);
}
