/* webhooks.c - GET /webhooks, POST /webhooks/{id}/retry: what could not be told
 * yet, and what will not be */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/asker.h"
#include "api/internal.h"
#include "base/parse.h"
#include "webhook/event.h"
#include "webhook/url.h"

enum { DEFAULT_LIMIT = 100, MAX_LIMIT = 1000 };

/* ----------------------------------------------------------------------- GET */

static void
emit_letter(struct emit *e, const struct letter *l)
{
	struct url url;

	emit_object(e, NULL);
	emit_text(e, "webhook_id", l->id);
	emit_text(e, "task_id", l->task_id);
	emit_text(e, "type", l->event);
	emit_text_or_null(e, "url", url_origin(l->url, &url));
	emit_bool(e, "global", l->global);
	emit_text(e, "state", l->died_at ? "dead" : "waiting");
	emit_uint(e, "tries", l->tries);
	emit_text_or_null(e, "error", l->error);
	emit_time(e, "created_at", l->made_at);
	emit_time(e, "next_at", l->died_at ? 0 : l->next_at);
	emit_time(e, "died_at", l->died_at);
	emit_object_end(e);
}

/* "endpoint": that of the settings, or null. */
static void
emit_endpoint(struct emit *e, const struct webhook *w)
{
	const struct webhook_conf *conf = w ? webhook_settings(w) : NULL;
	struct url url;

	if (!conf || !conf->url) {
		emit_null(e, "endpoint");
		return;
	}
	emit_object(e, "endpoint");
	emit_text(e, "url", url_origin(conf->url, &url));
	event_json(e, conf->events);
	emit_bool(e, "gone", webhook_is_gone(w));
	emit_object_end(e);
}

struct listing {
	struct asked *asked;
	size_t limit;
};

static void
reply_list(struct api *api, struct http_request *req,
	const struct letter *letters, size_t limit)
{
	const struct webhook *w = api->webhook;
	const char *next = "", *last = "";
	size_t waiting = 0, dead = 0, n = 0;
	struct webhook_stats stats;
	struct buf body = { 0 };
	struct emit e;
	int r = api->store->ops->letter_count(api->store, &waiting, &dead);

	if (r < 0) {
		reply_unreadable(req, r, "count webhooks");
		return;
	}
	emit_init(&e, &body);
	emit_object(&e, NULL);
	emit_bool(&e, "per_task", w && webhook_settings(w)->per_task);
	emit_endpoint(&e, w);
	webhook_stats(w, &stats);
	emit_uint(&e, "sending", stats.sending);
	emit_uint(&e, "waiting", waiting);
	emit_uint(&e, "dead", dead);
	emit_array(&e, "webhooks");
	for (const struct letter *l = letters; l; l = l->next) {
		if (n++ == limit) {
			next = last;
			break;
		}
		emit_letter(&e, l);
		last = l->id;
	}
	emit_array_end(&e);
	emit_text_or_null(&e, "next_cursor", next);
	emit_object_end(&e);
	http_reply_json(req, 200, &body, emit_done(&e));
}

static void
came(void *arg, int r, struct letter *take_letters)
{
	struct listing *l = arg;
	struct api *api = l->asked->api;
	struct http_request *req = asked_done(l->asked);

	if (req && r < 0)
		reply_unreadable(req, r, "list webhooks");
	else if (req)
		reply_list(api, req, take_letters, l->limit);
	letters_free(&take_letters);
	free(l);
}

static int
read_query(struct http_request *req, struct letter_query *q, struct err *err)
{
	const char *state = http_query(req, "state");
	const char *limit_text = http_query(req, "limit");
	uint64_t limit = DEFAULT_LIMIT;

	q->want = LETTERS_DEAD;
	q->after = http_query(req, "cursor");
	if (state && strcmp(state, "waiting") == 0)
		q->want = LETTERS_WAITING;
	else if (state && strcmp(state, "dead") != 0)
		return err_set(err, -EINVAL,
			"query 'state': expected waiting or dead");
	if (limit_text && parse_u64(limit_text, 1, MAX_LIMIT, &limit) < 0)
		return err_set(err, -EINVAL, "query 'limit': expected 1..%d",
			MAX_LIMIT);
	if (q->after && !id_valid(q->after))
		return err_set(err, -EINVAL,
			"query 'cursor': pass next_cursor of the page before, "
			"unchanged");
	q->max = (size_t)limit + 1;
	return 0;
}

