/* logs.c - nodelink logs: what a task has printed, from its beginning, or the
 * last of it */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/parse.h"
#include "cli/follow.h"
#include "cli/lines.h"
#include "cli/record.h"
#include "cli/verb.h"
#include "cli/when.h"

static const struct conf_item items[] = {
	{ .key = "follow",
		.flag = "follow",
		.short_flag = 'f',
		.type = CONF_BOOL,
		.help = "go on until its end" },
	{ .key = "tail",
		.flag = "tail",
		.short_flag = 'n',
		.arg = "LINES",
		.fallback = "all",
		.help = "only so many lines from the end, or all" },
	{ .key = "since",
		.flag = "since",
		.arg = "WHEN",
		.help = "only what came since this time (RFC 3339), so long "
			"ago (10m), or behind the event of this number" },
	{ .key = "timestamps",
		.flag = "timestamps",
		.short_flag = 't',
		.type = CONF_BOOL,
		.help = "begin each line with its time" },
	{ .key = "stdout",
		.flag = "stdout",
		.type = CONF_BOOL,
		.help = "only what it has printed on stdout" },
	{ .key = "stderr",
		.flag = "stderr",
		.type = CONF_BOOL,
		.help = "only what it has printed on stderr" },
	{ .key = "hooks",
		.flag = "hooks",
		.type = CONF_BOOL,
		.help = "only what its hooks have printed" },
};

struct logs {
	const struct verb_call *call;
	struct http *http;
	bool out, err, hooks; /* which are wanted */
	const char *after; /* event, or NULL */
	int64_t since; /* wall ms; 0: whenever */
	struct output output;
	struct lines lines;
	struct err why; /* of what an event is no good for */
};

/* -------------------------------------------------------------------- output */

/* Waits for the reader: nothing else is to be done. */
static int
flush(struct logs *l)
{
	struct pollfd fd;

	output_flush(&l->output);
	while (l->output.broken == 0 && output_waits(&l->output, &fd)) {
		(void)poll(&fd, 1, -1); /* a signal ends us */
		output_flush(&l->output);
	}
	return l->output.broken ? -l->output.broken : 0;
}

static int
add(struct logs *l, enum lines_stream stream, const json_t *piece,
	const char *name, const char *stamp)
{
	/* To its own stream, unless stdout is not wanted: then there is room
	 * for it. */
	int fd = l->out && stream != LINES_OUT ? STDERR_FILENO : STDOUT_FILENO;
	uint8_t bytes[OUTPUT_PIECE];
	size_t n;
	int r = output_decode(http_text(piece, name), bytes, &n);

	return r < 0 ? r : lines_add(&l->lines, stream, fd, stamp, bytes, n);
}

static int
on_pieces(struct logs *l, const json_t *doc)
{
	static const char *const kinds[] = { "shellExecute", "dockerOperation",
		"pluginTask" };
	const char *stamp = http_text(doc, "time");
	const json_t *piece = json_object_get(doc, "hook");
	int r = 0;

	if (piece && l->hooks)
		r = add(l, LINES_HOOK, piece, "output", stamp);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(kinds); i++) {
		piece = json_object_get(doc, kinds[i]);
		if (piece && l->out)
			r = add(l, LINES_OUT, piece, "stdout", stamp);
		if (r == 0 && piece && l->err)
			r = add(l, LINES_ERR, piece, "stderr", stamp);
	}
	return r;
}

static int
on_event(void *arg, const struct sse_event *event, const json_t *doc)
{
	struct logs *l = arg;
	int64_t at = record_time(doc, "time");
	int r;

	if (!at && (l->since || l->lines.stamps))
		return err_set(&l->why, -ENODATA,
			"event %.20s has no time: the server is older, or was "
			"when it came; --since takes the number of an event",
			event->id);
	if (at < l->since)
		return 0;
	r = l->call->json ? follow_line(&l->output, event) : on_pieces(l, doc);
	return r < 0 ? r : flush(l);
}

/* ------------------------------------------------------------------- reading */

/* Behind an event, or NULL. *record: of the task, if it has ended. *last: of
 * the events, for who goes on. */
