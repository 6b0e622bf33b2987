/* waiting.c - why a task that was made is not begun */
#include "cli/waiting.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "cli/record.h"
#include "cli/verb.h"
#include "cli/when.h"

enum {
	FIRST_MS = 200, /* a task that can begin has done so, mostly */
	SECOND_MS = 1500, /* behind the first one */
	LOOKS = 2,
	TELL_MS = 2000, /* longest wait of somebody who wants to go on */
};

/* ------------------------------------------------------------------------ why */

/* "TEXT TIME (3m 5s ago)" */
static int
add_since(struct buf *out, const char *text, const json_t *object,
	const char *name, int64_t now)
{
	int64_t at = record_time(object, name);
	char span[WHEN_TEXT];

	return at ? buf_printf(out, "%s %s (%s ago)", text,
			    http_text(object, name),
			    when_span(now > at ? now - at : 0, span))
		  : 0;
}

static int
add_drain(struct buf *out, const json_t *drain, int64_t now)
{
	const char *actor = http_text(drain, "actor");
	const char *reason = http_text(drain, "reason");
	int r = buf_add_text(out, "drained");

	if (r == 0)
		r = add_since(out, " since", drain, "since", now);
	if (r == 0 && *actor)
		r = buf_printf(out, " by %s", actor);
	return r == 0 && *reason ? buf_printf(out, ": %s", reason) : r;
}

static const json_t *
find_plugin(const json_t *agent, const char *name)
{
	const json_t *plugin;
	size_t i;

	json_array_foreach(record_list(agent, "plugins"), i, plugin)
	{
		if (strcmp(http_text(plugin, "name"), name) == 0)
			return plugin;
	}

	return NULL;
}

/* "; the task waits for ..., 1m at most (--start-timeout); ..." */
static int
add_rest(struct buf *out, const char *what, const json_t *task,
	const char *way_out)
{
	int64_t limit = record_seconds(task, "start_timeout");
	char span[WHEN_TEXT];
	int r = buf_printf(out, "; the task waits %s", what);

	if (r == 0 && limit)
		r = buf_printf(out, ", %s at most (--start-timeout)",
			when_span(limit, span));
	return r < 0 ? r : buf_printf(out, "; %s", way_out);
}

static int
add_state(
	struct buf *out, const json_t *agent, const json_t *drain, int64_t now)
{
	bool away = !record_bool(agent, "connected");
	int r = buf_printf(out, "agent '%s' is %s",
		http_text(agent, "agent_id"), away ? "not connected" : "");

	if (r == 0 && away && record_time(agent, "seen_at"))
		r = add_since(out, ", last seen", agent, "seen_at", now);
	if (r == 0 && away && drain)
		r = buf_add_text(out, ", and ");
	return r == 0 && drain ? add_drain(out, drain, now) : r;
}

/* The agent is there and takes tasks, but this plugin does not. */
static int
add_plugin(struct buf *out, const json_t *agent, const json_t *task,
	const char *way_out)
{
	const char *name = http_text(task, "plugin");
	const json_t *plugin = find_plugin(agent, name);
	const char *reason = http_text(plugin, "draining_reason");
	bool up = record_bool(plugin, "up");
	int r;

	if (!plugin || (up && !record_bool(plugin, "draining")))
		return 0;
	r = buf_printf(out, "plugin '%s' of agent '%s' %s%s", name,
		http_text(agent, "agent_id"),
		up ? "takes no new tasks: " : "is down",
		!up	  ? ""
		: *reason ? reason
			  : "it is being stopped");
	return r < 0 ? r : add_rest(out, "for it", task, way_out);
}

