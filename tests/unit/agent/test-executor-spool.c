/* test-executor-spool.c - output while the server is away */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "executor/task.h"
#include "task/reason.h"
#include "tests/unit/agent/rig.h"
#include "tests/unit/unit.h"

static struct rig rig;

#define SHELL "plugins/.libs/shell.so"

enum { MIB = 1 << 20, LINE = 8, LINES_5M = 5 * MIB / LINE };

static void
go_away(void)
{
	link_free(TAKE(rig.link));
}

static struct task *
task(const char *id)
{
	return task_find(rig.ex, id);
}

static uint64_t
printed(const char *id)
{
	return task(id)->produced;
}

static void
wait_ended(const char *id)
{
	int64_t until = clock_ms() + unit_wait_ms();

	while (task(id)->state != WORK_ENDED) {
		ck_assert_msg(clock_ms() < until, "'%s' does not end", id);
		loop_turn(rig.loop, 100);
	}
}

/* Bytes of its output that were sent. */
static size_t
came(const char *id)
{
	AUTO_BUF struct buf out = { 0 };

	rig_output(&rig, id, MSG_STDOUT, &out);
	return out.len;
}

/* No more of it is read. */
static void
wait_blocked(const char *id)
{
	int64_t until = clock_ms() + unit_wait_ms();

	while (!task(id)->full) {
		ck_assert_msg(clock_ms() < until, "'%s' is not blocked", id);
		loop_turn(rig.loop, 100);
	}
}

/* A task that prints lines 0 to n - 1 of eight bytes, and is running. */
static void
start_lines(const char *id, int n)
{
	char cmd[96];

	(void)snprintf(cmd, sizeof cmd, "echo; seq -f %%07.0f 0 %d", n - 1);
	rig_start(&rig, id, "cmd", cmd, NULL);
	while (!task(id))
		loop_turn(rig.loop, 100);
}

/* Every byte of it came, in order and without a gap in the numbers. */
static void
check_lines(const char *id, int n)
{
	AUTO_BUF struct buf out = { 0 };
	uint64_t seq = 0;

	ck_assert(rig_result(&rig, id)->ok);
	for (size_t i = 0; i < rig.n_seen; i++) {
		const struct msg *msg = msg_get(rig.seen[i]);

		if (!msg->task_id || strcmp(msg->task_id, id) != 0 ||
			msg->seq <= seq)
			continue;
		ck_assert_uint_eq(msg->seq, seq + 1);
		seq++;
		if (msg->kind == MSG_OUTPUT)
			(void)buf_add(&out, msg->output.data, msg->output.len);
	}
	ck_assert_uint_eq(out.len, 1 + (size_t)n * LINE);
	for (int i = 0; i < n; i++) {
		char line[16];

		(void)snprintf(line, sizeof line, "%07d\n", i);
		ck_assert_int_eq(
			memcmp(out.data + 1 + (size_t)i * LINE, line, LINE), 0);
	}
}

TEST(keeps_all_output_of_several_tasks_and_sends_it_in_order)
{
	char id[16];

	rig.options.spool_limit = 64 * MIB;
	rig.options.held_max = 2 * MIB;
	rig_open(&rig, SHELL);
	for (int i = 0; i < 4; i++) {
		(void)snprintf(id, sizeof id, "t%d", i);
		start_lines(id, LINES_5M);
	}
	go_away();
	for (int i = 0; i < 4; i++) {
		(void)snprintf(id, sizeof id, "t%d", i);
		wait_ended(id);
		/* at the end both pipes are read empty, whatever that makes */
		ck_assert_uint_le(task(id)->out.size,
			LIMIT_TASK_WINDOW + 4 * LIMIT_OUTPUT_CHUNK);
	}
	ck_assert_uint_le(rig.ex->held, 2 * MIB + 2 * LIMIT_OUTPUT_CHUNK);
	ck_assert_uint_gt(spool_used(rig.ex->spool), 14 * MIB);
	rig_attach(&rig);
	for (int i = 0; i < 4; i++) {
		(void)snprintf(id, sizeof id, "t%d", i);
		check_lines(id, LINES_5M);
	}
	RIG_UNTIL(&rig, executor_count(rig.ex, NULL) == 0);
	ck_assert_uint_eq(rig.ex->held, 0);
	ck_assert_uint_eq(spool_used(rig.ex->spool), 0);
	rig_close(&rig);
}
END

