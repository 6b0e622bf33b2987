/* cancel_many.c - nodelink cancel --label: all unfinished tasks that fit
 *
 * One request asks for all of them, and no other one cancels, since tasks that
 * were made since would fit, too. Then they are looked at until they have ended,
 * with progress and receipts. Programs (--json) get the server's answer to one
 * request that waits. Ctrl-C stops the waiting and no cancel. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/cancel.h"
#include "cli/interrupt.h"
#include "cli/list.h"
#include "cli/look.h"
#include "cli/record.h"

enum {
	LIMITED_MS = 5 * 60 * 1000, /* longer nobody waits for his turn */
};

static const char unknown[] = "; what was cancelled is not known: "
			      "\"nodelink ps\" shows it, and the same command "
			      "cancels the rest";

struct tally {
	int64_t matched, left, cancelled, ended, undeliverable, unfinished;
};

static int
make_filter(const struct conf *conf, struct buf *out)
{
	char *const *labels;
	size_t n = conf_texts(conf, "label", &labels);
	int r = buf_add_text(out, "/tasks");

	for (size_t i = 0; r == 0 && i < n; i++)
		r = list_query(out, "label", labels[i]);
	if (r == 0)
		r = list_query(out, "agent_id", conf_text(conf, "agent"));
	if (r == 0)
		r = list_query(out, "plugin", conf_text(conf, "plugin"));
	if (r == 0)
		r = list_query(out, "owner", conf_text(conf, "owner"));
	return r;
}

static int
make_path(const struct conf *conf, int64_t wait_ms, struct buf *out)
{
	int r = make_filter(conf, out);

	if (r == 0 && conf_bool(conf, "dry-run"))
		r = list_query(out, "dry_run", "1");
	return r < 0 ? r : cancel_query(conf, wait_ms, out);
}

/* ------------------------------------------------------------------ one answer */

static int
print_tasks(const struct verb_call *call, const json_t *doc, struct err *err)
{
	static const struct table_column columns[] = { { .title = "TASK" },
		{ .title = "AGENT", .gives = true }, { .title = "STATUS" },
		{ .title = "CANCEL" } };
	AUTO(table_free)
	struct table *table = table_new(columns, ARRAY_SIZE(columns));
	const json_t *tasks = record_list(doc, "tasks");
	int r = table ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < json_array_size(tasks); i++) {
		const json_t *task = json_array_get(tasks, i);
		const char *status = http_text(task, "status");
		const struct table_cell row[] = {
			{ .text = http_text(task, "task_id") },
			{ .text = http_text(task, "agent_id") },
			{ .text = status,
				.style = term_style(
					&call->out, look_status(status)) },
			{ .text = http_text(task, "phase") },
		};

		r = table_row(table, row);
	}
	if (r < 0)
		return err_set(err, r, "out of memory");
	return json_array_size(tasks) ? look_print(table, &call->out, err) : 0;
}

static struct tally
count_answer(const json_t *doc)
{
	return (struct tally){
		.matched = record_number(doc, "matched"),
		.left = record_number(doc, "left"),
		.cancelled = record_number(doc, "cancelled"),
		.ended = record_number(doc, "ended"),
		.undeliverable = record_number(doc, "undeliverable"),
		.unfinished = record_number(doc, "unfinished"),
	};
}

/* "3 unfinished tasks match; 2 are cancelled, 1 had ended by themselves" */
static void
print_sum(const struct tally *t, bool dry_run)
{
	const struct {
		int64_t n;
		const char *text;
	} counts[] = {
		{ dry_run ? 0 : t->cancelled, "are cancelled" },
		{ dry_run ? 0 : t->ended, "had ended by themselves" },
		{ dry_run ? 0 : t->undeliverable,
			"were lost with their agent" },
		{ dry_run ? 0 : t->unfinished, "are not ended yet" },
		{ t->left, "more match: do it again" },
	};
	const char *between = "; ";

	(void)fprintf(stderr, "nodelink: %" PRIi64 " unfinished tasks match",
		t->matched);
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		if (!counts[i].n)
			continue;
		(void)fprintf(stderr, "%s%" PRIi64 " %s", between, counts[i].n,
			counts[i].text);
		between = ", ";
	}
	(void)fputs(dry_run ? "; nothing was cancelled\n" : "\n", stderr);
}

/* What the one request has brought is all that there is. */
static int
show_answer(struct verb_call *call, const struct http_answer *answer,
	struct err *err)
{
	bool quiet = conf_bool(call->conf, "quiet");
	struct tally tally = count_answer(answer->doc);
	int r = 0;

	if (call->json)
		r = verb_print_json(answer->doc, err);
	else if (!quiet)
		r = print_tasks(call, answer->doc, err);
	if (r < 0)
		return r;
	if (!call->json && !quiet)
		print_sum(&tally, conf_bool(call->conf, "dry-run"));
	return answer->status == 200 || conf_bool(call->conf, "no-wait")
		       ? 0
		       : STATUS_FAILED;
}

/* ----------------------------------------------------------------- the evidence */

