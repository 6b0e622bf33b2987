/* follow.h - what a task does, from its event stream, whatever breaks
 *
 * A connection that is lost is made again, with a growing pause, and goes on
 * behind the last event: none is told twice, none is missing. A server that was
 * never heard is not tried again: its name may be wrong. */
#ifndef NODELINK_CLI_FOLLOW_H
#define NODELINK_CLI_FOLLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/http.h"
#include "cli/output.h"
#include "cli/sse.h"

/* An event, and its data as JSON. Negative: stop, follow_turn() returns it. */
typedef int
follow_fn(void *arg, const struct sse_event *event, const json_t *doc);

struct follow {
	struct http *http; /* borrowed */
	const char *id; /* borrowed */
	char *path;
	struct sse sse;
	struct http_call *call; /* NULL: it is tried again at retry_at */
	int64_t retry_at, pause_ms;
	bool heard; /* the server has answered, or the caller knows that it does */
	bool quiet; /* no word about lost connections */
	bool lost; /* and that was said */
	bool only_now; /* the stream's end is the end, also without last event */
	follow_fn *fn;
	void *arg;
	json_t *record; /* of the task, once it has ended */
	json_t *refusal; /* what the server has said instead; NULL: nothing */
	struct err err; /* what broke last */
};

/* more: what the query says beside the id ("&encoding=base64"), or "". after:
 * the event behind which to begin, or NULL. 0 or -ENOMEM with text; then
 * follow_done() in any case. */
int follow_init(struct follow *f, struct http *http, const char *id,
	const char *more, const char *after, struct err *err);
void follow_done(struct follow *f);

/* After each http_turn(): tells what has come. FOLLOW_END: that was all. */
enum { FOLLOW_MORE, FOLLOW_END };
int follow_turn(struct follow *f, struct err *err);
/* How long http_turn() may wait; HTTP_EVER: until something comes. */
int64_t follow_wait_ms(const struct follow *f);

/* All of it, for who waits for nothing else. 0 or -errno with text. */
int follow_all(struct follow *f, struct err *err);

/* An event as a line of JSON for programs, with its number as "id". As
 * output_add(), or -EBADMSG. */
int follow_line(struct output *output, const struct sse_event *event);

#endif
