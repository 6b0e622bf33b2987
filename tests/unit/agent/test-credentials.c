/* test-credentials.c - the uplink's certificates, renewed under it */
#include "uplink/credentials.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/agent/fake-rpc.h"
#include "tests/unit/certs.h"
#include "tests/unit/unit.h"

static char dir[CERTS_DIR];
static struct tls_files files;
static struct credentials c;

static void
setup(void)
{
	struct err err = { "" };

	certs_begin(dir);
	certs_run(dir, "ca ca; cert a ca DNS:a; cert b ca DNS:b\n"
		       "cp a.crt my.crt; cp a.key my.key");
	files = (struct tls_files){ .cert = certs_path(dir, "my.crt"),
		.key = certs_path(dir, "my.key"),
		.ca = certs_path(dir, "ca.crt") };
	ck_assert_msg(credentials_read(&c, &files, &err) == 0, "%s", err.text);
	fake_rpc.new_tls = 0;
}

static void
teardown(void)
{
	credentials_done(&c);
	certs_end(dir);
}

TEST(what_has_not_changed_is_not_given_again)
{
	setup();
	credentials_renew(&c, NULL);
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
	credentials_renew(&c, NULL);
	ck_assert_uint_eq(fake_rpc.new_tls, 1);
	ck_assert_str_eq(credentials_tls(&c)->cert, b);
	free(b);
	teardown();
}
END

TEST(a_pair_that_does_not_fit_leaves_the_old_one_until_it_does)
{
	char *a;

	setup();
	a = certs_read(dir, "a.crt");
	certs_run(dir, "cp b.crt my.crt");
	credentials_renew(&c, NULL);
	certs_run(dir, ": >my.crt");
	credentials_renew(&c, NULL);
	ck_assert_uint_eq(fake_rpc.new_tls, 0);
	ck_assert_str_eq(credentials_tls(&c)->cert, a);
	certs_run(dir, "cp b.crt my.crt; cp b.key my.key");
	credentials_renew(&c, NULL);
	ck_assert_uint_eq(fake_rpc.new_tls, 1);
	free(a);
	teardown();
}
END

TEST(without_files_there_is_no_tls)
{
	struct credentials none = { 0 };
	struct tls_files no_files = { 0 }, alone = { .cert = "c", .key = "k" };
	struct err err = { "" };

	ck_assert_int_eq(credentials_read(&none, &no_files, &err), 0);
	ck_assert_ptr_null(credentials_tls(&none));
	credentials_renew(&none, NULL);
	credentials_done(&none);
	ck_assert_int_lt(credentials_read(&none, &alone, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "needs a CA"));
	credentials_done(&none);
}
END

	int
	main(void)
{
	static const TTest *tests[5];
	size_t n = 0;

	if (!certs_can())
		return unit_skip("no openssl program");
	tests[n++] = what_has_not_changed_is_not_given_again;
	tests[n++] = a_renewed_certificate_is_given_to_the_client;
	tests[n++] = a_pair_that_does_not_fit_leaves_the_old_one_until_it_does;
	tests[n++] = without_files_there_is_no_tls;
	return unit_run("uplink credentials", tests);
}
