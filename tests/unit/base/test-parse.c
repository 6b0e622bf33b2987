/* test-parse.c - text to values, strictly */
#include "base/parse.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/auto.h"
#include "tests/unit/unit.h"

TEST(takes_whole_numbers_and_nothing_else)
{
	uint64_t v = 7;

	ck_assert_int_eq(
		parse_u64("18446744073709551615", 0, UINT64_MAX, &v), 0);
	ck_assert_uint_eq(v, UINT64_MAX);
	ck_assert_int_eq(
		parse_u64("18446744073709551616", 0, UINT64_MAX, &v), -ERANGE);
	ck_assert_int_eq(parse_u64("5", 6, 9, &v), -ERANGE);
	for (const char *const *p = (const char *const[]){ "", " 1", "1 ", "+1",
		     "-1", "0x1", "1e3", NULL };
		*p; p++)
		ck_assert_int_eq(parse_u64(*p, 0, 99, &v), -EINVAL);
	ck_assert_int_eq(parse_u64(NULL, 0, 99, &v), -EINVAL);
	ck_assert_uint_eq(v, UINT64_MAX);
}
END

TEST(takes_negative_numbers_where_asked)
{
	int64_t v;

	ck_assert_int_eq(parse_i64("-12", -20, 20, &v), 0);
	ck_assert_int_eq(v, -12);
	ck_assert_int_eq(parse_i64("-21", -20, 20, &v), -ERANGE);
	ck_assert_int_eq(parse_i64("--1", -20, 20, &v), -EINVAL);
}
END

TEST(takes_durations_with_units)
{
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = { { "0", 0 }, { "1500ms", 1500 }, { "10", 10000 },
		{ "0.5s", 500 }, { "2m", 120000 }, { "1h", 3600000 },
		{ "7d", 604800000 } };
	int64_t v;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		ck_assert_int_eq(parse_duration_ms(good[i].text, &v), 0);
		ck_assert_int_eq(v, good[i].ms);
	}
	for (const char *const *p = (const char *const[]){ "", "s", "1x", "1.",
		     ".5", "-1s", "inf", "1e9", "1 s", NULL };
		*p; p++)
		ck_assert_int_eq(parse_duration_ms(*p, &v), -EINVAL);
	ck_assert_int_eq(parse_duration_ms("99999999999999d", &v), -ERANGE);
}
END

TEST(takes_sizes_with_units)
{
	uint64_t v;

	ck_assert_int_eq(parse_size("64k", &v), 0);
	ck_assert_uint_eq(v, 65536);
	ck_assert_int_eq(parse_size("2G", &v), 0);
	ck_assert_uint_eq(v, 2ull << 30);
	ck_assert_int_eq(parse_size("1kk", &v), -EINVAL);
	ck_assert_int_eq(parse_size("k", &v), -EINVAL);
	ck_assert_int_eq(parse_size("18446744073709551615G", &v), -ERANGE);
}
END

TEST(knows_signals_by_name_and_number)
{
	int s;

	ck_assert_int_eq(parse_signal("TERM", &s), 0);
	ck_assert_int_eq(s, SIGTERM);
	ck_assert_int_eq(parse_signal("sigint", &s), 0);
	ck_assert_int_eq(s, SIGINT);
	ck_assert_int_eq(parse_signal("10", &s), 0);
	ck_assert_int_eq(s, 10);
	ck_assert_int_eq(parse_signal("0", &s), -EINVAL);
	ck_assert_int_eq(parse_signal("NOPE", &s), -EINVAL);
	ck_assert_str_eq(signal_name(SIGKILL), "SIGKILL");
}
END

TEST(splits_addresses)
{
	char host[256];
	uint16_t port;

	ck_assert_int_eq(parse_address("127.0.0.1:80", host, &port), 0);
	ck_assert_str_eq(host, "127.0.0.1");
	ck_assert_uint_eq(port, 80);
	ck_assert_int_eq(parse_address("[::1]:0", host, &port), 0);
	ck_assert_str_eq(host, "::1");
	ck_assert_int_eq(parse_address(":9", host, &port), 0);
	ck_assert_str_eq(host, "");
	for (const char *const *p = (const char *const[]){ "", "x", "a:b",
		     "::1:80", "h:65536", "[::1]", NULL };
		*p; p++)
		ck_assert_int_eq(parse_address(*p, host, &port), -EINVAL);
}
END

	UNIT_MAIN("parse", takes_whole_numbers_and_nothing_else,
		takes_negative_numbers_where_asked, takes_durations_with_units,
		takes_sizes_with_units, knows_signals_by_name_and_number,
		splits_addresses)
