/* executor.h - one plugin's tasks: started, watched, cancelled, reported
 *
 * main.c makes one per process; tests make many. Everything runs on the
 * loop's thread. How the files share the work:
 *
 *	session.c  requests from the uplink, inventory, tombstones
 *	start.c    from a request to a running task, or to its refusal, with
 *	           policy.c, which knows what the node forbids
 *	task.c     from there to its result
 *	launch.c   its programs: pipes and spawn; child.c their death; hold.c
 *	           what holds them and all that they started; orphans.c those
 *	           whose parents died; limits.c what they may use
 *	cancel.c   the ladder: stop signal, grace, SIGKILL, lost; receipt.c
 *	hooks.c    its hooks, one after the other: hook.c runs one, defers.c
 *	           reads those that it registered itself, keep.c writes down
 *	           what the next executor must know, for abandoned.c
 *	output.c   pipes and emit() to responses, within the windows
 *	outbox.c   responses kept until the server acknowledges them, in memory
 *	           and, while it is away, in spool.c's file
 *	host.c     the services of plugin.h; handles.c its timers and watches
 *	end.c      asked to stop, or unable to go on
 *	remains.c  what a dead executor left: leftovers.c, and the plugin's word
 */
#ifndef NODELINK_EXECUTOR_EXECUTOR_H
#define NODELINK_EXECUTOR_EXECUTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/err.h"
#include "executor/plugin.h"
#include "loop/loop.h"
#include "wire/msg.h"

struct executor;

struct executor_options {
	const char *agent_id;
	const char *scratch; /* folder of the tasks' folders; made if missing */
	const struct msg_param *settings; /* of the plugin */
	size_t n_settings;
	int64_t max_grace_ms; /* 0: 5 minutes */
	int64_t drain_ms; /* told to stop, tasks may go on for so long */
	const char *user; /* of tasks that name none; NULL: ours */
	const char *const *allow_users; /* whom else a task may name */
	size_t n_allow_users;
	const char *const *directories; /* programs begin below one of them */
	size_t n_directories; /* 0: anywhere */
	int64_t max_timeout_ms; /* longest run time of a task; 0: any */
	bool no_new_privs; /* for tasks */
	const char *seccomp; /* profile for their programs; NULL: none */
	bool seccomp_required; /* and none may do without */
	bool no_hooks; /* none that come with a task; those that it registers
			  itself are its own programs' doing */
	const char *containment; /* name of a rung; NULL or "auto": the best
				    that works */
	const char *shim; /* path of nodelink-shim; NULL: none */
	uint64_t spool_limit; /* bytes of disk for output; 0: none */
	struct msg_limits limits; /* of a task that says nothing; 0: none */
	struct msg_limits max_limits; /* of any task; 0: none */
	/* Below: 0 is the documented value; tests want shorter ones. */
	int64_t lost_after_ms; /* finish() after cancel(force): 5 s */
	int64_t unkillable_after_ms; /* alive after SIGKILL: 60 s */
	int64_t remains_ms; /* of a dead executor are waited for: 45 s */
	int64_t watchdog_ms; /* a callback that does not return: 10 s */
	const char *nologin; /* the host goes down: /run/nologin */
	int64_t stall_ms; /* no acknowledgement, so the server is away: 3 s */
	size_t held_max; /* output of all tasks, unacknowledged: 64 MiB */
	/* The plugin did not keep its word: every task was reported lost, the
	 * process must go. NULL: exit with status 1. */
	void (*on_failure)(void *arg);
	/* After executor_stop(): no task is left. */
	void (*on_stopped)(void *arg);
	void *arg;
};

/* Runs the plugin's init and sweep. 0, or -errno with text. `plugin` is
 * borrowed; options are copied, their texts borrowed. */
int executor_new(struct loop *loop, const struct plugin *plugin,
	const struct executor_options *options, struct executor **out,
	struct err *err);

/* Kills what is left, without verifying, and runs the plugin's fini. */
void executor_free(struct executor *ex);
AUTO_DEFINE(struct executor *, executor_free)

/* Serve this connected socket from now on; an older one is closed. */
void executor_serve(struct executor *ex, int take_fd);

/* Take no more tasks; when none runs, when drain_ms are over or at the second
 * call cancel what runs (400 agent_stopping, or 402
 * host_shutdown while the host is going down), then on_stopped. Hooks have 20 s
 * beside the longest grace; those that have not begun by then are the next
 * executor's. Called once more: without grace, and no time for hooks. */
void executor_stop(struct executor *ex);

/* Another executor takes the new tasks from now on: take none, and when none is
 * left that is not acknowledged, stop and remove the scratch folder. False: it is
 * this one again. */
void executor_retire(struct executor *ex, bool retired);

/* How many tasks are not acknowledged yet, and how many still run. */
size_t executor_count(const struct executor *ex, size_t *running);

#endif
