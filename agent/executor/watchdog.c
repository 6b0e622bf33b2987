/* watchdog.c - a plugin's callback that does not return ends the process
 *
 * The thread is woken only when it sleeps without a deadline, and goes back
 * to that after one period without callbacks: neither a busy nor an idle
 * executor pays for it. */
#include "executor/watchdog.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"

enum { SLOW_US = 100 * 1000 };

struct watchdog {
	int64_t limit_us;
	_Atomic int64_t since; /* clock_us() of entering; 0: outside */
	_Atomic uint64_t entered; /* how often */
	_Atomic(const char *) what;
	_Atomic(const char *) task_id;
	atomic_bool parked;
	pthread_mutex_t lock; /* guards stop, and parked while it changes */
	pthread_cond_t wake;
	bool stop;
	pthread_t thread;
};

static void
check(struct watchdog *w)
{
	int64_t since = w->since, now = clock_us();

	if (since == 0 || now - since < w->limit_us)
		return;
	/* The process is stuck and cannot report it; the monitor will. */
	log_error(0,
		"plugin callback '%s' of task '%s' has not returned for %lld ms: giving up",
		w->what, w->task_id, (long long)((now - since) / 1000));
	abort();
}

/* Sleep one period, or without end when nothing is going on. */
static void
wait_locked(struct watchdog *w, uint64_t *seen)
{
	struct timespec until;
	int64_t us;

	if (w->since == 0 && w->entered == *seen) {
		w->parked = true;
		/* enter() looks at parked after it has counted up. */
		while (w->entered == *seen && !w->stop)
			pthread_cond_wait(&w->wake, &w->lock);
		w->parked = false;
	}
	*seen = w->entered;
	us = clock_us() + w->limit_us / 2;
	until = (struct timespec){ .tv_sec = us / 1000000,
		.tv_nsec = us % 1000000 * 1000 };
	while (!w->stop &&
		pthread_cond_timedwait(&w->wake, &w->lock, &until) != ETIMEDOUT)
		;
}

static void *
run(void *arg)
{
	struct watchdog *w = arg;
	uint64_t seen = 0;

	pthread_mutex_lock(&w->lock);
	while (!w->stop) {
		wait_locked(w, &seen);
		check(w);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

void
watchdog_enter(struct watchdog *w, const char *what, const char *task_id)
{
	w->what = what;
	w->task_id = task_id;
	w->since = clock_us();
	w->entered++;
	if (!w->parked)
		return;
	pthread_mutex_lock(&w->lock);
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
}

void
watchdog_leave(struct watchdog *w)
{
	int64_t us = clock_us() - w->since;

	w->since = 0;
	if (us > SLOW_US)
		log_warn(0, "plugin callback '%s' of task '%s' took %lld ms",
			w->what, w->task_id, (long long)(us / 1000));
}

/* Signals belong to the loop's thread. */
static int
start_thread(struct watchdog *w)
{
	sigset_t all, old;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&w->thread, NULL, run, w);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -r;
}

struct watchdog *
watchdog_new(int64_t limit_ms)
{
	struct watchdog *w = calloc(1, sizeof *w);
	pthread_condattr_t attr;

	if (!w)
		return NULL;
	w->limit_us = limit_ms * 1000;
	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&w->wake, &attr);
	pthread_condattr_destroy(&attr);
	if (start_thread(w) < 0) {
		free(w);
		return NULL;
	}
	return w;
}

void
watchdog_free(struct watchdog *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->lock);
	free(w);
}
