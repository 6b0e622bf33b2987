/* cancel.h - the two halves of nodelink cancel */
#ifndef NODELINK_CLI_CANCEL_H
#define NODELINK_CLI_CANCEL_H

#include "cli/follow.h"
#include "cli/http.h"
#include "cli/verb.h"

/* Appends what the flags say about how to cancel to a path's query. wait_ms:
 * for the evidence; negative: as long as the server likes. --no-wait goes
 * before. 0 or -ENOMEM. */
int cancel_query(const struct conf *conf, int64_t wait_ms, struct buf *path);
/* How long to wait for the answer to it: HTTP_EVER, or HTTP_WAIT_MS more than
 * the server was asked to. */
int64_t cancel_patience(const struct conf *conf, int64_t wait_ms);

/* A server that was there and is away, or has too much to do. */
struct cancel_away {
	bool heard; /* the server has answered */
	bool told; /* that it is away */
	unsigned cuts; /* of connections before it did */
	int64_t since, limited_since, back_at; /* 0: it is not, it never was */
	int64_t again_at, pause_ms;
};

/* Which of those that were asked for together have not ended yet. */
struct cancel_left {
	const char *path; /* of their list, borrowed; NULL: none of this */
	struct http_call *call; /* a page of it, or the agents */
	bool agents; /* it is them */
	bool over; /* what is left is not waited for any more */
	struct buf cursor;
	json_t *index; /* where an id is */
	unsigned round;
	int64_t begun, at, pause_ms; /* of a round; of the next */
	int64_t grace_ms; /* the longest */
	size_t n_requested; /* whose agents have not heard of it */
};

struct cancel_target {
	struct http_call *call; /* under way */
	bool asked; /* it was, or is */
	bool done;
	bool ended; /* it has left the list */
	unsigned seen; /* the last round that has found it there */
	int r; /* of the request, with err */
	struct err err;
};

/* cancel_each.c: a request for each of some tasks, several at a time, with
 * their progress on a terminal, until all are answered or a signal comes. Init,
 * set ids, wait, look at answers. With left.path the tasks were asked for
 * already: the request is for the record, once a task is over. */
struct cancel_each {
	struct verb_call *call; /* borrowed, as the next one */
	struct http *http;
	const char **ids; /* own; the texts are borrowed */
	struct http_answer *answers; /* own, one for each */
	size_t n;
	int signo; /* that has ended the waiting, or 0 */
	struct cancel_left left;
	struct cancel_away away;

	/* its own */
	struct cancel_target *targets; /* one for each */
	size_t n_calls, n_done;
	int64_t since, look_at;
	bool watching;
	struct follow steps;
	char step[64];
};
int cancel_each_init(struct cancel_each *e, struct verb_call *call,
	struct http *http, size_t n, struct err *err);
void cancel_each_done(struct cancel_each *e);
int cancel_each_wait(struct cancel_each *e, int signals, struct err *err);
void cancel_each_end(struct cancel_each *e, size_t i); /* it is done */
/* What is left of --wait; negative: as long as the server likes. */
int64_t cancel_each_left(const struct cancel_each *e);
/* Why one has failed, borrowed, or NULL. */
const char *cancel_each_error(const struct cancel_each *e, size_t i);
/* The server was, as far as we know. */
bool cancel_each_asked(const struct cancel_each *e, size_t i);

/* cancel_away.c: whether a request that has ended so is made again, and then
 * not before again_at. sent: http_sent() of it. */
bool cancel_away_again(struct cancel_each *e, bool sent, int r,
	const struct http_answer *answer, const struct err *err);
/* It has been away, and the agents may not be there yet. */
bool cancel_away_returns(const struct cancel_away *a);

/* cancel_left.c: after each http_turn(): asks, and notes what has ended. 0 or
 * -ENOMEM with text. */
int cancel_left_init(
	struct cancel_each *e, const char *path, struct err *err);
void cancel_left_done(struct cancel_left *l);
int cancel_left_turn(struct cancel_each *e, struct err *err);
int64_t cancel_left_at(const struct cancel_each *e); /* or HTTP_EVER */

/* cancel_ids.c: those that are named. cancel_many.c: all that fit --label, --agent and the others. Both
 * print what became of them. The status to exit with, or -errno with text. */
int cancel_ids(struct verb_call *call, struct http *http, struct err *err);
int cancel_many(struct verb_call *call, struct http *http, struct err *err);

/* receipt.c: what became of tasks, from the answers to DELETE /tasks/{id} or
 * their records; one as names and values, several as a table. tasks: records of
 * them that name their agents, then it is a table in any case; or NULL. 0 or
 * -ENOMEM with text. */
int
receipt_print(const struct verb_call *call, const struct http_answer *answers,
	size_t n, const json_t *tasks, struct err *err);

#endif
