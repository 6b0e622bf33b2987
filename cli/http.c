/* http.c - questions to the server, over libcurl */
#include "cli/http.h"

#include <assert.h>
#include <curl/curl.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/limits.h"
#include "cli/answer.h"
#include "cli/headers.h"

enum {
	CONNECT_MS = 10 * 1000,
	SILENCE_MS = 60 * 1000, /* of a stream; a server's comes each 15 s */
	RETRY_MAX_S = 24 * 3600, /* what is beyond is nonsense */
	IN_MAX = 1 << 20, /* of a stream, not taken yet: then we pause */
};

struct http {
	const struct context *context; /* borrowed */
	CURLM *multi;
	char *bearer; /* "Authorization: Bearer ...", or NULL */
	struct http_call *calls; /* all that there are */
	bool news; /* something has come since the last wait */
	int signals; /* that http_ask() heeds, or -1 */
};

struct http_call {
	struct http *http;
	struct http_call *next;
	CURL *curl;
	struct curl_slist *headers;
	char *body; /* own, sent */
	struct buf in; /* of a stream, until it is taken */
	struct buf answer; /* the body, when it is JSON */
	bool stream, paused, ended;
	int64_t heard_ms; /* of a stream: something came */
	CURLcode code; /* when ended */
	char why[CURL_ERROR_SIZE];
};

int
http_new(const struct context *context, struct http **out, struct err *err)
{
	AUTO(http_free) struct http *http = calloc(1, sizeof *http);

	if (!http || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(err, -ENOMEM, "out of memory");
	http->context = context;
	http->signals = -1;
	http->multi = curl_multi_init();
	if (!http->multi)
		return err_set(err, -ENOMEM, "out of memory");
	if (context->token &&
		asprintf(&http->bearer, "Authorization: Bearer %s",
			context->token) < 0) {
		http->bearer = NULL;
		return err_set(err, -ENOMEM, "out of memory");
	}
	*out = TAKE(http);
	return 0;
}

void
http_free(struct http *http)
{
	if (!http)
		return;
	curl_multi_cleanup(http->multi);
	if (http->bearer)
		explicit_bzero(http->bearer, strlen(http->bearer));
	free(http->bearer);
	free(http);
}

void
http_heed(struct http *http, int signals)
{
	http->signals = signals;
}

int
http_heeded(const struct http *http)
{
	return http->signals;
}

/* ------------------------------------------------------------------- requests */

static long
status_of(const struct http_call *call)
{
	long status = 0;

	curl_easy_getinfo(call->curl, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

/* All of a piece is taken, or none of it and the transfer pauses. */
static size_t
take(char *data, size_t size, size_t n, void *arg)
{
	struct http_call *call = arg;
	size_t len = size * n;

	call->http->news = true;
	call->heard_ms = clock_ms();
	if (!call->stream || status_of(call) != 200)
		return call->answer.len + len <= LIMIT_ANSWER &&
				       buf_add(&call->answer, data, len) == 0
			       ? len
			       : 0;
	if (call->in.len >= IN_MAX) {
		call->paused = true;
		return CURL_WRITEFUNC_PAUSE;
	}
	return buf_add(&call->in, data, len) == 0 ? len : 0;
}

static void
set_body(struct http_call *call, const struct http_request *request)
{
	const char *method = request->method ? request->method : "GET";

	if (call->body)
		curl_easy_setopt(call->curl, CURLOPT_POSTFIELDS, call->body);
	else if (strcmp(method, "POST") == 0)
		curl_easy_setopt(call->curl, CURLOPT_POSTFIELDS, "");
	if (strcmp(method, "GET") != 0)
		curl_easy_setopt(call->curl, CURLOPT_CUSTOMREQUEST, method);
}

static void
set_times(CURL *curl, const struct http_request *request)
{
	int64_t wait_ms = request->wait_ms ? request->wait_ms : HTTP_WAIT_MS;

	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
	if (wait_ms > 0 && !request->stream)
		curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)wait_ms);
}

static int
prepare(struct http_call *call, const struct http_request *request)
{
	const struct context *context = call->http->context;
	AUTO_BUF struct buf url = { 0 };
	CURL *curl = call->curl;

	if (request->body) {
		call->body = json_dumps(request->body, JSON_COMPACT);
		if (!call->body)
			return -ENOMEM;
	}
	call->headers = headers_new(call->http->bearer, request);
	if (buf_printf(&url, "%s%s", context->server, request->path) < 0 ||
		!call->headers)
		return -ENOMEM;
	curl_easy_setopt(curl, CURLOPT_URL, buf_text(&url));
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	if (context->loopback) /* never through a proxy */
		curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	if (context->ca) { /* and none of the system's folder beside it */
		curl_easy_setopt(curl, CURLOPT_CAINFO, context->ca);
		curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
	}
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "nodelink/" PACKAGE_VERSION);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, call->headers);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, call->why);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, call);
	curl_easy_setopt(curl, CURLOPT_PRIVATE, call);
	set_body(call, request);
	set_times(curl, request);
	return 0;
}

int
http_start(struct http *http, const struct http_request *request,
	struct http_call **out, struct err *err)
{
	AUTO(http_stop) struct http_call *call = calloc(1, sizeof *call);

