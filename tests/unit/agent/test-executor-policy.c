/* test-executor-policy.c - what the node forbids, and that it says by which rule */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/agent/hooks-rig.h"
#include "tests/unit/unit.h"

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

TEST(names_the_rule_about_hooks)
{
	const struct msg_hook hook = { .cmd = "echo hook" };
	const struct msg_start pre_stop = { .pre_stop = hook },
			       cleanup = { .cleanup = &hook, .n_cleanup = 1 };

	rig.options.no_hooks = true;
	rig_open(&rig, SHELL);
	check("t1", &pre_stop, "tasks.hooks");
	check("t2", &cleanup, "tasks.hooks");
	check("t3", NULL, NULL);
	ck_assert_uint_eq(rig_count(&rig, "t1", MSG_OUTPUT), 0);
	ck_assert_uint_eq(rig_count(&rig, "t2", MSG_OUTPUT), 0);
	rig_close(&rig);
}
END

TEST(lets_a_task_register_commands_of_its_own_all_the_same)
{
	rig.options.no_hooks = true;
	rig_open(&rig, SHELL);
	rig_start(&rig, "t1", "cmd", "echo 'echo own' >> $NODELINK_DEFER_FILE",
		NULL);
	ck_assert_uint_eq(rig_result(&rig, "t1")->n_hooks, 1);
	ck_assert_str_eq(hooks_printed(&rig, "t1"), "own\n");
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

/* ----------------------------------------------------------------- seccomp */

/* Only these answer with EDOM, so nothing else can be the cause. */
#define PROFILE \
	"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":" \
	"[\"mkdir\",\"mkdirat\"],\"action\":\"SCMP_ACT_ERRNO\"," \
	"\"errno\":\"EDOM\"}]}"
#define EDOM_TEXT "Numerical argument out of domain"

	static char profile[] = "/tmp/test-policy-XXXXXX";

static void
open_with(const char *text, unsigned mode, bool required)
{
	int fd;

	(void)snprintf(profile, sizeof profile, "/tmp/test-policy-XXXXXX");
	fd = mkostemp(profile, O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	ck_assert_int_eq(fchmod(fd, mode), 0);
	(void)close(fd);
	rig.options.seccomp = profile;
	rig.options.seccomp_required = required;
	rig.options.no_new_privs = true;
}

static void
close_all(void)
{
	rig_close(&rig);
	ck_assert_int_eq(unlink(profile), 0);
}

static const char *
said(const char *id, enum msg_stream stream)
{
	static struct buf out;

	buf_clear(&out);
	rig_output(&rig, id, stream, &out);
	return buf_text(&out);
}

static void
check_filtered(const char *id, enum msg_seccomp asked, const char *has)
{
	const struct msg_start how = { .seccomp = asked };
	const bool yes = strcmp(has, "default") == 0;

	rig_start(&rig, id, "cmd", "mkdir x && echo made", &how);
	ck_assert_str_eq(rig_result(&rig, id)->rule, "");
	ck_assert_str_eq(
		rig_find(&rig, id, MSG_STARTED, 0)->started.seccomp, has);
	ck_assert_str_eq(said(id, MSG_STDOUT), yes ? "" : "made\n");
	ck_assert(!strstr(said(id, MSG_STDERR), EDOM_TEXT) != yes);
}

TEST(runs_tasks_under_the_profile)
{
	open_with(PROFILE, 0644, false);
	rig_open(&rig, SHELL);
	ck_assert_str_eq(
		rig_wait(&rig, NULL, MSG_INVENTORY, 0)->inventory.seccomp,
		"default");
	check_filtered("t1", MSG_SECCOMP_ANY, "default");
	check_filtered("t2", MSG_SECCOMP_DEFAULT, "default");
	check_filtered("t3", MSG_SECCOMP_NONE, "none");
	close_all();
}
END

TEST(runs_no_task_without_the_profile_where_it_is_required)
{
	const struct msg_start none = { .seccomp = MSG_SECCOMP_NONE };

	open_with(PROFILE, 0644, true);
	rig_open(&rig, SHELL);
	check("t1", &none, "tasks.seccomp_required");
	check_filtered("t2", MSG_SECCOMP_ANY, "default");
	close_all();
}
END

TEST(has_no_profile_unless_told)
{
	const struct msg_start wanted = { .seccomp = MSG_SECCOMP_DEFAULT };

	rig_open(&rig, SHELL);
	check("t1", &wanted, "tasks.seccomp");
	check_filtered("t2", MSG_SECCOMP_ANY, "none");
	check_filtered("t3", MSG_SECCOMP_NONE, "none");
	rig_close(&rig);
}
END

TEST(runs_hooks_under_it_too)
{
	static const char *const cleanup[] = { "mkdir y 2>&1", NULL };
	const struct msg_start none = { .seccomp = MSG_SECCOMP_NONE },
			       any = { .seccomp = MSG_SECCOMP_ANY };

	open_with(PROFILE, 0644, false);
	rig_open(&rig, SHELL);
	hooks_start(&rig, "t1", "true", cleanup, any);
	(void)rig_result(&rig, "t1");
	ck_assert_ptr_nonnull(strstr(hooks_printed(&rig, "t1"), EDOM_TEXT));
	hooks_start(&rig, "t2", "true", cleanup, none);
	(void)rig_result(&rig, "t2");
	ck_assert_str_eq(hooks_printed(&rig, "t2"), "");
	close_all();
}
END

TEST(stops_a_task_under_it)
{
	open_with(PROFILE, 0644, true);
	rig_open(&rig, SHELL);
	rig_start(&rig, "t1", "cmd", "sleep 1000 & sleep 1000", NULL);
	(void)rig_wait(&rig, "t1", MSG_STARTED, 0);
	rig_cancel(&rig, "t1", 5000);
	ck_assert(rig_result(&rig, "t1")->cancelled);
	ck_assert_uint_eq(rig_result(&rig, "t1")->receipt->survivors, 0);
	close_all();
}
END

TEST(starts_with_no_profile_that_is_wrong_missing_large_or_open_to_others)
{
	static char large[(1 << 20) + 2];
	static const struct {
		const char *text, *part;
		unsigned mode;
	} bad[] = { { "{", "line 1", 0644 }, { "{}", "defaultAction", 0644 },
		{ PROFILE, "writable by others", 0666 },
		{ large, "File too large", 0644 } };
	AUTO(loop_free) struct loop *loop = loop_new();
	AUTO(plugin_free) struct plugin *plugin = NULL;
	struct executor *ex;
	struct err err;

	memset(large, ' ', sizeof large - 1);
	ck_assert_int_eq(plugin_load(SHELL, &plugin, &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		open_with(bad[i].text, bad[i].mode, false);
		rig.options.agent_id = "a";
		rig.options.scratch = "/tmp/test-policy-none";
		ck_assert_int_lt(
			executor_new(loop, plugin, &rig.options, &ex, &err), 0);
		ck_assert_msg(strstr(err.text, bad[i].part) &&
				      strstr(err.text, profile),
			"%s", err.text);
		ck_assert_int_eq(unlink(profile), 0);
	}
	ck_assert_int_eq(
		executor_new(loop, plugin, &rig.options, &ex, &err), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err.text, "cannot read seccomp profile"));
}
END

	UNIT_MAIN("executor: policy", names_the_rule_about_users,
		names_the_rule_about_the_run_time,
		ends_a_task_without_a_run_time_at_the_most,
		names_the_rule_about_each_limit, names_the_rule_about_folders,
		names_the_rule_about_hooks,
		lets_a_task_register_commands_of_its_own_all_the_same,
		names_no_rule_for_what_nobody_forbids,
		runs_tasks_under_the_profile,
		runs_no_task_without_the_profile_where_it_is_required,
		has_no_profile_unless_told, runs_hooks_under_it_too,
		stops_a_task_under_it,
		starts_with_no_profile_that_is_wrong_missing_large_or_open_to_others)
