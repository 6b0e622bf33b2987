/* worker.c - one program that must run */
#include "monitor/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/parse.h"
#include "monitor/running.h"
#include "monitor/words.h"
#include "proc/child.h"
#include "proc/death.h"
#include "proc/spawn.h"

enum {
	PAUSE_MIN_MS = 100,
	PAUSE_MAX_MS = 10000,
	STEADY_MS = 10000,
	LAST_LINES = 3,
};

struct worker {
	struct loop *loop;
	struct worker_spec spec;
	pid_t pid;
	int pidfd; /* -1: not running */
	struct death *death;
	int words_fd; /* our end of its stderr, or -1 */
	struct loop_watch *words_watch;
	struct words words;
	struct loop_timer *timer; /* down: start again; stopping: SIGKILL */
	int64_t started_ms, pause_ms;
	bool stopping;
};

static void start(struct worker *w);
static void send_signal(const struct worker *w, int signo);

/* --------------------------------------------------------------------- words */

static void
words_close(struct worker *w)
{
	loop_watch_free(TAKE(w->words_watch));
	if (w->words_fd >= 0)
		(void)close(TAKE_FD(w->words_fd));
}

static void
words_came(void *arg, int fd, unsigned ready)
{
	struct worker *w = arg;
	bool ended;

	(void)ready;
	(void)words_read(&w->words, fd, &ended); /* level-triggered: once */
	if (ended)
		words_close(w);
}

static void
words_drain(struct worker *w)
{
	bool ended;

	while (w->words_fd >= 0 && words_read(&w->words, w->words_fd, &ended))
		;
	words_finish(&w->words);
	words_close(w);
}

/* --------------------------------------------------------------------- death */

static void
describe(const struct child_exit *how, char *out, size_t size)
{
	if (how->signaled)
		(void)snprintf(
			out, size, "was killed by %s", signal_name(how->code));
	else
		(void)snprintf(out, size, "ended with status %d", how->code);
}

/* Did it end as one does that was told to? The signal itself ends a program
 * that has not come to handle it yet. */
static bool
was_asked(const struct child_exit *how)
{
	return how->code == (how->signaled ? SIGTERM : 0);
}

static void
report(struct worker *w, const char *how, bool in_order)
{
	double seconds = (double)(clock_ms() - w->started_ms) / 1e3;
	const char *last = words_last(&w->words, LAST_LINES);

	if (in_order)
		log_info("%s (pid %d) %s", w->spec.name, (int)w->pid, how);
	else
		log_error(0, "%s (pid %d) %s after %.1f s%s%s", w->spec.name,
			(int)w->pid, how, seconds,
			*last ? "; its last words: " : "", last);
}

static void
start_later(struct worker *w)
{
	if (clock_ms() - w->started_ms >= STEADY_MS)
		w->pause_ms = PAUSE_MIN_MS;
	log_debug("%s: next start in %d ms", w->spec.name, (int)w->pause_ms);
	loop_timer_set(w->timer, w->pause_ms);
	w->pause_ms *= 2;
	if (w->pause_ms > PAUSE_MAX_MS)
		w->pause_ms = PAUSE_MAX_MS;
}

/* A retired one ends by itself; if it did not end well, another one has to do
 * what it has left. exit is NULL when it was not our child. */
static bool
is_done(const struct worker *w, const struct child_exit *exit)
{
	if (!w->spec.retired)
		return false;
	return exit ? !exit->signaled && exit->code == 0
		    : access(w->spec.folder, F_OK) < 0;
}

static bool
died(void *arg)
{
	struct worker *w = arg;
	struct child_exit exit = { 0 };
	char how[64] = "is gone"; /* one that we took over has another parent */
	int r = child_reap(w->pidfd, &exit);

	if (r == -EAGAIN)
		return false;
	if (r == 0)
		describe(&exit, how, sizeof how);
	words_drain(w);
	report(w, how,
		w->stopping ? was_asked(&exit)
			    : is_done(w, r == 0 ? &exit : NULL));
	death_free(TAKE(w->death));
	(void)close(TAKE_FD(w->pidfd));
	loop_timer_stop(w->timer);
	if (w->stopping || w->spec.only_once ||
		is_done(w, r == 0 ? &exit : NULL))
		w->spec.on_stopped(w->spec.arg);
	else
		start_later(w);
	return true;
}

static int
watch_death(struct worker *w)
{
	w->death = death_new(w->loop, w->pidfd, died, w);
	return w->death ? 0 : -ENOMEM;
}

/* --------------------------------------------------------------------- birth */

static bool
take_over(struct worker *w)
{
	int fd = w->spec.socket ? running_find(w->spec.socket, &w->pid) : -1;

	if (fd < 0)
		return false;
	w->pidfd = fd;
	if (chown(w->spec.socket, w->spec.socket_owner, (gid_t)-1) < 0)
		log_warn(-errno, "%s: the uplink cannot have '%s'",
			w->spec.name, w->spec.socket);
	if (watch_death(w) < 0) {
		(void)close(TAKE_FD(w->pidfd));
		return false;
	}
	w->started_ms = clock_ms();
	log_info("%s still runs (pid %d): taken over%s", w->spec.name,
		(int)w->pid,
		w->spec.retired ? ", with earlier settings: it ends after the "
				  "tasks that it has"
				: "");
	send_signal(w, w->spec.retired ? SIGUSR1 : SIGUSR2);
	return true;
}

