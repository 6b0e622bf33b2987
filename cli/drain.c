/* drain.c - nodelink drain: keep new tasks from an agent, and see it empty */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/http.h"
#include "cli/interrupt.h"
#include "cli/list.h"
#include "cli/look.h"
#include "cli/record.h"
#include "cli/text.h"
#include "cli/verb.h"
#include "cli/when.h"

enum {
	LOOK_MS = 500, /* between two looks at what is left */
	COUNT_MAX = 200, /* as far as it is counted */
	LINE_MAX_LEN = 256,
};

static const struct conf_item items[] = {
	{ .key = "timeout",
		.flag = "timeout",
		.type = CONF_DURATION,
		.help = "cancel what it still has after this time (default: "
			"let it end)" },
	{ .key = "grace",
		.flag = "grace",
		.type = CONF_DURATION,
		.help = "of those cancels (default: each task's own)" },
	{ .key = "reason",
		.flag = "reason",
		.arg = "TEXT",
		.help = "why, for people" },
	{ .key = "wait",
		.flag = "wait",
		.short_flag = 'w',
		.type = CONF_BOOL,
		.help = "wait until nothing runs on it any more" },
	{ .key = "undo",
		.flag = "undo",
		.type = CONF_BOOL,
		.help = "take it back: the agent gets tasks again" },
};

/* --------------------------------------------------------------------- asking */

static int
set_duration(const struct conf *conf, const char *key, json_t *body)
{
	if (!conf_is_set(conf, key))
		return 0;
	return json_object_set_new(
		body, key, json_real((double)conf_number(conf, key) / 1000));
}

static int
make_body(const struct conf *conf, json_t **out, struct err *err)
{
	const char *reason = conf_text(conf, "reason");
	AUTO(json_decref) json_t *body = json_object();

	if (!body || set_duration(conf, "timeout", body) < 0 ||
		set_duration(conf, "grace", body) < 0)
		return err_set(err, -ENOMEM, "out of memory");
	if (reason &&
		json_object_set_new(body, "reason", json_string(reason)) < 0)
		return err_set(err, -EINVAL, "--reason: it must be UTF-8");
	*out = TAKE(body);
	return 0;
}

/* The agent's record as it is then. */
static int
ask(struct verb_call *call, struct http *http, struct http_answer *answer,
	struct err *err)
{
	bool undo = conf_bool(call->conf, "undo");
	struct http_request request = { .method = undo ? "DELETE" : "POST" };
	AUTO(json_decref) json_t *body = NULL;
	AUTO_BUF struct buf path = { 0 };
	int r = undo ? 0 : make_body(call->conf, &body, err);

	if (r < 0)
		return r;
	if (buf_add_text(&path, "/agents/") < 0 ||
		http_escape(&path, call->words[0]) < 0 ||
		buf_add_text(&path, "/drain") < 0)
		return err_set(err, -ENOMEM, "out of memory");
	request.path = buf_text(&path);
	request.body = body;
	return http_ask(http, &request, answer, err);
}

/* -------------------------------------------------------------------- waiting */

struct left {
	bool drained; /* nobody has taken it back */
	bool connected;
	size_t sent, running; /* COUNT_MAX: or more */
};

static int
count(struct http *http, const char *agent, const char *status, size_t *out,
	struct err *err)
{
	AUTO(json_decref) json_t *tasks = NULL;
	AUTO_BUF struct buf path = { 0 };
	bool more;
	int r = buf_add_text(&path, "/tasks");

	if (r == 0)
		r = list_query(&path, "agent_id", agent);
	if (r == 0)
		r = list_query(&path, "status", status);
	if (r < 0)
		return err_set(err, -ENOMEM, "out of memory");
	r = list_tasks(http, buf_text(&path), COUNT_MAX, &tasks, &more, err);
	*out = json_array_size(tasks);
	return r;
}

/* What is sent is counted first: what moves on meanwhile is counted twice, and
 * nothing is missed. */
static int
look(struct http *http, const char *agent, struct left *left, struct err *err)
{
	AUTO(json_decref) json_t *record = NULL;
	int r = list_agents(http, agent, &record, err);

	if (r == 0)
		r = count(http, agent, "sent", &left->sent, err);
	if (r == 0)
		r = count(http, agent, "in_progress", &left->running, err);
	left->drained = record_has(record, "draining");
	left->connected = record_bool(record, "connected");
	return r;
}

static void
describe(const char *agent, const struct left *left, char line[LINE_MAX_LEN])
{
	size_t n = left->sent + left->running;

	(void)snprintf(line, LINE_MAX_LEN, "%s: %zu%s task%s left%s", agent, n,
		left->sent >= COUNT_MAX || left->running >= COUNT_MAX
			? " or more"
			: "",
		n == 1 ? "" : "s",
		left->connected ? "" : ", and the agent is away");
}

