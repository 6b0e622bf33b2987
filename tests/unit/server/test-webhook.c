/* test-webhook.c - what webhooks are made of: signatures, addresses, URLs, times,
 * bodies */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/limits.h"
#include "json/json.h"
#include "tests/unit/unit.h"
#include "webhook/event.h"
#include "webhook/guard.h"
#include "webhook/retry.h"
#include "webhook/sign.h"
#include "webhook/url.h"

/* ---------------------------------------------------------------- signatures */

/* The example of the libraries of Standard Webhooks. */
static const char secret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
static const char id[] = "msg_p5jXN8AQM9LWM0D4loKWxJek";
static const char body[] = "{\"test\": 2432232314}";
static const char signature[] =
	"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

TEST(signs_as_the_standard_has_it)
{
	AUTO_BUF struct buf out = { 0 };
	struct sign_keys keys;

	ck_assert_int_eq(sign_keys_parse(secret, &keys), 0);
	ck_assert_int_eq(sign(&keys, id, 1614265330, body, &out), 0);
	ck_assert_str_eq(buf_text(&out), signature);
}
END

TEST(signs_with_both_secrets_while_one_is_replaced)
{
	AUTO_BUF struct buf text = { 0 }, out = { 0 };
	struct sign_keys keys;
	char *second;

	ck_assert_int_eq(
		buf_printf(&text,
			"whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX\r\n\n%s\n",
			secret),
		0);
	ck_assert_int_eq(sign_keys_parse(buf_text(&text), &keys), 0);
	ck_assert_uint_eq(keys.n, 2);
	ck_assert_int_eq(sign(&keys, id, 1614265330, body, &out), 0);
	second = strchr(buf_text(&out), ' ');
	ck_assert_ptr_nonnull(second);
	ck_assert_str_eq(second + 1, signature);
	ck_assert_int_eq(strncmp(buf_text(&out), "v1,", 3), 0);
}
END

TEST(refuses_secrets_of_another_form)
{
	static const char *const wrong[] = { "", "\n",
		"MfKQ9r8GKYqrTwjUPD8ILPZ", "whsec_",
		"whsec_c2hvcnQ=", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2*",
		"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS" };
	struct sign_keys keys = { .n = 7 };
	char many[256] = "whsec_";

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		ck_assert_msg(sign_keys_parse(wrong[i], &keys) == -EINVAL, "%s",
			wrong[i]);
	memset(many + 6, 'A', 87);
	many[6 + 87] = '=';
	/* 65 bytes */
	ck_assert_int_eq(sign_keys_parse(many, &keys), -EINVAL);
	(void)snprintf(many, sizeof many, "%s\n%s\n%s", secret, secret, secret);
	ck_assert_int_eq(sign_keys_parse(many, &keys), -EINVAL);
	ck_assert_uint_eq(keys.n, 7);
}
END