TEST(sends_no_more_than_the_window_and_frees_what_is_acknowledged)
{
	uint64_t used, first;
	size_t n;

	rig.options.spool_limit = 64 * MIB;
	rig_open(&rig, SHELL);
	rig.no_ack = true;
	start_lines("t1", LINES_5M);
	go_away();
	wait_ended("t1");
	used = spool_used(rig.ex->spool);
	ck_assert_uint_gt(used, 3 * MIB);
	rig_forget(&rig);
	rig_attach(&rig);
	for (uint64_t window = MIB * 3 / 2; window < 4 * MIB; window += MIB) {
		rig_ack(&rig, "t1", 0, window, false);
		RIG_UNTIL(&rig, came("t1") > window - 2 * LIMIT_OUTPUT_CHUNK);
		rig_run(&rig, 100);
		ck_assert_uint_le(came("t1"), window);
	}
	ck_assert_uint_eq(spool_used(rig.ex->spool), used);
	first = rig_find(&rig, "t1", MSG_OUTPUT, 0)->seq;
	n = rig_count(&rig, "t1", MSG_OUTPUT);
	rig_attach(&rig); /* from the beginning, in the middle of a run */
	ck_assert_uint_eq(rig_wait(&rig, "t1", MSG_OUTPUT, n)->seq, first);
	rig_ack(&rig, "t1", rig_find(&rig, "t1", MSG_OUTPUT, n - 1)->seq, 0,
		false);
	RIG_UNTIL(&rig, spool_used(rig.ex->spool) < used - MIB);
	rig.no_ack = false;
	rig_attach(&rig);
	rig_ack(&rig, "t1", 0, UINT64_MAX, false);
	check_lines("t1", LINES_5M);
	rig_close(&rig);
}
END

TEST(makes_tasks_wait_at_the_limit_and_loses_nothing)
{
	rig.options.spool_limit = 2 * MIB;
	rig_open(&rig, SHELL);
	start_lines("t1", LINES_5M);
	go_away();
	wait_blocked("t1");
	rig_run(&rig, 100);
	ck_assert_uint_lt(printed("t1"), 5 * MIB);
	ck_assert_uint_le(spool_used(rig.ex->spool), 2 * MIB);
	ck_assert_uint_lt(
		rig.ex->held, LIMIT_TASK_WINDOW + 3 * LIMIT_OUTPUT_CHUNK);
	rig_attach(&rig);
	check_lines("t1", LINES_5M);
	rig_close(&rig);
}
END

TEST(without_a_spool_stops_at_the_window)
{
	rig_open(&rig, SHELL);
	start_lines("t1", LINES_5M);
	go_away();
	wait_blocked("t1");
	rig_run(&rig, 100);
	ck_assert_uint_eq(printed("t1"), LIMIT_TASK_WINDOW);
	rig_attach(&rig);
	check_lines("t1", LINES_5M);
	rig_close(&rig);
}
END

	/* Its programs are gone, and verified to be. */
	static void
	wait_stopped(const char *id)
{
	int64_t until = clock_ms() + unit_wait_ms();

	while (task(id)->state < WORK_CLEANING) {
		ck_assert_msg(clock_ms() < until, "'%s' does not stop", id);
		loop_turn(rig.loop, 100);
	}
}

static void
check_cancelled(const char *id)
{
	const struct msg_result *result = rig_result(&rig, id);
	AUTO_BUF struct buf out = { 0 };

	ck_assert(result->cancelled);
	rig_output(&rig, id, MSG_STDOUT, &out);
	ck_assert_uint_eq(result->stdout_bytes, out.len);
}

/* A task without end and with so much time. True: it waits at the limit, and has
 * time left; else this machine is too slow for that time, and it is forgotten. */
static bool
blocks_within(const char *id, int64_t timeout_ms)
{
	const char *cmd = "exec cat /dev/zero";
	const struct msg_param param = { "cmd", &cmd, 1 };
	const struct msg_start start = {
		.params = &param, .n_params = 1, .timeout_ms = timeout_ms
	};

	rig_start(&rig, id, NULL, NULL, &start);
	while (!task(id))
		loop_turn(rig.loop, 100);
	go_away();
	while (!task(id)->full && !task(id)->cancel)
		loop_turn(rig.loop, 100);
	rig_forget(&rig);
	if (!task(id)->cancel)
		return true;
	rig_attach(&rig);
	(void)rig_result(&rig, id);
	return false;
}

TEST(ends_a_task_in_time_that_waits_at_the_limit)
{
	static const char *const ids[] = { "t1", "t2", "t3", "t4", "t5" };
	const char *id;
	size_t n = 0;

	rig.options.spool_limit = 2 * MIB;
	rig_open(&rig, SHELL);
	while (!blocks_within(ids[n], 500 << n))
		ck_assert_uint_lt(++n, ARRAY_SIZE(ids));
	id = ids[n];
	wait_stopped(id);
	ck_assert_uint_gt(spool_used(rig.ex->spool), MIB);
	rig.no_ack = true;
	rig_attach(&rig);
	(void)rig_wait(&rig, id, MSG_OUTPUT, 0);
	rig.no_ack = false;
	rig_forget(&rig);
	rig_attach(&rig);
	check_cancelled(id);
	ck_assert_uint_eq(rig_result(&rig, id)->receipt->code, REASON_TIMEOUT);
	rig_close(&rig);
}
END

