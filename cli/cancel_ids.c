/* cancel_ids.c - nodelink cancel ID...: each by a request of its own
 *
 * A request waits until the evidence is there, so several are under way at a
 * time. On a terminal a line says how far they are; Ctrl-C stops the waiting
 * and no cancel. */
#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "cli/cancel.h"
#include "cli/follow.h"
#include "cli/interrupt.h"

enum {
	AT_A_TIME = 16,
	TICK_MS = 500, /* of the line that says how far it is */
	STEP_MAX = 64,
};

struct target {
	const char *id;
	struct http_call *call; /* under way */
	bool done;
	int r; /* of the request, with err */
	struct err err;
};

struct ids {
	struct verb_call *call;
	struct http *http;
	struct target *targets;
	struct http_answer *answers; /* one for each */
	size_t n, n_started, n_done;
	int64_t since;
	/* Of a single one, on a terminal: the steps of its cancel. */
	bool watching;
	struct follow steps;
	char step[STEP_MAX];
};

static void
ids_done(struct ids *ids)
{
	for (size_t i = 0; i < ids->n; i++) {
		http_stop(ids->targets[i].call);
		http_answer_done(&ids->answers[i]);
	}
	follow_done(&ids->steps);
	free(ids->targets);
	free(ids->answers);
}

/* ----------------------------------------------------------------- requests */

static int
start_one(struct ids *ids, struct target *t, struct err *err)
{
	AUTO_BUF struct buf path = { 0 };
	struct http_request request = { .method = "DELETE",
		.wait_ms = HTTP_EVER };
	int r = buf_add_text(&path, "/tasks/");

	if (r == 0)
		r = http_escape(&path, t->id);
	if (r == 0)
		r = cancel_query(ids->call->conf, &path);
	if (r < 0)
		return err_set(err, r, "out of memory");
	request.path = buf_text(&path);
	return http_start(ids->http, &request, &t->call, err);
}

static int
start_some(struct ids *ids, struct err *err)
{
	int r = 0;

	while (r == 0 && ids->n_started < ids->n &&
		ids->n_started - ids->n_done < AT_A_TIME)
		r = start_one(ids, &ids->targets[ids->n_started++], err);
	return r;
}

static void
take_answers(struct ids *ids)
{
	for (size_t i = 0; i < ids->n_started; i++) {
		struct target *t = &ids->targets[i];

		if (t->done || !http_ended(t->call))
			continue;
		t->r = http_result(t->call, &ids->answers[i], &t->err);
		http_stop(TAKE(t->call));
		t->done = true;
		ids->n_done++;
	}
}

/* ----------------------------------------------------------------- progress */

static int
on_step(void *arg, const struct sse_event *event, const json_t *doc)
{
	struct ids *ids = arg;
	const char *step =
		http_text(json_object_get(doc, "taskCancel"), "message");

	(void)event;
	if (*step)
		(void)snprintf(ids->step, sizeof ids->step, "%s", step);
	return 0;
}

static int
watch(struct ids *ids, struct err *err)
{
	int r;

	if (!ids->call->err.live || ids->n != 1 ||
		conf_bool(ids->call->conf, "quiet"))
		return 0;
	r = follow_init(&ids->steps, ids->http, ids->targets->id, "&output=0",
		NULL, err);
	ids->steps.fn = on_step;
	ids->steps.arg = ids;
	ids->steps.quiet = true;
	ids->watching = r == 0;
	return r;
}

/* A line that is written over. */
static void
show(const struct ids *ids)
{
	const struct term *term = &ids->call->err;
	AUTO_BUF struct buf step = { 0 };
	int64_t s = (clock_ms() - ids->since) / 1000;

	if (!term->live || conf_bool(ids->call->conf, "quiet"))
		return;
	if (ids->n_done == ids->n)
		(void)fputs(term_erase(term), stderr);
	else if (ids->n > 1)
		(void)fprintf(stderr, "%scancelling: %zu of %zu, %lld s",
			term_erase(term), ids->n_done, ids->n, (long long)s);
	else if (term_safe(&step, ids->step) == 0)
		(void)fprintf(stderr, "%scancelling: %.*s, %lld s",
			term_erase(term), (int)term_width(term) - 24,
			step.len ? buf_text(&step) : "asked", (long long)s);
	(void)fflush(stderr);
}

/* --------------------------------------------------------------------- loop */

/* Until all are answered, or a signal says not to wait. */
static int
wait_for_all(struct ids *ids, int signals, int *signo, struct err *err)
{
	struct pollfd fd = { .fd = signals, .events = POLLIN };
	int r = watch(ids, err);

	while (r == 0) {
		r = start_some(ids, err);
		show(ids);
		if (r < 0 || ids->n_done == ids->n)
			return r;
		r = http_turn(ids->http, &fd, 1,
			ids->call->err.live ? TICK_MS : HTTP_EVER, err);
		*signo = interrupt_take(signals);
		take_answers(ids);
		if (*signo)
			return 0;
		/* It only decorates: what breaks there is the request's to
		 * tell. */
		if (r == 0 && ids->watching &&
			follow_turn(&ids->steps, NULL) != FOLLOW_MORE)
			ids->watching = false;
	}
	return r;
}

/* What could not be cancelled, or is not yet. 0, or the status to exit with. */
static int
judge(const struct ids *ids)
{
	bool no_wait = conf_bool(ids->call->conf, "no-wait");
	int status = 0;

	for (size_t i = 0; i < ids->n; i++) {
		const struct target *t = &ids->targets[i];

		if (t->done && t->r < 0)
			say("task '%s': %s", t->id, t->err.text);
		if (!t->done || t->r < 0 ||
			(ids->answers[i].status != 200 && !no_wait))
			status = STATUS_FAILED;
	}
	return status;
}

int
cancel_ids(struct verb_call *call, struct http *http, struct err *err)
{
	__attribute__((cleanup(ids_done))) struct ids ids = { .call = call,
		.http = http,
		.n = call->n_words,
		.since = clock_ms() };
	AUTO_CLOSE int signals = interrupt_open(err);
	int r = signals < 0 ? signals : 0, signo = 0;

	ids.targets = calloc(ids.n, sizeof *ids.targets);
	ids.answers = calloc(ids.n, sizeof *ids.answers);
	if (!ids.targets || !ids.answers) {
		ids.n = 0;
		return err_set(err, -ENOMEM, "out of memory");
	}
	for (size_t i = 0; i < ids.n; i++)
		ids.targets[i].id = call->words[i];
	if (r == 0)
		r = wait_for_all(&ids, signals, &signo, err);
	if (r == 0)
		r = receipt_print(call, ids.answers, ids.n, err);
	if (r < 0)
		return r;
	r = judge(&ids);
	if (!signo)
		return r;
	(void)fputs(term_erase(&call->err), stderr);
	say("not waiting any more; what was asked for stays so");
	return STATUS_SIGNAL + signo;
}
