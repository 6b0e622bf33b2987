/* cancel_each.c - some tasks, each cancelled by a request of its own
 *
 * A request waits until the evidence is there, so several are under way at a
 * time. On a terminal a line says how far they are. When a server that was
 * there goes away, what it has not answered is asked again: a second cancel of
 * a task is the same one, and one that is cancelled stays so. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/cancel.h"
#include "cli/interrupt.h"

enum {
	AT_A_TIME = 16,
	TICK_MS = 500, /* of the line that says how far it is */
	PAUSE_MS = 200,
	PAUSE_MAX_MS = 5000,
	AWAY_MS = 5 * 60 * 1000, /* then it is not coming back */
	CUTS_MAX = 3, /* of connections to who never answers */
	AGENTS_MS = 30 * 1000, /* until agents are at a server that is back */
	LOOK_MS = 500, /* whether they are */
};

struct cancel_target {
	struct http_call *call; /* under way */
	bool done;
	int r; /* of the request, with err */
	struct err err;
};

int
cancel_each_init(struct cancel_each *e, struct verb_call *call,
	struct http *http, size_t n, struct err *err)
{
	size_t room = n ? n : 1;

	*e = (struct cancel_each){ .call = call,
		.http = http,
		.n = n,
		.ids = calloc(room, sizeof *e->ids),
		.targets = calloc(room, sizeof *e->targets),
		.answers = calloc(room, sizeof *e->answers),
		.since = clock_ms(),
		.pause_ms = PAUSE_MS };
	if (e->ids && e->targets && e->answers)
		return 0;
	e->n = 0;
	return err_set(err, -ENOMEM, "out of memory");
}

void
cancel_each_done(struct cancel_each *e)
{
	for (size_t i = 0; i < e->n; i++) {
		http_stop(e->targets[i].call);
		http_answer_done(&e->answers[i]);
	}
	follow_done(&e->steps);
	free(e->ids);
	free(e->targets);
	free(e->answers);
}

/* ----------------------------------------------------------------- requests */

/* What is left of --wait; negative: as long as the server likes. */
static int64_t
wait_left(const struct cancel_each *e)
{
	int64_t left =
		e->since - clock_ms() + conf_number(e->call->conf, "wait");

	if (!conf_is_set(e->call->conf, "wait"))
		return -1;
	return left > 0 ? left : 0;
}

static int
start_one(struct cancel_each *e, size_t i, struct err *err)
{
	AUTO_BUF struct buf path = { 0 };
	struct http_request request = { .method = "DELETE",
		.wait_ms = HTTP_EVER };
	int r = buf_add_text(&path, "/tasks/");

	if (r == 0)
		r = http_escape(&path, e->ids[i]);
	if (r == 0)
		r = cancel_query(e->call->conf, e->code, wait_left(e), &path);
	if (r < 0)
		return err_set(err, r, "out of memory");
	request.path = buf_text(&path);
	e->n_calls++;
	return http_start(e->http, &request, &e->targets[i].call, err);
}

static int
start_some(struct cancel_each *e, struct err *err)
{
	int r = 0;

	if (clock_ms() < e->again_at)
		return 0;
	for (size_t i = 0; r == 0 && i < e->n && e->n_calls < AT_A_TIME; i++)
		if (!e->targets[i].done && !e->targets[i].call)
			r = start_one(e, i, err);
	return r;
}

/* --------------------------------------------------------------------- away */

static void
tell(const struct cancel_each *e, const char *why)
{
	if (conf_bool(e->call->conf, "quiet"))
		return;
	(void)fputs(term_erase(&e->call->err), stderr);
	say("%s; trying again", why);
}

static void
heard(struct cancel_each *e)
{
	if (e->away_since)
		e->back_at = clock_ms();
	e->heard = true;
	e->told = false;
	e->away_since = e->again_at = 0;
	e->pause_ms = PAUSE_MS;
}

/* No answer has come: whether the target is asked again. Those that break
 * together count once. */
static bool
comes_back(struct cancel_each *e, bool sent, const char *why)
{
	int64_t now = clock_ms();
	bool again;

	if (!e->away_since)
		e->away_since = now;
	if (sent && !e->heard && now >= e->again_at)
		e->cuts++;
	again = (e->heard || (e->cuts && e->cuts <= CUTS_MAX)) &&
		now - e->away_since < AWAY_MS && wait_left(e) != 0;
	if (again && now >= e->again_at) {
		if (e->pause_ms > PAUSE_MS && !e->told) {
			tell(e, why);
			e->told = true;
		}
		e->again_at = now + e->pause_ms;
		e->pause_ms *= 2;
		if (e->pause_ms > PAUSE_MAX_MS)
			e->pause_ms = PAUSE_MAX_MS;
	}
	return again;
}