/* A line that is written over, no longer than the terminal is wide. */
static int
rewrite(const struct term *term, const char *text, int64_t waited_ms)
{
	AUTO_BUF struct buf line = { 0 };
	AUTO_BUF struct buf cut = { 0 };
	char span[WHEN_TEXT];
	size_t columns;
	int r = term_safe(&line, text);

	if (r == 0)
		r = buf_printf(&line, ", for %s", when_span(waited_ms, span));
	if (r == 0)
		r = text_add_cut(
			&cut, buf_text(&line), term_width(term) - 1, &columns);
	if (r == 0)
		(void)fprintf(stderr, "%s%s", term_erase(term), buf_text(&cut));
	return r;
}

/* On a terminal that line, else one for each change. */
static int
show(const struct verb_call *call, const char *line, char before[LINE_MAX_LEN],
	int64_t since_ms)
{
	if (call->err.live)
		return rewrite(&call->err, line, clock_ms() - since_ms);
	if (strcmp(line, before) != 0)
		say("%s", line);
	(void)snprintf(before, LINE_MAX_LEN, "%s", line);
	return 0;
}

/* Ctrl-C ends the waiting only. */
static int
stopped(const struct verb_call *call, int signo)
{
	(void)fputs(term_erase(&call->err), stderr);
	say("no longer waiting; '%s' gets no tasks until \"nodelink drain "
	    "--undo %s\"",
		call->words[0], call->words[0]);
	return STATUS_SIGNAL + signo;
}

/* A server that is not reached may be back soon: it is asked again. */
static int
wait_empty(
	struct verb_call *call, struct http *http, int signals, struct err *err)
{
	const char *agent = call->words[0];
	struct pollfd fd = { .fd = signals, .events = POLLIN };
	int64_t since = clock_ms();
	char line[LINE_MAX_LEN], before[LINE_MAX_LEN] = "";

	for (;;) {
		struct left left = { 0 };
		int r = look(http, agent, &left, err), signo;

		if (r < 0 && r != -EINTR && !http_away(r))
			return r;
		if (r == 0 && !left.drained)
			return err_set(err, -ECANCELED,
				"somebody has taken the drain of '%s' back",
				agent);
		if (r == 0 && !left.sent && !left.running)
			break;
		signo = interrupt_take(signals);
		if (signo)
			return stopped(call, signo);
		if (r == 0)
			describe(agent, &left, line);
		else
			(void)snprintf(line, sizeof line, "%.200s; trying on",
				err->text);
		if (show(call, line, before, since) < 0)
			return err_set(err, -ENOMEM, "out of memory");
		r = http_turn(http, &fd, 1, LOOK_MS, err);
		if (r < 0)
			return r;
	}
	(void)fputs(term_erase(&call->err), stderr);
	return 0;
}

/* ----------------------------------------------------------------------- verb */

static int
print_asked(const struct verb_call *call, const json_t *agent, struct err *err)
{
	const char *id = http_text(agent, "agent_id");
	const json_t *drain = record_object(agent, "draining");
	const char *until = http_text(drain, "until");
	int64_t tasks = record_number(agent, "tasks");
	int r;

	if (!drain)
		return look_line(err, "%s gets tasks again", id);
	r = look_line(err, "%s gets no more tasks; %" PRIi64 " unfinished%s%s",
		id, tasks, *until && tasks ? ", cancelled at " : "",
		*until && tasks ? until : "");
	if (!conf_bool(call->conf, "wait"))
		say("it lasts until \"nodelink drain --undo %s\", or until the "
		    "server is restarted",
			id);
	return r;
}

static int
run(struct verb_call *call, struct err *err)
{
	bool undo = conf_bool(call->conf, "undo");
	bool waits = conf_bool(call->conf, "wait");
	AUTO(http_free) struct http *http = NULL;
	AUTO(json_decref) json_t *agent = NULL;
	AUTO_CLOSE int signals = -1;
	HTTP_ANSWER(answer);
	int r;

	if (undo && (waits || conf_is_set(call->conf, "timeout")))
		return err_set(err, -EINVAL,
			"--undo ends a drain: it goes with neither --wait nor "
			"--timeout");
	r = http_new(&call->context, &http, err);
	if (r == 0)
		r = ask(call, http, &answer, err);
	if (strcmp(http_code(&answer), "no_such_agent") == 0)
		return list_no_agent(call->words[0], err);
	if (r == 0 && !call->json)
		r = print_asked(call, answer.doc, err);
	if (r == 0 && waits) {
		r = signals = interrupt_open(err);
		http_heed(http, signals);
	}
	if (r >= 0 && waits)
		r = wait_empty(call, http, signals, err);
	if (r != 0)
		return r;
	if (waits && !call->json)
		(void)printf("nothing runs on %s any more\n", call->words[0]);
	if (call->json && waits)
		r = list_agents(http, call->words[0], &agent, err);
	if (r == -EINTR)
		return stopped(call, interrupt_take(signals));
	return r == 0 && call->json
		       ? verb_print_json(waits ? agent : answer.doc, err)
		       : r;
}

const struct verb verb_drain = {
	.name = "drain",
	.group = "Agents",
	.words = "AGENT",
	.summary = "Keeps new tasks from an agent, and lets it become empty.",
	.items = items,
	.n_items = ARRAY_SIZE(items),
	.page = "nodelink-agents(1)",
	.run = run,
};
