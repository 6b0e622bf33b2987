/* cancel.h - the two halves of nodelink cancel */
#ifndef NODELINK_CLI_CANCEL_H
#define NODELINK_CLI_CANCEL_H

#include "cli/follow.h"
#include "cli/http.h"
#include "cli/verb.h"

/* Appends what the flags say about how to cancel to a path's query. code: why,
 * if no flag says it, or NULL. wait_ms: for the evidence; negative: as long as
 * the server likes. --no-wait goes before. 0 or -ENOMEM. */
int cancel_query(const struct conf *conf, const char *code, int64_t wait_ms,
	struct buf *path);

/* cancel_each.c: a request for each of some tasks, several at a time, with
 * their progress on a terminal, until all are answered or a signal comes. Init,
 * set ids and code, wait, look at answers. */
struct cancel_each {
	struct verb_call *call; /* borrowed, as the next one */
	struct http *http;
	const char *code; /* for cancel_query() */
	const char **ids; /* own; the texts are borrowed */
	struct http_answer *answers; /* own, one for each */
	size_t n;
	int signo; /* that has ended the waiting, or 0 */

	/* its own */
	struct cancel_target *targets;
	size_t n_calls, n_done;
	int64_t since;
	bool heard; /* the server has answered */
	bool told; /* that it is away */
	unsigned cuts; /* of connections before it did */
	int64_t away_since, back_at, again_at, pause_ms;
	bool watching;
	struct follow steps;
	char step[64];
};
int cancel_each_init(struct cancel_each *e, struct verb_call *call,
	struct http *http, size_t n, struct err *err);
void cancel_each_done(struct cancel_each *e);
int cancel_each_wait(struct cancel_each *e, int signals, struct err *err);
/* Why one has failed, borrowed, or NULL. */
const char *cancel_each_error(const struct cancel_each *e, size_t i);
/* The server was, as far as we know. */
bool cancel_each_asked(const struct cancel_each *e, size_t i);

/* cancel_ids.c: those that are named. cancel_many.c: all that fit --label, --agent and the others. Both
 * print what became of them. The status to exit with, or -errno with text. */
int cancel_ids(struct verb_call *call, struct http *http, struct err *err);
int cancel_many(struct verb_call *call, struct http *http, struct err *err);

/* receipt.c: what became of tasks, from the answers to DELETE /tasks/{id}; one
 * as names and values, several as a table. tasks: records of them that name their
 * agents, then it is a table in any case; or NULL. 0 or -ENOMEM with text. */
int
receipt_print(const struct verb_call *call, const struct http_answer *answers,
	size_t n, const json_t *tasks, struct err *err);

#endif
