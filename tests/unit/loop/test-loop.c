/* test-loop.c - the event loop of a process */
#include "loop/loop.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/unit/unit.h"

static void
count(void *arg)
{
	++*(int *)arg;
}

static void
stop(void *loop)
{
	loop_stop(loop);
}

TEST(runs_timers_once_and_in_order)
{
	AUTO(loop_free) struct loop *loop = loop_new();
	int n = 0;
	struct loop_timer *a = loop_timer_new(loop, count, &n);
	struct loop_timer *end = loop_timer_new(loop, stop, loop);

	loop_timer_set(a, 5);
	loop_timer_set(end, 30);
	ck_assert(loop_timer_active(a));
	loop_run(loop);
	ck_assert_int_eq(n, 1);
	ck_assert(!loop_timer_active(a));
	loop_timer_free(a);
	loop_timer_free(end);
}
END

	struct pair {
	struct loop_timer *other;
	int n;
};

static void
free_other(void *arg)
{
	struct pair *p = arg;

	p->n++;
	loop_timer_free(p->other);
	p->other = NULL;
}

TEST(calls_nothing_that_was_freed_in_the_same_turn)
{
	AUTO(loop_free) struct loop *loop = loop_new();
	int n = 0;
	struct pair p = { 0 };
	struct loop_timer *first = loop_timer_new(loop, free_other, &p);

	p.other = loop_timer_new(loop, count, &n);
	loop_timer_set(first, 0);
	loop_timer_set(p.other, 0);
	for (int i = 0; i < 3; i++)
		loop_turn(loop, 1);
	ck_assert_int_eq(p.n, 1);
	ck_assert_int_eq(n, 0);
	loop_timer_free(first);
}
END

	enum { POSTS = 1000 };

struct poster {
	struct loop *loop;
	struct loop_item items[POSTS];
	int seen, out_of_order;
};
struct posted {
	struct poster *poster;
	int number;
};
static struct posted posted[POSTS];

static void
on_post(void *arg)
{
	struct posted *p = arg;

	if (p->number != p->poster->seen++)
		p->poster->out_of_order++;
	if (p->poster->seen == POSTS)
		loop_stop(p->poster->loop);
}

static void *
post_all(void *arg)
{
	struct poster *p = arg;

	for (int i = 0; i < POSTS; i++) {
		posted[i] = (struct posted){ p, i };
		p->items[i].fn = on_post;
		p->items[i].arg = &posted[i];
		loop_post(p->loop, &p->items[i]);
	}
	return NULL;
}

TEST(runs_posts_of_another_thread_in_order)
{
	AUTO(loop_free) struct loop *loop = loop_new();
	static struct poster p;
	pthread_t thread;

	p.loop = loop;
	ck_assert_int_eq(pthread_create(&thread, NULL, post_all, &p), 0);
	loop_run(loop);
	pthread_join(thread, NULL);
	ck_assert_int_eq(p.seen, POSTS);
	ck_assert_int_eq(p.out_of_order, 0);
}
END

TEST(forgets_a_post_that_has_not_run)
{
	AUTO(loop_free) struct loop *loop = loop_new();
	int n = 0, m = 0;
	struct loop_item a = { count, &n, NULL }, b = { count, &m, NULL };

	loop_post(loop, &a);
	loop_post(loop, &b);
	loop_unpost(loop, &a);
	loop_turn(loop, 10);
	ck_assert_int_eq(n, 0);
	ck_assert_int_eq(m, 1);
	loop_post(loop, &a);
	loop_turn(loop, 10);
	ck_assert_int_eq(n, 1);
}
END

	static void
	on_fd(void *arg, int fd, unsigned ready)
{
	char c;

	*(unsigned *)arg |= ready;
	if (ready & LOOP_READ && read(fd, &c, 1) != 1)
		*(unsigned *)arg |= 0x100;
}

