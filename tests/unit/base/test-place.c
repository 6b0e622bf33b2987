/* test-place.c - where an executor has its socket and its tasks' folders */
#include "base/place.h"

#include "base/auto.h"
#include "base/limits.h"
#include "tests/unit/unit.h"

TEST(what_is_named_can_be_read_again)
{
	static const char *const plugins[] = { "shell", "a",
		"a2345678901234567890123456789012" };
	struct place_name name;
	char plugin[ID_MAX];
	unsigned place;

	for (size_t i = 0; i < ARRAY_SIZE(plugins); i++)
		for (unsigned n = 0; n < LIMIT_PLACES; n++) {
			ck_assert(
				place_parse(place_socket(plugins[i], n, &name),
					plugin, &place));
			ck_assert_str_eq(plugin, plugins[i]);
			ck_assert_uint_eq(place, n);
		}
	ck_assert_str_eq(
		place_socket("shell", 0, &name), "executor-shell.sock");
	ck_assert_str_eq(
		place_socket("shell", 2, &name), "executor-shell.2.sock");
	ck_assert_str_eq(place_folder("shell", 0, &name), "shell");
	ck_assert_str_eq(place_folder("shell", 2, &name), "shell.2");
}
END

TEST(nothing_else_is_such_a_name)
{
	static const char *const others[] = { "", "agent.lock",
		"executor-.sock", "executor-shell", "executor-Shell.sock",
		"executor-../x.sock", "executor-shell.0.sock",
		"executor-shell.8.sock", "executor-shell.1.2.sock",
		"executor-shell..sock", "executor-shell.x.sock",
		"executor-.1.sock" };
	char plugin[ID_MAX];
	unsigned place;

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		ck_assert_msg(!place_parse(others[i], plugin, &place), "%s",
			others[i]);
}
END

	UNIT_MAIN("place", what_is_named_can_be_read_again,
		nothing_else_is_such_a_name)