static int
spawn(struct worker *w, enum spawn_step *failed)
{
	AUTO_CLOSE int null = fd_open("/dev/null", O_RDWR);
	AUTO_CLOSE int theirs = -1, extra = -1;
	struct spawn how = {
		.path = w->spec.argv.list[0],
		.argv = (const char *const *)w->spec.argv.list,
		.envp = (const char *const *)w->spec.envp.list,
		.extra_fd = -1,
		.born_in = -1,
		.user = w->spec.user,
		.no_new_privs = w->spec.user != NULL,
		.die_with_us = w->spec.die_with_us,
		.favoured = true,
	};
	int fds[2], r;

	*failed = SPAWN_STDIO;
	if (null < 0)
		return null;
	how.fd[0] = null;
	how.fd[1] = how.fd[2] = STDERR_FILENO;
	if (w->spec.open_extra) {
		extra = how.extra_fd = w->spec.open_extra(w->spec.extra_arg);
		if (extra < 0)
			return extra;
	}
	if (!w->spec.outlives_us) {
		r = fd_pipe(fds, true);
		if (r < 0)
			return r;
		w->words_fd = fds[0];
		theirs = fds[1];
		how.fd[1] = how.fd[2] = theirs;
	}
	return spawn_start(&how, &w->pid, &w->pidfd, failed);
}

static void
start(struct worker *w)
{
	enum spawn_step failed;
	int r;

	if (take_over(w))
		return;
	w->started_ms = clock_ms();
	memset(&w->words, 0, sizeof w->words);
	r = spawn(w, &failed);
	if (r < 0) {
		log_error(r, "%s: %s '%s'", w->spec.name,
			spawn_step_text(failed), w->spec.argv.list[0]);
		words_close(w);
		start_later(w);
		return;
	}
	if (w->words_fd >= 0)
		w->words_watch = loop_watch_new(
			w->loop, w->words_fd, LOOP_READ, words_came, w);
	r = watch_death(w);
	if (r < 0) { /* unwatched it would be lost: die with it, be restarted */
		log_error(r, "%s cannot be watched: killed", w->spec.name);
		(void)kill(w->pid, SIGKILL); /* our child, not reaped */
		words_close(w);
		(void)close(TAKE_FD(w->pidfd));
		start_later(w);
		return;
	}
	log_debug("%s started (pid %d)", w->spec.name, (int)w->pid);
}

/* ---------------------------------------------------------------------- stop */

static void
send_signal(const struct worker *w, int signo)
{
	/* ESRCH: it is dead, and died() will come */
	if (syscall(SYS_pidfd_send_signal, w->pidfd, signo, NULL, 0) < 0 &&
		errno != ESRCH)
		log_error(-errno, "cannot send %s to %s", signal_name(signo),
			w->spec.name);
}

static void
timer_due(void *arg)
{
	struct worker *w = arg;

	if (!w->stopping) {
		start(w);
	} else if (w->pidfd >= 0) {
		log_error(0, "%s (pid %d) did not end in time: killing it",
			w->spec.name, (int)w->pid);
		send_signal(w, SIGKILL);
	} else {
		w->spec.on_stopped(w->spec.arg);
	}
}

void
worker_start(struct worker *w)
{
	start(w);
}

void
worker_stop(struct worker *w)
{
	bool again = w->stopping;

	w->stopping = true;
	if (w->pidfd >= 0)
		send_signal(w, SIGTERM);
	if (!again)
		loop_timer_set(
			w->timer, w->pidfd >= 0 ? w->spec.kill_after_ms : 0);
}

/* ---------------------------------------------------------------- being made */

static void
spec_done(struct worker_spec *spec)
{
	free(spec->name);
	free(spec->socket);
	free(spec->folder);
	args_done(&spec->argv);
	args_done(&spec->envp);
}

struct worker *
worker_new(struct loop *loop, struct worker_spec *take_spec)
{
	AUTO(worker_free) struct worker *w = calloc(1, sizeof *w);

	if (!w) {
		spec_done(take_spec);
		return NULL;
	}
	w->loop = loop;
	w->spec = *take_spec;
	w->pidfd = w->words_fd = -1;
	w->pause_ms = PAUSE_MIN_MS;
	w->timer = loop_timer_new(loop, timer_due, w);
	if (!w->timer || !w->spec.name || w->spec.argv.error ||
		w->spec.envp.error)
		return NULL;
	return TAKE(w);
}

void
worker_free(struct worker *w)
{
	if (!w)
		return;
	words_close(w);
	death_free(w->death);
	if (w->pidfd >= 0)
		(void)close(w->pidfd);
	loop_timer_free(w->timer);
	spec_done(&w->spec);
	free(w);
}
