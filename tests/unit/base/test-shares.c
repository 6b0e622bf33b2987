/* test-shares.c - how much each may have at a time */
#include "base/shares.h"

#include <string.h>

#include "base/rates.h"
#include "tests/unit/unit.h"

TEST(gives_each_name_as_many_as_there_may_be)
{
	AUTO(shares_free) struct shares *shares = shares_new(2);
	struct share *a[2], *b, *none = NULL;

	ck_assert_int_eq(shares_take(shares, "a", &a[0]), SHARES_OK);
	ck_assert_int_eq(shares_take(shares, "a", &a[1]), SHARES_OK);
	ck_assert_int_eq(shares_take(shares, "a", &none), SHARES_FULL);
	ck_assert_ptr_null(none);
	ck_assert_int_eq(shares_take(shares, "b", &b), SHARES_OK);
	share_give_back(a[0]);
	ck_assert_int_eq(shares_take(shares, "a", &a[0]), SHARES_OK);
	ck_assert_int_eq(shares_take(shares, "a", &none), SHARES_FULL);
	share_give_back(a[0]);
	share_give_back(a[1]);
	share_give_back(b);
	share_give_back(NULL);
}
END

TEST(cuts_names_that_are_too_long)
{
	AUTO(shares_free) struct shares *shares = shares_new(1);
	struct share *one, *two;
	char name[2 * RATES_NAME];

	memset(name, 'x', sizeof name);
	name[sizeof name - 1] = 0;
	ck_assert_int_eq(shares_take(shares, name, &one), SHARES_OK);
	name[RATES_NAME - 1] = 0;
	ck_assert_int_eq(shares_take(shares, name, &two), SHARES_FULL);
	share_give_back(one);
}
END

TEST(gives_none_where_there_may_be_none)
{
	AUTO(shares_free) struct shares *shares = shares_new(0);
	struct share *one;

	ck_assert_int_eq(shares_take(shares, "a", &one), SHARES_FULL);
}
END

	UNIT_MAIN("base/shares", gives_each_name_as_many_as_there_may_be,
		cuts_names_that_are_too_long,
		gives_none_where_there_may_be_none)
