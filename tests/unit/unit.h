/* unit.h - what every Check program shares: run a suite, speak TAP */
#ifndef NODELINK_TESTS_UNIT_H
#define NODELINK_TESTS_UNIT_H

#include <check.h>
#include <stdbool.h>
#include <sys/types.h>

/* A test: its name is a sentence about behaviour.
 *	TEST(refuses_a_length_that_overflows) { ... } */
#define TEST(name) START_TEST(name)
#define END END_TEST

/* main() of a test program: all cases of one suite, as TAP on stdout. Pass
 * the tests as a NULL-terminated list. */
int unit_run(const char *subject, const TTest *const *tests);

/* A new folder of that name's beginning; what is in it when the tests have run
 * is removed, also when one of them was ended in the middle. */
void unit_temp_dir(const char *name, char *out, size_t size);

/* Instead: nothing of it can run on this host, and why. */
int unit_skip(const char *why);

/* So long a test waits for what must come: half a minute, and as much longer as
 * $CK_TIMEOUT_MULTIPLIER says of this machine. */
int unit_wait_ms(void);

/* The loop runs until this is so; fails the test when it does not come to be.
 * For those who include base/clock.h and loop/loop.h. */
#define UNIT_UNTIL(loop, condition) \
	for (int64_t give_up = clock_ms() + unit_wait_ms();;) { \
		if (condition) \
			break; \
		ck_assert_msg(clock_ms() < give_up, "never: %s", #condition); \
		loop_turn(loop, 10); \
	}

/* r is -EAGAIN: the host was too full of processes to begin one. Other tests
 * fill it for a moment; this one has waited for a moment too, and tries again
 * when this is true. */
bool unit_again(int r);
/* fork(2), again while the host is full. */
pid_t unit_fork(void);

#define UNIT_MAIN(subject, ...) \
	int main(void) \
	{ \
		static const TTest *tests[32]; \
		const TTest *const list[] = { __VA_ARGS__ }; \
		_Static_assert( \
			sizeof list / sizeof list[0] < 32, "split this file"); \
		for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) \
			tests[i] = list[i]; \
		return unit_run(subject, tests); \
	}

#endif