TEST(reads_a_secret_that_is_its_owners_alone)
{
	char dir[64], path[96];
	struct sign_keys keys;
	struct err err;
	int fd;

	unit_temp_dir("webhook", dir, sizeof dir);
	(void)snprintf(path, sizeof path, "%s/secret", dir);
	fd = fd_open(path, O_WRONLY | O_CREAT);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fd_write_all(fd, secret, strlen(secret)), 0);
	(void)close(fd);
	ck_assert_msg(sign_keys_read(path, &keys, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(keys.n, 1);
	ck_assert_int_eq(chmod(path, 0644), 0);
	ck_assert_int_eq(sign_keys_read(path, &keys, &err), -EPERM);
	ck_assert_int_eq(chmod(path, 0600), 0);
	fd = fd_open(path, O_WRONLY | O_TRUNC);
	(void)close(fd);
	ck_assert_int_eq(sign_keys_read(path, &keys, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "one or two lines 'whsec_'"));
}
END

	/* ----------------------------------------------------------------- addresses */

	/* The first and last of each net, and their neighbours. */
	static const char *const internal[] = { "0.0.0.0", "0.255.255.255",
		"10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255",
		"127.0.0.1", "127.255.255.255", "169.254.0.0",
		"169.254.169.254", "172.16.0.0", "172.31.255.255", "192.0.0.1",
		"192.0.2.1", "192.88.99.1", "192.168.0.0", "192.168.255.255",
		"198.18.0.0", "198.19.255.255", "198.51.100.7", "203.0.113.7",
		"224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
		"::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.1.2.3",
		"::ffff:100.64.0.1", "64:ff9b::10.0.0.1", "64:ff9b::127.0.0.1",
		"64:ff9b:1::1", "100::1", "2001::1", "2001:1ff::1",
		"2001:db8::1", "2002:7f00:1::1",
		"2002:a00:1::", "2002:c0a8:101::1", "3fff::1", "5f00::1",
		"fc00::1", "fd12:3456::1", "fdff:ffff::1", "fe80::1", "febf::1",
		"fec0::1", "feff::1", "ff02::1" };
static const char *const open_to_all[] = { "1.0.0.0", "9.255.255.255",
	"11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
	"128.0.0.1", "169.253.255.255", "169.255.0.0", "172.15.255.255",
	"172.32.0.0", "192.0.1.0", "192.167.255.255", "192.169.0.0",
	"198.17.255.255", "198.20.0.0", "223.255.255.255", "8.8.8.8",
	"::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1", "2001:200::1",
	"2606:4700::1111", "2a00::1", "fbff::1", "4000::1" };

static bool
is_internal(const char *text)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
		return guard_is_internal((struct sockaddr *)&v4);
	ck_assert_int_eq(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
	return guard_is_internal((struct sockaddr *)&v6);
}

TEST(knows_which_addresses_are_internal)
{
	const struct sockaddr local = { .sa_family = AF_UNIX };

	for (size_t i = 0; i < ARRAY_SIZE(internal); i++) {
		ck_assert_msg(is_internal(internal[i]), "%s", internal[i]);
		ck_assert(guard_is_internal_text(internal[i]));
	}
	for (size_t i = 0; i < ARRAY_SIZE(open_to_all); i++) {
		ck_assert_msg(
			!is_internal(open_to_all[i]), "%s", open_to_all[i]);
		ck_assert(!guard_is_internal_text(open_to_all[i]));
	}
	ck_assert(guard_is_internal(&local));
	ck_assert(!guard_is_internal_text("example.org"));
}
END

TEST(takes_urls_that_may_be_called)
{
	static const struct {
		const char *url, *host, *origin;
	} good[] = {
		{ "https://example.org", "example.org:443",
			"https://example.org" },
		{ "https://example.org:443/a?b=c", "example.org:443",
			"https://example.org" },
		{ "http://Example.org:8080/x", "Example.org:8080",
			"http://Example.org:8080" },
		{ "http://[2606:4700::1111]/", "[2606:4700::1111]:80",
			"http://[2606:4700::1111]" },
	};
	struct url url;
	struct err err;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		ck_assert_msg(url_check(good[i].url, false, &url, &err) == 0,
			"%s: %s", good[i].url, err.text);
		ck_assert_str_eq(url.host, good[i].host);
		ck_assert_str_eq(url.origin, good[i].origin);
	}
	ck_assert_uint_eq(url.port, 80);
	ck_assert_int_eq(url_check("http://10.0.0.1/", true, &url, &err), 0);
}
END

TEST(refuses_urls_that_may_not)
{
	static const char *const bad[] = { "", "example.org", "/x", "//a/b",
		"ftp://a/", "file:///etc/passwd", "gopher://a/", "unix:/x",
		"https://", "https:///x", "https://a%2eb/", "https:/x",
		"https://me@a/", "https://me:pw@a/", "https://a/#f",
		"https://a/ b", "https://a/\n", "https://\xc3\xa4/",
		"https://a:0/", "https://a:70000/", "http://127.0.0.1/",
		"http://2130706433/", "http://0x7f.1/", "http://0177.0.0.1/",
		"http://[::1]/", "http://[fe80::1%25eth0]/",
		"http://169.254.169.254/latest/", "http://[::ffff:10.0.0.1]/" };
	char *long_one = calloc(1, LIMIT_URL + 2);
	struct url url;
	struct err err;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ck_assert_msg(url_check(bad[i], false, &url, &err) == -EINVAL,
			"%s", bad[i]);
	memset(long_one, 'a', LIMIT_URL + 1);
	memcpy(long_one, "https://a/", 10);
	ck_assert_int_eq(url_check(long_one, false, &url, &err), -EINVAL);
	long_one[LIMIT_URL] = 0;
	ck_assert_int_eq(url_check(long_one, false, &url, &err), 0);
	free(long_one);
	ck_assert_str_eq(url_origin("nonsense", &url), "");
}
END

/* --------------------------------------------------------------------- times */