/* What became of each; what there is no word of is not ended yet. */
static void
count_ends(const struct cancel_each *e, struct tally *t)
{
	t->cancelled = t->ended = t->undeliverable = t->unfinished = 0;
	for (size_t i = 0; i < e->n; i++) {
		const json_t *doc = e->answers[i].doc;
		const char *status = http_text(doc, "status");
		const char *phase =
			http_text(record_object(doc, "cancel"), "phase");

		if (strcmp(status, "cancelled") == 0)
			t->cancelled++;
		else if (strcmp(phase, "undeliverable") == 0)
			t->undeliverable++;
		else if (strcmp(status, "completed") == 0 ||
			 strcmp(status, "failed") == 0)
			t->ended++;
		else
			t->unfinished++;
	}
}

static void
tell_errors(const struct cancel_each *e)
{
	for (size_t i = 0; i < e->n; i++)
		if (cancel_each_error(e, i) &&
			!*http_text(e->answers[i].doc, "status"))
			say("task '%s': %s", e->ids[i],
				cancel_each_error(e, i));
}

/* All of them were asked for. */
static int
wait_for(struct cancel_each *e, const json_t *tasks, int signals,
	struct err *err)
{
	AUTO_BUF struct buf path = { 0 };
	int r = make_filter(e->call->conf, &path);

	for (size_t i = 0; i < e->n; i++)
		e->ids[i] = http_text(json_array_get(tasks, i), "task_id");
	e->away.heard = true;
	if (r == 0)
		r = list_query(&path, "status", "unfinished");
	r = r < 0 ? err_set(err, r, "out of memory")
		  : cancel_left_init(e, buf_text(&path), err);
	return r < 0 ? r : cancel_each_wait(e, signals, err);
}

static int
follow(struct verb_call *call, struct http *http, const json_t *doc,
	int signals, struct err *err)
{
	const json_t *tasks = record_list(doc, "tasks");
	__attribute__((cleanup(cancel_each_done))) struct cancel_each e = { 0 };
	struct tally tally = count_answer(doc);
	int r = cancel_each_init(&e, call, http, json_array_size(tasks), err);

	if (r == 0 && e.n)
		r = wait_for(&e, tasks, signals, err);
	if (r == 0 && e.n)
		r = receipt_print(call, e.answers, e.n, tasks, err);
	if (r < 0)
		return r;
	count_ends(&e, &tally);
	tell_errors(&e);
	if (!conf_bool(call->conf, "quiet"))
		print_sum(&tally, false);
	if (e.signo) {
		say("not waiting any more; what was asked for stays so");
		return STATUS_SIGNAL + e.signo;
	}
	return tally.unfinished || tally.undeliverable || tally.left
		       ? STATUS_FAILED
		       : 0;
}

/* One that was refused for being one too many has done nothing. */
static int
ask(struct http *http, const struct http_request *request, int signals,
	struct http_answer *answer, struct err *err)
{
	struct pollfd fd = { .fd = signals, .events = POLLIN };
	int64_t until = clock_ms() + LIMITED_MS;
	int r = http_ask(http, request, answer, err);

	while (http_limited(answer) && clock_ms() < until) {
		int64_t again_at = clock_ms() +
				   (answer->retry_ms ? answer->retry_ms : 1000);

		http_answer_done(answer);
		while (clock_ms() < again_at) {
			r = http_turn(http, &fd, 1, again_at - clock_ms(), err);
			if (r == 0 && fd.revents)
				r = err_set(err, -EINTR, "interrupted");
			if (r < 0)
				return r;
		}
		r = http_ask(http, request, answer, err);
	}
	return r;
}

int
cancel_many(struct verb_call *call, struct http *http, struct err *err)
{
	const struct conf *conf = call->conf;
	bool dry_run = conf_bool(conf, "dry-run");
	bool follows = !call->json && !conf_bool(conf, "no-wait") && !dry_run;
	AUTO_CLOSE int signals = interrupt_open(err);
	AUTO_BUF struct buf path = { 0 };
	HTTP_ANSWER(answer);
	struct http_request request = { .method = "DELETE" };
	int64_t wait_ms =
		conf_is_set(conf, "wait") ? conf_number(conf, "wait") : -1;
	int r;

	if (signals < 0)
		return signals;
	if (make_path(conf, follows ? 0 : wait_ms, &path) < 0)
		return err_set(err, -ENOMEM, "out of memory");
	http_heed(http, signals);
	request.path = buf_text(&path);
	if (!follows && !dry_run)
		request.wait_ms = cancel_patience(conf, wait_ms);
	r = ask(http, &request, signals, &answer, err);
	if (r == -EINTR) {
		say("interrupted before the server has answered%s",
			dry_run ? "" : unknown);
		return STATUS_SIGNAL + interrupt_take(signals);
	}
	if (r < 0 && !dry_run && http_lost(r, &answer)) {
		say("%s%s", err->text, unknown);
		return STATUS_FAILED;
	}
	if (r < 0)
		return r;
	return follows ? follow(call, http, answer.doc, signals, err)
		       : show_answer(call, &answer, err);
}
