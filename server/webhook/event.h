/* event.h - what webhooks tell: names, who wants which, bodies */
#ifndef NODELINK_WEBHOOK_EVENT_H
#define NODELINK_WEBHOOK_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "json/emit.h"
#include "store/task.h"

/* Bits, since a receiver may want several. */
enum event {
	EVENT_COMPLETED = 1,
	EVENT_FAILED = 2,
	EVENT_CANCELLED = 4,
	EVENT_CANCEL_REQUESTED = 8,
	EVENT_ALL = 15,
};
/* "task.completed", ... */
const char *event_name(enum event event);
/* 0: no such event. */
unsigned event_parse(const char *name);
/* "task.failed, task.cancelled"; 0 or -EINVAL with text. */
int event_parse_list(const char *text, unsigned *out, struct err *err);

/* "events": their names. */
void event_json(struct emit *e, unsigned events);

/* What the record is about to say: its end, or else that a cancel began. */
enum event event_of(const struct task *t);

/* The body: {"type":...,"timestamp":...,"data":{...}}. data has the members
 * of GET /tasks/{id} that tell who, what and how it ended; neither command nor
 * parameters nor environment, which may be secrets. 0 or -ENOMEM. */
int
event_body(enum event event, const struct task *t, int64_t at, struct buf *out);

/* task.webhooks: for each receiver a line, "EVENTS URL\n". Add one: 0 or
 * -ENOMEM. Next one of *at, which begins as the text: false at the end; the
 * URL has *len bytes. */
int event_hook_add(struct buf *out, unsigned events, const char *url);
bool event_hook_next(
	const char **at, unsigned *events, const char **url, size_t *len);

#endif
