/* cancel_left.c - which of those that were cancelled together have not ended
 *
 * The list of unfinished tasks tells, page by page, again and again: what is
 * not there any more is over, and its record is asked for. So thousands need
 * few calls, and all have one deadline, that of DELETE /tasks: the longest
 * grace, and a little. Tasks of agents that are not there are not waited for,
 * since there will be no evidence. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "cli/cancel.h"
#include "cli/list.h"
#include "cli/record.h"

enum {
	PAUSE_MS = 50, /* between two looks, first */
	PAUSE_MAX_MS = 1000,
	ROUND_SHARE =
		4, /* nor may looking take more than a fifth of the time */
	EXTRA_MS = 5000, /* behind the grace */
};

int
cancel_left_init(struct cancel_each *e, const char *path, struct err *err)
{
	struct cancel_left *l = &e->left;

	l->path = path;
	l->pause_ms = PAUSE_MS;
	l->index = json_object();
	for (size_t i = 0; i < e->n; i++)
		if (json_object_set_new(l->index, e->ids[i],
			    json_integer((json_int_t)i)) < 0)
			return err_set(err, -ENOMEM, "out of memory");
	return l->index ? 0 : err_set(err, -ENOMEM, "out of memory");
}

void
cancel_left_done(struct cancel_left *l)
{
	http_stop(l->call);
	json_decref(l->index);
	buf_done(&l->cursor);
}

/* ------------------------------------------------------------------- looking */

static bool
is_left(const struct cancel_target *t)
{
	return !t->done && !t->ended;
}

/* The others have their records, or will. */
static void
stop(struct cancel_each *e)
{
	e->left.over = true;
	for (size_t i = 0; i < e->n; i++)
		if (is_left(&e->targets[i]))
			cancel_each_end(e, i);
}

static bool
is_late(const struct cancel_each *e)
{
	const struct cancel_left *l = &e->left;
	int64_t from = e->away.back_at > e->since ? e->away.back_at : e->since;

	if (cancel_each_left(e) >= 0)
		return cancel_each_left(e) == 0;
	if (l->n_requested && cancel_away_returns(&e->away))
		return false;
	return clock_ms() - from >= l->grace_ms + EXTRA_MS;
}

static int
ask(struct cancel_each *e, struct err *err)
{
	struct cancel_left *l = &e->left;
	AUTO_BUF struct buf path = { 0 };
	struct http_request request = { .path = "/agents" };
	int r = 0;

	if (!l->agents && !l->cursor.len) {
		l->round++;
		l->begun = clock_ms();
		l->n_requested = 0;
	}
	if (!l->agents) {
		r = buf_add_text(&path, l->path);
		if (r == 0)
			r = list_query(&path, "limit", "1000");
		if (r == 0 && l->cursor.len)
			r = list_query(&path, "cursor", buf_text(&l->cursor));
		request.path = buf_text(&path);
	}
	return r < 0 ? err_set(err, r, "out of memory")
		     : http_start(e->http, &request, &l->call, err);
}

/* ------------------------------------------------------------------- answers */

static void
pause_some(struct cancel_left *l)
{
	int64_t now = clock_ms(), took_ms = now - l->begun;

	l->at = now + (took_ms * ROUND_SHARE > l->pause_ms
				      ? took_ms * ROUND_SHARE
				      : l->pause_ms);
	l->pause_ms =
		l->pause_ms * 2 < PAUSE_MAX_MS ? l->pause_ms * 2 : PAUSE_MAX_MS;
}

