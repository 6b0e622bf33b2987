/* outbox.h - what is kept of a task's responses; outbox.c's functions are in
 * task.h */
#ifndef NODELINK_EXECUTOR_OUTBOX_H
#define NODELINK_EXECUTOR_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "executor/spool.h"

struct task;

/* What the server may still need: one response, in memory, or a run of them in
 * the spool. There, too, `head` goes before each payload. */
struct held {
	struct held *next;
	uint64_t seq; /* of the last one in it */
	struct spool_run run; /* of size 0: it is in memory */
	struct held_head {
		uint64_t end; /* of the task's output with this one */
		uint64_t len;
	} head;
	uint8_t payload[];
};

/* Runs come first, for the oldest are moved to the spool first. */
struct outbox {
	struct held *first, *last;
	struct held *last_run; /* NULL: all is in memory */
	size_t size; /* of what is in memory */
	struct held *unsent; /* the first that this connection has not had */
	size_t unsent_at; /* from there on, in a run */
	uint64_t seq; /* of the newest */
	struct task *next_waiting; /* for room on the link */
	bool waiting;
	struct task *prev_lazy, *next_lazy; /* nothing urgent to say */
	bool lazy;
	bool discard; /* the server does not want the rest */
};

#endif
