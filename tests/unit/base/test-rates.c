/* test-rates.c - token buckets by name */
#include "base/rates.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/limits.h"
#include "tests/unit/unit.h"

TEST(gives_a_burst_and_then_says_how_long_to_wait)
{
	AUTO(rates_free) struct rates *r = rates_new(10, 1000, 3);

	clock_set(5000);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(rates_take(r, "a"), 0);
	ck_assert_int_eq(rates_take(r, "a"), 100);
	clock_set(5099);
	ck_assert_int_eq(rates_take(r, "a"), 1);
	clock_set(5100);
	ck_assert_int_eq(rates_take(r, "a"), 0);
	ck_assert_int_eq(rates_take(r, "a"), 100);
}
END

TEST(whoever_asks_in_vain_waits_no_longer_for_it)
{
	AUTO(rates_free) struct rates *r = rates_new(1, 60000, 1);

	clock_set(0);
	ck_assert_int_eq(rates_take(r, "a"), 0);
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(rates_take(r, "a"), 60000);
	clock_set(60000);
	ck_assert_int_eq(rates_take(r, "a"), 0);
}
END

TEST(never_holds_more_than_a_burst)
{
	AUTO(rates_free) struct rates *r = rates_new(1000, 1000, 2);

	clock_set(0);
	ck_assert_int_eq(rates_take(r, "a"), 0);
	clock_set(3600 * 1000);
	ck_assert_int_eq(rates_take(r, "a"), 0);
	ck_assert_int_eq(rates_take(r, "a"), 0);
	ck_assert_int_gt(rates_take(r, "a"), 0);
}
END

TEST(keeps_names_apart)
{
	AUTO(rates_free) struct rates *r = rates_new(1, 1000, 1);

	clock_set(0);
	ck_assert_int_eq(rates_take(r, "a"), 0);
	ck_assert_int_eq(rates_take(r, "b"), 0);
	ck_assert_int_eq(rates_take(r, "a"), 1000);
	ck_assert_int_eq(rates_take(r, "b"), 1000);
}
END

TEST(forgets_the_name_used_longest_ago_when_there_are_too_many)
{
	AUTO(rates_free) struct rates *r = rates_new(1, 1000, 1);
	char name[16];

	clock_set(0);
	ck_assert_int_eq(rates_take(r, "first"), 0);
	ck_assert_int_eq(rates_take(r, "second"), 0);
	ck_assert_int_gt(rates_take(r, "first"), 0); /* now the newer one */
	for (int i = 0; i < LIMIT_RATES - 1; i++) {
		(void)snprintf(name, sizeof name, "%d", i);
		ck_assert_int_eq(rates_take(r, name), 0);
	}
	ck_assert_int_gt(rates_take(r, "first"), 0);
	ck_assert_int_eq(rates_take(r, "second"), 0);
}
END

TEST(counts_addresses_without_port_and_v6_by_network)
{
	static const struct {
		const char *address, *name;
	} cases[] = {
		{ "192.0.2.7", "192.0.2.7" },
		{ "192.0.2.7:4711", "192.0.2.7" },
		{ "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::" },
		{ "[2001:db8:1:2:3:4:5:7]:4711", "2001:db8:1:2::" },
		{ "::ffff:192.0.2.7", "192.0.2.7" },
		{ "::1", "::" },
		{ "ipv4:192.0.2.7:4711", "192.0.2.7" },
		{ "ipv6:[2001:db8:1:2:3:4:5:7]:1", "2001:db8:1:2::" },
		{ "ipv6:%5B2001:db8:1:2:3:4:5:7%5D:1", "2001:db8:1:2::" },
		{ "fe80::1%2", "fe80::" }, /* that interface's address */
		{ "unix:", "unix" },
		{ "unknown", "unknown" },
		{ "", "" },
	};
	char out[RATES_NAME];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		ck_assert_str_eq(
			rates_address(cases[i].address, out), cases[i].name);
}
END

	UNIT_MAIN("base/rates", gives_a_burst_and_then_says_how_long_to_wait,
		whoever_asks_in_vain_waits_no_longer_for_it,
		never_holds_more_than_a_burst, keeps_names_apart,
		forgets_the_name_used_longest_ago_when_there_are_too_many,
		counts_addresses_without_port_and_v6_by_network)
