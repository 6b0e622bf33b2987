/* task.h - the record of one task, as the server has it
 *
 * Counted. The hub is its one writer; everybody else only reads, on the loop's
 * thread. What was asked and how it ended are kept as the very bytes that
 * travel (core/wire unpacks them for display), so nothing is lost between. */
#ifndef NODELINK_STORE_TASK_H
#define NODELINK_STORE_TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/id.h"
#include "base/label.h"
#include "loop/loop.h"
#include "task/state.h"

struct agent;
struct letter;
struct transcript;

struct task_cancel {
	enum cancel_phase phase;
	uint32_t code; /* reason.h; of the first request */
	char *name; /* NULL: the code's */
	char *reason; /* NULL: none given */
	char *actor;
	int64_t grace_ms; /* effective; shortened by later requests */
	int64_t requested_at, delivered_at, stopping_at, killing_at,
		verified_at; /* wall ms; 0: did not happen */
	unsigned requests; /* how many asked */
};

struct task_watch; /* somebody who wants to know of changes */

struct task {
	char id[ID_MAX];
	char agent_id[ID_MAX];
	char plugin[33];
	enum task_status status;

	struct buf start; /* packed MSG_START */
	struct buf started; /* packed MSG_STARTED; empty until then */
	struct label *labels; /* own */
	size_t n_labels;
	char *owner; /* the client that created it; "" for anonymous */
	char *webhooks; /* who is told of it (webhook/hooks.h); NULL: nobody */
	int64_t timeout_ms, start_timeout_ms, grace_ms;

	int64_t created_at, sent_at, started_at, ended_at; /* 0: not yet */
	int64_t pid;
	char containment[16]; /* "" until started */

	struct task_cancel cancel;

	char failure[24]; /* "" or exit, signal, spawn_error, agent_lost, ... */
	char *message; /* for people, or NULL */
	struct buf result; /* packed MSG_RESULT; empty until the end, and when
			      the task ended without its node's word */

	struct transcript *transcript; /* output and events; own */
	uint64_t agent_seq; /* of the node's responses, taken up to here */

	/* of the node that it was sent to, as far as known */
	char boot_id[40];
	char instance[40]; /* of the executor: only this one may have it */

	/* bookkeeping */
	unsigned refs;
	struct task_watch *watches;
	struct letter *letters; /* own: to be stored with the next update */
	/* the store's: as far as it is stored */
	uint64_t stored_seq; /* of agent_seq */
	enum task_status stored_status;
	/* the hub's, while the task is unfinished */
	struct agent *agent;
	struct loop_timer *start_timer; /* pending: no agent in time */
	struct task *agent_prev, *agent_next;
	uint64_t acked_seq, acked_bytes; /* what its node was told to forget */
	uint64_t output_limit; /* as its start says; 0: not looked at */
	bool held; /* named by the inventory being read */
	bool doubted; /* whoever may have it hangs: a full inventory tells */
	bool unsent; /* sent before, and to be sent again */
	bool given_up; /* it ended as lost: who has it is to stop */
	bool placed, placing; /* instance is stored: it may be sent there */
	int64_t cancel_ms; /* clock_ms() when its node was asked; 0: never */
	/* count.c's: as what it is counted */
	bool counted, counted_stuck;
	enum task_status counted_status;
	uint64_t counted_bytes; /* stored */
	uint64_t end_seq; /* of the node's result, 0: ended without */
	UT_hash_handle hh_live;
	/* the memory store's */
	struct task *newer, *older; /* all of them */
	struct task *done_prev, *done_next; /* finished, oldest end first */
	int64_t done_ms; /* monotonic; 0: not finished */
	UT_hash_handle hh;
	struct kept *kept; /* the durable store's */
};

/* With one reference; NULL: out of memory. */
struct task *task_new(void);
struct task *task_ref(struct task *t);
void task_unref(struct task *t);
AUTO_DEFINE(struct task *, task_unref)

/* Why it is being cancelled, in a word; NULL: a code without a name. */
const char *task_cancel_name(const struct task_cancel *c);

/* Bytes that it holds, but for its output; short texts are not counted. */
size_t task_size(const struct task *t);

/* Final, and stored as such: only then it is said to anybody. */
bool task_over(const struct task *t);
/* The status that may be said: the one before, while an end is being stored. */
enum task_status task_told(const struct task *t);

/* Watches: fn runs after every change of the record or of its log, on the
 * loop's thread. It may drop its own watch, and no other. */
struct task_watch {
	loop_fn *fn;
	void *arg;
	struct task_watch *prev, *next; /* the task's */
};
void task_watch_add(struct task *t, struct task_watch *w);
void task_watch_drop(struct task *t, struct task_watch *w);
void task_changed(struct task *t); /* for the hub: call the watches */

#endif
