/* cancel_each.c - some tasks, each cancelled by a request of its own
 *
 * A request waits until the evidence is there, so several are under way at a
 * time. On a terminal a line says how far they are. What a server that goes
 * away has not answered is asked again (cancel_away.c). Those that were all
 * asked for before are only looked at, once they have ended (cancel_left.c). */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/cancel.h"
#include "cli/interrupt.h"

enum {
	AT_A_TIME = 16,
	TICK_MS = 500, /* of the line that says how far it is */
	LOOK_MS = 500, /* whether agents are there again */
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
		.since = clock_ms() };
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
	cancel_left_done(&e->left);
	free(e->ids);
	free(e->targets);
	free(e->answers);
}

/* ----------------------------------------------------------------- requests */

int64_t
cancel_each_left(const struct cancel_each *e)
{
	int64_t left =
		e->since - clock_ms() + conf_number(e->call->conf, "wait");

	if (!conf_is_set(e->call->conf, "wait"))
		return -1;
	return left > 0 ? left : 0;
}

/* When what was asked before may be asked again. */
static int64_t
turn_at(const struct cancel_each *e)
{
	return e->look_at > e->away.again_at ? e->look_at : e->away.again_at;
}

static int
start_one(struct cancel_each *e, size_t i, struct err *err)
{
	const struct conf *conf = e->call->conf;
	AUTO_BUF struct buf path = { 0 };
	struct http_request request = { 0 };
	int r = buf_add_text(&path, "/tasks/");

	if (r == 0)
		r = http_escape(&path, e->ids[i]);
	if (r == 0 && !e->left.path) {
		int64_t wait_ms = cancel_each_left(e);

		request.method = "DELETE";
		request.wait_ms = cancel_patience(conf, wait_ms);
		r = cancel_query(conf, wait_ms, &path);
	}
	if (r < 0)
		return err_set(err, r, "out of memory");
	request.path = buf_text(&path);
	e->n_calls++;
	e->targets[i].asked = true;
	return http_start(e->http, &request, &e->targets[i].call, err);
}

/* Those that were never asked, or the others. */
static int
start_some(struct cancel_each *e, bool asked, struct err *err)
{
	int r = 0;

	if (clock_ms() < (asked ? turn_at(e) : e->away.again_at))
		return 0;
	for (size_t i = 0; r == 0 && i < e->n && e->n_calls < AT_A_TIME; i++) {
		const struct cancel_target *t = &e->targets[i];

		if (!t->done && !t->call && t->asked == asked &&
			(t->ended || !e->left.path))
			r = start_one(e, i, err);
	}
	return r;
}

/* ------------------------------------------------------------------ answers */

/* A server that is back answers at once of agents that are not: there is no
 * evidence to wait for. */
static bool
too_early(struct cancel_each *e, const struct http_answer *answer)
{
	if (e->left.path || !cancel_away_returns(&e->away) ||
		answer->status != 202 || cancel_each_left(e) == 0 ||
		conf_bool(e->call->conf, "no-wait"))
		return false;
	e->look_at = clock_ms() + LOOK_MS;
	return true;
}

void
cancel_each_end(struct cancel_each *e, size_t i)
{
	e->targets[i].done = true;
	e->n_done++;
}

static void
take_answers(struct cancel_each *e)
{
	for (size_t i = 0; i < e->n; i++) {
		struct cancel_target *t = &e->targets[i];
		HTTP_ANSWER(answer);
		bool sent;

		if (!t->call || !http_ended(t->call))
			continue;
		sent = http_sent(t->call);
		t->r = http_result(t->call, &answer, &t->err);
		http_stop(TAKE(t->call));
		e->n_calls--;
		if (cancel_away_again(e, sent, t->r, &answer, &t->err) ||
			too_early(e, &answer))
			continue;
		http_answer_done(&e->answers[i]);
		e->answers[i] = answer;
		answer = (struct http_answer){ 0 };
		cancel_each_end(e, i);
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

static void
sooner(int64_t *wait_ms, int64_t at)
{
	int64_t left = at - clock_ms();

	left = left > 0 ? left : 0;
	if (*wait_ms < 0 || left < *wait_ms)
		*wait_ms = left;
}

static int64_t
turn_ms(const struct cancel_each *e)
{
	int64_t wait_ms = e->call->err.live ? TICK_MS : HTTP_EVER;

	if (turn_at(e) > clock_ms())
		sooner(&wait_ms, turn_at(e));
	if (cancel_left_at(e) != HTTP_EVER)
		sooner(&wait_ms, cancel_left_at(e));
	return wait_ms;
}

/* Waits until something happens, and takes it. */
static int
turn(struct cancel_each *e, int signals, struct err *err)
{
	struct pollfd fd = { .fd = signals, .events = POLLIN };
	int r = http_turn(e->http, &fd, 1, turn_ms(e), err);

	e->signo = interrupt_take(signals);
	take_answers(e);
	/* It only decorates: what breaks there is the request's to tell. */
	if (r == 0 && e->watching && !e->signo &&
		follow_turn(&e->steps, NULL) != FOLLOW_MORE)
		e->watching = false;
	return r;
}

int
cancel_each_wait(struct cancel_each *e, int signals, struct err *err)
{
	int r = watch(e, err);

	while (r == 0) {
		r = cancel_left_turn(e, err);
		if (r == 0)
			r = start_some(e, false, err);
		if (r == 0)
			r = start_some(e, true, err);
		show(e);
		if (r < 0 || e->n_done == e->n)
			return r;
		r = turn(e, signals, err);
		if (e->signo) {
			(void)fputs(term_erase(&e->call->err), stderr);
			return r;
		}
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
