/* test-arguments.c - what nodelink-executor is to do, by its flags */
#include "executor/arguments.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/unit.h"

enum { WORDS = 80 };

static struct arguments a;
static struct err err;

/* Flags, separated by spaces. */
static int
read_only(const char *flags)
{
	static char text[16 << 10];
	char *argv[WORDS + 1] = { NULL }, *rest = NULL;
	int argc = 0;

	(void)snprintf(text, sizeof text, "nodelink-executor %s", flags);
	for (char *word = strtok_r(text, " ", &rest); word && argc < WORDS;
		word = strtok_r(NULL, " ", &rest))
		argv[argc++] = word;
	arguments_done(&a);
	a = (struct arguments){ 0 };
	err.text[0] = 0;
	return arguments_read(&a, argc, argv, &err);
}

/* Behind those that must be there. */
static int
read_flags(const char *flags)
{
	char text[16 << 10];

	(void)snprintf(text, sizeof text,
		"--plugin=p.so --socket=s --agent-id=web1 --scratch=/d %s",
		flags);
	return read_only(text);
}

static void
refuses(const char *flags, const char *text)
{
	ck_assert_int_eq(read_flags(flags), -EINVAL);
	ck_assert_str_eq(err.text, text);
}

TEST(has_the_documented_defaults)
{
	const struct executor_options *o = &a.options;

	ck_assert_int_eq(read_flags(""), ARGUMENTS_OK);
	ck_assert_str_eq(a.plugin, "p.so");
	ck_assert_str_eq(a.socket, "s");
	ck_assert(a.uplink_uid == (uid_t)-1);
	ck_assert(!a.describe && !a.json && !a.retired);
	ck_assert_str_eq(o->agent_id, "web1");
	ck_assert_str_eq(o->scratch, "/d");
	ck_assert_str_eq(o->containment, "auto");
	ck_assert_uint_eq(o->limits.pids, 4096);
	ck_assert_uint_eq(o->spool_limit, 256 << 20);
	ck_assert(!o->user && !o->seccomp);
	ck_assert(!o->no_new_privs && !o->no_hooks && !o->seccomp_required);
	ck_assert_int_eq(o->max_grace_ms, 0);
	ck_assert_uint_eq(
		o->n_settings + o->n_allow_users + o->n_directories, 0);
}
END

TEST(takes_what_the_agent_gives)
{
	const struct executor_options *o = &a.options;

	ck_assert_int_eq(
		read_flags("--setting shell=/bin/sh --setting b=c=d "
			   "--max-grace=90000ms --drain=5s --uplink-uid=0 "
			   "--containment=group --spool-limit=0 --retired "
			   "--user=a --allow-user=b --allow-user=c "
			   "--directory=/e --directory=/f --max-timeout=1h "
			   "--no-new-privs --seccomp=/p --seccomp-required "
			   "--no-hooks --limit=pids=7 --limit=memory=1M "
			   "--max-limit=pids=9 --log-level=info --digest=x"),
		ARGUMENTS_OK);
	ck_assert_uint_eq(o->n_settings, 2);
	ck_assert_str_eq(o->settings[0].name, "shell");
	ck_assert_str_eq(o->settings[0].values[0], "/bin/sh");
	ck_assert_str_eq(o->settings[1].name, "b");
	ck_assert_str_eq(o->settings[1].values[0], "c=d");
	ck_assert_int_eq(o->max_grace_ms, 90000);
	ck_assert_int_eq(o->drain_ms, 5000);
	ck_assert_int_eq(a.uplink_uid, 0);
	ck_assert(a.retired);
	ck_assert_str_eq(o->containment, "group");
	ck_assert_uint_eq(o->spool_limit, 0);
	ck_assert_str_eq(o->user, "a");
	ck_assert_uint_eq(o->n_allow_users, 2);
	ck_assert_str_eq(o->allow_users[1], "c");
	ck_assert_uint_eq(o->n_directories, 2);
	ck_assert_str_eq(o->directories[0], "/e");
	ck_assert_int_eq(o->max_timeout_ms, 3600000);
	ck_assert(o->no_new_privs && o->seccomp_required && o->no_hooks);
	ck_assert_str_eq(o->seccomp, "/p");
	ck_assert_uint_eq(o->limits.pids, 7);
	ck_assert_uint_eq(o->limits.memory, 1 << 20);
	ck_assert_uint_eq(o->max_limits.pids, 9);
}
END

