/* wait.c - nodelink wait: until tasks have ended
 *
 * One after the other, which takes as long as the longest. On a terminal a line
 * says which one is waited for. */
#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "cli/follow.h"
#include "cli/outcome.h"
#include "cli/text.h"
#include "cli/verb.h"
#include "cli/when.h"

enum {
	TICK_MS = 500, /* of the line on a terminal */
	LOOK_MS = 2000, /* behind the deadline, at one that ended before */
};

static const struct conf_item items[] = {
	{ .key = "quiet",
		.flag = "quiet",
		.short_flag = 'q',
		.type = CONF_BOOL,
		.help = "only exit with its status" },
	{ .key = "timeout",
		.flag = "timeout",
		.short_flag = 't',
		.type = CONF_DURATION,
		.help = "longest wait, then exit with 124; 0: only look" },
};

struct wait {
	struct verb_call *call;
	struct http *http;
	json_t *records; /* or what stands for one that there is not */
	size_t at; /* of the words */
	int64_t since, deadline; /* HTTP_EVER: none */
	bool heard; /* the server has answered */
	bool mute; /* behind the deadline it has not */
	bool line; /* on a terminal: is written over */
	int status; /* of the first that has another than 0 */
};

static int
on_event(void *arg, const struct sse_event *event, const json_t *doc)
{
	(void)arg;
	(void)event;
	(void)doc;
	return 0; /* the last one is kept by follow.c */
}

/* -------------------------------------------------------------------- the line */

static void
erase(const struct wait *w)
{
	if (w->line)
		(void)fputs(term_erase(&w->call->err), stderr);
}

static int
add_line(const struct wait *w, const struct follow *f, struct buf *out)
{
	int64_t waited_ms = clock_ms() - w->since;
	char span[WHEN_TEXT];
	int r = f->lost ? term_safe(out, f->err.text)
			: buf_add_text(out, "waiting for ");

	if (r == 0)
		r = f->lost ? buf_add_text(out, "; trying again")
			    : term_safe(out, f->id);
	if (r == 0 && w->call->n_words > 1)
		r = buf_printf(
			out, ", task %zu of %zu", w->at + 1, w->call->n_words);
	return r < 0 ? r
		     : buf_printf(out, ", for %s", when_span(waited_ms, span));
}

static int
show(const struct wait *w, const struct follow *f)
{
	AUTO_BUF struct buf line = { 0 };
	AUTO_BUF struct buf cut = { 0 };
	size_t columns;
	int r = w->line ? add_line(w, f, &line) : 0;

	if (r == 0 && w->line)
		r = text_add_cut(&cut, buf_text(&line),
			term_width(&w->call->err) - 1, &columns);
	if (r == 0 && w->line)
		(void)fprintf(stderr, "%s%s", term_erase(&w->call->err),
			buf_text(&cut));
	return r;
}

/* --------------------------------------------------------------------- waiting */

enum { ENDED, NOT_YET }; /* of wait_some() */

static int
wait_some(
	const struct wait *w, struct follow *f, int64_t until, struct err *err)
{
	int r = follow_turn(f, err);

	while (r == FOLLOW_MORE) {
		int64_t wait_ms = follow_wait_ms(f);
		int64_t left = until - clock_ms();

		if (until != HTTP_EVER && left <= 0)
			return NOT_YET;
		if (until != HTTP_EVER && (wait_ms < 0 || left < wait_ms))
			wait_ms = left;
		if (w->line && (wait_ms < 0 || TICK_MS < wait_ms))
			wait_ms = TICK_MS;
		r = show(w, f) < 0 ? err_set(err, -ENOMEM, "out of memory")
				   : http_turn(w->http, NULL, 0, wait_ms, err);
		if (r == 0)
			r = follow_turn(f, err);
	}
	if (r < 0)
		return r;
	return f->record ? ENDED : NOT_YET;
}

/* "ID completed", "ID cancelled by ..." */
static int
print(const struct verb_call *call, const char *id, const json_t *record,
	struct err *err)
{
	AUTO_BUF struct buf text = { 0 };
	int status = outcome_status(record);

	if (call->json || conf_bool(call->conf, "quiet"))
		return 0;
	if (outcome_text(record, &text) < 0)
		return err_set(err, -ENOMEM, "out of memory");
	if (text.len)
		(void)printf("%s %s\n", id, buf_text(&text));
	else if (status)
		(void)printf("%s exited with status %d\n", id, status);
	else
		(void)printf("%s completed\n", id);
	(void)fflush(stdout); /* now, not with the last one; main.c sees it */
	return 0;
}

static int
keep(struct wait *w, json_t *record, int status, struct err *err)
{
	if (!w->status)
		w->status = status;
	return json_array_append(w->records, record ? record : json_null()) < 0
		       ? err_set(err, -ENOMEM, "out of memory")
		       : 0;
}

static int
say_not_yet(const struct wait *w, const char *id)
{
	char span[WHEN_TEXT];

	if (w->deadline > w->since)
		say("task '%s' has not ended within %s", id,
			when_span(w->deadline - w->since, span));
	else
		say("task '%s' has not ended", id);
	return STATUS_TIMEOUT;
}

static int
wait_for(struct wait *w, const char *id, struct err *err)
{
	bool over = w->deadline != HTTP_EVER && clock_ms() >= w->deadline;
	int64_t until = over && !w->mute ? clock_ms() + LOOK_MS : w->deadline;
	struct follow f;
	int r = follow_init(&f, w->http, id,
		over ? "&output=0&follow=0" : "&output=0", NULL, err);

	f.fn = on_event;
	f.heard = w->heard;
	f.quiet = w->line; /* which tells it */
	f.only_now = over;
	if (r == 0)
		r = wait_some(w, &f, until, err);
	w->heard = f.heard;
	erase(w);
	if (r == NOT_YET) {
		w->mute = over && clock_ms() >= until;
		r = keep(w, NULL, say_not_yet(w, id), err);
	} else if (r == -ENOENT) { /* the others may be there */
		say("%s", err->text);
		r = keep(w, f.refusal, STATUS_OURS, err);
	} else if (r == ENDED) {
		r = print(w->call, id, f.record, err);
		if (r == 0)
			r = keep(w, f.record, outcome_status(f.record), err);
	}
	follow_done(&f);
	return r;
}

static int
run(struct verb_call *call, struct err *err)
{
	AUTO(http_free) struct http *http = NULL;
	AUTO(json_decref) json_t *records = json_array();
	struct wait w = { .call = call,
		.records = records,
		.since = clock_ms(),
		.deadline = HTTP_EVER,
		.line = call->err.live && !conf_bool(call->conf, "quiet") };
	int r = records ? http_new(&call->context, &http, err)
			: err_set(err, -ENOMEM, "out of memory");

	w.http = http;
	if (conf_is_set(call->conf, "timeout"))
		w.deadline = w.since + conf_number(call->conf, "timeout");
	for (; r == 0 && w.at < call->n_words; w.at++)
		r = wait_for(&w, call->words[w.at], err);
	if (r == 0 && call->json)
		r = verb_print_json(call->n_words == 1
					    ? json_array_get(records, 0)
					    : records,
			err);
	return r < 0 ? r : w.status;
}

const struct verb verb_wait = {
	.name = "wait",
	.group = "Tasks",
	.words = "ID...",
	.summary = "Waits until tasks have ended, and exits with their status.",
	.items = items,
	.n_items = ARRAY_SIZE(items),
	.page = "nodelink-run(1)",
	.passes_status = true,
	.run = run,
};
