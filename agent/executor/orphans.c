/* orphans.c - processes whose parents died become the executor's children
 *
 * Those of a group that is being verified are reaped there, at once. Here the
 * others are, some time after SIGCHLD: daemons that have left their group, and
 * helpers of a task that goes on. */
#include "executor/orphans.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "executor/hook.h"
#include "executor/task.h"

enum { REAP_MS = 100 }; /* many deaths, one look */

struct orphans {
	struct executor *ex;
	struct loop_signal *signal;
	struct loop_timer *timer;
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

static void
reap_all(void *arg)
{
	struct orphans *o = arg;
	pid_t pid;

	while ((pid = next_dead()) != 0) {
		struct child *leader;

		HASH_FIND(hh, o->ex->leaders, &pid, sizeof pid, leader);
		if ((leader && child_check(leader)) || hook_reap(o->ex, pid))
			continue;
		if (waitpid(pid, NULL, WNOHANG) != pid)
			return;
	}
}

static void
child_signal(void *arg, int signo)
{
	struct orphans *o = arg;

	(void)signo;
	if (!loop_timer_active(o->timer))
		loop_timer_set(o->timer, REAP_MS);
}

struct orphans *
orphans_new(struct executor *ex)
{
	struct orphans *o = calloc(1, sizeof *o);

	if (!o)
		return NULL;
	o->ex = ex;
	/* Without it init reaps, and looking takes longer. */
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	o->timer = loop_timer_new(ex->loop, reap_all, o);
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
