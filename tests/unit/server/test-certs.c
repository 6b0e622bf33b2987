/* test-certs.c - a listener's certificate, and its end, while the server runs */
#include "certs.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "tests/unit/certs.h"
#include "tests/unit/ear.h"
#include "tests/unit/unit.h"

#define DAY_MS (24 * 3600 * INT64_C(1000))

static char dir[CERTS_DIR];
static struct loop *loop;
static struct certs *certs;
static struct tls_files files;
static unsigned used;

static int
use(void *arg, const struct tls_pem *pem, struct err *err)
{
	(void)arg, (void)err;
	ck_assert_ptr_nonnull(pem->cert);
	used++;
	return 0;
}

static void
setup(const char *script)
{
	struct err err = { "" };

	certs_begin(dir);
	certs_run(dir, script);
	files = (struct tls_files){
		.cert = strdup(certs_path(dir, "a.crt")),
		.key = strdup(certs_path(dir, "a.key")),
		.ca = strdup(certs_path(dir, "trust.crt")),
	};
	loop = loop_new();
	ck_assert_ptr_nonnull(loop);
	ck_assert_msg(certs_new(loop, "http", &files, &certs, &err) == 0, "%s",
		err.text);
	used = 0;
	certs_follow(certs, use, NULL);
}

static void
teardown(void)
{
	certs_free(certs);
	loop_free(loop);
	free((void *)(uintptr_t)files.cert);
	free((void *)(uintptr_t)files.key);
	free((void *)(uintptr_t)files.ca);
	certs_end(dir);
}

static unsigned
count(const char *text, const char *word)
{
	unsigned n = 0;

	for (const char *p = text; (p = strstr(p, word)); p++)
		n++;
	return n;
}

/* How often the log says so while the files are looked at. */
static unsigned
told(const char *word, int64_t ms)
{
	struct ear ear = ear_open();
	int64_t end = clock_us() / 1000 + ms;
	unsigned n;
	char *text;

	while (clock_us() / 1000 < end)
		loop_turn(loop, 100);
	text = ear_close(ear);
	n = count(text, word);
	free(text);
	return n;
}

static unsigned
told_within_deadline(const char *word)
{
	int64_t give_up = clock_us() / 1000 + unit_wait_ms();
	unsigned n = 0;

	while (!n && clock_us() / 1000 < give_up)
		n = told(word, 200);
	return n;
}

TEST(that_it_ends_is_told_again_the_next_day_until_it_is_renewed)
{
	struct ear ear;
	char *text;

	clock_set(DAY_MS);
	ear = ear_open();
	setup("ca ca; cert a ca DNS:a 2; cert b ca DNS:b 30; cp b.crt trust.crt");
	text = ear_close(ear);
	ck_assert_ptr_nonnull(strstr(text, "[http] the certificate in '"));
	free(text);
	clock_set(2 * DAY_MS);
	ck_assert_uint_eq(told_within_deadline("a.crt' expires on"), 1);
	certs_run(dir, "cp b.crt a.crt; cp b.key a.key");
	certs_reload(certs);
	ck_assert_uint_eq(used, 1);
	clock_set(3 * DAY_MS);
	ck_assert_uint_eq(
		told("expires on", 1200), 0); /* it looks each second */
	clock_set(-1);
	teardown();
}
END

TEST(that_a_ca_ends_is_told_too)
{
	struct ear ear;
	char *text;

	clock_set(DAY_MS);
	ear = ear_open();
	setup("ca ca; cert a ca DNS:a 30; cert b ca DNS:b 30\n"
	      "cat b.crt ca.crt >trust.crt");
	text = ear_close(ear);
	ck_assert_uint_eq(count(text, "expires on"), 1);
	ck_assert_ptr_nonnull(strstr(text, "[http] a CA in '"));
	free(text);
	clock_set(2 * DAY_MS);
	ck_assert_uint_eq(told_within_deadline("trust.crt' expires on"), 1);
	certs_run(dir, "cp b.crt trust.crt");
	certs_reload(certs);
	clock_set(3 * DAY_MS);
	ck_assert_uint_eq(told("expires on", 1200), 0);
	clock_set(-1);
	teardown();
}
END

	int
	main(void)
{
	static const TTest *tests[3];

	if (!certs_can())
		return unit_skip("no openssl program");
	tests[0] = that_it_ends_is_told_again_the_next_day_until_it_is_renewed;
	tests[1] = that_a_ca_ends_is_told_too;
	return unit_run("server certs", tests);
}
