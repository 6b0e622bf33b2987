/* output.c - GET /tasks/{id}/output: the exact bytes of one stream
 *
 * What there is now, with its length; with follow=1, and as long as the task
 * runs, everything until its end. A range is served where the length cannot
 * change any more. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"
#include "base/log.h"
#include "base/parse.h"
#include "store/transcript.h"

enum {
	SKIP_ENTRIES = 512, /* looked at in one go: the loop has other work */
	SKIP_BYTES = 16 << 20,
};

struct reader {
	struct http_request *req;
	struct task *task; /* own reference */
	struct task_watch watch; /* fn NULL: not following */
	enum transcript_kind kind;
	uint64_t after; /* the last entry that was read whole */
	size_t pos; /* in the next one */
	uint64_t skip; /* bytes of the stream before the range */
};

static void
reader_free(struct reader *r)
{
	if (r->watch.fn)
		task_watch_drop(r->task, &r->watch);
	task_unref(r->task);
	free(r);
}

static void
reader_close(void *arg)
{
	reader_free(arg);
}

static void
on_change(void *arg)
{
	struct reader *r = arg;

	http_stream_wake(r->req);
}

/* The bytes of the entry that are still to be sent. */
static size_t
take(struct reader *r, const struct transcript_entry *e, uint8_t *out,
	size_t room)
{
	size_t left = e->len - r->pos, n;

	n = r->skip < left ? (size_t)r->skip : left;
	r->skip -= n;
	r->pos += n;
	left -= n;
	n = left < room ? left : room;
	memcpy(out, e->data + r->pos, n);
	r->pos += n;
	return n;
}

static ssize_t
reader_read(void *arg, uint8_t *out, size_t max)
{
	struct reader *r = arg;
	struct transcript_entry e;
	size_t n = 0, seen = 0, looked = 0;
	int got = TRANSCRIPT_NONE;

	while (n < max) {
		if (looked++ == SKIP_ENTRIES || seen > SKIP_BYTES) {
			if (n == 0) /* go on after the others had their turn */
				http_stream_wake(r->req);
			return n ? (ssize_t)n : HTTP_LATER;
		}
		got = transcript_read(r->task->transcript, r->after, &e);
		if (got != TRANSCRIPT_OK)
			break;
		seen += e.len;
		if (e.kind == r->kind) {
			n += take(r, &e, out + n, max - n);
			if (r->pos < e.len)
				break; /* the buffer is full */
		}
		r->after = e.id;
		r->pos = 0;
	}
	if (n)
		return (ssize_t)n;
	if (got < 0) {
		log_error(got, "task '%s': its output cannot be read",
			r->task->id);
		return HTTP_BREAK;
	}
	return transcript_ended(r->task->transcript) ? HTTP_END : HTTP_LATER;
}

static const struct http_stream_ops ops = { reader_read, reader_close };

/* -------------------------------------------------------------------- range */

enum range { RANGE_NONE, RANGE_GOOD, RANGE_OUTSIDE };

/* One range of bytes; anything else in the header is to be ignored. */
static enum range
parse_range(const char *text, uint64_t size, uint64_t *first, uint64_t *last)
{
	char from[24], to[24];
	const char *dash;
	bool open;

	if (!text || strncmp(text, "bytes=", 6) != 0 || strchr(text, ','))
		return RANGE_NONE;
	text += 6;
	dash = strchr(text, '-');
	if (!dash || dash - text >= (int)sizeof from ||
		strlen(dash) >= sizeof to)
		return RANGE_NONE;
	(void)snprintf(from, sizeof from, "%.*s", (int)(dash - text), text);
	(void)snprintf(to, sizeof to, "%s", dash + 1);
	*last = size ? size - 1 : 0;
	if (!*from) { /* the last n bytes */
		if (parse_u64(to, 0, UINT64_MAX, first) < 0)
			return RANGE_NONE;
		if (!*first || !size)
			return RANGE_OUTSIDE;
		*first = *first < size ? size - *first : 0;
		return RANGE_GOOD;
	}
	open = !*to;
	if (parse_u64(from, 0, UINT64_MAX, first) < 0 ||
		(!open && parse_u64(to, *first, UINT64_MAX, last) < 0))
		return RANGE_NONE;
	if (*first >= size)
		return RANGE_OUTSIDE;
	if (*last >= size)
		*last = size - 1;
	return RANGE_GOOD;
}

/* -------------------------------------------------------------------- start */

static void
start_follow(struct http_request *req, struct reader *r)
{
	r->watch = (struct task_watch){ .fn = on_change, .arg = r };
	task_watch_add(r->task, &r->watch);
	http_stream(req, 200, "application/octet-stream", HTTP_SIZE_UNKNOWN,
		false, &ops, r);
}

static void
start_known(struct http_request *req, struct reader *r)
{
	uint64_t size = transcript_bytes(r->task->transcript, r->kind);
	bool ended = transcript_ended(r->task->transcript);
	uint64_t first = 0, last = 0;
	enum range range = RANGE_NONE;
	char text[80];

	if (ended) {
		http_add_header(req, "Accept-Ranges", "bytes");
		range = parse_range(
			http_header(req, "Range"), size, &first, &last);
	}
	if (range == RANGE_OUTSIDE) {
		(void)snprintf(text, sizeof text, "bytes */%" PRIu64, size);
		http_add_header(req, "Content-Range", text);
		http_reply_error(req, 416, "bad_range", NULL,
			"the output has %" PRIu64 " bytes", size);
		reader_free(r);
		return;
	}
	if (range == RANGE_NONE) {
		http_stream(req, 200, "application/octet-stream", (int64_t)size,
			false, &ops, r);
		return;
	}
	(void)snprintf(text, sizeof text,
		"bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, first, last, size);
	http_add_header(req, "Content-Range", text);
	r->skip = first;
	http_stream(req, 206, "application/octet-stream",
		(int64_t)(last - first + 1), false, &ops, r);
}

static bool
parse_stream(const char *text, enum transcript_kind *out)
{
	static const struct {
		const char *name;
		enum transcript_kind kind;
	} known[] = { { "stdout", TRANSCRIPT_STDOUT },
		{ "stderr", TRANSCRIPT_STDERR }, { "hook", TRANSCRIPT_HOOK } };

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strcmp(known[i].name, text) == 0) {
			*out = known[i].kind;
			return true;
		}
	return false;
}

static void
got_task(void *arg, int r, struct task *t)
{
	struct http_request *req = asked_found(arg, r, t);
	enum transcript_kind kind = TRANSCRIPT_STDOUT;
	const char *stream, *follow;
	bool yes = false;
	struct reader *reader;

	if (!req)
		return;
	stream = http_query(req, "stream");
	follow = http_query(req, "follow");
	if (stream && !parse_stream(stream, &kind)) {
		http_reply_error(req, 400, "bad_query", NULL,
			"query 'stream': expected stdout, stderr or hook, got "
			"\"%.64s\"",
			stream);
		return;
	}
	if (follow && parse_bool(follow, &yes) < 0) {
		http_reply_error(req, 400, "bad_query", NULL,
			"query 'follow': expected 1 or 0, got \"%.64s\"",
			follow);
		return;
	}
	reader = calloc(1, sizeof *reader);
	if (!reader) {
		reply_no_memory(req);
		return;
	}
	reader->req = req;
	reader->task = task_ref(t);
	reader->kind = kind;
	if (yes && !transcript_ended(t->transcript))
		start_follow(req, reader);
	else
		start_known(req, reader);
}

void
api_output(void *arg, struct http_request *req)
{
	ask_task(arg, req, http_param(req, "id"), got_task);
}