void
api_webhooks(void *arg, struct http_request *req)
{
	struct api *api = arg;
	struct letter_query q = { .max = 0 };
	struct listing *l;
	struct err err;
	int r = read_query(req, &q, &err);

	if (r < 0) {
		reply_refused(req, r, "bad_query", &err);
		return;
	}
	l = calloc(1, sizeof *l);
	if (!l) {
		reply_no_memory(req);
		return;
	}
	l->limit = q.max - 1;
	l->asked = asked_new(api, req);
	if (l->asked)
		api->store->ops->letters(api->store, &q, came, l);
	else
		free(l);
}

/* ---------------------------------------------------------------------- POST */

struct retrying {
	struct asked *asked;
	struct asker asker;
	struct letter *letter; /* own; as it was */
	bool waiting; /* the dead do not have it: perhaps these */
	char id[ID_MAX];
};

static void
retrying_free(struct retrying *r)
{
	letter_free(r->letter);
	free(r);
}

static void
retried(void *arg, int r)
{
	struct retrying *t = arg;
	struct http_request *req = asked_done(t->asked);
	struct buf body = { 0 };
	struct emit e;

	if (req && r < 0) {
		reply_store_failing(req, r);
	} else if (req) {
		emit_init(&e, &body);
		emit_object(&e, NULL);
		emit_text(&e, "webhook_id", t->letter->id);
		emit_text(&e, "state", "waiting");
		emit_object_end(&e);
		http_reply_json(req, 200, &body, emit_done(&e));
	}
	retrying_free(t);
}

static void find(struct retrying *t);

static void
reply_unknown(struct retrying *t, int r)
{
	struct http_request *req = asked_done(t->asked);

	if (req && r < 0)
		reply_unreadable(req, r, "read webhooks");
	else if (req)
		http_reply_error(req, 404, "no_such_webhook",
			"GET /webhooks lists them; what was delivered is "
			"forgotten",
			"no webhook '%s' waits or is dead", t->id);
	retrying_free(t);
}

static void
found(void *arg, int r, struct letter *take_letters)
{
	struct retrying *t = arg;
	struct api *api = t->asked->api;

	t->letter = take_letters;
	if (r == 0 && !take_letters && !t->waiting) {
		t->waiting = true;
		find(t);
	} else if (r < 0 || !take_letters) {
		reply_unknown(t, r);
	} else if (asker_does(api, &t->asker, "webhook.retry", t->id,
			   take_letters->task_id, NULL) < 0) {
		struct http_request *req = asked_done(t->asked);

		if (req)
			reply_unnoted(req);
		retrying_free(t);
	} else {
		webhook_retry(api->webhook, take_letters, retried, t);
	}
}

static void
find(struct retrying *t)
{
	struct store *store = t->asked->api->store;
	const struct letter_query q = { .want = t->waiting ? LETTERS_WAITING
							   : LETTERS_DEAD,
		.id = t->id,
		.max = 1 };

	store->ops->letters(store, &q, found, t);
}

void
api_webhook_retry(void *arg, struct http_request *req)
{
	struct api *api = arg;
	const char *id = http_param(req, "id");
	struct retrying *t;

	if (!api->webhook) {
		http_reply_error(req, 409, "no_webhooks", NULL,
			"this server calls nobody: its settings have no "
			"section [webhook]");
		return;
	}
	t = calloc(1, sizeof *t);
	if (!t) {
		reply_no_memory(req);
		return;
	}
	(void)snprintf(t->id, sizeof t->id, "%.*s", ID_LEN, id);
	asker_read(req, &t->asker);
	t->asked = asked_new(api, req);
	if (t->asked)
		find(t);
	else
		free(t);
}
