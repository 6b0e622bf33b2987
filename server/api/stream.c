/* stream.c - GET /stream?ref=ID: a task live, for any number of watchers */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"
#include "api/sse.h"
#include "base/log.h"
#include "base/parse.h"

struct watcher {
	struct sse sse;
	bool follow; /* wait for what is still to come */
	struct http_request *req;
	struct task_watch watch;
};

static ssize_t
watcher_read(void *arg, uint8_t *out, size_t max)
{
	struct watcher *w = arg;
	ssize_t n;

	if (http_stopping(w->req) && sse_at_rest(&w->sse))
		return w->follow ? HTTP_END : HTTP_BREAK; /* of many parts */
	n = sse_fill(&w->sse, out, max);
	if (n > 0)
		return n;
	if (n == 0 && w->sse.more) /* after the others had their turn */
		http_stream_wake(w->req);
	if (n == 0)
		return w->follow || w->sse.more ? HTTP_LATER : HTTP_END;
	if (n == SSE_END)
		return HTTP_END;
	log_error((int)n, "task '%s': its output cannot be read",
		w->sse.task->id);
	return HTTP_BREAK;
}

static void
watcher_free(struct watcher *w)
{
	sse_done(&w->sse);
	free(w);
}
AUTO_DEFINE(struct watcher *, watcher_free)

static void
watcher_close(void *arg)
{
	struct watcher *w = arg;

	task_watch_drop(w->sse.task, &w->watch);
	watcher_free(w);
}

static void
on_change(void *arg)
{
	struct watcher *w = arg;

	http_stream_wake(w->req);
}

static const struct http_stream_ops ops = { watcher_read, watcher_close };

/* The number after which to go on: the header that browsers send when they
 * reconnect, or a query of the same meaning. */
static bool
parse_after(struct http_request *req, uint64_t *out)
{
	const char *text = http_header(req, "Last-Event-ID");

	if (!text)
		text = http_query(req, "last_event_id");
	return !text || parse_u64(text, 0, UINT64_MAX - 1, out) == 0;
}

static int
parse_yes(
	struct http_request *req, const char *name, bool *out, struct err *err)
{
	const char *text = http_query(req, name);

	return !text || parse_bool(text, out) == 0
		       ? 0
		       : err_set(err, -EINVAL, "query '%s': expected 1 or 0",
				 name);
}

/* What the reader wants of it. */
static int
parse_what(struct http_request *req, struct watcher *w, struct err *err)
{
	const char *encoding = http_query(req, "encoding");
	bool output = true;
	int r;

	w->follow = true;
	w->sse.base64 = encoding && strcmp(encoding, "base64") == 0;
	if (encoding && !w->sse.base64 && strcmp(encoding, "text") != 0)
		return err_set(err, -EINVAL,
			"query 'encoding': expected text or base64");
	r = parse_yes(req, "output", &output, err);
	w->sse.no_output = !output;
	return r < 0 ? r : parse_yes(req, "follow", &w->follow, err);
}

/* The watcher that the request asks for; NULL: it was answered. */
static struct watcher *
watcher_new(struct http_request *req, struct task *t, struct hub *hub)
{
	AUTO(watcher_free) struct watcher *w = calloc(1, sizeof *w);
	uint64_t after = 0;
	struct err err;

	if (!parse_after(req, &after) ||
		after > transcript_last(t->transcript)) {
		http_reply_error(req, 400, "bad_event_id",
			"it is the id: of an event of this stream",
			"Last-Event-ID is no number, or beyond the newest "
			"event");
		return NULL;
	}
	if (!w || sse_init(&w->sse, t, hub, after) < 0) {
		reply_no_memory(req);
		return NULL;
	}
	if (parse_what(req, w, &err) < 0) {
		http_reply_error(req, 400, "bad_query", NULL, "%s", err.text);
		return NULL;
	}
	return TAKE(w);
}

static void
got_task(void *arg, int r, struct task *t)
{
	struct hub *hub = ((struct asked *)arg)->api->hub;
	struct http_request *req = asked_found(arg, r, t);
	struct watcher *w = req ? watcher_new(req, t, hub) : NULL;

	if (!w)
		return;
	w->req = req;
	w->watch = (struct task_watch){ .fn = on_change, .arg = w };
	task_watch_add(t, &w->watch);
	http_add_header(req, "X-Accel-Buffering", "no"); /* for nginx */
	http_stream(req, 200, "text/event-stream", HTTP_SIZE_UNKNOWN, true,
		&ops, w);
}

void
api_stream(void *arg, struct http_request *req)
{
	const char *ref = http_query(req, "ref");

	if (!ref || !*ref) {
		http_reply_error(req, 400, "bad_query", NULL,
			"query 'ref' is required: the id of a task");
		return;
	}
	ask_task(arg, req, ref, got_task);
}
