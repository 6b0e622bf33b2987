/* test-executor-policy.c - what the node forbids, and that it says by which rule */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/agent/rig.h"
#include "tests/unit/unit.h"

#define SHELL "plugins/.libs/shell.so"

static struct rig rig;

/* rule NULL: it runs. */
static void
check(const char *id, const struct msg_start *how, const char *rule)
{
	const struct msg_result *result;

	rig_start(&rig, id, "cmd", "true", how);
	result = rig_result(&rig, id);
	ck_assert_str_eq(result->rule, rule ? rule : "");
	ck_assert_str_eq(result->failure, rule ? "refused" : "");
	ck_assert_int_eq(result->outcome, rule ? MSG_NOT_STARTED : MSG_EXITED);
	ck_assert_msg(!rule || strstr(result->message, strchr(rule, '.') + 1),
		"'%s' does not name '%s'", result->message, rule);
}

TEST(names_the_rule_about_users)
{
	const struct msg_start how = { .user = "no-such-user" };

	rig_open(&rig, SHELL);
	check("t1", &how, "tasks.allow_users");
	check("t2", NULL, NULL);
	rig_close(&rig);
}
END

TEST(names_the_rule_about_the_run_time)
{
	const struct msg_start longer = { .timeout_ms = 60001 },
			       most = { .timeout_ms = 60000 };

	rig.options.max_timeout_ms = 60000;
	rig_open(&rig, SHELL);
	check("t1", &longer, "tasks.max_timeout");
	check("t2", &most, NULL);
	check("t3", NULL, NULL);
	/* who asks for none has the most */
	ck_assert_int_eq(
		rig_find(&rig, "t3", MSG_STARTED, 0)->started.timeout_ms,
		60000);
	rig_close(&rig);
}
END

TEST(ends_a_task_without_a_run_time_at_the_most)
{
	rig.options.max_timeout_ms = 50;
	rig_open(&rig, SHELL);
	rig_start(&rig, "t1", "cmd", "sleep 1000", NULL);
	ck_assert(rig_result(&rig, "t1")->cancelled);
	ck_assert_str_eq(rig_result(&rig, "t1")->receipt->name, "timeout");
	rig_close(&rig);
}
END

TEST(names_the_rule_about_each_limit)
{
	const struct {
		struct msg_limits limits;
		const char *rule;
	} bad[] = { { { .pids = 101 }, "limits.max_pids" },
		{ { .memory = UINT64_MAX }, "limits.max_memory" },
		{ { .cpu_milli = 1001 }, "limits.max_cpu" },
		{ { .open_files = 101 }, "limits.max_open_files" },
		{ { .file_size = 1ull << 60 }, "limits.max_file_size" } };
	const struct msg_start most = { .limits = { .open_files = 100,
						.file_size = 1 << 20 } };

	rig.options.max_limits = (struct msg_limits){ .pids = 100,
		.memory = 1 << 30,
		.cpu_milli = 1000,
		.open_files = 100,
		.file_size = 1 << 20 };
	rig_open(&rig, SHELL);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const struct msg_start how = { .limits = bad[i].limits };
		char id[16];

		(void)snprintf(id, sizeof id, "b%zu", i);
		check(id, &how, bad[i].rule);
	}
	check("t1", &most, NULL);
	rig_close(&rig);
}
END

	static void
	start_in(const char *id, const char *cwd)
{
	const char *const cmd[] = { "true" };
	const char *const dir[] = { cwd };
	const struct msg_param params[] = { { "cmd", cmd, 1 },
		{ "cwd", dir, 1 } };
	const struct msg msg = { .kind = MSG_START,
		.task_id = id,
		.plugin = "shell",
		.start = { .params = params, .n_params = 2 } };

	rig_send(&rig, &msg);
}

TEST(names_the_rule_about_folders)
{
	static const char *const allowed[] = { "/usr/", "/var/lib" };
	static const char *const good[] = { "/usr", "/usr/", "/usr/share",
		"/var/lib", "/usr/./share" };
	static const char *const bad[] = { "/", "/var", "/var/libx",
		"/usr/share/../../etc", "/usr/..", "/us" };
	char id[16];

	rig.options.directories = allowed;
	rig.options.n_directories = 2;
	rig_open(&rig, SHELL);
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		(void)snprintf(id, sizeof id, "g%zu", i);
		start_in(id, good[i]);
		ck_assert_msg(!*rig_result(&rig, id)->failure, "%s: %s",
			good[i], rig_result(&rig, id)->message);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const struct msg_result *result;

		(void)snprintf(id, sizeof id, "b%zu", i);
		start_in(id, bad[i]);
		result = rig_result(&rig, id);
		ck_assert_msg(strcmp(result->rule, "tasks.directories") == 0,
			"%s", bad[i]);
		ck_assert_str_eq(result->failure, "refused");
		ck_assert_int_eq(result->outcome, MSG_NOT_STARTED);
	}
	check("own", NULL, NULL); /* its own folder is always allowed */
	rig_close(&rig);
}
END

TEST(names_no_rule_for_what_nobody_forbids)
{
	rig_open(&rig, SHELL);
	rig_start(&rig, "t1", "colour", "red", NULL);
	ck_assert_str_eq(rig_result(&rig, "t1")->failure, "refused");
	ck_assert_str_eq(rig_result(&rig, "t1")->rule, "");
	rig_close(&rig);
}
END

	UNIT_MAIN("executor: policy", names_the_rule_about_users,
		names_the_rule_about_the_run_time,
		ends_a_task_without_a_run_time_at_the_most,
		names_the_rule_about_each_limit, names_the_rule_about_folders,
		names_no_rule_for_what_nobody_forbids)