TEST(makes_a_list_of_values_of_one_name)
{
	const struct executor_options *o = &a.options;

	ck_assert_int_eq(read_flags("--setting=a=1 --setting=b=2 --setting=b=3 "
				    "--setting=b=4 --setting=c=5"),
		ARGUMENTS_OK);
	ck_assert_uint_eq(o->n_settings, 3);
	ck_assert_uint_eq(o->settings[0].n_values, 1);
	ck_assert_str_eq(o->settings[1].name, "b");
	ck_assert_uint_eq(o->settings[1].n_values, 3);
	ck_assert_str_eq(o->settings[1].values[0], "2");
	ck_assert_str_eq(o->settings[1].values[2], "4");
	ck_assert_str_eq(o->settings[2].name, "c");
	ck_assert_str_eq(o->settings[2].values[0], "5");
}
END

TEST(names_the_flag_that_is_wrong)
{
	refuses("--agent-id=a/b",
		"--agent-id: 'a/b' is not a valid id (1 to 64 of A-Z a-z 0-9 "
		". _ -)");
	refuses("--setting x", "--setting: expected NAME=VALUE, got 'x'");
	refuses("--setting =x", "--setting: expected NAME=VALUE, got '=x'");
	refuses("--limit pids", "--limit: 'pids' is no limit with its value");
	refuses("--max-limit pids=-1",
		"--max-limit: 'pids=-1' is no limit with its value");
	refuses("--directory etc", "--directory: 'etc' does not begin with /");
	refuses("--seccomp /p", "--seccomp needs --no-new-privs");
	refuses("--seccomp-required", "--seccomp-required needs --seccomp");
	refuses("--containment cgroup3",
		"--containment: 'cgroup3' is not auto, cgroup2, "
		"cgroup2-freeze, cgroup1, pidns, subreaper or group");
	refuses("--drain soon",
		"--drain: 'soon' is not a duration such as 500ms, 10s, 2m or "
		"1h");
	refuses("shell.so", "unexpected argument 'shell.so'; see --help");
}
END

TEST(needs_less_to_describe_a_plugin)
{
	ck_assert_int_eq(
		read_only("--plugin=p.so --describe --json"), ARGUMENTS_OK);
	ck_assert(a.describe && a.json);
	ck_assert_int_eq(read_only("--plugin=p.so"), -EINVAL);
	ck_assert_str_eq(
		err.text, "--socket, --agent-id and --scratch are needed");
	ck_assert_int_eq(read_only(""), -EINVAL);
	ck_assert_str_eq(err.text, "--plugin is missing");
}
END

TEST(holds_a_bounded_number_of_settings)
{
	char flags[8 << 10] = "";
	size_t len = 0;

	for (int i = 0; i < LIMIT_PARAMS; i++)
		len += (size_t)snprintf(
			flags + len, sizeof flags - len, "--setting=n%d=v ", i);
	ck_assert_int_eq(read_flags(flags), ARGUMENTS_OK);
	ck_assert_uint_eq(a.options.n_settings, LIMIT_PARAMS);
	(void)snprintf(flags + len, sizeof flags - len, "--setting=n=v");
	refuses(flags, "--setting: more than 64");
}
END

	UNIT_MAIN("the arguments of an executor", has_the_documented_defaults,
		takes_what_the_agent_gives, makes_a_list_of_values_of_one_name,
		names_the_flag_that_is_wrong, needs_less_to_describe_a_plugin,
		holds_a_bounded_number_of_settings)
