/* cancel.c - DELETE /tasks/{id}: ask, wait for the evidence, answer
 *
 * 200 "task cancelled" is said only when it is true. Whoever does not want to
 * wait, or waited in vain, gets 202 and the cancel's present state. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"
#include "base/limits.h"
#include "base/parse.h"
#include "json/json.h"
#include "task/reason.h"
#include "wire/msg.h"

enum {
	WAIT_DEFAULT = -1, /* the grace and then some */
	WAIT_EXTRA_MS = 5000,
	WAIT_MAX_S = 3600,

};

struct waiting {
	struct api *api;
	struct http_request *req; /* NULL: has left */
	struct task *task;
	struct task_watch watch;
	struct loop_timer *timer;
	struct hub_cancel how;
	int64_t wait_ms;
	char reason[LIMIT_REASON + 1];
	char actor[HTTP_PEER + 16];
};

static void
waiting_free(struct waiting *w)
{
	if (w->task) {
		if (w->watch.fn)
			task_watch_drop(w->task, &w->watch);
		task_unref(w->task);
	}
	loop_timer_free(w->timer);
	free(w);
}
AUTO_DEFINE(struct waiting *, waiting_free)

/* ------------------------------------------------------------------ options */

static int
set_code(struct waiting *w, const char *text, struct err *err)
{
	uint32_t code;

	/* 2xx and 4xx are what nodelink itself says. */
	if (reason_parse(text, &code) < 0 ||
		(code / 100 != 1 && code / 100 != 3))
		return err_set(err, -EINVAL,
			"'code': expected a code of the 1xx or 3xx range such "
			"as user_request or 302, got \"%.64s\"",
			text);
	w->how.code = code;
	return 0;
}

static int
set_reason(struct waiting *w, const char *text, struct err *err)
{
	size_t n = strlen(text);

	if (n > LIMIT_REASON)
		return err_set(err, -EINVAL,
			"'reason': %zu bytes, at most %d are allowed", n,
			LIMIT_REASON);
	memcpy(w->reason, text, n + 1);
	w->how.reason = w->reason;
	return 0;
}

static int
read_body(struct waiting *w, const struct buf *body, struct err *err)
{
	static const char *const names[] = { "reason", "code", "grace",
		"force" };
	AUTO(json_decref) json_t *o = NULL;
	const char *reason = NULL;
	char code[JSON_SHOW];
	const json_t *value;
	bool force = false;
	int r;

	if (!body->len)
		return 0;
	r = json_parse(body->data, body->len, &o, err);
	if (r < 0)
		return r;
	if (!json_is_object(o))
		return err_set(err, -EINVAL, "the body must be an object");
	r = json_known(o, names, ARRAY_SIZE(names), err);
	if (r == 0)
		r = json_get_text(o, "reason", LIMIT_REASON, &reason, err);
	if (r == JSON_GOT)
		r = set_reason(w, reason, err);
	if (r >= 0)
		r = json_get_duration(
			o, "grace", LIMIT_GRACE_S, &w->how.grace_ms, err);
	if (r >= 0)
		r = json_get_bool(o, "force", &force, err);
	if (force)
		w->how.grace_ms = 0;
	value = json_object_get(o, "code");
	if (r >= 0 && json_plain_text(value))
		r = set_code(w, json_plain_text(value), err);
	else if (r >= 0 && value && !json_is_null(value))
		r = set_code(w, json_show(value, code), err);
	return r < 0 ? r : 0;
}

static int
query_duration(struct http_request *req, const char *name, int64_t max_s,
	int64_t *out, struct err *err)
{
	const char *text = http_query(req, name);
	int64_t ms;

	if (!text)
		return 0;
	if (parse_duration_ms(text, &ms) < 0 || ms < 0 || ms > max_s * 1000)
		return err_set(err, -EINVAL,
			"query '%s': expected seconds 0..%lld or \"500ms\", "
			"got \"%.64s\"",
			name, (long long)max_s, text);
	*out = ms;
	return 0;
}

static int
read_query(struct waiting *w, struct http_request *req, struct err *err)
{
	const char *reason = http_query(req, "reason");
	const char *code = http_query(req, "code");
	const char *force = http_query(req, "force");
	const char *prefer = http_header(req, "Prefer");
	bool yes = false;
	int r = 0;

	if (reason)
		r = set_reason(w, reason, err);
	if (r == 0 && code)
		r = set_code(w, code, err);
	if (r == 0)
		r = query_duration(
			req, "grace", LIMIT_GRACE_S, &w->how.grace_ms, err);
	if (r == 0 && force && parse_bool(force, &yes) < 0)
		r = err_set(err, -EINVAL,
			"query 'force': expected 1 or 0, got \"%.64s\"", force);
	if (yes)
		w->how.grace_ms = 0;
	if (prefer && strstr(prefer, "respond-async"))
		w->wait_ms = 0;
	if (r == 0)
		r = query_duration(req, "wait", WAIT_MAX_S, &w->wait_ms, err);
	return r;
}

/* ------------------------------------------------------------------ answers */

static void
emit_state(struct emit *e, const struct task *t)
{
	AUTO(msg_free) struct msg_box *box = NULL;

	if (t->result.len)
		(void)msg_unpack(MSG_TO_SERVER, t->result.data, t->result.len,
			&box, NULL); /* fails for want of memory only */
	emit_text(e, "task_id", t->id);
	emit_text(e, "status", task_status_name(t->status));
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
	if (!task_is_final(w->task->status))
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

	if (!task_is_final(w->task->status))
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

static bool
is_reachable(struct hub *hub, const struct task *t)
{
	const struct agent *a = hub_agent(hub, t->agent_id);

	return a && a->connected;
}

static void
got_task(void *arg, struct task *t)
{
	AUTO(waiting_free) struct waiting *w = arg;

	if (!t) {
		if (w->req)
			reply_no_task(w->req);
		return;
	}
	w->task = task_ref(t);
	/* Also when the client has left meanwhile: it did ask. */
	if (hub_cancel(w->api->hub, t, &w->how) == HUB_FINAL) {
		if (w->req)
			reply_final(w->req, t, "already_final");
		return;
	}
	if (w->wait_ms == WAIT_DEFAULT)
		w->wait_ms = t->cancel.grace_ms + WAIT_EXTRA_MS;
	if (task_is_final(t->status) || !w->wait_ms || !w->req ||
		!is_reachable(w->api->hub, t)) {
		answer(w);
		return;
	}
	w->watch = (struct task_watch){ .fn = on_change, .arg = w };
	task_watch_add(t, &w->watch);
	loop_timer_set(w->timer, w->wait_ms);
	w = NULL; /* its watch, its timer or on_gone() frees it */
}

void
api_cancel(void *arg, struct http_request *req)
{
	struct api *api = arg;
	AUTO(waiting_free) struct waiting *w = calloc(1, sizeof *w);
	const char *id = http_param(req, "id");
	char peer[HTTP_PEER];
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
	w->wait_ms = WAIT_DEFAULT;
	w->how = (struct hub_cancel){
		.code = REASON_USER_REQUEST, .grace_ms = -1, .actor = w->actor
	};
	(void)snprintf(w->actor, sizeof w->actor, "anonymous@%s",
		http_peer(req, peer));
	r = read_body(w, http_body(req), &err);
	if (r == 0)
		r = read_query(w, req, &err);
	if (r == -ENOMEM) {
		reply_no_memory(req);
	} else if (r < 0) {
		http_reply_error(req, 400, "bad_request", NULL, "%s", err.text);
	} else {
		http_defer(req, on_gone, w);
		hub_get(api->hub, id, got_task, TAKE(w));
	}
}
