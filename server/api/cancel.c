/* cancel.c - DELETE /tasks/{id}: ask, wait for the evidence, answer
 *
 * 200 "task cancelled" is said only when it is true. Whoever does not want to
 * wait, or waited in vain, gets 202 and the cancel's present state. */
#include <stdio.h>
#include <stdlib.h>

#include "api/access.h"
#include "api/cancel_how.h"
#include "api/internal.h"
#include "task/reason.h"
#include "wire/msg.h"

struct waiting {
	struct api *api;
	struct http_request *req; /* NULL: has left */
	struct user *user; /* own; who asks, also when he has left */
	char id[ID_MAX]; /* as it was asked for */
	struct task *task;
	struct task_watch watch;
	struct loop_timer *timer;
	struct cancel_how how;
};

static void
waiting_free(struct waiting *w)
{
	if (w->task) {
		if (w->watch.fn)
			task_watch_drop(w->task, &w->watch);
		task_unref(w->task);
	}
	user_unref(w->user);
	loop_timer_free(w->timer);
	free(w);
}
AUTO_DEFINE(struct waiting *, waiting_free)

/* ------------------------------------------------------------------ answers */

static void
emit_state(struct emit *e, const struct task *t)
{
	AUTO(msg_free) struct msg_box *box = NULL;

	if (t->result.len)
		(void)msg_unpack(MSG_TO_SERVER, t->result.data, t->result.len,
			&box, NULL); /* fails for want of memory only */
	emit_text(e, "task_id", t->id);
	emit_text(e, "status", task_status_name(task_told(t)));
	task_json_cancel(e, t);
	task_json_receipt(e, box ? &msg_get(box)->result : NULL);
}

static void
reply_state(struct http_request *req, const struct task *t, unsigned status,
	const char *message)
{
	struct buf body = { 0 };
	struct emit e;

	emit_init(&e, &body);
	emit_object(&e, NULL);
	emit_text(&e, "message", message);
	emit_state(&e, t);
	emit_object_end(&e);
	http_reply_json(req, status, &body, emit_done(&e));
}

/* It had ended by itself, before or while we asked. */
static void
reply_final(struct http_request *req, const struct task *t, const char *code)
{
	struct buf body = { 0 };
	struct emit e;
	char text[64];

	(void)snprintf(text, sizeof text, "task is already %s",
		task_status_name(t->status));
	emit_init(&e, &body);
	emit_object(&e, NULL);
	emit_text(&e, "error", text);
	emit_text(&e, "code", code);
	emit_text(&e, "details", "a task that has ended cannot be cancelled");
	emit_state(&e, t);
	emit_object_end(&e);
	http_reply_json(req, 400, &body, emit_done(&e));
}

static void
answer(struct waiting *w)
{
	if (!w->req)
		return;
	if (!task_over(w->task))
		reply_state(w->req, w->task, 202, "cancel requested");
	else if (w->task->status == TASK_CANCELLED)
		reply_state(w->req, w->task, 200, "task cancelled");
	else
		reply_final(w->req, w->task,
			w->task->cancel.phase == CANCEL_UNDELIVERABLE
				? "undeliverable"
				: "too_late");
}

/* ------------------------------------------------------------------ waiting */

static void
on_change(void *arg)
{
	struct waiting *w = arg;

	if (!task_over(w->task))
		return;
	answer(w);
	waiting_free(w);
}

static void
on_time_up(void *arg)
{
	struct waiting *w = arg;

	answer(w);
	waiting_free(w);
}

static void
on_gone(void *arg)
{
	struct waiting *w = arg;

	w->req = NULL;
	if (w->watch.fn) /* else the hub's answer is still to come */
		waiting_free(w);
}

/* Nothing was promised before; from here on a restart forgets nothing. */
static void
intent_stored(void *arg, int r)
{
	AUTO(waiting_free) struct waiting *w = arg;
	struct task *t = w->task;
	int64_t wait_ms;

	if (r < 0) {
		if (w->req)
			reply_cancel_unstored(w->req);
		return;
	}
	wait_ms = cancel_how_wait(&w->how, t->cancel.grace_ms);
	if (!wait_ms && w->req && task_told(t) != TASK_FAILED &&
		task_told(t) != TASK_COMPLETED) {
		/* Whoever does not wait gets one answer, not sometimes
		 * another because the node was quick. */
		reply_state(w->req, t, 202, "cancel requested");
		return;
	}
	if (task_over(t) || !wait_ms || !w->req ||
		!cancel_can_verify(w->api->hub, t)) {
		answer(w);
		return;
	}
	w->watch = (struct task_watch){ .fn = on_change, .arg = w };
	task_watch_add(t, &w->watch);
	loop_timer_set(w->timer, wait_ms);
	w = NULL; /* its watch, its timer or on_gone() frees it */
}

static void
refused(struct waiting *w, const char *why)
{
	asker_refused(w->api, &w->how.asker, "task.cancel", w->id, NULL, why);
}

static void
got_task(void *arg, int r, struct task *t)
{
	AUTO(waiting_free) struct waiting *w = arg;

	r = access_found(w->user, r, t);
	if (r < 0) {
		refused(w, "no such task");
		if (w->req)
			reply_no_task(w->req, r);
		return;
	}
	if (!access_may_cancel(w->user, t)) {
		refused(w, "another client's task");
		if (w->req)
			reply_not_owner(w->req, t->owner);
		return;
	}
	w->task = task_ref(t);
	if (asker_does(w->api, &w->how.asker, "task.cancel", t->id, NULL,
		    w->how.how.reason) < 0) {
		if (w->req)
			reply_unnoted(w->req);
		return;
	}
	/* Also when the client has left meanwhile: it did ask. */
	if (hub_cancel(w->api->hub, t, &w->how.how, intent_stored, w) ==
		HUB_OK) {
		w = NULL;
		return;
	}
	asker_failed(w->api, &w->how.asker, "task.cancel", t->id,
		"it had ended already");
	if (w->req)
		reply_final(w->req, t, "already_final");
}

void
api_cancel(void *arg, struct http_request *req)
{
	struct api *api = arg;
	AUTO(waiting_free) struct waiting *w = calloc(1, sizeof *w);
	const char *id = http_param(req, "id");
	struct err err;
	int r;

	if (w)
		w->timer = loop_timer_new(api->loop, on_time_up, w);
	if (!w || !w->timer) {
		reply_no_memory(req);
		return;
	}
	w->api = api;
	w->req = req;
	w->user = user_ref(access_user(req));
	(void)snprintf(w->id, sizeof w->id, "%s", id); /* longer: unknown */
	r = cancel_how_read(&w->how, REASON_USER_REQUEST, req, &err);
	if (r < 0) {
		reply_refused(req, r, "bad_request", &err);
	} else {
		http_defer(req, on_gone, w);
		hub_get(api->hub, id, got_task, TAKE(w));
	}
}