	if (!call)
		return err_set(err, -ENOMEM, "out of memory");
	call->http = http;
	call->stream = request->stream;
	call->heard_ms = clock_ms();
	LL_PREPEND(http->calls, call);
	call->curl = curl_easy_init();
	if (!call->curl || prepare(call, request) < 0 ||
		curl_multi_add_handle(http->multi, call->curl) != CURLM_OK)
		return err_set(err, -ENOMEM, "out of memory");
	*out = TAKE(call);
	return 0;
}

void
http_stop(struct http_call *call)
{
	if (!call)
		return;
	LL_DELETE(call->http->calls, call);
	/* One that was never added is refused, and that is all. */
	(void)curl_multi_remove_handle(call->http->multi, call->curl);
	curl_easy_cleanup(call->curl);
	curl_slist_free_all(call->headers);
	free(call->body);
	buf_done(&call->in);
	buf_done(&call->answer);
	free(call);
}

/* ---------------------------------------------------------------------- turns */

static void
note_ends(struct http *http)
{
	CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(http->multi, &left))) {
		struct http_call *call = NULL;

		if (msg->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &call);
		call->ended = http->news = true;
		call->code = msg->data.result;
	}
}

/* What was paused goes on when its bytes were taken. */
static void
resume(struct http *http)
{
	struct http_call *call;

	LL_FOREACH(http->calls, call) {
		if (!call->paused || call->in.len >= IN_MAX)
			continue;
		call->paused = false;
		call->heard_ms = clock_ms();
		curl_easy_pause(call->curl, CURLPAUSE_CONT);
	}
}

/* libcurl's own limit is one of speed, which a few bytes each quarter of a
 * minute do not reach. How long until the next of them is too quiet. */
static int64_t
note_silence(struct http *http)
{
	int64_t next = HTTP_EVER;
	struct http_call *call;

	LL_FOREACH(http->calls, call) {
		int64_t left = call->heard_ms + SILENCE_MS - clock_ms();

		if (!call->stream || call->paused || call->ended)
			continue;
		if (left <= 0) {
			call->ended = http->news = true;
			call->code = CURLE_OPERATION_TIMEDOUT;
		} else if (next < 0 || left < next) {
			next = left;
		}
	}
	return next;
}

static int
move(struct http *http)
{
	int running;

	if (curl_multi_perform(http->multi, &running) != CURLM_OK)
		return -ENOMEM;
	note_ends(http);
	return 0;
}

int
http_turn(struct http *http, struct pollfd *fds, size_t n_fds, int64_t wait_ms,
	struct err *err)
{
	struct curl_waitfd waits[HTTP_FDS];
	int wait = wait_ms < 0 || wait_ms > INT_MAX ? INT_MAX : (int)wait_ms;
	int64_t quiet_ms;

	assert(n_fds <= HTTP_FDS);
	for (size_t i = 0; i < n_fds; i++) /* the same bits as poll's */
		waits[i] = (struct curl_waitfd){ .fd = fds[i].fd,
			.events = fds[i].events };
	http->news = false;
	resume(http);
	/* What is new or resumed begins now and not after the wait; and when it
	 * has paused again, nothing would end the wait. */
	if (move(http) < 0)
		return err_set(err, -ENOMEM, "out of memory");
	quiet_ms = note_silence(http);
	if (http->news)
		wait = 0;
	else if (quiet_ms >= 0 && quiet_ms < wait)
		wait = (int)quiet_ms;
	if (curl_multi_poll(http->multi, waits, (unsigned)n_fds, wait, NULL) !=
		CURLM_OK)
		return err_set(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < n_fds; i++)
		fds[i].revents = waits[i].revents;
	return move(http) < 0 ? err_set(err, -ENOMEM, "out of memory") : 0;
}

struct buf *
http_in(struct http_call *call)
{
	return &call->in;
}

bool
http_ended(const struct http_call *call)
{
	return call->ended;
}

bool
http_sent(const struct http_call *call)
{
	curl_off_t ready_us = 0;
	long size = 0;

	curl_easy_getinfo(call->curl, CURLINFO_PRETRANSFER_TIME_T, &ready_us);
	curl_easy_getinfo(call->curl, CURLINFO_REQUEST_SIZE, &size);
	return ready_us || size;
}

/* The system's word for it is shorter than curl's. */
static const char *
why_broken(const struct http_call *call)
{
	long error = 0;

	if (call->code == CURLE_COULDNT_CONNECT)
		curl_easy_getinfo(call->curl, CURLINFO_OS_ERRNO, &error);
	if (error)
		return err_name((int)error);
	return *call->why ? call->why : curl_easy_strerror(call->code);
}

int
http_result(struct http_call *call, struct http_answer *answer, struct err *err)
{
	const struct context *context = call->http->context;
	struct err why = { "" };
	curl_off_t retry_s = 0;

	answer->status = status_of(call);
	curl_easy_getinfo(call->curl, CURLINFO_RETRY_AFTER, &retry_s);
	if (retry_s > 0 && retry_s < RETRY_MAX_S)
		answer->retry_ms = retry_s * 1000;
	if (call->code != CURLE_OK)
		return answer_broken(
			context, call->code, why_broken(call), err);
	if (call->stream && answer->status == 200)
		return 0;
	if (json_parse(call->answer.data, call->answer.len, &answer->doc,
		    &why) < 0)
		answer->doc = NULL;
	return answer_judge(context, answer, err);
}
