/* fake-http.c - a server for the verbs of nodelink that says whatever it wants
 */
#include "tests/fuzz/fake-http.h"

#include <curl/curl.h>
#include <string.h>

#include "cli/answer.h"

struct http {
	const struct context *context;
};

struct http_call {
	const struct context *context;
	long status;
	struct input body;
};

static struct input answers;
static size_t asked;

void
fake_http_load(struct input in)
{
	answers = in;
	asked = 0;
}

size_t
fake_http_asked(void)
{
	return asked;
}

/* Up to the word or the end; the word is dropped. */
static struct input
up_to(const char *word)
{
	size_t n = strlen(word);
	const uint8_t *at =
		answers.len ? memmem(answers.data, answers.len, word, n) : NULL;
	struct input piece = input_piece(
		&answers, at ? (size_t)(at - answers.data) : answers.len);

	(void)input_piece(&answers, n);
	return piece;
}

int
http_new(const struct context *context, struct http **out, struct err *err)
{
	(void)err;
	*out = calloc(1, sizeof **out);
	MUST(*out);
	(*out)->context = context;
	return 0;
}

void
http_free(struct http *http)
{
	free(http);
}

void
http_heed(struct http *http, int signals)
{
	(void)http;
	(void)signals;
}

int
http_heeded(const struct http *http)
{
	(void)http;
	return -1;
}

int
http_start(struct http *http, const struct http_request *request,
	struct http_call **out, struct err *err)
{
	struct http_call *call = calloc(1, sizeof *call);
	struct input status;

	(void)err;
	MUST(call && request->path[0] == '/');
	asked++;
	call->context = http->context;
	for (status = up_to("\n"); status.len;)
		call->status =
			(call->status * 10 + input_digit(&status)) % 1000;
	call->body = up_to("\n--\n");
	*out = call;
	return 0;
}

void
http_stop(struct http_call *call)
{
	free(call);
}

int
http_turn(struct http *http, struct pollfd *fds, size_t n_fds, int64_t wait_ms,
	struct err *err)
{
	(void)http;
	(void)wait_ms;
	(void)err;
	for (size_t i = 0; i < n_fds; i++)
		fds[i].revents = 0;
	return 0;
}

struct buf *
http_in(struct http_call *call)
{
	static struct buf none;

	(void)call;
	return &none;
}

bool
http_ended(const struct http_call *call)
{
	(void)call;
	return true;
}

bool
http_sent(const struct http_call *call)
{
	(void)call;
	return true;
}

int
http_result(struct http_call *call, struct http_answer *answer, struct err *err)
{
	struct err why;

	answer->status = call->status;
	if (!call->status)
		return answer_broken(call->context, CURLE_GOT_NOTHING,
			"nothing more was said", err);
	if (json_parse(call->body.data, call->body.len, &answer->doc, &why) < 0)
		answer->doc = NULL;
	return answer_judge(call->context, answer, err);
}
