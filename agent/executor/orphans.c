/* orphans.c - processes whose parents died become the executor's children
 *
 * Those of a group that is being verified are reaped there, at once. Here the
 * others are, soon after SIGCHLD: daemons that have left their group, and
 * helpers of a task that goes on. The dead count for the limit of processes, so
 * a task that makes many orphans has them reaped at its pace; one that is
 * faster than we are must not keep us from everything else. */
#include "executor/orphans.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "executor/hook.h"
#include "executor/task.h"

enum {
	REAP_MS = 10, /* many deaths, one look */
	REAP_BUSY_MS = 1, /* when the last look has found any */
	REAP_AT_ONCE = 256, /* then others have their turn */
};

struct orphans {
	struct executor *ex;
	struct loop_signal *signal;
	struct loop_timer *timer;
	int64_t delay_ms;
};

/* The next dead child of ours, left as it is; 0: none. */
static pid_t
next_dead(void)
{
	siginfo_t info = { .si_pid = 0 };

	if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
		return 0;
	return info.si_pid;
}

/* One dead child, whoever it was. False: there is none, or none to be reaped
 * yet. */
static bool
reap_one(struct orphans *o)
{
	pid_t pid = next_dead();
	struct child *leader;

	if (pid == 0)
		return false;
	HASH_FIND(hh, o->ex->leaders, &pid, sizeof pid, leader);
	if ((leader && child_check(leader)) || hook_reap(o->ex, pid))
		return true;
	if (waitpid(pid, NULL, WNOHANG) != pid)
		return false;
	o->delay_ms = REAP_BUSY_MS;
	return true;
}

static void
reap_some(void *arg)
{
	struct orphans *o = arg;
	int n = 0;

	o->delay_ms = REAP_MS;
	while (n < REAP_AT_ONCE && reap_one(o))
		n++;
	if (n == REAP_AT_ONCE)
		loop_timer_set(o->timer, 0);
}

static void
child_signal(void *arg, int signo)
{
	struct orphans *o = arg;

	(void)signo;
	if (!loop_timer_active(o->timer))
		loop_timer_set(o->timer, o->delay_ms);
}

struct orphans *
orphans_new(struct executor *ex)
{
	struct orphans *o = calloc(1, sizeof *o);

	if (!o)
		return NULL;
	o->ex = ex;
	o->delay_ms = REAP_MS;
	/* Without it init reaps, and looking takes longer. */
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	o->timer = loop_timer_new(ex->loop, reap_some, o);
	o->signal = loop_signal_new(ex->loop, SIGCHLD, child_signal, o);
	if (!o->timer || !o->signal) {
		orphans_free(o);
		return NULL;
	}
	return o;
}

void
orphans_free(struct orphans *o)
{
	if (!o)
		return;
	loop_timer_free(o->timer);
	loop_signal_free(o->signal);
	free(o);
}
