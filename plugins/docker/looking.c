/* looking.c - a container that is there: look, signal, pause, remove
 *
 * What decides is the state that an inspect tells. The status of other calls
 * is a hint: engines differ in them, and say "done" to a stop that a start
 * has overtaken. */
#include <errno.h>
#include <string.h>

#include "task.h"

enum { INSPECT_MS = 5000, SIGNAL_MS = 10000, REMOVE_MS = 60000 };

static void
ask(struct task *t, const char *doing, const char *method, const char *what,
	long timeout_ms, void (*on_answer)(void *arg, const struct answer *a))
{
	char path[160];
	const struct request how = { .method = method,
		.path = path,
		.timeout_ms = timeout_ms,
		.on_answer = on_answer,
		.arg = t };

	(void)snprintf(path, sizeof path, "/containers/%s%s",
		*t->id ? t->id : t->name, what);
	t->may_drop = false;
	task_ask(t, doing, &how);
}

/* ----------------------------------------------------------------- inspect */

static void
take_state(struct task *t, const struct answer *a)
{
	struct state s;

	if (!state_parse(a->body, a->len, &s) || s.seen == SEEN_UNKNOWN) {
		task_look_later(t, 0);
		return;
	}
	if (strcmp(s.task, host->task_id(t->task)) != 0 ||
		strcmp(s.agent, host->agent) != 0) {
		task_failed(t, EEXIST, NULL,
			"a container that is not this task's has its name");
		t->seen = SEEN_GONE; /* as far as we are concerned */
		task_step(t);
		return;
	}
	(void)snprintf(t->id, sizeof t->id, "%s", s.id);
	t->state = s;
	t->seen = s.seen;
	t->ran |= s.seen == SEEN_RUNNING || s.has_start;
	if (s.seen == SEEN_RUNNING && t->sent == WANT_KILL)
		t->sent = WANT_STOP; /* it did not help: once more */
	if (s.removing)
		task_look_later(t, 0);
	else
		task_step(t);
}

static void
on_inspect(void *arg, const struct answer *a)
{
	struct task *t = arg;

	if (!task_answered(t, a))
		return;
	if (a->status == 200) {
		take_state(t, a);
	} else if (a->status == 404) {
		t->seen = *t->id ? SEEN_GONE : SEEN_NOTHING;
		task_step(t);
	} else {
		task_look_later(t, 0);
	}
}

void
look_inspect(struct task *t)
{
	ask(t, "inspect", "GET", "/json", INSPECT_MS, on_inspect);
}

/* -------------------------------------------------------------------- kill */

static void
on_kill(void *arg, const struct answer *a)
{
	struct task *t = arg;

	if (!task_answered(t, a)) {
		t->touched = true; /* perhaps */
		return;
	}
	if (a->status == 204) {
		t->touched = true;
		t->sent = t->sending;
		task_step(t);
	} else { /* it has ended, most likely */
		t->seen = SEEN_UNKNOWN;
		if (t->refusals++)
			task_look_later(t, 0);
		else
			task_step(t);
	}
}

void
look_kill(struct task *t)
{
	char what[32];

	t->sending = t->want;
	(void)snprintf(what, sizeof what, "/kill?signal=%u", t->signo);
	ask(t, "kill", "POST", what, SIGNAL_MS, on_kill);
}

/* ------------------------------------------------------------------- pause */

static void
on_pause(void *arg, const struct answer *a)
{
	struct task *t = arg;

	if (!task_answered(t, a))
		return;
	t->state.paused = t->froze = a->status == 204;
	t->cannot_pause = a->status != 204;
	if (a->status == 204)
		task_step(t);
	else
		task_look_later(t, 0);
}

static void
on_unpause(void *arg, const struct answer *a)
{
	struct task *t = arg;

	if (!task_answered(t, a))
		return;
	t->froze = t->state.paused = false;
	if (a->status == 204)
		task_step(t);
	else
		task_look_later(t, 0);
}

void
look_pause(struct task *t, bool pause)
{
	ask(t, pause ? "pause" : "unpause", "POST",
		pause ? "/pause" : "/unpause", SIGNAL_MS,
		pause ? on_pause : on_unpause);
}

/* ------------------------------------------------------------------ remove */

static void
on_remove(void *arg, const struct answer *a)
{
	struct task *t = arg;

	if (!task_answered(t, a))
		return;
	if (a->status == 204 || a->status == 404) {
		t->seen = SEEN_GONE;
		task_step(t);
	} else { /* in progress already, or its files are busy */
		t->refusals++;
		t->seen = SEEN_UNKNOWN;
		task_look_later(t, 0);
	}
}

void
look_remove(struct task *t)
{
	ask(t, "remove", "DELETE", "?v=1&force=1", REMOVE_MS, on_remove);
}
