/* engine.c - calls to the Docker Engine API over its unix socket */
#include "engine.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "docker.h"

enum {
	OLDEST_MINOR = 24, /* of API 1.x */
	NEWEST_MINOR = 47,
	ANSWER_MAX = 16 << 20,
	CONNECT_MS = 5000,
};

struct call {
	struct call *next, **at; /* of all that are under way */
	struct request how;
	CURL *easy;
	char *body; /* what has come */
	size_t len, room;
	char why[CURL_ERROR_SIZE];
};

static struct {
	char *socket_path;
	CURLM *multi;
	struct curl_slist *headers;
	struct call *calls;
	int64_t timer;
	int minor; /* 0: not agreed on */
	bool podman;
} engine;

/* ---------------------------------------------------------------- versions */

bool
engine_agree(const char *theirs)
{
	int minor = 0;

	if (strncmp(theirs, "1.", 2) != 0)
		return false;
	for (theirs += 2; *theirs >= '0' && *theirs <= '9' && minor < 1000;
		theirs++)
		minor = minor * 10 + (*theirs - '0');
	engine.minor = minor > NEWEST_MINOR ? NEWEST_MINOR : minor;
	return minor >= OLDEST_MINOR;
}

bool
engine_is_at_least(int minor)
{
	return engine.minor >= minor;
}

bool
engine_is_podman(void)
{
	return engine.podman;
}

const char *
engine_socket(void)
{
	return engine.socket_path;
}

char *
engine_escape(const char *text)
{
	char *escaped = curl_easy_escape(NULL, text, 0);
	char *copy = escaped ? strdup(escaped) : NULL;

	curl_free(escaped);
	return copy;
}

/* --------------------------------------------------------------- answers */

static long
status_of(const struct call *call)
{
	long status = 0;

	(void)curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

static bool
is_good(long status)
{
	return status >= 200 && status < 300;
}

static size_t
on_header(char *line, size_t size, size_t n, void *arg)
{
	static const char version[] = "Api-Version: ", server[] = "Server: ";
	struct call *call = arg;
	size_t len = size * n;

	if (len > sizeof version &&
		strncasecmp(line, version, sizeof version - 1) == 0 &&
		!strcmp(call->how.path, "/_ping"))
		(void)engine_agree(line + sizeof version - 1);
	if (len > sizeof server &&
		strncasecmp(line, server, sizeof server - 1) == 0)
		engine.podman =
			strncmp(line + sizeof server - 1, "Libpod", 6) == 0;
	if (len == 2 && call->how.on_open && is_good(status_of(call)))
		call->how.on_open(call->how.arg);
	return len;
}

static size_t
keep(struct call *call, const char *data, size_t len)
{
	if (len >= ANSWER_MAX - call->len)
		return 0;
	if (call->len + len >= call->room) {
		size_t room = (call->len + len) * 2 + 1;
		char *body = realloc(call->body, room);

		if (!body)
			return 0;
		call->body = body;
		call->room = room;
	}
	memcpy(call->body + call->len, data, len);
	call->len += len;
	call->body[call->len] = 0;
	return len;
}

static size_t
on_body(char *data, size_t size, size_t n, void *arg)
{
	struct call *call = arg;
	size_t len = size * n;

	if (!call->how.on_data || !is_good(status_of(call)))
		return keep(call, data, len);
	return call->how.on_data(call->how.arg, data, len)
		       ? len
		       : CURL_WRITEFUNC_PAUSE;
}

static void
call_free(struct call *call)
{
	*call->at = call->next;
	if (call->next)
		call->next->at = call->at;
	if (call->easy) {
		(void)curl_multi_remove_handle(engine.multi, call->easy);
		curl_easy_cleanup(call->easy);
	}
	free(call->body);
	free(call);
}

static void
answer(struct call *call, CURLcode result)
{
	struct answer a = { .status = status_of(call),
		.body = call->body ? call->body : "",
		.len = call->len,
		.text = "" };
	long os_error = 0;

	if (result != CURLE_OK) {
		(void)curl_easy_getinfo(
			call->easy, CURLINFO_OS_ERRNO, &os_error);
		a.status = 0;
		a.error = result == CURLE_OPERATION_TIMEDOUT ? ETIMEDOUT
			  : os_error			     ? (int)os_error
							     : EIO;
		a.text = a.error == ETIMEDOUT		   ? "no answer in time"
			 : result == CURLE_COULDNT_CONNECT ? strerror(a.error)
			 : *call->why			   ? call->why
				      : curl_easy_strerror(result);
	}
	call->how.on_answer(call->how.arg, &a);
	call_free(call);
}

/* ------------------------------------------------------- on the host's loop */

static void
tell_ended(void)
{
	const CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(engine.multi, &left)) != NULL) {
		CURLcode result = msg->data.result;
		void *call = NULL;

		if (msg->msg != CURLMSG_DONE)
			continue;
		(void)curl_easy_getinfo(
			msg->easy_handle, CURLINFO_PRIVATE, (char **)&call);
		answer(call, result);
	}
}

