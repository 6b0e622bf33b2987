/* event.c - what webhooks tell */
#include "webhook/event.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/parse.h"
#include "wire/msg.h"

static const struct {
	enum event event;
	const char *name;
} names[] = {
	{ EVENT_COMPLETED, "task.completed" },
	{ EVENT_FAILED, "task.failed" },
	{ EVENT_CANCELLED, "task.cancelled" },
	{ EVENT_CANCEL_REQUESTED, "task.cancel_requested" },
};

const char *
event_name(enum event event)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].event == event)
			return names[i].name;
	return "";
}

unsigned
event_parse(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i].name, name) == 0)
			return names[i].event;
	return 0;
}

int
event_parse_list(const char *text, unsigned *out, struct err *err)
{
	unsigned events = 0;

	for (text += strspn(text, ", "); *text;) {
		size_t len = strcspn(text, ", ");
		char name[32] = "";
		unsigned event;

		if (len < sizeof name)
			memcpy(name, text, len);
		event = event_parse(name);
		if (!event)
			return err_set(err, -EINVAL,
				"'%.*s' is no event; there are task.completed, "
				"task.failed, task.cancelled and "
				"task.cancel_requested",
				(int)(len < 64 ? len : 64), text);
		events |= event;
		text += len;
		text += strspn(text, ", ");
	}
	if (!events)
		return err_set(err, -EINVAL, "there is no event in it");
	*out = events;
	return 0;
}

void
event_json(struct emit *e, unsigned events)
{
	emit_array(e, "events");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (events & names[i].event)
			emit_text(e, NULL, names[i].name);
	emit_array_end(e);
}

enum event
event_of(const struct task *t)
{
	switch (t->status) {
	case TASK_COMPLETED: return EVENT_COMPLETED;
	case TASK_FAILED: return EVENT_FAILED;
	case TASK_CANCELLED: return EVENT_CANCELLED;
	case TASK_PENDING:
	case TASK_SENT:
	case TASK_IN_PROGRESS: break;
	}
	return EVENT_CANCEL_REQUESTED;
}

/* ---------------------------------------------------------------------- body */

static void
emit_outcome(struct emit *e, const struct task *t)
{
	AUTO(msg_free) struct msg_box *box = NULL;
	const struct msg_result *result = NULL;

	/* It was checked when it came; without memory both are null. */
	if (t->result.len && msg_unpack(MSG_TO_SERVER, t->result.data,
				     t->result.len, &box, NULL) == 0)
		result = &msg_get(box)->result;
	if (result && result->outcome == MSG_EXITED)
		emit_int(e, "exit_code", result->code);
	else
		emit_null(e, "exit_code");
	emit_text_or_null(e, "signal",
		result && result->outcome == MSG_SIGNALED
			? signal_name(result->code)
			: NULL);
}

static void
emit_cancel(struct emit *e, const struct task *t)
{
	const struct task_cancel *c = &t->cancel;

	if (c->phase == CANCEL_NONE) {
		emit_null(e, "cancel");
		return;
	}
	emit_object(e, "cancel");
	emit_text(e, "phase", cancel_phase_name(c->phase));
	emit_uint(e, "code", c->code);
	emit_text_or_null(e, "name", task_cancel_name(c));
	emit_text_or_null(e, "reason", c->reason);
	emit_text_or_null(e, "actor", c->actor);
	emit_time(e, "requested_at", c->requested_at);
	emit_time(e, "verified_at", c->verified_at);
	emit_object_end(e);
}

/* A node's words may be long. */
static void
emit_message(struct emit *e, const char *message)
{
	char text[LIMIT_REASON + 1];

	(void)snprintf(text, sizeof text, "%s", message ? message : "");
	emit_text_or_null(e, "message", text);
}

static void
emit_data(struct emit *e, const struct task *t)
{
	emit_object(e, "data");
	emit_text(e, "task_id", t->id);
	emit_text(e, "agent_id", t->agent_id);
	emit_text(e, "plugin", t->plugin);
	emit_text_or_null(e, "owner", t->owner);
	emit_text(e, "status", task_status_name(t->status));
	emit_labels(e, t->labels, t->n_labels);
	emit_time(e, "created_at", t->created_at);
	emit_time(e, "started_at", t->started_at);
	emit_time(e, "finished_at", t->ended_at);
	emit_outcome(e, t);
	emit_text_or_null(e, "failure", t->failure);
	emit_message(e, t->message);
	emit_cancel(e, t);
	emit_object_end(e);
}

int
event_body(enum event event, const struct task *t, int64_t at, struct buf *out)
{
	struct emit e;

	emit_init(&e, out);
	emit_object(&e, NULL);
	emit_text(&e, "type", event_name(event));
	emit_time(&e, "timestamp", at);
	emit_data(&e, t);
	emit_object_end(&e);
	return emit_done(&e);
}

/* ----------------------------------------------------------- task.webhooks */

int
event_hook_add(struct buf *out, unsigned events, const char *url)
{
	return buf_printf(out, "%u %s\n", events, url);
}

bool
event_hook_next(
	const char **at, unsigned *events, const char **url, size_t *len)
{
	const char *text = *at;

	if (!text || !*text)
		return false;
	*events = 0;
	while (*text >= '0' && *text <= '9')
		*events = *events * 10 + (unsigned)(*text++ - '0');
	text += *text == ' ';
	*url = text;
	*len = strcspn(text, "\n");
	*at = text + *len + (text[*len] == '\n');
	return true;
}
