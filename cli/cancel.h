/* cancel.h - the two halves of nodelink cancel */
#ifndef NODELINK_CLI_CANCEL_H
#define NODELINK_CLI_CANCEL_H

#include "cli/http.h"
#include "cli/verb.h"

/* Appends what the flags say about how to cancel to a path's query. 0 or
 * -ENOMEM. */
int cancel_query(const struct conf *conf, struct buf *path);

/* cancel_ids.c: those that are named; several at a time, with their progress on
 * a terminal. cancel_many.c: all that fit --label, --agent and the others. Both
 * print what became of them. The status to exit with, or -errno with text. */
int cancel_ids(struct verb_call *call, struct http *http, struct err *err);
int cancel_many(struct verb_call *call, struct http *http, struct err *err);

/* receipt.c: what became of tasks, from the answers to DELETE /tasks/{id}; one
 * as names and values, several as a table. 0 or -ENOMEM with text. */
int receipt_print(const struct verb_call *call,
	const struct http_answer *answers, size_t n, struct err *err);

#endif
