/* test-fields.c - values checked against the fields that a plugin declared */
#include "executor/fields.h"

#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "executor/env.h"
#include "tests/unit/unit.h"

static const struct ndl_field declared[] = {
	{ "text", NULL, NULL, NDL_TEXT, NDL_REQUIRED },
	{ "yes", "no", NULL, NDL_BOOL, 0 },
	{ "many", NULL, NULL, NDL_TEXT, NDL_LIST },
	{ "number", "7", NULL, NDL_INT, 0 },
	{ "size", NULL, NULL, NDL_SIZE, 0 },
	{ "wait", NULL, NULL, NDL_MSEC, 0 },
	{ "path", NULL, NULL, NDL_PATH, 0 },
	{ "key", NULL, NULL, NDL_INT, NDL_SECRET },
	{ 0 },
};

static struct fields *fields;
static struct err err;

static int
check(const struct msg_param *given, size_t n)
{
	fields = NULL;
	return fields_check(declared, "parameter", given, n, &fields, &err);
}

static int
check_one(const char *name, const char *value)
{
	const char *text = "x";
	const struct msg_param given[] = { { "text", &text, 1 },
		{ name, &value, 1 } };
	int r = check(given, 2);

	fields_free(fields);
	return r;
}

TEST(keeps_values_lists_and_defaults)
{
	const char *text = "hello", *many[] = { "a", "b", "" };
	struct msg_param given[] = { { "many", many, 3 },
		{ "text", &text, 1 } };

	ck_assert_int_eq(check(given, 2), 0);
	ck_assert_str_eq(fields_get(fields, "text"), "hello");
	ck_assert_str_eq(fields_get(fields, "number"), "7");
	ck_assert_str_eq(fields_get_list(fields, "many")[1], "b");
	ck_assert_str_eq(fields_get_list(fields, "many")[2], "");
	ck_assert_ptr_null(fields_get_list(fields, "many")[3]);
	ck_assert_ptr_null(fields_get(fields, "size"));
	ck_assert_ptr_null(fields_get(fields, "unheard-of"));
	fields_free(fields);
}
END

TEST(names_the_field_that_is_unknown_missing_or_given_twice)
{
	const char *text = "x";
	const struct msg_param twice[] = { { "text", &text, 1 },
		{ "text", &text, 1 } };
	const char *two[] = { "x", "y" };
	const struct msg_param list[] = { { "text", two, 2 } };

	ck_assert_int_eq(check_one("nonsense", "x"), -EINVAL);
	ck_assert_str_eq(err.text, "unknown parameter 'nonsense'");
	ck_assert_int_eq(check(NULL, 0), -EINVAL);
	ck_assert_str_eq(err.text, "parameter 'text' is required");
	ck_assert_int_eq(check(twice, 2), -EINVAL);
	ck_assert_str_eq(err.text, "parameter 'text' is given twice");
	ck_assert_int_eq(check(list, 1), -EINVAL);
	ck_assert_str_eq(err.text, "parameter 'text' has 2 values");
}
END

TEST(checks_the_form_of_every_type)
{
	ck_assert_int_eq(check_one("yes", "true"), 0);
	ck_assert_int_eq(check_one("yes", "perhaps"), -EINVAL);
	ck_assert_str_eq(
		err.text, "parameter 'yes': want yes or no, not 'perhaps'");
	ck_assert_int_eq(check_one("number", "-5"), 0);
	ck_assert_int_eq(check_one("number", "5x"), -EINVAL);
	ck_assert_int_eq(check_one("size", "64k"), 0);
	ck_assert_int_eq(check_one("size", "-1"), -EINVAL);
	ck_assert_int_eq(check_one("wait", "1500ms"), 0);
	ck_assert_int_eq(check_one("wait", "soon"), -EINVAL);
	ck_assert_int_eq(check_one("path", "/tmp"), 0);
	ck_assert_int_eq(check_one("path", "tmp"), -EINVAL);
}
END

TEST(does_not_show_a_secret_value)
{
	ck_assert_int_eq(check_one("key", "hunter2"), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "'key'"));
	ck_assert_ptr_null(strstr(err.text, "hunter2"));
}
END

TEST(refuses_a_value_over_the_limit)
{
	static char big[LIMIT_CMD + 1];

	memset(big, 'x', LIMIT_CMD);
	ck_assert_int_eq(check_one("many", big), -EINVAL);
	big[LIMIT_CMD - 1] = 0;
	ck_assert_int_eq(check_one("many", big), 0);
}
END

TEST(builds_an_environment_in_which_the_task_wins)
{
	const struct msg_env base[] = { { "PATH", "/bin" }, { "LANG", "C" },
		{ NULL, NULL } };
	const struct msg_env given[] = { { "PATH", "/mine" }, { "X", "1" },
		{ "X", "2" }, { "EMPTY", "" } };
	AUTO_FREE char **env = NULL;

	ck_assert_int_eq(
		env_build(base, "t1", "/s/t1", given, 4, &env, &err), 0);
	ck_assert_str_eq(env_get(env, "PATH"), "/mine");
	ck_assert_str_eq(env_get(env, "LANG"), "C");
	ck_assert_str_eq(env_get(env, "X"), "2");
	ck_assert_str_eq(env_get(env, "EMPTY"), "");
	ck_assert_str_eq(env_get(env, "TMPDIR"), "/s/t1/work");
	ck_assert_str_eq(env_get(env, "NODELINK_TASK_DIR"), "/s/t1/work");
	ck_assert_str_eq(env_get(env, "NODELINK_CANCEL_FILE"), "/s/t1/cancel");
	ck_assert_str_eq(env_get(env, "NODELINK_DEFER_FILE"), "/s/t1/defer");
	ck_assert_str_eq(env_get(env, "NODELINK_TASK"), "t1");
	ck_assert_ptr_null(env_get(env, "HOME"));
}
END

TEST(refuses_variables_with_wrong_names_and_our_own)
{
	const struct msg_env base[] = { { NULL, NULL } };
	const char *wrong[] = { "", "1A", "A B", "A=", "NODELINK_TASK" };
	char **env = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		const struct msg_env given = { wrong[i], "x" };

		ck_assert_int_eq(
			env_build(base, "t", "/t", &given, 1, &env, &err),
			-EINVAL);
		ck_assert_ptr_nonnull(strstr(err.text, wrong[i]));
	}
}
END

	UNIT_MAIN("fields", keeps_values_lists_and_defaults,
		names_the_field_that_is_unknown_missing_or_given_twice,
		checks_the_form_of_every_type, does_not_show_a_secret_value,
		refuses_a_value_over_the_limit,
		builds_an_environment_in_which_the_task_wins,
		refuses_variables_with_wrong_names_and_our_own)