int
waiting_why(const json_t *agent, const json_t *task, int64_t now,
	const char *way_out, struct buf *out)
{
	bool away = !record_bool(agent, "connected");
	const json_t *drain = record_object(agent, "draining");
	const char *until = http_text(drain, "until");
	AUTO_BUF struct buf what = { 0 };
	int r;

	if (!away && !drain)
		return add_plugin(out, agent, task, way_out);
	r = add_state(out, agent, drain, now);
	if (r == 0 && away)
		r = buf_printf(&what, "until nodelink-agent runs there%s",
			drain ? " and " : "");
	if (r == 0 && drain)
		r = buf_printf(&what,
			"%s\"nodelink drain --undo %s\" is given%s%s",
			away ? "" : "until ", http_text(agent, "agent_id"),
			*until ? ", unless cancelled at " : "", until);
	return r < 0 ? r : add_rest(out, buf_text(&what), task, way_out);
}

/* ----------------------------------------------------------- one that is shown */

void
waiting_start(struct waiting *w, struct http *http, const char *id)
{
	*w = (struct waiting){
		.http = http, .id = id, .at = clock_ms() + FIRST_MS
	};
}

void
waiting_stop(struct waiting *w)
{
	http_stop(TAKE(w->call));
	json_decref(TAKE(w->task));
	w->at = 0;
}

static int
ask(struct waiting *w, const char *prefix, const char *word, struct err *err)
{
	AUTO_BUF struct buf path = { 0 };
	struct http_request request = { 0 };

	if (buf_add_text(&path, prefix) < 0 || http_escape(&path, word) < 0)
		return err_set(err, -ENOMEM, "out of memory");
	request.path = buf_text(&path);
	return http_start(w->http, &request, &w->call, err);
}

static void
look_again(struct waiting *w)
{
	json_decref(TAKE(w->task));
	w->at = w->looks < LOOKS ? clock_ms() + SECOND_MS : 0;
}

/* What the agent's record says of it; of one that is as it should be only the
 * second time. */
static int
take_agent(struct waiting *w, const json_t *agent, struct err *err)
{
	AUTO_BUF struct buf why = { 0 };

	if (agent && waiting_why(agent, w->task, clock_wall_ms(),
			     "Ctrl-C cancels it", &why) < 0)
		return err_set(err, -ENOMEM, "out of memory");
	if (why.len)
		w->looks = LOOKS;
	if (why.len)
		say("%s", buf_text(&why));
	else if (w->looks == LOOKS)
		say("waiting for agent '%s' to take the task",
			http_text(w->task, "agent_id"));
	look_again(w);
	return 0;
}

static int
take_answer(struct waiting *w, struct err *err)
{
	HTTP_ANSWER(answer);
	int r = http_result(w->call, &answer, NULL); /* it is no matter */

	http_stop(TAKE(w->call));
	if (w->task)
		return take_agent(w, r == 0 ? answer.doc : NULL, err);
	if (r < 0 || strcmp(http_text(answer.doc, "status"), "pending") != 0) {
		look_again(w);
		return 0;
	}
	w->task = json_incref(answer.doc);
	return ask(w, "/agents/", http_text(w->task, "agent_id"), err);
}

int
waiting_turn(struct waiting *w, struct err *err)
{
	if (w->call && http_ended(w->call))
		return take_answer(w, err);
	if (!w->at || clock_ms() < w->at)
		return 0;
	w->at = 0;
	w->looks++;
	return ask(w, "/tasks/", w->id, err);
}

/* ------------------------------------------------------------ one that is left */

void
waiting_tell(struct http *http, const json_t *task)
{
	AUTO_BUF struct buf path = { 0 };
	AUTO_BUF struct buf way_out = { 0 };
	AUTO_BUF struct buf why = { 0 };
	struct http_request request = { .wait_ms = TELL_MS };
	HTTP_ANSWER(answer);

	if (buf_add_text(&path, "/agents/") < 0 ||
		http_escape(&path, http_text(task, "agent_id")) < 0 ||
		buf_printf(&way_out, "\"nodelink cancel %s\" cancels it",
			http_text(task, "task_id")) < 0)
		return;
	request.path = buf_text(&path);
	if (http_ask(http, &request, &answer, NULL) == 0 &&
		waiting_why(answer.doc, task, clock_wall_ms(),
			buf_text(&way_out), &why) == 0 &&
		why.len)
		say("%s", buf_text(&why));
}
