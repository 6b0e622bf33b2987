/* test-ca.c - what the server's own CA signs, and for whom; openssl, which we
 * did not write, reads the results */
#include "ca/ca.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/unit/certs.h"
#include "tests/unit/unit.h"

static char dir[CERTS_DIR];
static struct ca *ca;

static const char *
folder(void)
{
	return certs_path(dir, "ca");
}

static void
setup(void)
{
	struct err err = { "" };

	certs_begin(dir);
	ck_assert_msg(ca_create(folder(), &err) == 0, "%s", err.text);
	ck_assert_msg(ca_open(folder(), &ca, &err) == 0, "%s", err.text);
}

static void
teardown(void)
{
	ca_free(TAKE(ca));
	certs_end(dir);
}

/* A request made by a script as csr; the certificate is written to crt. */
static int
issue(const char *agent_id, const char *script, struct ca_issued *out,
	struct err *err)
{
	AUTO_FREE char *csr = NULL;
	FILE *file;
	int r;

	certs_run(dir, script);
	csr = certs_read(dir, "csr");
	r = ca_issue_agent(ca, agent_id, csr, out, err);
	if (r < 0)
		return r;
	file = fopen(certs_path(dir, "crt"), "we");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(out->pem, file), 0);
	ck_assert_int_eq(fclose(file), 0);
	return 0;
}

#define GOOD_CSR \
	"openssl req $curve -keyout key -out csr -subj /O=evil/CN=root" \
	" -addext subjectAltName=URI:nodelink:agent:other,DNS:localhost" \
	" -addext basicConstraints=CA:TRUE"

TEST(signs_an_agents_certificate_and_takes_only_the_key)
{
	int64_t days = 90LL * 24 * 3600 * 1000, end;
	struct ca_issued issued = { 0 };
	struct err err = { "" };

	setup();
	ck_assert_msg(
		issue("web1", GOOD_CSR, &issued, &err) == 0, "%s", err.text);
	end = issued.facts.not_after - clock_wall_ms();
	ck_assert(end > days - 60000 && end <= days);
	ck_assert_uint_eq(strlen(issued.facts.serial), 40);
	certs_run(dir,
		"openssl verify -purpose sslclient -x509_strict "
		"-CAfile ca/ca.crt crt\n"
		"! openssl verify -purpose sslserver -CAfile ca/ca.crt crt\n"
		"openssl x509 -in crt -noout -text >text\n"
		"grep -q URI:nodelink:agent:web1 text\n"
		"grep -q \"Subject: CN = web1\" text\n"
		"grep -q CA:FALSE text\n"
		"! grep -q -e other -e evil -e localhost -e CA:TRUE text\n"
		"openssl pkey -in key -pubout >a\n"
		"openssl x509 -in crt -noout -pubkey >b; cmp a b");
	free(issued.pem);
	teardown();
}
END

TEST(every_certificate_has_a_serial_number_of_its_own)
{
	struct ca_issued a = { 0 }, b = { 0 };
	struct err err;

	setup();
	ck_assert_int_eq(issue("web1", GOOD_CSR, &a, &err), 0);
	ck_assert_int_eq(issue("web1", GOOD_CSR, &b, &err), 0);
	ck_assert_str_ne(a.facts.serial, b.facts.serial);
	free(a.pem);
	free(b.pem);
	teardown();
}
END

#define REFUSES(id, script, says) \
	do { \
		struct ca_issued no = { 0 }; \
		struct err why = { "" }; \
		ck_assert_int_eq(issue(id, script, &no, &why), -EINVAL); \
		ck_assert_msg(strstr(why.text, says), "%s", why.text); \
	} while (0)

TEST(signs_no_weak_key)
{
	setup();
	REFUSES("web1",
		"openssl req -newkey rsa:1024 -nodes -keyout key -out csr "
		"-subj /CN=x",
		"is of no kind that is signed");
	REFUSES("web1",
		"openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-224 "
		"-nodes -keyout key -out csr -subj /CN=x",
		"is of no kind that is signed");
	REFUSES("web1",
		"openssl req -newkey ed448 -nodes -keyout key -out csr "
		"-subj /CN=x",
		"is of no kind that is signed");
	teardown();
}
END

TEST(signs_nothing_that_is_no_request)
{
	setup();
	REFUSES("web1", "echo x >csr", "no certificate request");
	REFUSES("web1", GOOD_CSR "; cp ca/ca.crt csr",
		"no certificate request");
	/* One byte of the signature, which is at its end, is another. */
	REFUSES("web1",
		GOOD_CSR "; openssl req -in csr -outform DER -out der\n"
			 "n=$(stat -c %s der); head -c $((n-1)) der >bad\n"
			 "tail -c 1 der | tr \"\\0-\\377\" \"\\1-\\377\\0\" "
			 ">>bad\n"
			 "openssl req -inform DER -in bad -out csr",
		"not signed with its own key");
	REFUSES("a,DNS:b", GOOD_CSR, "is no agent id");
	teardown();
}
END

