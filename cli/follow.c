/* follow.c - what a task does, from its event stream, whatever breaks */
#include "cli/follow.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/verb.h"

enum { PAUSE_MS = 200, PAUSE_MAX_MS = 5000 };

int
follow_init(struct follow *f, struct http *http, const char *id,
	const char *more, const char *after, struct err *err)
{
	AUTO_BUF struct buf path = { 0 };

	*f = (struct follow){ .http = http, .id = id, .pause_ms = PAUSE_MS };
	if (buf_add_text(&path, "/stream?ref=") == 0 &&
		http_escape(&path, id) == 0 && buf_add_text(&path, more) == 0)
		f->path = strdup(buf_text(&path));
	if (!f->path || (after && buf_add_text(&f->sse.id, after) < 0))
		return err_set(err, -ENOMEM, "out of memory");
	return 0;
}

void
follow_done(struct follow *f)
{
	http_stop(f->call);
	sse_done(&f->sse);
	json_decref(f->record);
	json_decref(f->refusal);
	free(f->path);
	*f = (struct follow){ 0 };
}

static int
begin(struct follow *f, struct err *err)
{
	const struct http_request request = { .path = f->path,
		.after = f->sse.id.len ? buf_text(&f->sse.id) : NULL,
		.stream = true };

	if (sse_restart(&f->sse) < 0)
		return err_set(err, -ENOMEM, "out of memory");
	return http_start(f->http, &request, &f->call, err);
}

static int
on_event(void *arg, const struct sse_event *event)
{
	struct follow *f = arg;
	AUTO(json_decref) json_t *doc = NULL;
	int r = json_parse(event->data, event->len, &doc, &f->err);

	if (r < 0)
		return r == -ENOMEM ? r : -EBADMSG;
	f->pause_ms = PAUSE_MS;
	if (f->lost && !f->quiet)
		say("connected again");
	f->lost = false;
	r = f->fn(f->arg, event, doc);
	if (r < 0 || !json_is_true(json_object_get(doc, "isFinal")))
		return r;
	f->record = json_incref(json_object_get(doc, "task"));
	return json_is_object(f->record)
		       ? 0
		       : err_set(&f->err, -EBADMSG, "the last has no record");
}

static int
take(struct follow *f, struct err *err)
{
	struct buf *in = http_in(f->call);
	int r = sse_feed(&f->sse, in->data, in->len, on_event, f);

	buf_clear(in);
	if (r == -EMSGSIZE || r == -EBADMSG)
		return err_set(err, -EBADMSG,
			"the server has sent what is no event: %s",
			r == -EBADMSG ? f->err.text : "it is too long");
	return r == -ENOMEM ? err_set(err, r, "out of memory") : r;
}

/* A server that stops or is flooded says so; it may be better soon. */
static bool
may_come_back(const struct follow *f, int r, const struct http_answer *answer)
{
	if (!f->heard)
		return false;
	return r == 0 || http_away(r) || http_limited(answer) ||
	       http_lost(r, answer);
}

static int
ended(struct follow *f, struct err *err)
{
	HTTP_ANSWER(answer);
	int r = http_result(f->call, &answer, &f->err);

	http_stop(TAKE(f->call));
	if (f->record || (r == 0 && f->only_now))
		return FOLLOW_END;
	f->heard = f->heard || answer.status;
	if (!may_come_back(f, r, &answer)) {
		f->refusal = json_incref(answer.doc);
		return err_set(err, r, "task '%s': %s", f->id, f->err.text);
	}
	if (!f->lost && !f->quiet && f->pause_ms > PAUSE_MS)
		say("%s; trying again",
			r < 0 ? f->err.text
			      : "the server has ended the stream");
	f->lost = f->lost || f->pause_ms > PAUSE_MS;
	f->retry_at = clock_ms() + f->pause_ms;
	f->pause_ms =
		f->pause_ms * 2 > PAUSE_MAX_MS ? PAUSE_MAX_MS : f->pause_ms * 2;
	return FOLLOW_MORE;
}

int
follow_turn(struct follow *f, struct err *err)
{
	int r;

	if (!f->call)
		return clock_ms() < f->retry_at ? FOLLOW_MORE : begin(f, err);
	r = take(f, err);
	if (r < 0)
		return r;
	return http_ended(f->call) ? ended(f, err) : FOLLOW_MORE;
}

int64_t
follow_wait_ms(const struct follow *f)
{
	int64_t left = f->retry_at - clock_ms();

	if (f->call)
		return HTTP_EVER;
	return left > 0 ? left : 0;
}

int
follow_line(struct output *output, const struct sse_event *event)
{
	AUTO(json_decref) json_t *doc = NULL;
	AUTO_BUF struct buf line = { 0 };
	AUTO_FREE char *text = NULL;
	struct err why;

	if (!*event->id || event->id[strspn(event->id, "0123456789")] ||
		json_parse(event->data, event->len, &doc, &why) < 0 ||
		!json_is_object(doc))
		return -EBADMSG;
	text = json_dumps(doc, JSON_COMPACT | verb_json_flags());
	if (!text ||
		buf_printf(&line, "{\"id\":%s,%s\n", event->id, text + 1) < 0)
		return -ENOMEM;
	return output_add(output, STDOUT_FILENO, line.data, line.len);
}

int
follow_all(struct follow *f, struct err *err)
{
	int r = follow_turn(f, err);

	while (r == FOLLOW_MORE) {
		r = http_turn(f->http, NULL, 0, follow_wait_ms(f), err);
		if (r == 0)
			r = follow_turn(f, err);
	}
	return r < 0 ? r : 0;
}
