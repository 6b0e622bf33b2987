/* test-expiry.c - when it is told that a certificate ends */
#include <string.h>

#include "base/clock.h"
#include "tests/unit/unit.h"
#include "tls/tls.h"

#define DAY_MS (24 * 3600 * INT64_C(1000))
#define START_MS INT64_C(5000)

static int64_t
lasts(int64_t ms)
{
	return clock_wall_ms() + ms;
}

TEST(a_certificate_that_lasts_for_weeks_is_not_told_of)
{
	const int64_t end = lasts(8 * DAY_MS);
	char text[TLS_END_TEXT];
	int64_t told = 0;

	ck_assert(!tls_ends_soon(end, &told, text));
	ck_assert_int_eq(told, 0);
}
END

TEST(from_a_week_before_its_end_it_is_told_of_once_a_day)
{
	const int64_t end = lasts(7 * DAY_MS - 1000);
	char text[TLS_END_TEXT], when[CLOCK_TEXT];
	int64_t told = 0;

	clock_set(START_MS);
	ck_assert(tls_ends_soon(end, &told, text));
	ck_assert_ptr_eq(strstr(text, "expires on "), text);
	ck_assert_str_eq(text + 11, clock_text(end, when));
	ck_assert(!tls_ends_soon(end, &told, text));
	clock_set(START_MS + DAY_MS - 1);
	ck_assert(!tls_ends_soon(end, &told, text));
	clock_set(START_MS + DAY_MS);
	ck_assert(tls_ends_soon(end, &told, text));
	clock_set(START_MS + 2 * DAY_MS - 1);
	ck_assert(!tls_ends_soon(end, &told, text));
	clock_set(-1);
}
END

TEST(one_that_has_ended_is_told_of_too)
{
	const int64_t end = lasts(-1000);
	char text[TLS_END_TEXT];
	int64_t told = 0;

	ck_assert(tls_ends_soon(end, &told, text));
	ck_assert_ptr_eq(strstr(text, "has expired on 2"), text);
}
END

	UNIT_MAIN("tls expiry",
		a_certificate_that_lasts_for_weeks_is_not_told_of,
		from_a_week_before_its_end_it_is_told_of_once_a_day,
		one_that_has_ended_is_told_of_too)
