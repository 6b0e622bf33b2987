/* timeline.c - what became of a task and when, drawn from its record */
#include "cli/timeline.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "cli/drawing.h"
#include "cli/http.h"
#include "cli/look.h"
#include "cli/record.h"
#include "cli/when.h"

struct timeline {
	const json_t *task, *cancel;
	struct arena arena; /* of details */
	struct buf events; /* struct drawing_event */
	size_t n;
	int r;
};

/* ------------------------------------------------------------------- events */

__attribute__((format(printf, 5, 6))) static void
add(struct timeline *t, int64_t at, const char *word, enum term_style style,
	const char *fmt, ...)
{
	AUTO_FREE char *text = NULL;
	struct drawing_event event = { at, t->n, word, style, NULL };
	char *kept;
	va_list args;
	int n;

	if (!at)
		return;
	va_start(args, fmt);
	n = vasprintf(&text, fmt, args);
	va_end(args);
	kept = n < 0 ? NULL : arena_alloc(&t->arena, (size_t)n + 1);
	if (kept)
		event.detail = memcpy(kept, text, (size_t)n);
	if (!kept || buf_add(&t->events, &event, sizeof event) < 0)
		t->r = -ENOMEM;
	else
		t->n++;
}

static void
add_life(struct timeline *t)
{
	const json_t *task = t->task;
	const char *owner = http_text(task, "owner");
	const char *user = http_text(task, "user");
	const char *held = http_text(task, "containment");
	int64_t pid = record_number(task, "pid");
	char leader[32] = "";

	if (pid)
		(void)snprintf(leader, sizeof leader, "pid %" PRIi64, pid);
	add(t, record_time(task, "created_at"), "created", TERM_PLAIN, "%s%s",
		*owner ? "by " : "", owner);
	add(t, record_time(task, "sent_at"), "sent", TERM_PLAIN, "to %s",
		http_text(task, "agent_id"));
	add(t, record_time(task, "started_at"), "started", TERM_PLAIN,
		"%s%s%s%s%s%s", leader, *user ? pid ? " as " : "as " : "", user,
		*held && (pid || *user) ? ", " : "", *held ? "held by " : "",
		held);
}

/* The texts of a list, but for one of them. */
static void
join(struct buf *out, const json_t *list, const char *without)
{
	const json_t *value;
	size_t i;

	json_array_foreach(list, i, value)
	{
		const char *text = json_plain_text(value);

		if (text && (!without || strcmp(text, without) != 0))
			(void)buf_printf(
				out, "%s%s", out->len ? ", " : "", text);
	}
}

static void
add_asked(struct timeline *t)
{
	const char *reason = http_text(t->cancel, "reason");
	int64_t requests = record_number(t->cancel, "requests");
	char grace[WHEN_TEXT], times[40] = "";

	if (requests > 1)
		(void)snprintf(times, sizeof times, ", asked %" PRIi64 " times",
			requests);
	add(t, record_time(t->cancel, "requested_at"), "cancel", TERM_YELLOW,
		"%s (%" PRIi64 ") by %s, grace %s%s%s%s",
		http_text(t->cancel, "name"), record_number(t->cancel, "code"),
		http_text(t->cancel, "actor"),
		when_span(record_seconds(t->cancel, "grace"), grace), times,
		*reason ? ": " : "", reason);
	add(t, record_time(t->cancel, "delivered_at"), "delivered", TERM_YELLOW,
		"to the node");
}

static void
add_signals(struct timeline *t)
{
	const json_t *receipt = record_object(t->task, "receipt");
	const json_t *killed = record_list(receipt, "killed"), *one;
	AUTO_BUF struct buf signals = { 0 };
	AUTO_BUF struct buf pids = { 0 };
	size_t i;

	join(&signals, record_list(receipt, "signals"), "SIGKILL");
	if (!signals.len)
		(void)buf_add_text(&signals,
			http_text(record_object(t->task, "stop"), "signal"));
	add(t, record_time(t->cancel, "stopping_at"), "stop", TERM_YELLOW, "%s",
		buf_text(&signals));
	json_array_foreach(killed, i, one)
	{
		(void)buf_printf(&pids, "%s%" PRIi64 " %s", i ? ", " : ": ",
			record_number(one, "pid"), http_text(one, "name"));
	}

	add(t, record_time(t->cancel, "killing_at"), "kill", TERM_RED,
		"SIGKILL%s", buf_text(&pids));
}

static void
add_verified(struct timeline *t)
{
	const json_t *receipt = record_object(t->task, "receipt");
	const char *held = http_text(receipt, "containment");

	if (strcmp(http_text(t->cancel, "phase"), "verified") == 0)
		add(t, record_time(t->cancel, "verified_at"), "verified",
			TERM_GREEN, "nothing of it is left%s%s",
			*held ? ", says " : "", held);
}