static void
act(curl_socket_t fd, int ready)
{
	int running;

	(void)curl_multi_socket_action(engine.multi, fd, ready, &running);
	tell_ended();
}

static void
timer_due(void *arg)
{
	(void)arg;
	engine.timer = 0;
	act(CURL_SOCKET_TIMEOUT, 0);
}

static int
set_timer(CURLM *multi, long ms, void *arg)
{
	(void)multi;
	(void)arg;
	if (engine.timer)
		host->drop(host, engine.timer);
	engine.timer =
		ms < 0 ? 0 : host->timer(host, NULL, ms, timer_due, NULL);
	return engine.timer < 0 ? -1 : 0;
}

static void
socket_ready(void *arg, int fd, unsigned ready)
{
	(void)arg;
	act(fd, (ready & NDL_READ ? CURL_CSELECT_IN : 0) |
			(ready & NDL_WRITE ? CURL_CSELECT_OUT : 0) |
			(ready ? 0 : CURL_CSELECT_ERR));
}

static int
set_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *known)
{
	int64_t id = (intptr_t)known;
	unsigned events = (what & CURL_POLL_IN ? NDL_READ : 0u) |
			  (what & CURL_POLL_OUT ? NDL_WRITE : 0u);

	(void)easy;
	(void)arg;
	if (what == CURL_POLL_REMOVE) {
		host->drop(host, id);
		return 0;
	}
	if (id)
		return host->rewatch(host, id, events);
	id = host->watch(host, NULL, fd, events, socket_ready, NULL);
	if (id < 0)
		return -1;
	(void)curl_multi_assign(engine.multi, fd, (void *)(intptr_t)id);
	return 0;
}

/* -------------------------------------------------------------------- calls */

static bool
prepare(struct call *call)
{
	const struct request *how = &call->how;
	char url[2048], version[16] = "";
	bool post = strcmp(how->method, "POST") == 0;

	if (strcmp(how->path, "/_ping") != 0)
		(void)snprintf(version, sizeof version, "/v1.%d", engine.minor);
	if (snprintf(url, sizeof url, "http://docker%s%s", version,
		    how->path) >= (int)sizeof url)
		return false;
	call->easy = curl_easy_init();
	if (!call->easy)
		return false;
#define SET(option, value) \
	curl_easy_setopt(call->easy, CURLOPT_##option, value) == CURLE_OK
	return SET(URL, url) && SET(UNIX_SOCKET_PATH, engine.socket_path) &&
	       SET(PROXY, "") && SET(NOSIGNAL, 1L) && SET(FORBID_REUSE, 1L) &&
	       SET(HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) &&
	       SET(BUFFERSIZE, 128L << 10) && SET(ERRORBUFFER, call->why) &&
	       SET(CONNECTTIMEOUT_MS, (long)CONNECT_MS) &&
	       SET(TIMEOUT_MS, how->timeout_ms) && SET(PRIVATE, call) &&
	       SET(HEADERFUNCTION, on_header) && SET(HEADERDATA, call) &&
	       SET(WRITEFUNCTION, on_body) && SET(WRITEDATA, call) &&
	       SET(HTTPHEADER, engine.headers) &&
	       (!post || (SET(POSTFIELDSIZE,
				  how->body ? (long)strlen(how->body) : 0L) &&
				 SET(COPYPOSTFIELDS,
					 how->body ? how->body : ""))) &&
	       (post || SET(CUSTOMREQUEST, how->method));
#undef SET
}

struct call *
engine_call(const struct request *how)
{
	struct call *call = calloc(1, sizeof *call);

	if (!call)
		return NULL;
	call->how = *how;
	call->at = &engine.calls;
	call->next = engine.calls;
	if (call->next)
		call->next->at = &call->next;
	engine.calls = call;
	if (prepare(call) &&
		curl_multi_add_handle(engine.multi, call->easy) == CURLM_OK)
		return call;
	call_free(call);
	return NULL;
}

void
call_drop(struct call *call)
{
	if (call)
		call_free(call);
}

void
call_resume(struct call *call)
{
	(void)curl_easy_pause(call->easy, CURLPAUSE_CONT);
}

int
engine_open(const char *socket_path)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return -ENOMEM;
	engine.socket_path = strdup(socket_path);
	engine.multi = curl_multi_init();
	/* No "Expect: 100-continue", which costs a round trip. */
	engine.headers = curl_slist_append(NULL, "Expect:");
	if (engine.headers)
		(void)curl_slist_append(
			engine.headers, "Content-Type: application/json");
	if (!engine.socket_path || !engine.multi || !engine.headers) {
		engine_close();
		return -ENOMEM;
	}
	(void)curl_multi_setopt(
		engine.multi, CURLMOPT_SOCKETFUNCTION, set_socket);
	(void)curl_multi_setopt(
		engine.multi, CURLMOPT_TIMERFUNCTION, set_timer);
	return 0;
}

void
engine_close(void)
{
	while (engine.calls)
		call_free(engine.calls);
	curl_multi_cleanup(engine.multi);
	curl_slist_free_all(engine.headers);
	free(engine.socket_path);
	memset(&engine, 0, sizeof engine);
	curl_global_cleanup();
}
