/* test-when.c - times and durations */
#include "cli/when.h"

#include <errno.h>

#include "base/auto.h"
#include "base/clock.h"
#include "tests/unit/unit.h"

TEST(reads_what_the_server_writes)
{
	static const int64_t times[] = { 0, 1, 951782399999, 1795305600123,
		4102444800000 };
	char text[CLOCK_TEXT];
	int64_t ms;

	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		ck_assert_int_eq(
			when_parse(clock_text(times[i], text), &ms), 0);
		ck_assert_int_eq(ms, times[i]);
	}
	ck_assert_int_eq(when_parse("1970-01-01T00:01:00Z", &ms), 0);
	ck_assert_int_eq(ms, 60000);
}
END

TEST(refuses_what_is_no_time)
{
	static const char *const wrong[] = { "", "now", "2026-11-22",
		"2026-11-22T17:08:03", "2026-11-22T17:08:03.12Z",
		"2026-11-22T17:08:03.123Zz", "2026-11-22 17:08:03Z",
		"2026-13-22T17:08:03Z", "2026-00-22T17:08:03Z",
		"2026-11-32T17:08:03Z", "2026-11-22T24:08:03Z",
		"2026-11-22T17:60:03Z", "2026-11-22T17:08:61Z",
		"1969-12-31T23:59:59Z", "+026-11-22T17:08:03Z" };
	int64_t ms = 7;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		ck_assert_msg(
			when_parse(wrong[i], &ms) == -EINVAL, "%s", wrong[i]);
	ck_assert_int_eq(ms, 7);
}
END

TEST(reads_what_people_write)
{
	static const struct {
		const char *text;
		int64_t ms;
	} times[] = { { "1970-01-01T00:01:00Z", 60000 },
		{ "1970-01-01T00:01:00.5z", 60500 },
		{ "1970-01-01T00:01:00.123456789Z", 60123 },
		{ "1970-01-01T01:01:00+01:00", 60000 },
		{ "1970-01-01T00:01:00.25-01:30", 60250 + 5400000 } };
	static const char *const wrong[] = { "", "10m", "1970-01-01T00:01:00",
		"1970-01-01T00:01:00.Z", "1970-01-01T00:01:00+1:00",
		"1970-01-01T00:01:00+24:00", "1970-01-01T00:01:00+01:60",
		"1970-01-01T00:01:00+01:00Z", "1970-01-01T00:01:00Zz",
		"1970-01-01T00:01:00+0100", "1970-01-01" };
	int64_t ms = 7;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		ck_assert_msg(
			when_rfc3339(wrong[i], &ms) == -EINVAL, "%s", wrong[i]);
	ck_assert_int_eq(ms, 7);
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		ck_assert_int_eq(when_rfc3339(times[i].text, &ms), 0);
		ck_assert_int_eq(ms, times[i].ms);
	}
}
END

TEST(tells_ages_in_one_unit)
{
	static const struct {
		int64_t ms;
		const char *text;
	} ages[] = { { -5000, "now" }, { 0, "now" }, { 999, "now" },
		{ 1000, "1s" }, { 59999, "59s" }, { 60000, "1m" },
		{ 3599999, "59m" }, { 3600000, "1h" }, { 86399999, "23h" },
		{ 86400000, "1d" }, { 400 * 86400000LL, "400d" } };
	char out[WHEN_TEXT];

	for (size_t i = 0; i < ARRAY_SIZE(ages); i++)
		ck_assert_str_eq(when_age(ages[i].ms, out), ages[i].text);
}
END

TEST(tells_spans_in_two_units)
{
	static const struct {
		int64_t ms;
		const char *text;
	} spans[] = { { 0, "0 ms" }, { 999, "999 ms" }, { 1000, "1 s" },
		{ 1099, "1 s" }, { 1250, "1.2 s" }, { 9999, "9.9 s" },
		{ 10500, "10 s" }, { 60000, "1m" }, { 125999, "2m 5s" },
		{ 3600000, "1h" }, { 11520000, "3h 12m" },
		{ 8 * 86400000LL + 4 * 3600000, "8d 4h" } };
	char out[WHEN_TEXT];

	for (size_t i = 0; i < ARRAY_SIZE(spans); i++)
		ck_assert_str_eq(when_span(spans[i].ms, out), spans[i].text);
}
END

	UNIT_MAIN("when", reads_what_the_server_writes, refuses_what_is_no_time,
		reads_what_people_write, tells_ages_in_one_unit,
		tells_spans_in_two_units)