static int
read_events(struct logs *l, const char *after, bool follow, bool heard,
	bool *ended, char **last, struct err *err)
{
	AUTO_BUF struct buf more = { 0 };
	struct follow f = { 0 };
	int r = buf_printf(&more, "%s%s",
		l->call->json ? "" : "&encoding=base64",
		follow ? "" : "&follow=0");

	if (r < 0)
		return err_set(err, r, "out of memory");
	r = follow_init(
		&f, l->http, l->call->words[0], buf_text(&more), after, err);
	f.fn = on_event;
	f.arg = l;
	f.heard = heard;
	f.only_now = !follow;
	if (r == 0)
		r = follow_all(&f, err);
	if (r == -ENODATA)
		*err = l->why;
	*ended = f.record != NULL;
	if (r == 0 && last && f.sse.id.len &&
		!(*last = strdup(buf_text(&f.sse.id))))
		r = err_set(err, -ENOMEM, "out of memory");
	follow_done(&f);
	return r;
}

/* What there is, of which the last lines are shown; then what comes. */
static int
read_tail(struct logs *l, struct err *err)
{
	AUTO_FREE char *last = NULL;
	bool ended;
	int r = read_events(l, l->after, false, false, &ended, &last, err);

	if (r == 0 && lines_release(&l->lines) < 0)
		return err_set(err, -ENOMEM, "out of memory");
	if (r == 0)
		r = flush(l);
	if (r == 0 && conf_bool(l->call->conf, "follow") && !ended)
		r = read_events(l, last ? last : l->after, true, true, &ended,
			NULL, err);
	return r;
}

static int
read_all(struct logs *l, struct err *err)
{
	bool ended;

	return read_events(l, l->after, conf_bool(l->call->conf, "follow"),
		false, &ended, NULL, err);
}

/* --------------------------------------------------------------------- flags */

static int
take_since(struct logs *l, struct err *err)
{
	const char *text = conf_text(l->call->conf, "since");
	uint64_t number;
	int64_t ms;

	if (!text)
		return 0;
	if (parse_u64(text, 0, INT64_MAX, &number) == 0)
		l->after = text;
	else if (when_rfc3339(text, &l->since) == 0)
		return 0;
	else if (parse_duration_ms(text, &ms) == 0 && ms < clock_wall_ms())
		l->since = clock_wall_ms() - ms;
	else
		return err_set(err, -EINVAL,
			"--since: '%.64s' is no time such as "
			"2026-11-22T17:08:03Z, no duration such as 10m, and no "
			"number of an event",
			text);
	return 0;
}

static int
take_tail(struct logs *l, struct err *err)
{
	const char *text = conf_text(l->call->conf, "tail");
	uint64_t max;

	if (strcmp(text, "all") == 0)
		return 0;
	if (parse_u64(text, 0, SIZE_MAX, &max) < 0)
		return err_set(err, -EINVAL,
			"--tail: '%.64s' is neither a number of lines nor all",
			text);
	if (l->call->json)
		return err_set(err, -EINVAL,
			"--tail counts lines, but --json prints events: "
			"--since takes the number of one");
	l->lines.holds = true;
	l->lines.max = max;
	return 0;
}

static int
run(struct verb_call *call, struct err *err)
{
	AUTO(http_free) struct http *http = NULL;
	const struct conf *conf = call->conf;
	struct logs l = { .call = call,
		.out = conf_bool(conf, "stdout"),
		.err = conf_bool(conf, "stderr"),
		.hooks = conf_bool(conf, "hooks") };
	int r = take_since(&l, err);

	l.lines.output = &l.output;
	l.lines.stamps = conf_bool(conf, "timestamps") && !call->json;
	if (!l.out && !l.err && !l.hooks)
		l.out = l.err = l.hooks = true;
	if (r == 0)
		r = take_tail(&l, err);
	if (r == 0)
		r = http_new(&call->context, &http, err);
	l.http = http;
	if (r == 0)
		r = l.lines.holds ? read_tail(&l, err) : read_all(&l, err);
	if (l.output.broken == EPIPE)
		*err->text = 0; /* who reads it has seen enough */
	else if (l.output.broken)
		(void)err_set(err, r, "cannot write to stdout: %s",
			err_name(l.output.broken));
	lines_done(&l.lines);
	output_done(&l.output);
	return r;
}

const struct verb verb_logs = {
	.name = "logs",
	.group = "Tasks",
	.words = "ID",
	.summary = "Shows what a task has printed.",
	.items = items,
	.n_items = ARRAY_SIZE(items),
	.page = "nodelink-run(1)",
	.run = run,
};
