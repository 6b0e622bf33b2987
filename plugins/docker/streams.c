/* streams.c - the long calls beside the commands: a wait, and output */
#include <errno.h>
#include <string.h>

#include "task.h"

enum {
	NO_FLOW_MS = 1000, /* the end of output is not the container's */
	OPENINGS = 3,
};

/* Before the start an engine that keeps refusing a stream refuses the task;
 * podman does it now and then for a moment. */
static void
opening_failed(struct task *t, const char *what, const struct answer *a)
{
	char text[400];

	if (t->seen != SEEN_CREATED || a->status < 400 ||
		++t->refusals < OPENINGS)
		return;
	state_message(a->body, a->len, text, sizeof text);
	(void)snprintf(t->trouble, sizeof t->trouble, "%s: %s (%ld)", what,
		text, a->status);
	task_failed(t, EIO, NULL, t->trouble);
}

/* -------------------------------------------------------------------- wait */

static void
wait_opened(void *arg)
{
	struct task *t = arg;

	t->wait_open = true;
	task_kick(t);
}

/* The head of a chunked answer has come; on_data makes it a stream. */
static void
on_wait(void *arg, const struct answer *a)
{
	struct task *t = arg;

	t->wait = NULL;
	t->wait_open = false;
	opening_failed(t, "wait", a);
	if (a->status == 200 && t->start_sent &&
		state_parse_wait(a->body, a->len, &t->wait_code))
		t->saw_end = true;
	else
		t->interrupted = true;
	if (t->seen == SEEN_RUNNING || t->seen == SEEN_CREATED)
		t->seen = SEEN_UNKNOWN;
	if (t->saw_end)
		task_news(t);
	else
		task_look_later(t, 0);
}

static void
open_wait(struct task *t, const char *condition)
{
	char path[160];
	const struct request how = { .method = "POST",
		.path = path,
		.on_answer = on_wait,
		.on_open = wait_opened,
		.arg = t };

	(void)snprintf(path, sizeof path, "/containers/%s/wait?condition=%s",
		t->id, condition);
	t->wait = engine_call(&how);
	if (!t->wait)
		task_look_later(t, 0);
}

/* ------------------------------------------------------------------ output */

static void
flow_opened(void *arg)
{
	struct task *t = arg;

	t->flow_open = true;
	task_kick(t);
}

static bool
on_output(void *arg, const char *data, size_t len)
{
	struct task *t = arg;

	if (t->broken)
		return true; /* it goes with the next step */
	if (t->want == WANT_RUN && output_waiting(&t->out) > OUTPUT_MAX) {
		t->stalled = true;
		return false;
	}
	if (output_feed(&t->out, data, len) < 0)
		t->broken = true;
	if (t->broken || (output_waiting(&t->out) > OUTPUT_HIGH && !t->froze))
		task_kick(t);
	return true;
}

static void
on_flow_end(void *arg, const struct answer *a)
{
	struct task *t = arg;

	t->flow = NULL;
	t->flow_open = t->stalled = false;
	opening_failed(t, "attach", a);
	if (a->status != 200)
		t->interrupted = true;
	if (t->seen == SEEN_ENDED)
		task_news(t);
	else if (t->seen == SEEN_RUNNING)
		task_look_later(t, NO_FLOW_MS);
	else if (t->seen == SEEN_CREATED)
		task_look_later(t, 0);
}

static void
open_flow(struct task *t, const char *method, const char *what, bool log)
{
	char path[160];
	const struct request how = { .method = method,
		.path = path,
		.on_answer = on_flow_end,
		.on_open = flow_opened,
		.on_data = on_output,
		.arg = t };

	(void)snprintf(path, sizeof path, "/containers/%s%s", t->id, what);
	output_begin(&t->out, t->spec.tty, log);
	t->flow = engine_call(&how);
	if (!t->flow)
		task_look_later(t, 0);
}

void
streams_open(struct task *t)
{
	if (!t->wait)
		open_wait(t, "next-exit");
	if (!t->flow)
		open_flow(
			t, "POST", "/attach?stream=1&stdout=1&stderr=1", false);
}

void
streams_reopen(struct task *t)
{
	if (!t->wait)
		open_wait(t, "not-running");
	if (t->flow)
		return;
	t->interrupted = true; /* what such a log gives may not be all */
	open_flow(t, "GET", "/logs?stdout=1&stderr=1&follow=1", true);
}

static void
on_log(void *arg, const struct answer *a)
{
	struct task *t = arg;

	t->stalled = false;
	if (!task_answered(t, a))
		return;
	t->log_read = true;
	t->out.gap |= a->status != 200;
	output_end(&t->out); /* only this one is the whole */
	task_step(t);
}

void
streams_read_log(struct task *t)
{
	char path[160];
	const struct request how = { .method = "GET",
		.path = path,
		.on_answer = on_log,
		.on_data = on_output,
		.arg = t };

	(void)snprintf(path, sizeof path,
		"/containers/%s/logs?stdout=1&stderr=1", t->id);
	output_begin(&t->out, t->spec.tty, true);
	t->may_drop = false;
	task_ask(t, "read the log", &how);
}

void
streams_drop(struct task *t)
{
	call_drop(t->wait);
	call_drop(t->flow);
	t->wait = t->flow = NULL;
	t->wait_open = t->flow_open = t->stalled = false;
}
