/* test-label.c - names with values */
#include "base/label.h"

#include <string.h>

#include "tests/unit/unit.h"

static const struct label two[] = { { "team", "red" }, { "zone", "" } };

TEST(copies_are_ones_own)
{
	char name[] = "team", value[] = "red";
	const struct label from[] = { { name, value }, { name, NULL } };
	struct label *own = NULL;
	size_t n = 0;

	ck_assert_int_eq(labels_add(&own, &n, "first", "1"), 0);
	ck_assert_int_eq(labels_copy(&own, &n, from, 2), 0);
	ck_assert_uint_eq(n, 3);
	memset(name, 'x', sizeof name - 1);
	memset(value, 'x', sizeof value - 1);
	ck_assert_str_eq(own[0].name, "first");
	ck_assert_str_eq(own[0].value, "1");
	ck_assert_str_eq(own[1].name, "team");
	ck_assert_str_eq(own[1].value, "red");
	ck_assert_str_eq(own[2].name, "team");
	ck_assert_ptr_null(own[2].value);
	labels_free(own, n);
}
END

TEST(none_are_nothing_to_keep)
{
	struct label *own = NULL;
	size_t n = 0;

	ck_assert_int_eq(labels_copy(&own, &n, NULL, 0), 0);
	ck_assert_ptr_null(own);
	ck_assert_uint_eq(n, 0);
	labels_free(own, n);
}
END

TEST(finds_by_name)
{
	ck_assert_ptr_eq(labels_find(two, 2, "zone"), &two[1]);
	ck_assert_ptr_null(labels_find(two, 1, "zone"));
	ck_assert_ptr_null(labels_find(two, 2, "Team"));
	ck_assert_ptr_null(labels_find(NULL, 0, "team"));
}
END

TEST(has_them_only_when_it_has_all)
{
	static const struct label fits[] = { { "zone", "" }, { "team", NULL } },
				  other[] = { { "team", "red" },
					  { "zone", "x" } },
				  more[] = { { "team", "red" },
					  { "size", NULL } };

	ck_assert(labels_have(two, 2, fits, 2));
	ck_assert(labels_have(two, 2, two, 2));
	ck_assert(!labels_have(two, 2, other, 2));
	ck_assert(!labels_have(two, 2, more, 2));
	ck_assert(!labels_have(NULL, 0, two, 1));
	ck_assert(labels_have(NULL, 0, NULL, 0));
}
END

	UNIT_MAIN("label", copies_are_ones_own, none_are_nothing_to_keep,
		finds_by_name, has_them_only_when_it_has_all)
