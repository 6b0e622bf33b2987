/* test-executor-flood.c - a server that asks for more than there is room for */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "executor/task.h"
#include "tests/unit/agent/rig.h"
#include "tests/unit/unit.h"

#define SHELL "plugins/.libs/shell.so"

static struct rig rig;

TEST(remembers_no_more_tasks_than_so_many_for_a_server_that_takes_nothing)
{
	const struct msg_start how = { .user = "no-such-user" };
	char id[16];
	size_t n = 0;

	rig.no_ack = true;
	rig_open(&rig, SHELL);
	for (; n < EXECUTOR_MEMORY + 500; n++) {
		(void)snprintf(id, sizeof id, "t%zu", n);
		if (n % 2)
			rig_cancel(&rig, id, 0);
		else
			rig_start(&rig, id, "cmd", "true", &how);
		if (n % 1000 == 0)
			rig_run(&rig, 0);
	}
	while (executor_count(rig.ex, NULL) < EXECUTOR_MEMORY)
		rig_run(&rig, 1);
	rig_run(&rig, 50);
	ck_assert_uint_eq(executor_count(rig.ex, NULL), EXECUTOR_MEMORY);
	/* with the first acknowledgement there is room for one */
	rig_ack(&rig, "t0", 1, 0, true);
	rig_start(&rig, "again", "cmd", "true", NULL);
	ck_assert_int_eq(rig_result(&rig, "again")->outcome, MSG_NOT_STARTED);
	/* with room for as many as may run it says what it has, once, and the
	 * server sees what is missing */
	for (size_t i = 1; i < n; i++) {
		(void)snprintf(id, sizeof id, "t%zu", i);
		rig_ack(&rig, id, 1, 0, true);
		if (i % 1000 == 0)
			rig_run(&rig, 0);
	}
	ck_assert_uint_eq(
		rig_wait(&rig, NULL, MSG_INVENTORY, 1)->inventory.n_tasks,
		EXECUTOR_TASKS);
	while (executor_count(rig.ex, NULL) > 1)
		rig_run(&rig, 1);
	ck_assert_uint_eq(rig_count(&rig, NULL, MSG_INVENTORY), 2);
	rig_close(&rig);
}
END

/* The last one whose end makes room is none of those acknowledged in the end. */
TEST(says_what_it_has_when_a_task_of_nobody_has_made_room)
{
	char id[16];
	size_t n = 0;

	rig.no_ack = true;
	rig_open(&rig, SHELL);
	rig_start(&rig, "runs", "cmd", "exec sleep 1000", NULL);
	(void)rig_wait(&rig, "runs", MSG_STARTED, 0);
	for (; n < EXECUTOR_MEMORY; n++) {
		(void)snprintf(id, sizeof id, "t%zu", n);
		rig_cancel(&rig, id, 0);
		if (n % 1000 == 0)
			rig_run(&rig, 0);
	}
	while (executor_count(rig.ex, NULL) < EXECUTOR_MEMORY)
		rig_run(&rig, 1);
	while (n-- > EXECUTOR_TASKS) {
		(void)snprintf(id, sizeof id, "t%zu", n);
		rig_ack(&rig, id, 1, 0, true);
		if (n % 1000 == 0)
			rig_run(&rig, 0);
	}
	while (executor_count(rig.ex, NULL) > EXECUTOR_TASKS + 1)
		rig_run(&rig, 1);
	rig_ack(&rig, "runs", 1, 0, true); /* whatever it still says */
	rig_cancel(&rig, "runs", 0);
	ck_assert_uint_eq(
		rig_wait(&rig, NULL, MSG_INVENTORY, 1)->inventory.n_tasks,
		EXECUTOR_TASKS);
	rig_close(&rig);
}
END

TEST(takes_large_starts_only_as_fast_as_they_can_be_made)
{
	enum { LARGE = 100 << 10, N = 2 * LIMIT_STARTS / LARGE };
	char *cmd = malloc(LARGE);
	char id[16];

	ck_assert_ptr_nonnull(cmd);
	memset(cmd, ' ', LARGE - 1);
	memcpy(cmd, "true", 4);
	cmd[LARGE - 1] = 0;
	rig_open(&rig, SHELL);
	for (int i = 0; i < N; i++) {
		(void)snprintf(id, sizeof id, "t%d", i);
		rig_start(&rig, id, "cmd", cmd, NULL);
	}
	for (int i = 0; i < N; i++) {
		(void)snprintf(id, sizeof id, "t%d", i);
		ck_assert(rig_result(&rig, id)->ok);
	}
	rig_close(&rig);
	free(cmd);
}
END

	UNIT_MAIN("executor: flood",
		remembers_no_more_tasks_than_so_many_for_a_server_that_takes_nothing,
		says_what_it_has_when_a_task_of_nobody_has_made_room,
		takes_large_starts_only_as_fast_as_they_can_be_made)
