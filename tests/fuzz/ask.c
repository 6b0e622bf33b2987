/* ask.c - a request to the server of rig.h, and what every answer must be */
#include "tests/fuzz/ask.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

/* What tasks print, to be told as JSON and as bytes. */
static const char words[] = "hello\n\"quoted\" \x1b[1m\xff\xe2\x82";

char ask_cookie[ASK_COOKIE];
static bool is_open, is_stale;
static char running[ID_MAX], ended[ID_MAX];

static void
say_output(const char *id, uint64_t seq, enum msg_stream stream)
{
	rig_say(&rig_a, (struct msg){ .kind = MSG_OUTPUT,
				.task_id = id,
				.seq = seq,
				.output = { stream, (const uint8_t *)words,
					sizeof words } });
}

static void
run(char id[ID_MAX])
{
	(void)snprintf(id, ID_MAX, "%s", rig_create("a")->id);
	rig_say(&rig_a, (struct msg){ .kind = MSG_STARTED,
				.task_id = id,
				.seq = 1,
				.started = { .at = 1, .pid = 42 } });
	say_output(id, 2, MSG_STDOUT);
	say_output(id, 3, MSG_STDERR);
	say_output(id, 4, MSG_STDOUT);
}

/* A session of the token's. */
static void
login(void)
{
	static const char name[] = "\r\nSet-Cookie: nodelink_session=";
	AUTO_BUF struct buf request = { 0 };
	const struct buf *got;
	const char *at;

	MUST(buf_printf(&request,
		     "POST /session HTTP/1.1\r\nHost: localhost\r\n"
		     "Authorization: Bearer %s\r\nContent-Length: 0\r\n\r\n",
		     rig_token) == 0);
	got = rig_ask(request.data, request.len);
	at = strstr(buf_text(got), name);
	MUST(at);
	at += sizeof name - 1;
	MUST(strcspn(at, ";") == ASK_COOKIE - 1);
	(void)snprintf(ask_cookie, sizeof ask_cookie, "%s", at);
}

static void
open_rig(enum rig_kind kind)
{
	rig_open(kind);
	if (kind == RIG_GUARDED)
		login();
	run(running);
	run(ended);
	rig_say(&rig_a, (struct msg){ .kind = MSG_RESULT,
				.task_id = ended,
				.seq = 5,
				.result = { .outcome = MSG_SIGNALED,
					.code = 9,
					.failure = "signal",
					.ended_at = 5 } });
	is_open = true;
	is_stale = false;
}

static void
be_fresh(enum rig_kind kind)
{
	if (is_open && is_stale) {
		rig_close();
		is_open = false;
	}
	if (!is_open)
		open_rig(kind);
}

/* ------------------------------------------------------------------ answers */

static void
check_json(const char *text, size_t len)
{
	json_error_t why;
	json_t *root = json_loadb(text, len,
		JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY,
		&why);

	if (!root)
		(void)fprintf(stderr, "%s\n%.*s\n", why.text, (int)len, text);
	MUST(root);
	json_decref(root);
}

/* Every event whole, and each a JSON object. */
static void
check_events(const char *text, const char *end)
{
	while (text < end) {
		const char *line = memchr(text, '\n', (size_t)(end - text));

		if (!line)
			return;
		if (strncmp(text, "data: ", 6) == 0)
			check_json(text + 6, (size_t)(line - text) - 6);
		text = line + 1;
	}
}

static size_t
content_length(const char *head, size_t len)
{
	static const char name[] = "Content-Length: ";
	const char *at = memmem(head, len, name, sizeof name - 1);

	return at ? strtoul(at + sizeof name - 1, NULL, 10) : 0;
}

/* One answer, or several one behind the other. Without a word on how long it
 * is, it goes on to the end. */
