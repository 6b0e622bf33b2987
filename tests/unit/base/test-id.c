/* test-id.c - names that travel */
#include "base/id.h"

#include <string.h>

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
		refuses_ids_that_could_be_paths_or_worse)
