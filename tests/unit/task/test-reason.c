/* test-reason.c - the stable numbers and names of cancel reasons */
#include "task/reason.h"

#include <errno.h>

#include "tests/unit/unit.h"

/* What clients rely on: neither side of a line may ever change. */
static const struct {
	uint32_t code;
	const char *name;
} stable[] = { { 100, "user_request" }, { 101, "superseded" }, { 102, "bulk" },
	{ 200, "timeout" }, { 201, "start_timeout" }, { 202, "idle_timeout" },
	{ 203, "output_limit" }, { 204, "memory_limit" }, { 205, "pids_limit" },
	{ 300, "admin_request" }, { 301, "agent_drain" },
	{ 302, "maintenance" }, { 303, "preempted" }, { 400, "agent_stopping" },
	{ 401, "agent_partition" }, { 402, "host_shutdown" },
	{ 403, "plugin_failed" } };

TEST(keeps_its_numbers_and_names)
{
	for (size_t i = 0; i < sizeof stable / sizeof stable[0]; i++) {
		uint32_t code = 0;

		ck_assert_str_eq(reason_name(stable[i].code), stable[i].name);
		ck_assert_int_eq(reason_parse(stable[i].name, &code), 0);
		ck_assert_uint_eq(code, stable[i].code);
	}
}
END

TEST(leaves_room_for_the_names_of_a_site)
{
	static const char *const wrong[] = {
		"x.", "x.acme", "x.acme.", "x..a", "x.a.b.c", "y.a.b", "x.A.b",
		"x.a.b c", "x.a.b/",
		"x.a.012345678901234567890123456789012345678901234567890123456789"
	};
	uint32_t code = 0;

	ck_assert_int_eq(reason_parse("x.acme.roll-out_2", &code), 0);
	ck_assert_uint_eq(code, REASON_SITE);
	ck_assert_ptr_null(reason_name(REASON_SITE));
	ck_assert_int_eq(reason_parse("900", &code), -EINVAL);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		ck_assert_int_eq(reason_parse(wrong[i], &code), -EINVAL);
}
END

TEST(refuses_what_is_not_a_reason)
{
	uint32_t code = 1;

	ck_assert_ptr_null(reason_name(99));
	ck_assert_int_eq(reason_parse("100", &code), 0);
	ck_assert_uint_eq(code, 100);
	ck_assert_int_eq(reason_parse("99", &code), -EINVAL);
	ck_assert_int_eq(reason_parse("nope", &code), -EINVAL);
	ck_assert_int_eq(reason_parse("", &code), -EINVAL);
}
END

	UNIT_MAIN("reason", keeps_its_numbers_and_names,
		leaves_room_for_the_names_of_a_site,
		refuses_what_is_not_a_reason)
