/* attach.c - make a task and be its terminal */
#include "cli/attach.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/parse.h"
#include "cli/follow.h"
#include "cli/interrupt.h"
#include "cli/outcome.h"
#include "cli/output.h"
#include "cli/stop.h"
#include "cli/waiting.h"

enum {
	OUTPUT_MAX = 1 << 20, /* not written yet: then nothing more is taken */
	TRIES = 5, /* of making a task whose answer was lost */
};

struct attach {
	struct verb_call *call;
	struct http *http;
	const char *id; /* of the task, once it is made */
	struct follow follow;
	struct output output;
	bool quiet;
	bool ended; /* all of it was told */
	bool held; /* not all that has come, since the output was full */

	int signals; /* descriptor */
	struct stop stop;
	struct http_call *post; /* under way */
	bool sent; /* it was: the task may have been made */
	struct waiting waiting; /* while it says nothing */
};

/* ------------------------------------------------------------------- output */

static int
on_output(struct attach *a, const json_t *piece)
{
	int r = output_base64(
		&a->output, STDOUT_FILENO, http_text(piece, "stdout"));

	return r < 0 ? r
		     : output_base64(&a->output, STDERR_FILENO,
			       http_text(piece, "stderr"));
}

/* Somebody else's: ours was said already. Its later steps are single words, and
 * the end tells more. */
static void
on_cancel(const struct attach *a, const char *message)
{
	if (!a->quiet && a->stop.want == STOP_NOT && strchr(message, ' '))
		say("%s", message);
}

static int
on_event(void *arg, const struct sse_event *event, const json_t *doc)
{
	static const char *const kinds[] = { "shellExecute", "dockerOperation",
		"pluginTask" };
	struct attach *a = arg;
	const json_t *piece;
	int r = 0;

	waiting_stop(&a->waiting);
	if (a->call->json)
		return follow_line(&a->output, event);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(kinds); i++)
		if ((piece = json_object_get(doc, kinds[i])))
			r = on_output(a, piece);
	if (r == 0 && (piece = json_object_get(doc, "hook")))
		r = output_base64(
			&a->output, STDERR_FILENO, http_text(piece, "output"));
	if ((piece = json_object_get(doc, "taskCancel")))
		on_cancel(a, http_text(piece, "message"));
	return r;
}

/* ------------------------------------------------------------------- cancel */

static void
tell_step(const struct attach *a, int signo)
{
	const char *again = signo == SIGINT ? "Ctrl-C again" : "another signal";

	if (a->id && a->stop.want == STOP_CANCEL)
		say("cancelling; %s to kill it at once", again);
	else if (a->id)
		say("killing; %s to leave it", again);
	else if (a->sent && a->stop.want == STOP_CANCEL)
		say("cancelling, once the server has answered; %s not to wait",
			again);
}

static void
take_signals(struct attach *a)
{
	int signo;

	while ((signo = interrupt_take(a->signals)))
		if (stop_signal(&a->stop, signo) && !a->quiet &&
			a->stop.want < STOP_LEAVE)
			tell_step(a, signo);
}

static int
cancel_turn(struct attach *a, struct err *err)
{
	if (a->output.broken && a->stop.want == STOP_NOT) {
		if (a->output.broken != EPIPE)
			say("cannot write to stdout: %s; cancelling",
				err_name(a->output.broken));
		stop_cancel(&a->stop);
	}
	return stop_turn(&a->stop, a->http, a->id, err);
}

/* ---------------------------------------------------------------------- loop */

static int64_t
sooner(int64_t wait_ms, int64_t at)
{
	int64_t left = at - clock_ms();

	left = left > 0 ? left : 0;
	return wait_ms < 0 || left < wait_ms ? left : wait_ms;
}

/* Waits until something happens, and takes signals. */
static int
wait_turn(struct attach *a, int64_t wait_ms, struct err *err)
{
	struct pollfd fds[2] = { { .fd = a->signals, .events = POLLIN } };
	size_t n = 1 + output_waits(&a->output, &fds[1]);
	int r = http_turn(a->http, fds, n, wait_ms, err);

	a->sent = a->sent || (a->post && http_sent(a->post));
	take_signals(a);
	return r;
}

static int
follow_some(struct attach *a, struct err *err)
{
	int r;

	a->held = a->output.bytes.len > OUTPUT_MAX;
	if (a->ended || a->held)
		return 0;
	r = follow_turn(&a->follow, err);
	a->ended = r == FOLLOW_END;
	return r < 0 ? r : 0;
}

/* Until all is told and written, or nobody wants to wait any more. */
static int
follow_task(struct attach *a, struct err *err)
{
	int r = follow_some(a, err);

	while (r == 0) {
		int64_t wait_ms = a->ended || a->held
					  ? HTTP_EVER
					  : follow_wait_ms(&a->follow);

		output_flush(&a->output);
		if ((a->ended && !a->output.n_pieces) ||
			a->stop.want == STOP_LEAVE)
			return 0;
		r = cancel_turn(a, err);
		if (r == 0)
			r = waiting_turn(&a->waiting, err);
		if (a->waiting.at)
			wait_ms = sooner(wait_ms, a->waiting.at);
		if (a->held && a->output.bytes.len <= OUTPUT_MAX)
			wait_ms = 0; /* there is room again */
		if (stop_due_ms(&a->stop) >= 0)
			wait_ms = sooner(wait_ms, stop_due_ms(&a->stop));
		if (r == 0)
			r = wait_turn(a, wait_ms, err);
		if (r == 0)
			r = follow_some(a, err);
	}
	return r;
}

/* ---------------------------------------------------------------------- make */

/* A task that may have been made is to be known, so that it can be cancelled;
 * one that was not is not made any more. */
