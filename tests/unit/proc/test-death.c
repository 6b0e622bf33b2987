/* test-death.c - wait for the death of a child that somebody else may trace
 *
 * A descriptor that is ready stands for the child that is dead. */
#include "proc/death.h"

#include <sys/eventfd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "tests/unit/unit.h"

static struct loop *loop;
static struct death *death;
static int fd, calls, reaped_at; /* which call may reap it */

static bool
try_to_reap(void *arg)
{
	ck_assert_ptr_eq(arg, &fd);
	calls++;
	if (calls != reaped_at)
		return false;
	death_free(TAKE(death));
	return true;
}

static void
watch(unsigned ready, int reaped)
{
	loop = loop_new();
	fd = eventfd(ready, EFD_CLOEXEC | EFD_NONBLOCK);
	ck_assert_int_ge(fd, 0);
	calls = 0;
	reaped_at = reaped;
	death = death_new(loop, fd, try_to_reap, &fd);
	ck_assert_ptr_nonnull(death);
}

static void
turn_until_reaped(void)
{
	int64_t end = clock_ms() + unit_wait_ms();

	while (death && clock_ms() < end)
		loop_turn(loop, 100);
	ck_assert_ptr_null(death);
}

static void
close_all(void)
{
	death_free(TAKE(death));
	(void)close(fd);
	loop_free(TAKE(loop));
}

TEST(says_nothing_of_one_that_lives)
{
	uint64_t one = 1;

	watch(0, 1);
	loop_turn(loop, 0);
	ck_assert_int_eq(calls, 0);
	ck_assert_int_eq(write(fd, &one, sizeof one), sizeof one);
	turn_until_reaped();
	ck_assert_int_eq(calls, 1);
	close_all();
}
END

TEST(comes_again_with_growing_pauses_until_it_can_be_reaped)
{
	int64_t began = clock_ms();

	watch(1, 5);
	turn_until_reaped();
	ck_assert_int_eq(calls, 5);
	ck_assert_int_ge(
		clock_ms() - began, 0 + 10 + 20 + 40 - 3); /* rounded */
	close_all();
}
END

TEST(is_silent_once_it_was_freed)
{
	watch(1, 0);
	while (calls < 2)
		loop_turn(loop, unit_wait_ms());
	death_free(TAKE(death)); /* between two tries */
	loop_turn(loop, 20);
	ck_assert_int_eq(calls, 2);
	close_all();
}
END

	UNIT_MAIN("the death of a child", says_nothing_of_one_that_lives,
		comes_again_with_growing_pauses_until_it_can_be_reaped,
		is_silent_once_it_was_freed)