TEST(cancels_a_task_that_waits_at_the_limit)
{
	rig.options.spool_limit = 2 * MIB;
	rig.options.stall_ms = 100;
	rig_open(&rig, SHELL);
	rig.no_ack = true;
	rig_start(&rig, "t1", "cmd", "exec cat /dev/zero", NULL);
	while (!task("t1") || spool_used(rig.ex->spool) < MIB)
		loop_turn(rig.loop, 100);
	wait_blocked("t1");
	rig_cancel(&rig, "t1", -1);
	wait_stopped("t1");
	rig.no_ack = false;
	rig_ack(&rig, "t1", 0, UINT64_MAX, false);
	check_cancelled("t1");
	rig_close(&rig);
}
END

	/* A small file system; false: we may not mount. */
	static bool
	mount_small(char *path, size_t size)
{
	(void)snprintf(path, size, "/tmp/nodelink-full-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(path));
	if (mount("spool", path, "tmpfs", 0, "size=8m,mode=700") == 0)
		return true;
	ck_assert_int_eq(rmdir(path), 0);
	return false;
}

TEST(waits_for_a_full_disk_and_loses_nothing)
{
	char path[64], ballast[96], command[160];

	if (!mount_small(path, sizeof path)) {
		(void)printf("# not root: no full disk\n");
		return;
	}
	(void)snprintf(ballast, sizeof ballast, "%s/BALLAST", path);
	(void)snprintf(command, sizeof command, "head -c 7500000 /dev/zero >%s",
		ballast);
	ck_assert_int_eq(system(command), 0);
	rig.options.spool_limit = 64 * MIB;
	rig.options.scratch = path;
	rig_open(&rig, SHELL);
	start_lines("t1", LINES_5M);
	go_away();
	wait_blocked("t1");
	ck_assert(rig.ex->spool_ill);
	ck_assert_uint_lt(printed("t1"), 5 * MIB);
	ck_assert_uint_ge(printed("t1"), LIMIT_TASK_WINDOW);
	ck_assert_int_eq(unlink(ballast), 0);
	wait_ended("t1"); /* it is tried again */
	ck_assert(!rig.ex->spool_ill);
	rig_attach(&rig);
	check_lines("t1", LINES_5M);
	ck_assert_int_eq(umount2(path, MNT_DETACH), 0);
	rig_close(&rig);
}
END

TEST(reads_on_when_an_uplink_that_is_there_does_nothing)
{
	rig.options.spool_limit = 64 * MIB;
	rig.options.stall_ms = 200;
	rig_open(&rig, SHELL);
	(void)rig_wait(&rig, NULL, MSG_INVENTORY, 0);
	rig.no_ack = true;
	start_lines("t1", LINES_5M);
	wait_ended("t1");
	ck_assert(rig.ex->attached);
	rig_run(&rig, 50);
	rig.no_ack = false; /* and goes on, on the same connection */
	rig_ack(&rig, "t1", 2, UINT64_MAX, false);
	check_lines("t1", LINES_5M);
	rig_close(&rig);
}
END

/* Each acknowledgement comes long before the server would be taken for away, and
 * all of them take longer than that. */
TEST(waits_as_ever_for_a_server_that_only_is_slow)
{
	uint64_t window = LIMIT_TASK_WINDOW;
	int64_t until;

	rig.options.spool_limit = 64 * MIB;
	rig.options.stall_ms = 1500;
	rig_open(&rig, SHELL);
	rig.no_ack = true;
	rig_start(&rig, "t1", "cmd", "exec cat /dev/zero", NULL);
	(void)rig_wait(&rig, "t1", MSG_STARTED, 0);
	until = clock_ms() + 2 * rig.options.stall_ms;
	while (clock_ms() < until) {
		rig_ack(&rig, "t1", 1, ++window, false);
		rig_run(&rig, 50);
		ck_assert_uint_le(printed("t1"), window);
	}
	ck_assert_uint_eq(spool_used(rig.ex->spool), 0);
	rig_close(&rig);
}
END

TEST(forgets_what_the_server_does_not_want)
{
	rig.options.spool_limit = 64 * MIB;
	rig_open(&rig, SHELL);
	start_lines("t1", LINES_5M);
	go_away();
	wait_ended("t1");
	rig.no_ack = true;
	rig_attach(&rig);
	rig_ack(&rig, "t1", UINT64_MAX, 0, true);
	RIG_UNTIL(&rig, executor_count(rig.ex, NULL) == 0);
	ck_assert_uint_eq(spool_used(rig.ex->spool), 0);
	ck_assert_uint_eq(rig.ex->held, 0);
	rig_close(&rig);
}
END

	UNIT_MAIN("executor: spool",
		keeps_all_output_of_several_tasks_and_sends_it_in_order,
		sends_no_more_than_the_window_and_frees_what_is_acknowledged,
		makes_tasks_wait_at_the_limit_and_loses_nothing,
		without_a_spool_stops_at_the_window,
		ends_a_task_in_time_that_waits_at_the_limit,
		cancels_a_task_that_waits_at_the_limit,
		waits_for_a_full_disk_and_loses_nothing,
		reads_on_when_an_uplink_that_is_there_does_nothing,
		waits_as_ever_for_a_server_that_only_is_slow,
		forgets_what_the_server_does_not_want)
