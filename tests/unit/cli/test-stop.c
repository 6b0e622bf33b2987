/* test-stop.c - what signals add up to */
#include "cli/stop.h"

#include <signal.h>

#include "base/auto.h"
#include "base/clock.h"
#include "tests/unit/unit.h"

TEST(cancels_then_kills_then_leaves)
{
	struct stop s = { 0 };

	clock_set(1000);
	ck_assert(stop_signal(&s, SIGINT));
	ck_assert_int_eq(s.want, STOP_CANCEL);
	clock_set(1500);
	ck_assert(stop_signal(&s, SIGTERM));
	ck_assert_int_eq(s.want, STOP_KILL);
	clock_set(2000);
	ck_assert(stop_signal(&s, SIGINT));
	ck_assert_int_eq(s.want, STOP_LEAVE);
	ck_assert_int_eq(s.signo, SIGINT);
}
END

TEST(takes_signals_that_come_together_for_one)
{
	static const int pairs[][2] = { { SIGHUP, SIGHUP }, { SIGTERM, SIGHUP },
		{ SIGHUP, SIGTERM }, { SIGINT, SIGINT }, { SIGTERM, SIGTERM } };

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		struct stop s = { 0 };

		clock_set(1000);
		ck_assert(stop_signal(&s, pairs[i][0]));
		clock_set(1499);
		ck_assert(!stop_signal(&s, pairs[i][1]));
		ck_assert_int_eq(s.want, STOP_CANCEL);
		ck_assert_int_eq(s.signo, pairs[i][0]);
	}
}
END

/* Of somebody who presses it all the time, the first and then each that is half
 * a second behind one that counted. */
TEST(counts_from_the_last_that_counted)
{
	struct stop s = { 0 };
	int n = 0;

	for (int ms = 0; ms < 1500; ms += 100) {
		clock_set(1000 + ms);
		n += stop_signal(&s, SIGINT);
	}
	ck_assert_int_eq(n, 3);
	ck_assert_int_eq(s.want, STOP_LEAVE);
}
END

TEST(never_kills_for_a_terminal_that_is_closed)
{
	struct stop s = { 0 };

	clock_set(1000);
	ck_assert(stop_signal(&s, SIGHUP));
	clock_set(60 * 1000);
	ck_assert(!stop_signal(&s, SIGHUP));
	ck_assert_int_eq(s.want, STOP_CANCEL);
	ck_assert(stop_signal(&s, SIGTERM)); /* that is somebody who means it */
	ck_assert_int_eq(s.want, STOP_KILL);
	clock_set(120 * 1000);
	ck_assert(!stop_signal(&s, SIGHUP));
	ck_assert_int_eq(s.want, STOP_KILL);
}
END

/* Ctrl-C in "nodelink run ... | tee" ends tee, too. */
TEST(takes_a_reader_that_has_gone_and_its_signal_for_one)
{
	struct stop s = { 0 };

	clock_set(1000);
	stop_cancel(&s);
	ck_assert(!stop_signal(&s, SIGINT));
	ck_assert_int_eq(s.want, STOP_CANCEL);
	ck_assert_int_eq(s.signo, SIGINT);
}
END

TEST(says_what_becomes_of_a_task_that_is_left)
{
	struct stop s = { .want = STOP_LEAVE };

	ck_assert_str_eq(stop_left(&s), "the task may go on");
	s.accepted = STOP_CANCEL;
	ck_assert_str_eq(stop_left(&s), "the task is being cancelled");
	s.accepted = STOP_KILL;
	ck_assert_str_eq(stop_left(&s), "the task is being killed");
}
END

	UNIT_MAIN("cli stop", cancels_then_kills_then_leaves,
		takes_signals_that_come_together_for_one,
		counts_from_the_last_that_counted,
		never_kills_for_a_terminal_that_is_closed,
		takes_a_reader_that_has_gone_and_its_signal_for_one,
		says_what_becomes_of_a_task_that_is_left)
