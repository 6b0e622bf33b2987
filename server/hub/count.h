/* count.h - what is counted of agents and their tasks
 *
 * nodelink-api(7), METRICS, says what each means. Numbers of tasks by state
 * are kept as tasks change, since a look at all of them would cost too much;
 * what is known of each agent is looked at when it is asked for. */
#ifndef NODELINK_HUB_COUNT_H
#define NODELINK_HUB_COUNT_H

#include <stddef.h>
#include <stdint.h>

#include "metrics/metrics.h"
#include "task/state.h"
#include "wire/msg.h"

struct hub;
struct task;

enum { COUNT_PLUGINS = 24 }; /* that have series of their own */

struct hub_counts {
	char plugins[COUNT_PLUGINS][33]; /* the first that agents had */
	size_t n_plugins;
	size_t states[TASK_CANCELLED + 1]; /* unfinished tasks */
	size_t unkillable;
	struct metric *tasks, *unkillable_tasks, *created, *ended;
	struct metric *start_seconds, *run_seconds;
	struct metric *asked, *cancels, *killed;
	struct metric *delivered_seconds, *signalled_seconds, *verified_seconds,
		*cancel_seconds;
	struct metric *received, *stored, *cut, *lost;
	struct metric *agents, *connected, *draining, *degraded, *paused,
		*certificate;
	struct metric *queued, *longest;
	struct metric *streams, *crowd, *complaints;
};

void count_begin(struct hub *hub);
/* count_table.c: the pointers. m may be NULL. */
void count_make(struct hub_counts *c, struct metrics *m);

/* It is among the unfinished, has changed, is no longer among them. */
void count_task(struct task *t);
void count_task_gone(struct task *t);
void count_received(struct task *t, enum msg_stream stream, size_t len);
/* More of its output may be stored. */
void count_stored(struct task *t);

/* An agent has it. Clients may name any, and only these are told apart. */
void count_plugin(struct hub *hub, const char *name);

void count_created(struct task *t);
void count_started(struct task *t);
void count_result(struct task *t, const struct msg_result *result);
/* Its end is stored. */
void count_ended(struct task *t);

void count_asked(struct task *t, uint32_t code);
/* A node said something of a cancel; before: its phase until then. */
void count_cancel(struct task *t, enum cancel_phase before);

#endif