TEST(watches_descriptors_until_told_otherwise)
{
	AUTO(loop_free) struct loop *loop = loop_new();
	unsigned ready = 0;
	int fd[2];
	struct loop_watch *w;

	ck_assert_int_eq(pipe(fd), 0);
	w = loop_watch_new(loop, fd[0], LOOP_READ, on_fd, &ready);
	ck_assert_int_eq(write(fd[1], "x", 1), 1);
	loop_turn(loop, 1000);
	ck_assert_uint_eq(ready & 0x1ff, LOOP_READ);
	ck_assert_int_eq(loop_watch_set(w, 0), 0);
	ready = 0;
	ck_assert_int_eq(write(fd[1], "y", 1), 1);
	loop_turn(loop, 5);
	ck_assert_uint_eq(ready, 0);
	loop_watch_free(w);
	close(fd[0]);
	close(fd[1]);
}
END

	static void
	on_signal(void *arg, int signo)
{
	*(int *)arg = signo;
}

struct again {
	struct loop_timer *timer;
	int runs, runs_before_io;
};

static void
run_again(void *arg)
{
	struct again *a = arg;

	if (++a->runs < 1000)
		loop_timer_set(a->timer, 0);
}

static void
io_came(void *arg, int fd, unsigned ready)
{
	struct again *a = arg;
	char c;

	(void)ready;
	ck_assert_int_eq(read(fd, &c, 1), 1);
	a->runs_before_io = a->runs;
}

TEST(lets_others_have_their_turn_between_timers_without_delay)
{
	AUTO(loop_free) struct loop *loop = loop_new();
	struct again a = { .runs_before_io = -1 };
	struct loop_watch *w;
	int fd[2];

	ck_assert_int_eq(pipe(fd), 0);
	ck_assert_int_eq(write(fd[1], "x", 1), 1);
	w = loop_watch_new(loop, fd[0], LOOP_READ, io_came, &a);
	a.timer = loop_timer_new(loop, run_again, &a);
	loop_timer_set(a.timer, 0);
	ck_assert(loop_timer_active(a.timer));
	for (int i = 0; i < 2000 && a.runs < 1000; i++)
		loop_turn(loop, 1);
	ck_assert_int_eq(a.runs, 1000);
	ck_assert_int_ge(a.runs_before_io, 0);
	ck_assert_int_le(a.runs_before_io, 2);
	ck_assert(!loop_timer_active(a.timer));
	loop_timer_set(a.timer, 0);
	loop_timer_stop(a.timer);
	loop_turn(loop, 1);
	ck_assert_int_eq(a.runs, 1000);
	loop_timer_set(a.timer, 0); /* freed while it is due */
	loop_timer_free(a.timer);
	loop_turn(loop, 1);
	loop_watch_free(w);
	close(fd[0]);
	close(fd[1]);
}
END

TEST(delivers_signals_as_events)
{
	AUTO(loop_free) struct loop *loop = loop_new();
	int got = 0;
	int64_t end = clock_ms() + unit_wait_ms();
	struct loop_signal *s = loop_signal_new(loop, SIGUSR1, on_signal, &got);

	kill(getpid(), SIGUSR1);
	while (!got && clock_ms() < end)
		loop_turn(loop, 100);
	ck_assert_int_eq(got, SIGUSR1);
	loop_signal_free(s);
}
END

TEST(flushes_once_before_it_waits)
{
	AUTO(loop_free) struct loop *loop = loop_new();
	int n = 0;
	struct loop_flush *f = loop_flush_new(loop, count, &n);

	loop_turn(loop, 1);
	ck_assert_int_eq(n, 1);
	loop_flush_free(f);
	loop_turn(loop, 1);
	ck_assert_int_eq(n, 1);
}
END

	UNIT_MAIN("loop", runs_timers_once_and_in_order,
		calls_nothing_that_was_freed_in_the_same_turn,
		runs_posts_of_another_thread_in_order,
		forgets_a_post_that_has_not_run,
		lets_others_have_their_turn_between_timers_without_delay,
		watches_descriptors_until_told_otherwise,
		delivers_signals_as_events, flushes_once_before_it_waits)