TEST(waits_longer_after_each_try_and_by_chance)
{
	ck_assert_int_eq(retry_delay(5000, 1, 0, 0), 1);
	ck_assert_int_eq(retry_delay(5000, 1, 4999, 0), 5000);
	ck_assert_int_eq(retry_delay(5000, 1, 5000, 0), 1);
	ck_assert_int_eq(retry_delay(5000, 2, 19999, 0), 20000);
	ck_assert_int_eq(retry_delay(5000, 3, 79999, 0), 80000);
	for (unsigned tries = 1; tries < 1000; tries++)
		ck_assert_int_le(retry_delay(5000, tries, UINT64_MAX / 3, 0),
			RETRY_LONGEST_MS);
	ck_assert_int_eq(retry_delay(5000, 20, RETRY_LONGEST_MS - 1, 0),
		RETRY_LONGEST_MS);
}
END

TEST(waits_as_long_as_it_is_asked_within_bounds)
{
	ck_assert_int_eq(retry_delay(5000, 1, 0, 60000), 60000);
	ck_assert_int_eq(retry_delay(5000, 2, 19999, 1000), 20000);
	ck_assert_int_eq(
		retry_delay(5000, 1, 0, INT64_MAX), RETRY_AFTER_MAX_MS);
}
END

/* -------------------------------------------------------------------- events */

TEST(reads_lists_of_events)
{
	unsigned events = 0;
	struct err err;

	ck_assert_int_eq(
		event_parse_list("task.failed,task.cancelled", &events, &err),
		0);
	ck_assert_uint_eq(events, EVENT_FAILED | EVENT_CANCELLED);
	ck_assert_int_eq(event_parse_list(" task.completed ,  "
					  "task.cancel_requested",
				 &events, &err),
		0);
	ck_assert_uint_eq(events, EVENT_COMPLETED | EVENT_CANCEL_REQUESTED);
	ck_assert_int_eq(event_parse_list("task.done", &events, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "'task.done' is no event"));
	ck_assert_int_eq(event_parse_list(" , ", &events, &err), -EINVAL);
}
END

TEST(reads_whom_a_task_names)
{
	AUTO_BUF struct buf text = { 0 };
	const char *at, *url;
	unsigned events;
	size_t len;

	ck_assert_int_eq(event_hook_add(&text, 3, "http://a"), 0);
	ck_assert_int_eq(event_hook_add(&text, EVENT_ALL, "http://bc"), 0);
	at = buf_text(&text);
	ck_assert(event_hook_next(&at, &events, &url, &len));
	ck_assert_uint_eq(events, 3);
	ck_assert_uint_eq(len, 8);
	ck_assert(event_hook_next(&at, &events, &url, &len));
	ck_assert_uint_eq(events, EVENT_ALL);
	ck_assert_int_eq(strncmp(url, "http://bc", len), 0);
	ck_assert(!event_hook_next(&at, &events, &url, &len));
	at = NULL;
	ck_assert(!event_hook_next(&at, &events, &url, &len));
}
END

TEST(tells_what_became_of_a_task_within_bounds)
{
	AUTO_BUF struct buf out = { 0 };
	AUTO(json_decref) json_t *doc = NULL;
	struct task *t = task_new();
	const json_t *data;
	struct err err;

	(void)snprintf(t->id, sizeof t->id, "t1");
	t->owner = strdup("ci");
	t->status = TASK_SENT;
	ck_assert_int_eq(event_of(t), EVENT_CANCEL_REQUESTED);
	t->status = TASK_FAILED;
	t->ended_at = 1000;
	t->message = malloc(1 << 20);
	memset(t->message, '\x80', (1 << 20) - 1);
	t->message[(1 << 20) - 1] = 0;
	ck_assert_int_eq(event_of(t), EVENT_FAILED);
	ck_assert_int_eq(event_body(event_of(t), t, 2000, &out), 0);
	ck_assert_msg(
		json_parse(out.data, out.len, &doc, &err) == 0, "%s", err.text);
	ck_assert_str_eq(
		json_string_value(json_object_get(doc, "type")), "task.failed");
	ck_assert_str_eq(json_string_value(json_object_get(doc, "timestamp")),
		"1970-01-01T00:00:02.000Z");
	data = json_object_get(doc, "data");
	ck_assert_str_eq(
		json_string_value(json_object_get(data, "owner")), "ci");
	ck_assert_uint_lt(out.len, 16384);
	task_unref(t);
}
END

	UNIT_MAIN("webhook", signs_as_the_standard_has_it,
		signs_with_both_secrets_while_one_is_replaced,
		refuses_secrets_of_another_form,
		reads_a_secret_that_is_its_owners_alone,
		knows_which_addresses_are_internal,
		takes_urls_that_may_be_called, refuses_urls_that_may_not,
		waits_longer_after_each_try_and_by_chance,
		waits_as_long_as_it_is_asked_within_bounds,
		reads_lists_of_events, reads_whom_a_task_names,
		tells_what_became_of_a_task_within_bounds)
