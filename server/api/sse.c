/* sse.c - a task's transcript as server-sent events, into any buffer
 *
 * An event is four parts: head (id and the opening of the JSON), carry (the
 * character that the piece before began), text, tail. Each can be left in the
 * middle when the buffer is full; the head and tail are made again then, which
 * costs less than keeping them. The last event is rendered as a whole. */
#include "api/sse.h"

#include <errno.h>
#include <inttypes.h>
#include <nettle/base64.h>
#include <stdio.h>
#include <string.h>

#include "api/internal.h"
#include "base/clock.h"
#include "json/escape.h"
#include "wire/msg.h"

enum { SKIP_ENTRIES = 256 }; /* in one go: the loop has other work */

struct sink { /* the caller's buffer */
	uint8_t *out;
	size_t len, max;
};

struct frame { /* what stands around the text, by kind of entry */
	const char *open, *close;
};

/* {plugin's key}: {"stdout": text, "stderr": "", "exitCode": 0} */
static const char *
plugin_key(const struct task *t)
{
	if (strcmp(t->plugin, "shell") == 0)
		return "shellExecute";
	return strcmp(t->plugin, "docker") == 0 ? "dockerOperation"
						: "pluginTask";
}

static struct frame
frame_of(enum transcript_kind kind)
{
	static const struct frame out = { ":{\"stdout\":\"",
		"\",\"stderr\":\"\",\"exitCode\":0}}\n\n" };
	static const struct frame err = { ":{\"stdout\":\"\",\"stderr\":\"",
		"\",\"exitCode\":0}}\n\n" };
	static const struct frame hook = { "\"hook\":{\"output\":\"",
		"\"}}\n\n" };
	static const struct frame cancel = { "\"taskCancel\":{\"message\":\"",
		"\"}}\n\n" };

	switch (kind) {
	case TRANSCRIPT_STDOUT: return out;
	case TRANSCRIPT_STDERR: return err;
	case TRANSCRIPT_HOOK: return hook;
	case TRANSCRIPT_CANCEL:
	case TRANSCRIPT_FINAL: break;
	}
	return cancel;
}

int
sse_init(struct sse *s, struct task *task, struct hub *hub, uint64_t after)
{
	*s = (struct sse){ .task = task_ref(task), .hub = hub, .after = after };
	/* Ids are plain words by their form: nothing to escape. */
	return buf_printf(&s->prefix,
		"\nevent: response\ndata: {\"agentId\":\"%s\",\"taskId\":"
		"\"%s\",\"status\":\"IN_PROGRESS\",\"isFinal\":false,"
		"\"cancelled\":false,",
		task->agent_id, task->id);
}

void
sse_done(struct sse *s)
{
	task_unref(s->task);
	buf_done(&s->prefix);
	buf_done(&s->final);
	s->task = NULL;
}

bool
sse_at_rest(const struct sse *s)
{
	return s->part == SSE_HEAD && s->pos == 0;
}

/* ------------------------------------------------------------------ pieces */

static void
next_part(struct sse *s)
{
	s->part++;
	s->pos = 0;
}

/* Copy data from s->pos on; true when all of it is out. */
static bool
put(struct sse *s, struct sink *k, const void *data, size_t len)
{
	size_t n = len - s->pos, room = k->max - k->len;

	if (n > room)
		n = room;
	memcpy(k->out + k->len, (const uint8_t *)data + s->pos, n);
	k->len += n;
	s->pos += n;
	return s->pos == len;
}

static bool
put_head(struct sse *s, struct sink *k, const struct transcript_entry *e,
	const struct frame *f)
{
	bool output =
		e->kind == TRANSCRIPT_STDOUT || e->kind == TRANSCRIPT_STDERR;
	const char *quote = e->at_ms ? "\"" : "";
	char head[512], time[CLOCK_TEXT] = "null";
	int n;

	if (e->at_ms)
		(void)clock_text(e->at_ms, time);
	n = snprintf(head, sizeof head,
		"id: %" PRIu64 "%s\"time\":%s%s%s,%s%s%s%s", e->id,
		buf_text(&s->prefix), quote, time, quote, output ? "\"" : "",
		output ? plugin_key(s->task) : "", output ? "\"" : "", f->open);

	return put(s, k, head, (size_t)n);
}

/* The first character of a piece, which the piece before began. Where its end
 * is missing it becomes one U+FFFD. s->pos is set behind its bytes. */
static bool
put_carry(struct sse *s, struct sink *k, const struct transcript_entry *e,
	size_t len)
{
	uint8_t joined[8];
	size_t n = e->n_carry, more = len < 3 ? len : 3, used;

	if (n) {
		if (k->max - k->len < ESCAPE_MAX)
			return false;
		memcpy(joined, e->carry, n);
		memcpy(joined + n, e->data, more);
		/* Just enough room for one character. */
		k->len += escape_json(
			joined, n + more, &used, k->out + k->len, ESCAPE_MAX);
		n = used > n ? used - n : 0;
	}
	next_part(s);
	s->pos = n;
	return true;
}

static bool
put_text(struct sse *s, struct sink *k, const uint8_t *data, size_t len)
{
	size_t used;

	k->len += escape_json(data + s->pos, len - s->pos, &used,
		k->out + k->len, k->max - k->len);
	s->pos += used;
	return s->pos == len;
}

