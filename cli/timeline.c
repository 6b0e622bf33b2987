/* timeline.c - what became of a task and when, drawn from its record */
#include "cli/timeline.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "cli/http.h"
#include "cli/look.h"
#include "cli/record.h"
#include "cli/text.h"
#include "cli/when.h"

enum {
	SILENCE_MS = 1000, /* from which on it is told */
	WORD = 9, /* width of most words */
};

struct event {
	int64_t at;
	size_t order; /* of those at the same time */
	const char *word;
	enum term_style style;
	const char *detail; /* in the arena */
};

struct timeline {
	const json_t *task, *cancel;
	struct arena arena; /* of details */
	struct buf events; /* struct event */
	size_t n;
	int r;
};

/* ------------------------------------------------------------------- events */

__attribute__((format(printf, 5, 6))) static void
add(struct timeline *t, int64_t at, const char *word, enum term_style style,
	const char *fmt, ...)
{
	AUTO_FREE char *text = NULL;
	struct event event = { at, t->n, word, style, NULL };
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
	json_array_foreach(killed, i, one)(void)
		buf_printf(&pids, "%s%" PRIi64 " %s", i ? ", " : ": ",
			record_number(one, "pid"), http_text(one, "name"));
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
add_hooks(struct timeline *t)
{
	const json_t *hook;
	size_t i;

	json_array_foreach(record_list(t->task, "hooks"), i, hook)
	{
		const char *error = http_text(hook, "error");
		const char *sig = http_text(hook, "signal");
		bool timed_out = record_bool(hook, "timed_out");
		int64_t code = record_number(hook, "exit_code");
		bool bad = *error || *sig || code;
		char span[WHEN_TEXT], how[64];

		if (*error || *sig)
			(void)snprintf(
				how, sizeof how, "%s", *sig ? sig : error);
		else
			(void)snprintf(how, sizeof how, "exit %" PRIi64, code);
		when_span(record_seconds(hook, "duration"), span);
		add(t, record_time(hook, "started_at"), http_text(hook, "kind"),
			bad ? TERM_RED : TERM_PLAIN, "%s: %s%s%s%s",
			http_text(hook, "cmd"), how,
			timed_out ? ", its time was over," : "",
			*error ? "" : " after ", *error ? "" : span);
	}
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

static void
add_end(struct timeline *t)
{
	const json_t *task = t->task;
	const char *status = http_text(task, "status");
	const char *sig = http_text(task, "signal");
	const char *failure = http_text(task, "failure");
	const char *message = http_text(task, "message");
	const char *rule = http_text(task, "rule");
	AUTO_BUF struct buf how = { 0 };

	if (record_has(task, "exit_code"))
		(void)buf_printf(&how, "exit %" PRIi64,
			record_number(task, "exit_code"));
	else if (*sig)
		(void)buf_printf(&how, "by %s", sig);
	else
		(void)buf_add_text(&how, failure);
	if (*rule)
		(void)buf_printf(&how, " by %s", rule);
	if (*message)
		(void)buf_printf(&how, "%s%s", how.len ? ": " : "", message);
	add(t, record_time(task, "finished_at"), *status ? status : "ended",
		look_status(status), "%s", buf_text(&how));
}

/* ------------------------------------------------------------------ drawing */

struct drawing {
	const struct term *term;
	struct buf *out;
	int offset_width; /* of "+1200" */
	bool utf8;
	int r;
};

static void
put(struct drawing *d, const char *text)
{
	if (d->r == 0)
		d->r = buf_add_text(d->out, text);
}

static void
put_styled(struct drawing *d, enum term_style style, const char *text)
{
	put(d, style == TERM_PLAIN ? "" : term_style(d->term, style));
	put(d, text);
	put(d, style == TERM_PLAIN ? "" : term_style(d->term, TERM_PLAIN));
}

/* The offset and the line that leads down. */
static void
put_margin(struct drawing *d, const char *offset, const char *mark,
	const char *plain_mark)
{
	char text[64];

	(void)snprintf(text, sizeof text, "%*s %s  ", d->offset_width, offset,
		*offset ? "ms" : "  ");
	put_styled(d, TERM_DIM, text);
	put_styled(d, TERM_DIM, d->utf8 ? mark : plain_mark);
}

/* A detail that is too long goes on in the next lines, below itself. */
static void
put_detail(struct drawing *d, const char *detail, size_t column, bool last)
{
	size_t room = d->term->is_tty ? term_width(d->term) : 0;

	room = room > column + 20 ? room - column : 0;
	while (room && text_width(detail) > room) {
		size_t n = text_break(detail, room);

		if (d->r == 0)
			d->r = buf_add(d->out, detail, n);
		put(d, "\n");
		put_margin(d, "", last ? " " : "│", last ? " " : "|");
		if (d->r == 0)
			d->r = buf_printf(d->out, "%*s", WORD + 4, "");
		detail += n;
		detail += strspn(detail, " ");
	}
	put(d, detail);
	put(d, "\n");
}

static void
put_event(struct drawing *d, const struct event *e, int64_t born, bool first,
	bool last)
{
	AUTO_BUF struct buf detail = { 0 };
	char offset[32], word[64];
	const char *mark = last ? "└" : first ? "┬" : "├";

	(void)snprintf(offset, sizeof offset,
		e->at == born ? "%" PRIi64 : "%+" PRIi64, e->at - born);
	put_margin(d, offset, mark, "+");
	(void)snprintf(word, sizeof word, *e->detail ? "  %-*s  " : "  %-.*s",
		WORD, e->word);
	put_styled(d, e->style, word);
	if (d->r == 0)
		d->r = term_safe(&detail, e->detail);
	put_detail(
		d, buf_text(&detail), (size_t)d->offset_width + 9 + WORD, last);
}

static void
put_silence(struct drawing *d, int64_t ms, const char *what)
{
	char span[WHEN_TEXT];

	put_margin(d, "", "┊", ":");
	put(d, "  ");
	if (what)
		put_styled(d, TERM_BOLD, what);
	if (what && ms >= SILENCE_MS)
		put(d, ", ");
	if (ms >= SILENCE_MS)
		put_styled(d, TERM_DIM, when_span(ms, span));
	put(d, "\n");
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

static void
draw(struct timeline *t, struct drawing *d, int64_t now_ms)
{
	const struct event *events = (const struct event *)t->events.data;
	const char *more = doing(t);
	int64_t at = now_ms;

	for (size_t i = 0; i < t->n; i++) {
		char offset[32];
		int n = snprintf(offset, sizeof offset, "%+" PRIi64,
			events[i].at - events[0].at);

		if (n > d->offset_width)
			d->offset_width = n;
	}
	for (size_t i = 0; i < t->n; i++) {
		if (i && events[i].at - at >= SILENCE_MS)
			put_silence(d, events[i].at - at, NULL);
		at = events[i].at;
		put_event(d, &events[i], events[0].at, i == 0,
			!more && i + 1 == t->n);
	}
	if (more)
		put_silence(d, now_ms - at, more);
}

/* By time, then by what must come first. */
static int
compare(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

int
timeline_add(struct buf *out, const json_t *task, int64_t now_ms,
	const struct term *term)
{
	struct timeline t = { .task = task,
		.cancel = record_object(task, "cancel") };
	struct drawing d = {
		.term = term, .out = out, .offset_width = 6, .utf8 = text_utf8()
	};

	add_life(&t);
	add_asked(&t);
	add_hooks(&t);
	add_signals(&t);
	add_verified(&t);
	add_miss(&t, now_ms);
	add_end(&t);
	if (t.n)
		qsort(t.events.data, t.n, sizeof(struct event), compare);
	if (t.r == 0)
		draw(&t, &d, now_ms);
	arena_done(&t.arena);
	buf_done(&t.events);
	return t.r < 0 ? t.r : d.r;
}
