/* cancel_many.c - DELETE /tasks?label=...: many tasks at one request
 *
 * Each is cancelled as DELETE /tasks/{id} would do it; the answer waits for
 * all of them and tells them apart. The unfinished ones are all in the hub, so
 * what matches is decided at one moment, and a task that is created later is
 * not hit. What the client may not cancel does not match. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/access.h"
#include "api/cancel_how.h"
#include "api/filter.h"
#include "api/internal.h"
#include "base/log.h"
#include "base/parse.h"
#include "task/reason.h"

struct target {
	struct many *many;
	struct task *task; /* own reference */
	struct task_watch watch; /* fn NULL: not waited for (any more) */
};

struct many {
	struct api *api;
	struct http_request *req; /* NULL: has left */
	struct loop_timer *timer;
	struct cancel_how how;
	bool dry_run;
	struct target *targets;
	size_t n, n_watched;
	size_t left; /* beyond LIMIT_BULK */
	size_t n_storing; /* intents that are not stored yet */
	int trouble; /* of storing them */
	size_t n_unnoted; /* not cancelled, since the audit log is full */
	int64_t grace_ms; /* the longest */
};

static void
unwatch(struct target *target)
{
	if (!target->watch.fn)
		return;
	task_watch_drop(target->task, &target->watch);
	target->watch.fn = NULL;
	target->many->n_watched--;
}

static void
many_free(struct many *m)
{
	for (size_t i = 0; i < m->n; i++) {
		unwatch(&m->targets[i]);
		task_unref(m->targets[i].task);
	}
	free(m->targets);
	loop_timer_free(m->timer);
	free(m);
}
AUTO_DEFINE(struct many *, many_free)

/* ------------------------------------------------------------------ request */

static int
check_filter(const struct store_filter *f, struct err *err)
{
	if (!f->n_labels && !f->agent_id)
		return err_set(err, -EINVAL,
			"query 'label' or 'agent_id' is required: which tasks");
	if (f->status >= 0 && task_is_final((enum task_status)f->status))
		return err_set(err, -EINVAL,
			"query 'status': expected pending, sent or "
			"in_progress, got \"%s\": those have ended",
			task_status_name((enum task_status)f->status));
	return 0;
}

static int
read_dry_run(struct many *m, struct http_request *req, struct err *err)
{
	const char *text = http_query(req, "dry_run");

	if (!text || parse_bool(text, &m->dry_run) == 0)
		return 0;
	return err_set(err, -EINVAL,
		"query 'dry_run': expected 1 or 0, got \"%.64s\"", text);
}

static int
read_request(struct many *m, struct filter *filter, struct http_request *req,
	struct err *err)
{
	int r = filter_read(filter, req, err);

	if (r == 0)
		r = check_filter(&filter->tasks, err);
	if (r == 0)
		r = filter_limit(filter, access_user(req));
	if (r == 0)
		r = read_dry_run(m, req, err);
	return r < 0 ? r : cancel_how_read(&m->how, REASON_BULK, req, err);
}

static int
find_targets(struct many *m, const struct store_filter *filter)
{
	AUTO_FREE struct task **found = calloc(LIMIT_BULK, sizeof(*found));
	size_t n;

	if (!found)
		return -ENOMEM;
	n = hub_match(m->api->hub, filter, found, LIMIT_BULK);
	m->left = n > LIMIT_BULK ? n - LIMIT_BULK : 0;
	n -= m->left;
	m->targets = calloc(n ? n : 1, sizeof(*m->targets));
	if (!m->targets)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		m->targets[i] = (struct target){ .many = m,
			.task = task_ref(found[i]) };
	m->n = n;
	return 0;
}

/* ------------------------------------------------------------------- answer */

struct tally {
	size_t cancelled, ended, undeliverable, unfinished;
};

static struct tally
count(const struct many *m)
{
	struct tally n = { 0 };

	for (size_t i = 0; i < m->n; i++) {
		const struct task *t = m->targets[i].task;

		if (!task_over(t))
			n.unfinished++;
		else if (t->status == TASK_CANCELLED)
			n.cancelled++;
		else if (t->cancel.phase == CANCEL_UNDELIVERABLE)
			n.undeliverable++;
		else
			n.ended++;
	}
	return n;
}

static void
emit_targets(struct emit *e, const struct many *m)
{
	emit_array(e, "tasks");
	for (size_t i = 0; i < m->n; i++) {
		const struct task *t = m->targets[i].task;

		emit_object(e, NULL);
		emit_text(e, "task_id", t->id);
		emit_text(e, "agent_id", t->agent_id);
		emit_text(e, "status", task_status_name(task_told(t)));
		emit_text_or_null(e, "phase",
			t->cancel.phase == CANCEL_NONE
				? NULL
				: cancel_phase_name(t->cancel.phase));
		emit_object_end(e);
	}
	emit_array_end(e);
}

static void
answer(struct many *m, struct http_request *req)
{
	const struct tally n = count(m);
	bool done = !n.unfinished && !n.undeliverable && !m->left;
	struct buf body = { 0 };
	struct emit e;

	emit_init(&e, &body);
	emit_object(&e, NULL);
	emit_text(&e, "message",
		m->dry_run ? "dry run, nothing cancelled"
		: !m->n	   ? "no unfinished task matches"
		: done	   ? "tasks cancelled"
			   : "cancel requested");
	emit_bool(&e, "dry_run", m->dry_run);
	emit_uint(&e, "matched", m->n);
	emit_uint(&e, "left", m->left);
	emit_uint(&e, "cancelled", n.cancelled);
	emit_uint(&e, "ended", n.ended);
	emit_uint(&e, "undeliverable", n.undeliverable);
	emit_uint(&e, "unfinished", n.unfinished);
	emit_targets(&e, m);
	emit_object_end(&e);
	http_reply_json(
		req, done || m->dry_run ? 200 : 202, &body, emit_done(&e));
}

