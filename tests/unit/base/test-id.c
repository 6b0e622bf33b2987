/* test-id.c - names that travel */
#include "base/id.h"

#include <string.h>

#include "base/clock.h"
#include "tests/unit/unit.h"

TEST(makes_valid_ids_that_differ_and_sort_by_time)
{
	char a[ID_MAX], b[ID_MAX];

	id_new(a);
	id_new(b);
	ck_assert(id_valid(a));
	ck_assert_str_ne(a, b);
	ck_assert_int_le(strncmp(a, b, 13), 0);
}
END

TEST(makes_ids_that_sort_by_making_even_within_a_millisecond)
{
	char a[ID_MAX], b[ID_MAX];

	id_new(a);
	for (int i = 0; i < 20000; i++) { /* more than its counter holds */
		id_new(b);
		ck_assert_int_lt(strcmp(a, b), 0);
		memcpy(a, b, sizeof a);
	}
}
END

TEST(tells_when_an_id_was_made)
{
	int64_t before = clock_wall_ms();
	char id[ID_MAX];

	id_new(id);
	ck_assert_int_ge(id_time_ms(id), before);
	ck_assert_int_le(id_time_ms(id), clock_wall_ms() + 1000);
	ck_assert_int_eq(
		id_time_ms("00000000-0102-7000-8000-000000000000"), 0x102);
	ck_assert_int_eq(id_time_ms("00000000-0102-7000-8000-00000000000"), -1);
	ck_assert_int_eq(
		id_time_ms("00000000-0102-7000-8000-0000000000000"), -1);
	ck_assert_int_eq(
		id_time_ms("00000000-0102-4000-8000-000000000000"), -1);
	ck_assert_int_eq(
		id_time_ms("0000000g-0102-7000-8000-000000000000"), -1);
	ck_assert_int_eq(id_time_ms(""), -1);
}
END

TEST(refuses_ids_that_could_be_paths_or_worse)
{
	char longest[ID_MAX + 1];

	memset(longest, 'a', sizeof longest);
	longest[ID_LEN] = 0;
	ck_assert(id_valid(longest));
	longest[ID_LEN] = 'a';
	longest[ID_LEN + 1] = 0;
	ck_assert(!id_valid(longest));
	ck_assert(!id_valid(""));
	ck_assert(!id_valid("A"));
	ck_assert(!id_valid("a/b"));
	ck_assert(!id_valid("a\n"));
	ck_assert(id_valid_agent("Host-1.example_x"));
	ck_assert(!id_valid_agent(".."));
	ck_assert(!id_valid_agent("-x"));
	ck_assert(id_valid_plugin("shell"));
	ck_assert(!id_valid_plugin("1x"));
	ck_assert(!id_valid_plugin("../x"));
}
END

	UNIT_MAIN("id", makes_valid_ids_that_differ_and_sort_by_time,
		makes_ids_that_sort_by_making_even_within_a_millisecond,
		tells_when_an_id_was_made,
		refuses_ids_that_could_be_paths_or_worse)