/* Groups of three bytes, until the last one. */
static bool
put_base64(struct sse *s, struct sink *k, const uint8_t *data, size_t len)
{
	size_t n = len - s->pos, room = (k->max - k->len) / 4 * 3;

	if (n > room)
		n = room;
	base64_encode_raw((char *)k->out + k->len, n, data + s->pos);
	k->len += BASE64_ENCODE_RAW_LENGTH(n);
	s->pos += n;
	return s->pos == len;
}

/* The bytes of this kind are not told as text. */
static bool
is_base64(const struct sse *s, const struct transcript_entry *e)
{
	return s->base64 && e->kind != TRANSCRIPT_CANCEL;
}

static bool
put_inside(struct sse *s, struct sink *k, const struct transcript_entry *e)
{
	size_t len = e->len - e->cut;

	if (is_base64(s, e)) {
		s->part = SSE_TEXT;
		return put_base64(s, k, e->data, e->len);
	}
	if (s->part == SSE_CARRY && !put_carry(s, k, e, len))
		return false;
	return put_text(s, k, e->data, len);
}

/* True when the whole entry is out; false when the buffer is full. */
static bool
put_entry(struct sse *s, struct sink *k, const struct transcript_entry *e)
{
	struct frame f = frame_of(e->kind);

	if (s->part == SSE_HEAD) {
		if (!put_head(s, k, e, &f))
			return false;
		next_part(s);
	}
	if (s->part != SSE_TAIL) {
		if (!put_inside(s, k, e))
			return false;
		s->part = SSE_TAIL;
		s->pos = 0;
	}
	return put(s, k, f.close, strlen(f.close));
}

/* A piece of nothing but a character's beginning has no text of its own. */
static bool
is_empty(const struct sse *s, const struct transcript_entry *e)
{
	if (s->no_output && e->kind != TRANSCRIPT_CANCEL)
		return true;
	return !(is_base64(s, e) ? e->len : e->len - e->cut + e->n_carry);
}

/* --------------------------------------------------------------- last event */

/* As a shell tells it: 128 + n after a signal, -1 when it never ran. */
static int32_t
exit_code(const struct msg_result *result)
{
	if (!result)
		return -1;
	if (result->outcome == MSG_EXITED)
		return result->code;
	return result->outcome == MSG_SIGNALED ? 128 + result->code : -1;
}

static int
make_final(struct sse *s, uint64_t id)
{
	const struct task *t = s->task;
	bool failed = t->status == TASK_FAILED;
	AUTO(msg_free) struct msg_box *box = NULL;
	const struct msg_result *result = NULL;
	struct emit e;
	int r;

	if (t->result.len && msg_unpack(MSG_TO_SERVER, t->result.data,
				     t->result.len, &box, NULL) == 0)
		result = &msg_get(box)->result;
	r = buf_printf(
		&s->final, "id: %" PRIu64 "\nevent: response\ndata: ", id);
	if (r < 0)
		return r;
	emit_init(&e, &s->final);
	emit_object(&e, NULL);
	emit_text(&e, "agentId", t->agent_id);
	emit_text(&e, "taskId", t->id);
	emit_text(&e, "status", failed ? "FAILURE" : "COMPLETED");
	emit_bool(&e, "isFinal", true);
	emit_bool(&e, "cancelled", t->status == TASK_CANCELLED);
	emit_time(&e, "time", t->ended_at);
	emit_object(&e, plugin_key(t));
	emit_text(&e, "stdout", "");
	emit_text(&e, "stderr", "");
	emit_int(&e, "exitCode", exit_code(result));
	emit_object_end(&e);
	task_json_receipt(&e, result);
	if (s->hub) {
		emit_object(&e, "task");
		task_json(&e, s->hub, t);
		emit_object_end(&e);
	}
	emit_object_end(&e);
	r = emit_done(&e);
	return r < 0 ? r : buf_add_text(&s->final, "\n\n");
}

/* 1: out; 0: the buffer is full; -ENOMEM. */
static int
put_final(struct sse *s, struct sink *k, uint64_t id)
{
	int r;

	if (!s->final.len) {
		r = make_final(s, id);
		if (r < 0) {
			buf_clear(&s->final);
			return r;
		}
	}
	return put(s, k, s->final.data, s->final.len);
}

ssize_t
sse_fill(struct sse *s, uint8_t *out, size_t max)
{
	struct sink k = { out, 0, max };
	struct transcript_entry e;
	size_t skipped = 0;
	bool whole;
	int r;

	s->more = false;
	for (;;) {
		r = transcript_read(s->task->transcript, s->after, &e);
		if (r != TRANSCRIPT_OK)
			break;
		if (e.kind == TRANSCRIPT_FINAL) {
			r = put_final(s, &k, e.id);
			if (r < 0)
				break;
			whole = r > 0;
		} else {
			whole = is_empty(s, &e) || put_entry(s, &k, &e);
		}
		if (!k.len && ++skipped == SKIP_ENTRIES) {
			s->after = e.id;
			s->more = true;
			return 0;
		}
		if (!whole)
			return (ssize_t)k.len;
		s->after = e.id;
		s->part = SSE_HEAD;
		s->pos = 0;
	}
	if (k.len)
		return (ssize_t)k.len;
	if (r < 0)
		return r == SSE_END ? -EIO : r;
	return transcript_ended(s->task->transcript) ? SSE_END : 0;
}
