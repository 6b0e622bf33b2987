/* test-executor-remote.c - plugins whose work is no process of this host */
#include <signal.h>
#include <string.h>

#include "base/clock.h"
#include "tests/unit/agent/hooks-rig.h"
#include "tests/unit/agent/rig.h"
#include "tests/unit/unit.h"

static struct rig rig;

enum { SOON_MS = 100 };

static void
open_with(const char *how, const struct msg_start *start)
{
	rig.options.lost_after_ms = SOON_MS;
	rig_open(&rig, "tests/plugins/.libs/remote.so");
	rig_start(&rig, "t1", "how", how, start);
	(void)rig_wait(&rig, "t1", MSG_STARTED, 0);
}

TEST(waits_for_a_plugin_that_says_that_it_cannot_end_the_task_yet)
{
	const struct msg_cancel_phase *phase;

	open_with("stuck", NULL);
	rig_cancel(&rig, "t1", 0);
	phase = &rig_wait(&rig, "t1", MSG_CANCEL_PHASE, 2)->cancel_phase;
	ck_assert_int_eq(phase->phase, MSG_PHASE_UNKILLABLE);
	ck_assert_str_eq(phase->message, "no answer");
	ck_assert(rig_result(&rig, "t1")->cancelled);
	ck_assert_str_eq(rig_result(&rig, "t1")->message, "gone at last");
	ck_assert(!rig.failed);
	rig_close(&rig);
}
END

TEST(waits_for_a_plugin_whose_output_has_no_room)
{
	uint64_t n;

	rig.no_ack = true;
	open_with("full", NULL);
	rig_cancel(&rig, "t1", 0);
	rig_run(&rig, SOON_MS * 4);
	ck_assert(!rig.failed);
	n = rig_count(&rig, "t1", MSG_OUTPUT) * 65536;
	rig_ack(&rig, "t1", 1, n * 2, false);
	ck_assert(rig_result(&rig, "t1")->cancelled);
	rig_close(&rig);
	rig.no_ack = false;
}
END

TEST(calls_no_task_lost_before_the_plugin_has_ended_what_is_left_of_it)
{
	int64_t begun;

	open_with("stuck", NULL);
	begun = clock_ms();
	hooks_new_executor(&rig);
	ck_assert_uint_eq(
		rig_wait(&rig, NULL, MSG_INVENTORY, 0)->inventory.n_tasks, 0);
	ck_assert_int_ge(clock_ms() - begun, 3 * SOON_MS);
	rig_close(&rig);
}
END

TEST(lets_a_result_stand_that_no_cancel_has_reached)
{
	open_with("own-end", NULL);
	rig_cancel(&rig, "t1", 1000);
	ck_assert(!rig_result(&rig, "t1")->cancelled);
	ck_assert_str_eq(rig_result(&rig, "t1")->failure, "exit");
	ck_assert_int_eq(rig_result(&rig, "t1")->code, 7);
	ck_assert_ptr_null(rig_result(&rig, "t1")->receipt);
	rig_close(&rig);
}
END

TEST(takes_the_name_of_a_failure_and_cleans_its_text)
{
	rig_open(&rig, "tests/plugins/.libs/remote.so");
	rig_start(&rig, "t1", "how", "named", NULL);
	ck_assert_str_eq(rig_result(&rig, "t1")->failure, "image_missing");
	ck_assert_str_eq(rig_result(&rig, "t1")->message, "no such ??image");
	rig_close(&rig);
}
END

TEST(tells_agent_environment_and_stop_signal)
{
	const struct msg_env env[] = { { "TMPDIR", "/x" }, { "A", "b" } };
	const struct msg_start start = {
		.env = env, .n_env = ARRAY_SIZE(env), .stop_signal = SIGUSR1
	};
	AUTO_BUF struct buf out = { 0 };
	AUTO_BUF struct buf err = { 0 };
	char want[64];

	open_with("tell", &start);
	rig_cancel(&rig, "t1", 1000);
	(void)rig_result(&rig, "t1");
	rig_output(&rig, "t1", MSG_STDOUT, &out);
	rig_output(&rig, "t1", MSG_STDERR, &err);
	(void)snprintf(
		want, sizeof want, "%s%c", rig.options.agent_id, SIGUSR1);
	ck_assert_str_eq(buf_text(&out), want);
	ck_assert_str_eq(buf_text(&err), "TMPDIR=/xA=b");
	rig_close(&rig);
}
END

	UNIT_MAIN("executor: remote work",
		waits_for_a_plugin_that_says_that_it_cannot_end_the_task_yet,
		waits_for_a_plugin_whose_output_has_no_room,
		calls_no_task_lost_before_the_plugin_has_ended_what_is_left_of_it,
		lets_a_result_stand_that_no_cancel_has_reached,
		takes_the_name_of_a_failure_and_cleans_its_text,
		tells_agent_environment_and_stop_signal)
