/* logs.c - nodelink logs: what a task has printed, from its beginning */
#include <errno.h>
#include <stdio.h>

#include "cli/follow.h"
#include "cli/verb.h"

static const struct conf_item items[] = {
	{ .key = "follow",
		.flag = "follow",
		.short_flag = 'f',
		.type = CONF_BOOL,
		.help = "go on until its end" },
	{ .key = "since",
		.flag = "since",
		.type = CONF_INT,
		.max = INT64_MAX,
		.arg = "EVENT",
		.help = "what came behind the event of this number" },
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
	bool out, err, hooks; /* which are wanted */
	struct output output;
};

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

/* To its own stream, unless stdout is not wanted: then there is room for it. */
static int
on_pieces(struct logs *l, const json_t *doc)
{
	static const char *const kinds[] = { "shellExecute", "dockerOperation",
		"pluginTask" };
	const json_t *piece = json_object_get(doc, "hook");
	int r = 0;

	if (piece && l->hooks)
		r = output_base64(&l->output,
			l->out ? STDERR_FILENO : STDOUT_FILENO,
			http_text(piece, "output"));
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(kinds); i++) {
		piece = json_object_get(doc, kinds[i]);
		if (piece && l->out)
			r = output_base64(&l->output, STDOUT_FILENO,
				http_text(piece, "stdout"));
		if (r == 0 && piece && l->err)
			r = output_base64(&l->output,
				l->out ? STDERR_FILENO : STDOUT_FILENO,
				http_text(piece, "stderr"));
	}
	return r;
}

static int
on_event(void *arg, const struct sse_event *event, const json_t *doc)
{
	struct logs *l = arg;
	int r = l->call->json ? follow_line(&l->output, event)
			      : on_pieces(l, doc);

	return r < 0 ? r : flush(l);
}

static int
start(struct logs *l, struct http *http, struct follow *f, struct err *err)
{
	const struct conf *conf = l->call->conf;
	AUTO_BUF struct buf more = { 0 };
	int r = buf_printf(&more, "%s%s",
		l->call->json ? "" : "&encoding=base64",
		conf_bool(conf, "follow") ? "" : "&follow=0");

	if (r < 0)
		return err_set(err, r, "out of memory");
	r = follow_init(f, http, l->call->words[0], buf_text(&more),
		conf_text(conf, "since"), err);
	f->fn = on_event;
	f->arg = l;
	f->only_now = !conf_bool(conf, "follow");
	return r;
}

static int
run(struct verb_call *call, struct err *err)
{
	AUTO(http_free) struct http *http = NULL;
	struct logs l = { .call = call,
		.out = conf_bool(call->conf, "stdout"),
		.err = conf_bool(call->conf, "stderr"),
		.hooks = conf_bool(call->conf, "hooks") };
	struct follow f = { 0 };
	int r = http_new(&call->context, &http, err);

	if (!l.out && !l.err && !l.hooks)
		l.out = l.err = l.hooks = true;
	if (r == 0)
		r = start(&l, http, &f, err);
	if (r == 0)
		r = follow_all(&f, err);
	if (l.output.broken == EPIPE)
		*err->text = 0; /* who reads it has seen enough */
	else if (l.output.broken)
		(void)err_set(err, r, "cannot write to stdout: %s",
			err_name(l.output.broken));
	follow_done(&f);
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