static void
check_answers(const char *text, size_t len, bool head_only)
{
	const char *end = text + len;

	while (text < end) {
		const char *body =
			memmem(text, (size_t)(end - text), "\r\n\r\n", 4);
		size_t head, size;

		if (strncmp(text, "HTTP/1.1 ", 9) != 0)
			(void)fprintf(
				stderr, "%.*s\n", (int)(end - text), text);
		MUST(strncmp(text, "HTTP/1.1 ", 9) == 0);
		MUST(strncmp(text + 9, "500", 3) != 0);
		if (!body)
			return; /* cut by a client that left */
		head = (size_t)(body - text);
		body += 4;
		size = content_length(text, head);
		/* libmicrohttpd's own refusals of what is no HTTP: HTML, their
		 * head sometimes twice (0.9.75), and then it closes. */
		if (!memmem(text, head, "Content-Type: ", 14))
			return;
		if (memmem(text, head, "text/event-stream", 17))
			check_events(body, end);
		if (!size || head_only || size > (size_t)(end - body))
			return;
		if (memmem(text, head, "application/json", 16))
			check_json(body, size);
		text = body + size;
	}
}

/* ---------------------------------------------------------------- questions */

static void
replace(struct buf *request, const char *name, const char *id)
{
	const size_t n = sizeof ASK_RUNNING - 1;
	uint8_t *at = request->data, *end = at + request->len;

	MUST(strlen(id) == n);
	while ((at = memmem(at, (size_t)(end - at), name, n))) {
		memcpy(at, id, n);
		at += n;
	}
}

static bool
has(const struct buf *request, const char *word)
{
	return memmem(request->data, request->len, word, strlen(word));
}

const struct buf *
ask(enum rig_kind kind, struct buf *request)
{
	const struct buf *got;

	be_fresh(kind);
	replace(request, ASK_RUNNING, running);
	replace(request, ASK_ENDED, ended);
	got = rig_ask(request->data, request->len);
	check_answers(buf_text(got), got->len, has(request, "HEAD "));
	/* A server that may have changed is thrown away: an input is to mean
	 * the same whatever came before it. */
	is_stale = has(request, "POST") || has(request, "PUT") ||
		   has(request, "DELETE");
	return got;
}

static struct input
line_of(struct input *in)
{
	const uint8_t *end = in->len ? memchr(in->data, '\n', in->len) : NULL;
	struct input line =
		input_piece(in, end ? (size_t)(end - in->data) : in->len);

	(void)input_byte(in); /* the end of the line */
	return line;
}

/* The line, with the first "$TOKEN" or "$COOKIE" replaced. */
static void
add_header(struct buf *request, struct input line)
{
	static const char *const names[] = { "$TOKEN", "$COOKIE" };
	const char *const values[] = { rig_token, ask_cookie };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		size_t n = strlen(names[i]);
		const uint8_t *at = memmem(line.data, line.len, names[i], n);
		struct input front;

		if (!at)
			continue;
		front = input_piece(&line, (size_t)(at - line.data));
		MUST(buf_add(request, front.data, front.len) == 0);
		MUST(buf_add_text(request, values[i]) == 0);
		(void)input_piece(&line, n);
		break;
	}
	MUST(buf_add(request, line.data, line.len) == 0);
	MUST(buf_add_text(request, "\r\n") == 0);
}

const struct buf *
ask_lines(enum rig_kind kind, struct input in)
{
	AUTO_BUF struct buf request = { 0 };
	struct input line = line_of(&in);

	if (!line.len || memchr(line.data, '\r', line.len))
		return NULL;
	be_fresh(kind);
	MUST(buf_add(&request, line.data, line.len) == 0);
	MUST(buf_add_text(&request, " HTTP/1.1\r\nHost: localhost\r\n") == 0);
	for (line = line_of(&in); line.len; line = line_of(&in))
		add_header(&request, line);
	MUST(buf_printf(&request, "Content-Length: %zu\r\n\r\n", in.len) == 0);
	MUST(buf_add(&request, in.data, in.len) == 0);
	return ask(kind, &request);
}