/* One is there: the record is what is known until it has left. */
static void
note(struct cancel_each *e, json_t *task)
{
	struct cancel_left *l = &e->left;
	const json_t *cancel = record_object(task, "cancel");
	const json_t *at =
		json_object_get(l->index, http_text(task, "task_id"));
	int64_t grace_ms = record_seconds(cancel, "grace");
	size_t i = (size_t)json_integer_value(at);

	if (!at || e->targets[i].done || e->targets[i].ended)
		return;
	e->targets[i].seen = l->round;
	json_decref(e->answers[i].doc);
	e->answers[i].doc = json_incref(task);
	if (grace_ms > l->grace_ms)
		l->grace_ms = grace_ms;
	l->n_requested += strcmp(http_text(cancel, "phase"), "requested") == 0;
}

static void
end_round(struct cancel_each *e)
{
	struct cancel_left *l = &e->left;
	size_t n = 0;

	for (size_t i = 0; i < e->n; i++) {
		struct cancel_target *t = &e->targets[i];

		if (is_left(t) && t->seen != l->round)
			t->ended = true;
		n += is_left(t);
	}
	if (!n || is_late(e)) {
		stop(e);
		return;
	}
	l->agents = l->n_requested && l->round > 1 &&
		    !cancel_away_returns(&e->away);
	if (!l->agents)
		pause_some(l);
}

static int
take_page(struct cancel_each *e, const json_t *doc, struct err *err)
{
	struct cancel_left *l = &e->left;
	const json_t *tasks = record_list(doc, "tasks");

	for (size_t i = 0; i < json_array_size(tasks); i++)
		note(e, json_array_get(tasks, i));
	buf_clear(&l->cursor);
	if (buf_add_text(&l->cursor, http_text(doc, "next_cursor")) < 0)
		return err_set(err, -ENOMEM, "out of memory");
	if (!l->cursor.len)
		end_round(e);
	return 0;
}

/* Those that are not connected will not hear of it soon. */
static int
take_agents(struct cancel_each *e, const json_t *doc, struct err *err)
{
	AUTO(json_decref) json_t *there = json_object();
	const json_t *agents = record_list(doc, "agents");
	bool ok = there != NULL;

	for (size_t i = 0; ok && i < json_array_size(agents); i++) {
		const json_t *agent = json_array_get(agents, i);

		if (record_bool(agent, "connected"))
			ok = json_object_set_new(there,
				     http_text(agent, "agent_id"),
				     json_true()) == 0;
	}
	if (!ok)
		return err_set(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < e->n; i++) {
		const json_t *task = e->answers[i].doc;
		const char *phase =
			http_text(record_object(task, "cancel"), "phase");

		if (is_left(&e->targets[i]) &&
			strcmp(phase, "requested") == 0 &&
			!json_object_get(there, http_text(task, "agent_id")))
			cancel_each_end(e, i);
	}
	e->left.agents = false;
	pause_some(&e->left);
	return 0;
}

static int
take(struct cancel_each *e, struct err *err)
{
	struct cancel_left *l = &e->left;
	bool sent = http_sent(l->call);
	struct err why = { "" };
	HTTP_ANSWER(answer);
	int r = http_result(l->call, &answer, &why);

	http_stop(TAKE(l->call));
	if (cancel_away_again(e, sent, r, &answer, &why))
		return 0;
	if (r < 0) { /* what has ended may still be told */
		say("cannot see what becomes of the tasks: %s", why.text);
		stop(e);
		return 0;
	}
	return l->agents ? take_agents(e, answer.doc, err)
			 : take_page(e, answer.doc, err);
}

int64_t
cancel_left_at(const struct cancel_each *e)
{
	const struct cancel_left *l = &e->left;
	int64_t again_at = e->away.again_at;

	if (!l->path || l->over || l->call)
		return HTTP_EVER;
	return l->at > again_at ? l->at : again_at;
}

int
cancel_left_turn(struct cancel_each *e, struct err *err)
{
	struct cancel_left *l = &e->left;
	int r = 0;

	if (l->call && http_ended(l->call))
		r = take(e, err);
	if (r == 0 && cancel_left_at(e) != HTTP_EVER &&
		clock_ms() >= cancel_left_at(e))
		r = ask(e, err);
	return r;
}
