/* waiting.h - why a task that was made is not begun
 *
 * An agent that is away or drained takes no task, and the server keeps it: who
 * waits is told so at once, and what to do. */
#ifndef NODELINK_CLI_WAITING_H
#define NODELINK_CLI_WAITING_H

#include <stdint.h>

#include "cli/http.h"

/* Appends why this agent does not take this task now (records of the server),
 * since when, how long that may last, and what to do: way_out says how the task
 * is cancelled. Nothing when the agent can take it. As buf_add(). */
int waiting_why(const json_t *agent, const json_t *task, int64_t now,
	const char *way_out, struct buf *out);

/* Beside other calls: looks twice at a task that tells nothing, and says why it
 * waits. A zeroed one never looks. */
struct waiting {
	struct http *http; /* borrowed */
	const char *id; /* borrowed */
	struct http_call *call;
	json_t *task; /* as it was looked at; NULL: call is about it */
	int64_t at; /* the next look; 0: there is no need */
	int looks;
};
void waiting_start(struct waiting *w, struct http *http, const char *id);
void waiting_stop(struct waiting *w); /* it has told something */
/* After each http_turn(), which waits until at at most. 0 or -ENOMEM with text. */
int waiting_turn(struct waiting *w, struct err *err);

/* Of one that is left running: asks, once. What goes wrong is not said. */
void waiting_tell(struct http *http, const json_t *task);

#endif
