/* task.h - one task: a container from before its creation to after its removal
 *
 * What the engine last said (`seen`) and what is wanted decide the next step.
 * One command is under way at a time, so that start and kill of a container
 * never race; beside it run the streams: a wait for its end, and its output.
 * An answer that does not come leaves the state unknown, and the engine is
 * asked again until it tells. */
#ifndef NODELINK_DOCKER_TASK_H
#define NODELINK_DOCKER_TASK_H

#include <stdbool.h>

#include "engine.h"
#include "output.h"
#include "spec.h"
#include "state.h"

enum want { WANT_RUN, WANT_STOP, WANT_KILL };

struct task {
	struct task *next, **at; /* of all */
	struct ndl_task *task;
	struct spec spec;
	char name[80]; /* of the container, made from the task's id */
	char id[72]; /* "" until the engine has given one */

	enum seen seen;
	struct state state; /* of the last inspect */
	enum want want, sent; /* sent: the strongest signal that got there */
	unsigned signo;
	enum want sending; /* under way */

	struct call *command;
	const char *doing; /* what the command is, for people */
	int64_t since; /* when it was sent, now_ms() */
	bool may_drop; /* the engine gives it up when we do */
	struct call *wait, *flow; /* of the end, and of output */
	bool wait_open, flow_open, stalled, broken;
	int64_t kick, timer, stuck;
	unsigned delay_ms; /* until the engine is asked again */
	unsigned refusals; /* of the same thing, in a row */

	bool reached, pulled, ran, froze, cannot_pause;
	bool start_sent;
	bool asked; /* of an operation: the engine does it, or may */
	bool touched; /* a signal of ours may have reached it */
	bool saw_end; /* our own wait told us */
	int wait_code;
	bool interrupted; /* the streams were */
	bool log_read; /* to its end, after the container's */
	int64_t ended_at; /* when we knew, now_ms() */

	struct output out;
	char pull[2048]; /* the end of the pull's progress */
	size_t n_pull;
	int error; /* errno: it failed, for this ... */
	const char *failure; /* ... of this name or NULL ... */
	const char
		*rule; /* ... of the node's setting that forbids it or NULL */
	char why[512]; /* ... and reason */
	char trouble[512]; /* what the engine refused last */
	bool ended; /* finish() was called */
};

/* ------------------------------------------------------------------ task.c */

struct task *task_new(struct ndl_task *task, const struct spec *spec);
void task_free(struct task *t);
bool task_is_live(const char *task_id);
void task_cancel(struct task *t, const struct ndl_cancel *why);
void task_drained(struct task *t);

/* Do what is to be done next. */
void task_step(struct task *t);
/* The same on a fresh turn, for callbacks of streams. */
void task_kick(struct task *t);
/* Ask the engine again, in a while. */
void task_look_later(struct task *t, int64_t delay_ms);
/* Something came that makes waiting pointless. */
void task_news(struct task *t);
/* It has failed and is to be cleaned up. */
void
task_failed(struct task *t, int error, const char *failure, const char *why);

/* One call of the task, whose answer begins with task_answered(). */
void task_ask(struct task *t, const char *doing, const struct request *how);
/* False: none came; the engine will be asked what is. */
bool task_answered(struct task *t, const struct answer *a);

/* ---------------------------------------------------------------- making.c */

void make_ping(struct task *t);
void make_pull(struct task *t);
void make_create(struct task *t);
void make_start(struct task *t);

/* --------------------------------------------------------------- looking.c */

void look_inspect(struct task *t);
void look_kill(struct task *t);
void look_pause(struct task *t, bool pause);
void look_remove(struct task *t);

/* --------------------------------------------------------------- streams.c */

/* Both before the start: nothing is missed. */
void streams_open(struct task *t);
/* Of a container that runs already. */
void streams_reopen(struct task *t);
/* The whole log, as a command, after its end. */
void streams_read_log(struct task *t);
void streams_drop(struct task *t);

/* --------------------------------------------------------------- verdict.c */

/* Output has been taken: tell the host how it ended. */
void verdict_tell(struct task *t);

/* -------------------------------------------------------------------- op.c */

void op_step(struct task *t);
/* False: it is too late, the engine's answer comes first. */
bool op_cancel(struct task *t);

/* ----------------------------------------------------------------- sweep.c */

/* Remove containers of this agent that no live task has: now, and again. */
void sweep_soon(int64_t delay_ms);
/* An executor has died: the host waits until none is left. */
void sweep_now(void);
void sweep_stop(void);

#endif
