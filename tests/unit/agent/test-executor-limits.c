/* test-executor-limits.c - what a task may use, and what is said of it */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "executor/limits.h"
#include "tests/unit/agent/rig.h"
#include "tests/unit/unit.h"

#define SHELL "plugins/.libs/shell.so"

static struct rig rig;

/* Can this host enforce it, other than by rlimit? */
static bool
is_enforced(const char *name)
{
	const struct msg_inventory *i =
		&rig_wait(&rig, NULL, MSG_INVENTORY, 0)->inventory;

	for (size_t n = 0; n < i->n_limits; n++)
		if (strcmp(i->limits[n].name, name) == 0)
			return strcmp(i->limits[n].by, "rlimit") != 0;
	return false;
}

static const struct msg_result *
run(const char *cmd, const struct msg_limits *limits)
{
	const struct msg_start how = { .limits = *limits };

	rig_start(&rig, "t1", "cmd", cmd, &how);
	return rig_result(&rig, "t1");
}

/* One that a host cannot enforce is refused, and named. */
static bool
is_refused(const struct msg_result *result, const char *name)
{
	if (is_enforced(name))
		return false;
	ck_assert_str_eq(result->failure, "refused");
	ck_assert_msg(
		strstr(result->message, name) != NULL, "%s", result->message);
	return true;
}

TEST(refuses_forks_above_the_number_of_processes_and_says_so)
{
	const struct msg_limits limits = { .pids = 12 };
	const struct msg_result *result;

	rig_open(&rig, SHELL);
	result = run("exec sh -c 'for i in 1 2 3 4; do"
		     " sleep 5 & sleep 5 & sleep 5 & sleep 5 & done'",
		&limits); /* bash would try again */
	if (!is_refused(result, "pids")) {
		ck_assert_uint_eq(rig_find(&rig, "t1", MSG_STARTED, 0)
					  ->started.limits.pids,
			12);
		ck_assert_msg(strstr(result->message, "refused") != NULL, "%s",
			result->message);
	}
	rig_close(&rig);
}
END

TEST(names_the_want_of_memory_as_the_cause)
{
	const struct msg_limits limits = { .memory = 64 << 20 };
	const struct msg_result *result;

	rig_open(&rig, SHELL);
	/* tail keeps a line in memory until it ends */
	result = run("exec tail /dev/zero", &limits);
	if (is_enforced("memory"))
		ck_assert_str_eq(result->failure, "oom");
	ck_assert(!result->ok);
	rig_close(&rig);
}
END

TEST(gives_a_part_of_a_processor)
{
	const struct msg_limits limits = { .cpu_milli = 100 };
	AUTO_BUF struct buf out = { 0 };
	const struct msg_result *result;
	int64_t ticks;

	rig_open(&rig, SHELL);
	result = run("end=$((SECONDS+1)); while ((SECONDS<=end)); do :; done;"
		     "set -- $(</proc/self/stat); echo $((${14}+${15}))",
		&limits);
	if (!is_refused(result, "cpu")) {
		rig_output(&rig, "t1", MSG_STDOUT, &out);
		ck_assert_uint_gt(out.len, 1);
		out.data[out.len - 1] = 0; /* the newline */
		ck_assert_int_eq(
			parse_i64((char *)out.data, 0, 1000, &ticks), 0);
		ck_assert_int_lt(ticks, 60); /* of 100 in a second */
	}
	rig_close(&rig);
}
END

TEST(limits_open_files_and_the_size_of_a_file)
{
	const struct msg_limits limits = { .open_files = 77,
		.file_size = 64 << 10 };
	AUTO_BUF struct buf out = { 0 };

	rig_open(&rig, SHELL);
	(void)run("ulimit -n; ulimit -Hn; ulimit -f", &limits);
	rig_output(&rig, "t1", MSG_STDOUT, &out);
	ck_assert_str_eq(buf_text(&out), "77\n77\n64\n");
	rig_close(&rig);
}
END

TEST(gives_the_default_and_never_more_than_the_maximum)
{
	const struct msg_limits none = { 0 };
	const struct msg_limits *got;

	rig.options.limits.file_size = 1 << 20;
	rig.options.max_limits.open_files = 100;
	rig_open(&rig, SHELL);
	(void)run("true", &none);
	got = &rig_find(&rig, "t1", MSG_STARTED, 0)->started.limits;
	ck_assert_uint_eq(got->open_files, 100);
	ck_assert_uint_eq(got->file_size, 1 << 20);
	rig_close(&rig);
}
END

TEST(holds_tasks_that_ask_for_nothing_to_the_default_number)
{
	const struct msg_limits none = { 0 };
	AUTO_BUF struct buf out = { 0 };

	rig.options.limits.pids = 40;
	rig_open(&rig, SHELL);
	(void)run("exec sh -c 'i=0; while [ $i -lt 60 ]; do sleep 5 &"
		  " i=$((i+1)); done; echo all'",
		&none);
	rig_output(&rig, "t1", MSG_STDOUT, &out);
	ck_assert_str_eq(buf_text(&out), is_enforced("pids") ? "" : "all\n");
	rig_close(&rig);
}
END

TEST(reads_a_limit_as_it_is_written)
{
	struct msg_limits limits = { 0 };

	ck_assert_int_eq(limits_parse("pids=7", &limits), 0);
	ck_assert_int_eq(limits_parse("memory=2k", &limits), 0);
	ck_assert_int_eq(limits_parse("cpu=1.5", &limits), 0);
	ck_assert_uint_eq(limits.pids, 7);
	ck_assert_uint_eq(limits.memory, 2048);
	ck_assert_uint_eq(limits.cpu_milli, 1500);
	ck_assert_int_eq(limits_parse("cpu=.25", &limits), 0);
	ck_assert_uint_eq(limits.cpu_milli, 250);
	ck_assert_int_lt(limits_parse("cpu=1.2345", &limits), 0);
	ck_assert_int_lt(limits_parse("cpu=", &limits), 0);
	ck_assert_int_lt(limits_parse("cpu=-1", &limits), 0);
	ck_assert_int_lt(limits_parse("pids", &limits), 0);
	ck_assert_int_lt(limits_parse("colour=1", &limits), 0);
	ck_assert_uint_eq(limits.cpu_milli, 250);
}
END

	UNIT_MAIN("executor: limits",
		refuses_forks_above_the_number_of_processes_and_says_so,
		names_the_want_of_memory_as_the_cause,
		gives_a_part_of_a_processor,
		limits_open_files_and_the_size_of_a_file,
		gives_the_default_and_never_more_than_the_maximum,
		holds_tasks_that_ask_for_nothing_to_the_default_number,
		reads_a_limit_as_it_is_written)
