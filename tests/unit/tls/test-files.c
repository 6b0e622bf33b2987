/* test-files.c - what is read as certificate and key, and what is not */
#include "tls/tls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "tests/unit/certs.h"
#include "tests/unit/unit.h"

static char dir[CERTS_DIR];

static void
setup(void)
{
	certs_begin(dir);
	certs_run(dir, "ca ca; cert a ca DNS:a; cert b ca DNS:b");
}

/* Reads NAME.crt, KEY.key and CA.crt; each may be NULL. */
static int
read_some(const char *cert, const char *key, const char *ca,
	struct tls_pem *out, struct err *err)
{
	struct tls_files files = {
		.cert = cert ? certs_path(dir, cert) : NULL,
		.key = key ? certs_path(dir, key) : NULL,
		.ca = ca ? certs_path(dir, ca) : NULL,
	};

	return tls_read(&files, out, err);
}

#define REFUSES(cert, key, ca, says) \
	do { \
		struct tls_pem no = { 0 }; \
		struct err why = { "" }; \
		ck_assert_int_lt(read_some(cert, key, ca, &no, &why), 0); \
		ck_assert_msg(strstr(why.text, says), "%s", why.text); \
	} while (0)

TEST(reads_a_pair_and_a_ca)
{
	struct tls_pem pem = { 0 }, again = { 0 };
	struct tls_facts facts;
	struct err err = { "" };

	setup();
	ck_assert_msg(read_some("a.crt", "a.key", "ca.crt", &pem, &err) == 0,
		"%s", err.text);
	ck_assert_int_gt(pem.facts.not_after, clock_wall_ms());
	ck_assert_int_eq(tls_facts(pem.cert, &facts), 0);
	ck_assert_str_eq(facts.serial, pem.facts.serial);
	ck_assert_int_eq(
		read_some("a.crt", "a.key", "ca.crt", &again, &err), 0);
	ck_assert(tls_pem_same(&pem, &again));
	tls_pem_done(&again);
	ck_assert_int_eq(
		read_some("b.crt", "b.key", "ca.crt", &again, &err), 0);
	ck_assert(!tls_pem_same(&pem, &again));
	tls_pem_done(&again);
	tls_pem_done(&pem);
	certs_end(dir);
}
END

TEST(of_several_cas_the_first_end_counts)
{
	struct tls_pem ca = { 0 }, both = { 0 }, none = { 0 };
	struct err err = { "" };

	setup();
	certs_run(dir,
		"cert long ca DNS:b 30; cat long.crt ca.crt long.crt >both.crt");
	ck_assert_int_eq(read_some(NULL, NULL, "long.crt", &both, &err), 0);
	ck_assert_int_eq(read_some(NULL, NULL, "ca.crt", &ca, &err), 0);
	ck_assert_int_gt(ca.ca_not_after, clock_wall_ms());
	ck_assert_int_gt(both.ca_not_after, ca.ca_not_after);
	tls_pem_done(&both);
	ck_assert_int_eq(read_some(NULL, NULL, "both.crt", &both, &err), 0);
	ck_assert_int_eq(both.ca_not_after, ca.ca_not_after);
	ck_assert_int_eq(read_some("a.crt", "a.key", NULL, &none, &err), 0);
	ck_assert_int_eq(none.ca_not_after, 0);
	tls_pem_done(&ca);
	tls_pem_done(&both);
	tls_pem_done(&none);
	certs_end(dir);
}
END

TEST(refuses_a_key_that_others_may_read_and_says_what_to_do)
{
	setup();
	certs_run(dir, "chmod 640 a.key");
	REFUSES("a.crt", "a.key", NULL, "do: chmod 600 '");
	certs_end(dir);
}
END

TEST(refuses_what_does_not_belong_together)
{
	setup();
	REFUSES("a.crt", "b.key", NULL, "key values mismatch");
	REFUSES("a.crt", NULL, NULL, "is alone");
	REFUSES(NULL, "a.key", NULL, "is alone");
	certs_end(dir);
}
END

TEST(refuses_broken_files)
{
	setup();
	certs_run(dir,
		": >empty; echo text >text; head -c 300 a.crt >half\n"
		"cat ca.crt half >both; cat a.crt half >chain; : >empty.key; chmod 600 *.key\n"
		"openssl ec -in a.key -aes128 -passout pass:x "
		"-out locked.key; chmod 600 locked.key");
	REFUSES("empty", "a.key", NULL, "/empty' cannot be used");
	REFUSES("text", "a.key", NULL, "/text' cannot be used");
	REFUSES("half", "a.key", NULL, "/half' cannot be used");
	REFUSES("chain", "a.key", NULL, "/chain' cannot be used");
	REFUSES("none", "a.key", NULL, "cannot read certificate file");
	REFUSES("a.crt", "empty.key", NULL, "/empty.key' cannot be used");
	REFUSES("a.crt", "locked.key", NULL, "/locked.key' cannot be used");
	REFUSES(NULL, NULL, "empty", "certificate 1 in");
	REFUSES(NULL, NULL, "both", "certificate 2 in");
	certs_end(dir);
}
END

	int
	main(void)
{
	static const TTest *tests[6];
	size_t n = 0;

	if (!certs_can())
		return unit_skip("no openssl program");
	tests[n++] = reads_a_pair_and_a_ca;
	tests[n++] = of_several_cas_the_first_end_counts;
	tests[n++] = refuses_a_key_that_others_may_read_and_says_what_to_do;
	tests[n++] = refuses_what_does_not_belong_together;
	tests[n++] = refuses_broken_files;
	return unit_run("tls files", tests);
}