TEST(asks_nobody_for_the_password_of_a_request)
{
	static const char asked[] = "-----BEGIN CERTIFICATE REQUEST-----\n"
				    "Proc-Type: 4,ENCRYPTED\n"
				    "DEK-Info: AES-128-CBC,"
				    "00112233445566778899AABBCCDDEEFF\n\n"
				    "AAAAAAAAAAAAAAAAAAAAAA==\n"
				    "-----END CERTIFICATE REQUEST-----\n";
	struct ca_issued issued = { 0 };
	struct err err = { "" };
	int ends[2], left = 0;

	setup();
	(void)setsid(); /* no terminal: then it is standard input */
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(write(ends[1], "secret\n", 7), 7);
	ck_assert_int_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
	ck_assert_int_eq(
		ca_issue_agent(ca, "web1", asked, &issued, &err), -EINVAL);
	ck_assert_int_eq(ioctl(STDIN_FILENO, FIONREAD, &left), 0);
	ck_assert_int_eq(left, 7);
	(void)close(ends[0]);
	(void)close(ends[1]);
	teardown();
}
END

TEST(makes_a_certificate_for_the_server)
{
	const char *names[] = { "nodelink.example.org", "192.0.2.1", "::1" };
	const char *bad[] = { "a,DNS:b" };
	struct err err = { "" };

	setup();
	ck_assert_msg(ca_issue_server(ca, names, 3, &err) == 0, "%s", err.text);
	certs_run(dir,
		"openssl verify -purpose sslserver -x509_strict "
		"-CAfile ca/ca.crt -verify_hostname nodelink.example.org "
		"ca/server.crt\n"
		"openssl verify -CAfile ca/ca.crt -verify_ip 192.0.2.1 "
		"ca/server.crt\n"
		"! openssl verify -purpose sslclient -CAfile ca/ca.crt "
		"ca/server.crt\n"
		"test $(stat -c %a ca/server.key) = 600\n"
		"openssl pkey -in ca/server.key -pubout >a\n"
		"openssl x509 -in ca/server.crt -noout -pubkey >b; cmp a b");
	ck_assert_int_eq(ca_issue_server(ca, bad, 1, &err), -EINVAL);
	teardown();
}
END

TEST(is_made_once_and_known_by_its_hash)
{
	AUTO_FREE char *said = NULL;
	char hash[TLS_HASH];
	struct err err = { "" };

	setup();
	ck_assert_int_eq(ca_create(folder(), &err), -EEXIST);
	certs_run(dir, "openssl x509 -in ca/ca.crt -outform DER | sha256sum | "
		       "cut -c1-64 | tr -d \"\\n\" >hash");
	ca_hash(ca, hash);
	said = certs_read(dir, "hash");
	ck_assert(strncmp(hash, "sha256:", 7) == 0);
	ck_assert_str_eq(hash + 7, said);
	teardown();
}
END

TEST(is_not_opened_with_a_key_that_others_may_read)
{
	struct ca *again = NULL;
	struct err err = { "" };

	setup();
	certs_run(dir, "chmod 644 ca/ca.key");
	ck_assert_int_eq(ca_open(folder(), &again, &err), -EPERM);
	ck_assert_ptr_nonnull(strstr(err.text, "do: chmod 600 '"));
	certs_run(dir, "cert a ca/ca DNS:a; cp a.crt ca/ca.crt\n"
		       "cp a.key ca/ca.key; chmod 600 ca/ca.key");
	ck_assert_int_eq(ca_open(folder(), &again, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "is not that of a CA"));
	teardown();
}
END

	int
	main(void)
{
	static const TTest *tests[9];
	size_t n = 0;

	if (!certs_can())
		return unit_skip("no openssl program");
	tests[n++] = signs_an_agents_certificate_and_takes_only_the_key;
	tests[n++] = every_certificate_has_a_serial_number_of_its_own;
	tests[n++] = signs_no_weak_key;
	tests[n++] = signs_nothing_that_is_no_request;
	tests[n++] = asks_nobody_for_the_password_of_a_request;
	tests[n++] = makes_a_certificate_for_the_server;
	tests[n++] = is_made_once_and_known_by_its_hash;
	tests[n++] = is_not_opened_with_a_key_that_others_may_read;
	return unit_run("ca", tests);
}