static void
add_hook(struct timeline *t, const json_t *hook)
{
	const char *error = http_text(hook, "error");
	const char *sig = http_text(hook, "signal");
	bool timed_out = record_bool(hook, "timed_out");
	int64_t code = record_number(hook, "exit_code");
	bool bad = *error || *sig || code;
	char span[WHEN_TEXT], how[64];

	if (*error || *sig)
		(void)snprintf(how, sizeof how, "%s", *sig ? sig : error);
	else
		(void)snprintf(how, sizeof how, "exit %" PRIi64, code);
	when_span(record_seconds(hook, "duration"), span);
	add(t, record_time(hook, "started_at"), http_text(hook, "kind"),
		bad ? TERM_RED : TERM_PLAIN, "%s: %s%s%s%s",
		http_text(hook, "cmd"), how,
		timed_out ? ", its time was over," : "",
		*error ? "" : " after ", *error ? "" : span);
}

/* Those before the stop signal, or those after the end; when the last of them
 * was over, or 0. */
static int64_t
add_hooks(struct timeline *t, bool before)
{
	const json_t *hook;
	int64_t end = 0;
	size_t i;

	json_array_foreach(record_list(t->task, "hooks"), i, hook)
	{
		int64_t at = record_time(hook, "started_at") +
			     record_seconds(hook, "duration");

		if ((strcmp(http_text(hook, "kind"), "pre_stop") == 0) !=
			before)
			continue;
		add_hook(t, hook);
		end = at > end ? at : end;
	}
	return end;
}

/* What keeps a cancel from its end. */
static void
add_miss(struct timeline *t, int64_t now_ms)
{
	const char *phase = http_text(t->cancel, "phase");
	int64_t end = record_time(t->task, "finished_at");

	if (strcmp(phase, "too_late") == 0)
		add(t, end, "too late", TERM_YELLOW,
			"it had ended by itself before the signal");
	else if (strcmp(phase, "undeliverable") == 0)
		add(t, end, "lost", TERM_RED,
			"nobody can say that nothing of it is left");
	else if (strcmp(phase, "unkillable") == 0)
		add(t, end ? end : now_ms, "unkillable", TERM_RED,
			"something of it survives SIGKILL");
}

/* How its processes ended. */
static int
describe_end(const json_t *task, struct buf *out)
{
	const char *sig = http_text(task, "signal");
	const char *failure = http_text(task, "failure");
	const char *message = http_text(task, "message");
	const char *rule = http_text(task, "rule");
	int r;

	if (record_has(task, "exit_code"))
		r = buf_printf(
			out, "exit %" PRIi64, record_number(task, "exit_code"));
	else
		r = buf_printf(
			out, "%s%s", *sig ? "by " : "", *sig ? sig : failure);
	if (r == 0 && *rule)
		r = buf_printf(out, " by %s", rule);
	if (r == 0 && *message)
		r = buf_printf(out, "%s%s", out->len ? ": " : "", message);
	return r;
}

/* The end of its processes is that of the task, unless hooks came after. */
static void
add_end(struct timeline *t)
{
	const char *status = http_text(t->task, "status");
	enum term_style style = look_status(status);
	int64_t ended = record_time(t->task, "finished_at");
	AUTO_BUF struct buf how = { 0 };
	size_t at = t->n;
	int64_t cleaned;

	if (describe_end(t->task, &how) < 0)
		t->r = -ENOMEM;
	add(t, ended, "ended", style, "%s", buf_text(&how));
	cleaned = add_hooks(t, false);
	if (cleaned)
		add(t, cleaned > ended ? cleaned : ended, status, style, "%s",
			"");
	else if (t->n > at)
		((struct drawing_event *)t->events.data)[at].word = status;
}

/* What a task that has not ended is doing; NULL: it has. */
static const char *
doing(const struct timeline *t)
{
	const char *status = http_text(t->task, "status");

	if (strcmp(status, "in_progress") == 0)
		return t->cancel ? "being cancelled" : "running";
	if (strcmp(status, "pending") == 0)
		return "waiting for its agent";
	return strcmp(status, "sent") == 0 ? "waiting for its start" : NULL;
}

int
timeline_add(struct buf *out, const json_t *task, int64_t now_ms,
	const struct term *term)
{
	struct timeline t = { .task = task,
		.cancel = record_object(task, "cancel") };
	int r;

	add_life(&t);
	add_asked(&t);
	(void)add_hooks(&t, true); /* the stop signal is their end */
	add_signals(&t);
	add_verified(&t);
	add_miss(&t, now_ms);
	add_end(&t);
	r = t.r < 0 ? t.r
		    : drawing_add(out, (struct drawing_event *)t.events.data,
			      t.n, doing(&t), now_ms, term);
	arena_done(&t.arena);
	buf_done(&t.events);
	return r;
}