static bool
gives_up(const struct attach *a)
{
	return a->stop.want >= (a->sent ? STOP_KILL : STOP_CANCEL);
}

static int
given_up(const struct attach *a, struct err *err)
{
	return err_set(err, -EINTR,
		a->sent ? "interrupted before the server has answered: the "
			  "task may have been made; \"nodelink ps\" shows it"
			: "interrupted before the task was made");
}

/* No answer came, and none will. */
static int
unknown(const struct attach *a, int r, struct err *err)
{
	const struct err why = *err;

	return a->sent ? err_set(err, r,
				 "%.400s; the task may have been made; \"nodelink "
				 "ps\" shows it",
				 why.text)
		       : r;
}

static int
post(struct attach *a, const struct http_request *request,
	struct http_answer *answer, struct err *err)
{
	int r = http_start(a->http, request, &a->post, err);

	while (r == 0 && !http_ended(a->post))
		r = gives_up(a) ? given_up(a, err)
				: wait_turn(a, HTTP_EVER, err);
	if (r == 0)
		r = http_result(a->post, answer, err);
	http_stop(TAKE(a->post));
	return r;
}

static int
make(struct attach *a, const char *plugin, const json_t *body,
	struct http_answer *answer, struct err *err)
{
	const char *key = conf_text(a->call->conf, "idempotency-key");
	AUTO_BUF struct buf path = { 0 };
	struct http_request request = { .method = "POST", .body = body };
	char own[ID_MAX];
	int64_t pause_ms = 200;
	int r = buf_add_text(&path, "/tasks/");

	if (r == 0)
		r = http_escape(&path, plugin);
	if (r < 0)
		return err_set(err, r, "out of memory");
	id_new(own);
	request.key = key ? key : own;
	request.path = buf_text(&path);
	for (int i = 1;; i++, pause_ms *= 2) {
		r = post(a, &request, answer, err);
		if (!http_lost(r, answer) && !(a->sent && http_away(r)))
			return r;
		if (i == TRIES)
			return unknown(a, r, err);
		http_answer_done(answer);
		r = gives_up(a) ? given_up(a, err)
				: wait_turn(a, pause_ms, err);
		if (r < 0)
			return r;
	}
}

/* ----------------------------------------------------------------------- end */

static int
status(const struct attach *a, const json_t *record)
{
	bool cancelled = strcmp(http_text(record, "status"), "cancelled") == 0;

	if (a->output.broken == EPIPE)
		return STATUS_SIGNAL + SIGPIPE;
	/* Before what a closed terminal makes of our output. */
	if (cancelled && a->stop.signo)
		return STATUS_SIGNAL + a->stop.signo;
	return a->output.broken ? STATUS_OURS : outcome_status(record);
}

static int
finish(struct attach *a, struct err *err)
{
	const json_t *record = a->follow.record;
	AUTO_BUF struct buf text = { 0 };

	if (!record) {
		say("left; %s: nodelink wait %s", stop_left(&a->stop), a->id);
		return STATUS_SIGNAL + a->stop.signo;
	}
	if (a->output.broken && a->output.broken != EPIPE &&
		a->stop.want == STOP_NOT) /* the end came with it */
		say("cannot write to stdout: %s", err_name(a->output.broken));
	if (outcome_text(record, &text) < 0)
		return err_set(err, -ENOMEM, "out of memory");
	if (text.len && !(a->quiet && a->stop.want) &&
		a->output.broken != EPIPE)
		say("%s", buf_text(&text));
	return status(a, record);
}

static int
attached(struct attach *a, struct err *err)
{
	int r = follow_init(&a->follow, a->http, a->id,
		a->call->json ? "" : "&encoding=base64", NULL, err);

	a->follow.fn = on_event;
	a->follow.arg = a;
	a->follow.quiet = a->quiet;
	a->follow.heard = true; /* it has made the task */
	if (!a->quiet)
		waiting_start(&a->waiting, a->http, a->id);
	if (r == 0)
		r = follow_task(a, err);
	return r < 0 ? r : finish(a, err);
}

static int
detached(const struct attach *a, const json_t *record, struct err *err)
{
	if (a->call->json)
		return verb_print_json(record, err);
	(void)puts(a->id); /* main.c sees whether it went out */
	(void)fflush(stdout); /* before we ask */
	if (!a->quiet)
		waiting_tell(a->http, record);
	return 0;
}

static void
attach_done(struct attach *a)
{
	stop_done(&a->stop);
	waiting_stop(&a->waiting);
	follow_done(&a->follow);
	output_done(&a->output);
	http_free(a->http);
}

int
attach_run(struct verb_call *call, const char *plugin, const json_t *body,
	struct err *err)
{
	__attribute__((cleanup(attach_done))) struct attach a = { .call = call,
		.quiet = conf_bool(call->conf, "quiet") };
	AUTO_CLOSE int signals = interrupt_open(err);
	HTTP_ANSWER(answer);
	int r = signals;

	a.signals = signals;
	if (r >= 0)
		r = http_new(&call->context, &a.http, err);
	if (r == 0)
		r = make(&a, plugin, body, &answer, err);
	if (r == -EINTR) {
		say("%s", err->text);
		return STATUS_SIGNAL + a.stop.signo;
	}
	if (r < 0)
		return r;
	a.id = http_text(answer.doc, "task_id");
	if (!id_valid(a.id)) /* it goes into paths, and to the terminal */
		return err_set(err, -EBADMSG,
			"the server has answered with something else than a "
			"task");
	return conf_bool(call->conf, "detach") && !a.stop.want
		       ? detached(&a, answer.doc, err)
		       : attached(&a, err);
}