/* ------------------------------------------------------------------ waiting */

static void
finish(struct many *m)
{
	if (m->req)
		answer(m, m->req);
	many_free(m);
}

static void
on_change(void *arg)
{
	struct target *target = arg;
	struct many *m = target->many;

	if (!task_over(target->task))
		return;
	unwatch(target);
	if (!m->n_watched)
		finish(m);
}

static void
on_time_up(void *arg)
{
	finish(arg);
}

static void
on_gone(void *arg)
{
	struct many *m = arg;

	m->req = NULL;
	if (!m->n_storing) /* else the store's answers are still to come */
		many_free(m);
}

static void
watch_all(struct many *m)
{
	for (size_t i = 0; i < m->n; i++) {
		struct target *target = &m->targets[i];

		if (task_over(target->task) ||
			!cancel_can_verify(m->api->hub, target->task))
			continue;
		target->watch =
			(struct task_watch){ .fn = on_change, .arg = target };
		task_watch_add(target->task, &target->watch);
		m->n_watched++;
	}
}

/* One intent is stored; after the last one comes the answer, or the wait. */
static void
intent_stored(void *arg, int r)
{
	struct many *m = arg;
	int64_t wait_ms;

	if (r < 0)
		m->trouble = r;
	if (--m->n_storing)
		return;
	if ((m->trouble || m->n_unnoted) && m->req) {
		if (m->n_unnoted)
			reply_unnoted_some(m->req, m->n_unnoted, m->n);
		else
			reply_cancel_unstored(m->req);
		many_free(m);
		return;
	}
	wait_ms = cancel_how_wait(&m->how, m->grace_ms);
	if (wait_ms && m->req)
		watch_all(m);
	if (m->n_watched)
		loop_timer_set(m->timer, wait_ms); /* it frees, or a watch */
	else
		finish(m);
}

static void
cancel_all(struct many *m)
{
	m->n_storing = 1; /* this loop */
	for (size_t i = 0; i < m->n; i++) {
		struct task *t = m->targets[i].task;

		if (asker_does(m->api, &m->how.asker, "task.cancel", t->id,
			    NULL, m->how.how.reason) < 0) {
			m->n_unnoted++;
			continue;
		}
		m->n_storing++;
		if (hub_cancel(m->api->hub, t, &m->how.how, intent_stored, m) !=
			HUB_OK)
			m->n_storing--;
		else if (t->cancel.grace_ms > m->grace_ms)
			m->grace_ms = t->cancel.grace_ms;
	}
	intent_stored(m, 0);
}

/* As asker_does(). */
static int
note_request(const struct many *m, const struct store_filter *f)
{
	AUTO_BUF struct buf what = { 0 };
	const char *reason = m->how.how.reason;
	int r = buf_printf(&what,
		"%zu tasks, %zu more match: agent '%s' plugin '%s'", m->n,
		m->left, f->agent_id ? f->agent_id : "",
		f->plugin ? f->plugin : "");

	for (size_t i = 0; i < f->n_labels && r == 0; i++)
		r = buf_printf(&what, " label '%s%s%s'", f->labels[i].name,
			f->labels[i].value ? "=" : "",
			f->labels[i].value ? f->labels[i].value : "");
	if (r == 0)
		r = buf_printf(&what, " code %u", m->how.how.code);
	/* Without memory the line says less. */
	log_info("%s cancels %s reason '%s'", m->how.asker.actor,
		buf_text(&what), reason ? reason : "");
	return asker_does(m->api, &m->how.asker, "tasks.cancel", NULL,
		buf_text(&what), reason);
}

void
api_cancel_many(void *arg, struct http_request *req)
{
	struct api *api = arg;
	AUTO(many_free) struct many *m = calloc(1, sizeof *m);
	AUTO_FILTER struct filter filter = { 0 };
	const char *agent_id, *only = access_cancels(access_user(req));
	struct err err;
	int r;

	if (m)
		m->timer = loop_timer_new(api->loop, on_time_up, m);
	if (!m || !m->timer) {
		reply_no_memory(req);
		return;
	}
	m->api = api;
	r = read_request(m, &filter, req, &err);
	agent_id = filter.tasks.agent_id;
	if (r == 0 && agent_id && !hub_agent(api->hub, agent_id)) {
		reply_no_agent(req, agent_id);
		return;
	}
	if (r == 0 && only && filter.tasks.owner &&
		strcmp(filter.tasks.owner, only) != 0) {
		asker_refused(api, &m->how.asker, "tasks.cancel", NULL,
			filter.tasks.owner, "another client's tasks");
		reply_not_owner(req, filter.tasks.owner);
		return;
	}
	if (only)
		filter.tasks.owner = only;
	if (r == 0)
		r = find_targets(m, &filter.tasks);
	if (r < 0) {
		reply_refused(req, r, "bad_request", &err);
		return;
	}
	if (m->dry_run) {
		answer(m, req);
		return;
	}
	if (note_request(m, &filter.tasks) < 0) {
		reply_unnoted(req);
		return;
	}
	m->req = req;
	http_defer(req, on_gone, m);
	cancel_all(TAKE(m));
}