/* A server that is back answers at once of agents that are not: there is no
 * evidence to wait for. */
static bool
too_early(struct cancel_each *e, const struct http_answer *answer)
{
	int64_t now = clock_ms();

	if (!e->back_at || now - e->back_at >= AGENTS_MS ||
		answer->status != 202 || wait_left(e) == 0 ||
		conf_bool(e->call->conf, "no-wait"))
		return false;
	e->again_at = now + LOOK_MS;
	return true;
}

static void
take_answers(struct cancel_each *e)
{
	for (size_t i = 0; i < e->n; i++) {
		struct cancel_target *t = &e->targets[i];
		struct http_answer *answer = &e->answers[i];
		bool sent;

		if (!t->call || !http_ended(t->call))
			continue;
		sent = http_sent(t->call);
		t->r = http_result(t->call, answer, &t->err);
		http_stop(TAKE(t->call));
		e->n_calls--;
		if (!http_away(t->r) && !http_lost(t->r, answer)) {
			heard(e);
			if (too_early(e, answer)) {
				http_answer_done(answer);
				continue;
			}
		} else if (comes_back(e, sent, t->err.text)) {
			http_answer_done(answer);
			continue;
		}
		t->done = true;
		e->n_done++;
	}
}

/* ----------------------------------------------------------------- progress */

static int
on_step(void *arg, const struct sse_event *event, const json_t *doc)
{
	struct cancel_each *e = arg;
	const char *step =
		http_text(json_object_get(doc, "taskCancel"), "message");

	(void)event;
	if (*step)
		(void)snprintf(e->step, sizeof e->step, "%s", step);
	return 0;
}

/* Of a single one, on a terminal: the steps of its cancel. */
static int
watch(struct cancel_each *e, struct err *err)
{
	int r;

	if (!e->call->err.live || e->n != 1 ||
		conf_bool(e->call->conf, "quiet"))
		return 0;
	r = follow_init(&e->steps, e->http, *e->ids, "&output=0", NULL, err);
	e->steps.fn = on_step;
	e->steps.arg = e;
	e->steps.quiet = true;
	e->watching = r == 0;
	return r;
}

/* A line that is written over. */
static void
show(const struct cancel_each *e)
{
	const struct term *term = &e->call->err;
	AUTO_BUF struct buf step = { 0 };
	int64_t s = (clock_ms() - e->since) / 1000;

	if (!term->live || conf_bool(e->call->conf, "quiet"))
		return;
	if (e->n_done == e->n)
		(void)fputs(term_erase(term), stderr);
	else if (e->n > 1)
		(void)fprintf(stderr, "%scancelling: %zu of %zu, %lld s",
			term_erase(term), e->n_done, e->n, (long long)s);
	else if (term_safe(&step, e->step) == 0)
		(void)fprintf(stderr, "%scancelling: %.*s, %lld s",
			term_erase(term), (int)term_width(term) - 24,
			step.len ? buf_text(&step) : "asked", (long long)s);
	(void)fflush(stderr);
}

/* --------------------------------------------------------------------- loop */

static int64_t
turn_ms(const struct cancel_each *e)
{
	int64_t tick = e->call->err.live ? TICK_MS : HTTP_EVER;
	int64_t pause = e->again_at - clock_ms();

	return pause > 0 && (tick < 0 || pause < tick) ? pause : tick;
}

int
cancel_each_wait(struct cancel_each *e, int signals, struct err *err)
{
	struct pollfd fd = { .fd = signals, .events = POLLIN };
	int r = watch(e, err);

	while (r == 0) {
		r = start_some(e, err);
		show(e);
		if (r < 0 || e->n_done == e->n)
			return r;
		r = http_turn(e->http, &fd, 1, turn_ms(e), err);
		e->signo = interrupt_take(signals);
		take_answers(e);
		if (e->signo) {
			(void)fputs(term_erase(&e->call->err), stderr);
			return r;
		}
		/* It only decorates: what breaks there is the request's to
		 * tell. */
		if (r == 0 && e->watching &&
			follow_turn(&e->steps, NULL) != FOLLOW_MORE)
			e->watching = false;
	}
	return r;
}

const char *
cancel_each_error(const struct cancel_each *e, size_t i)
{
	const struct cancel_target *t = &e->targets[i];

	return t->done && t->r < 0 ? t->err.text : NULL;
}

bool
cancel_each_asked(const struct cancel_each *e, size_t i)
{
	const struct cancel_target *t = &e->targets[i];

	return t->done || (t->call && http_sent(t->call));
}
