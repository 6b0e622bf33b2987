/* poster.c - HTTP requests that go out, on the loop */
#include "webhook/poster.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

#include "base/auto.h"
#include "webhook/guard.h"

enum {
	ANSWER_MAX = 1024, /* bytes of a body; what it says is not looked at */
	IDLE_CONNECTIONS = 16, /* kept for the next request */
};

struct post {
	struct poster *poster;
	CURL *easy;
	struct curl_slist *headers;
	char *body;
	size_t answered; /* bytes of the answer's body */
	bool internal; /* an address was refused */
	char why[CURL_ERROR_SIZE];
	post_answer_fn *fn;
	void *arg;
	struct post *prev, *next; /* under way */
};

struct poster {
	struct poster_conf conf;
	CURLM *multi;
	struct loop_timer *timer;
	struct post *posts;
};

/* ------------------------------------------------------------------- answers */

static void
post_free(struct post *post)
{
	struct poster *p = post->poster;

	DL_DELETE(p->posts, post);
	if (post->easy) {
		(void)curl_multi_remove_handle(p->multi, post->easy);
		curl_easy_cleanup(post->easy);
	}
	curl_slist_free_all(post->headers);
	free(post->body);
	free(post);
}

static void
answer(struct post *post, CURLcode result)
{
	struct post_answer a = { .error = "" };
	curl_off_t after = 0;
	long status = 0;

	(void)curl_easy_getinfo(post->easy, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(post->easy, CURLINFO_RETRY_AFTER, &after);
	/* A body that is too long is cut off by us. */
	if (result == CURLE_OK || result == CURLE_WRITE_ERROR) {
		a.status = status;
		if (after > 0 && after < INT32_MAX)
			a.retry_after_ms = (int64_t)after * 1000;
	} else if (post->internal && result == CURLE_COULDNT_CONNECT) {
		a.error = "an internal address, which is not called";
	} else {
		a.error = *post->why ? post->why : curl_easy_strerror(result);
	}
	post->fn(post->arg, &a);
	post_free(post);
}

static size_t
on_body(char *data, size_t size, size_t n, void *arg)
{
	struct post *post = arg;

	(void)data;
	post->answered += size * n;
	return post->answered > ANSWER_MAX ? 0 : size * n;
}

/* The very address that is connected to: no name can be asked about first and
 * lead elsewhere then. */
static curl_socket_t
open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct post *post = arg;

	(void)purpose;
	if (!post->poster->conf.allow_internal &&
		guard_is_internal(&address->addr)) {
		post->internal = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC,
		address->protocol);
}

/* --------------------------------------------------------------- on the loop */

static void
tell_ended(struct poster *p)
{
	const CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(p->multi, &left)) != NULL) {
		CURLcode result = msg->data.result;
		void *post = NULL;

		if (msg->msg != CURLMSG_DONE)
			continue;
		(void)curl_easy_getinfo(
			msg->easy_handle, CURLINFO_PRIVATE, (char **)&post);
		answer(post, result);
	}
}

static void
act(struct poster *p, curl_socket_t fd, int ready)
{
	int running;

	(void)curl_multi_socket_action(p->multi, fd, ready, &running);
	tell_ended(p);
}

static void
timer_due(void *arg)
{
	act(arg, CURL_SOCKET_TIMEOUT, 0);
}

static int
set_timer(CURLM *multi, long ms, void *arg)
{
	struct poster *p = arg;

	(void)multi;
	if (ms < 0)
		loop_timer_stop(p->timer);
	else
		loop_timer_set(p->timer, ms);
	return 0;
}

static void
socket_ready(void *arg, int fd, unsigned ready)
{
	act(arg, fd,
		(ready & LOOP_READ ? CURL_CSELECT_IN : 0) |
			(ready & LOOP_WRITE ? CURL_CSELECT_OUT : 0) |
			(ready & LOOP_HANGUP ? CURL_CSELECT_ERR : 0));
}

static int
set_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *known)
{
	struct poster *p = arg;
	struct loop_watch *watch = known;
	unsigned events = (what & CURL_POLL_IN ? LOOP_READ : 0u) |
			  (what & CURL_POLL_OUT ? LOOP_WRITE : 0u);

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		loop_watch_free(watch);
		(void)curl_multi_assign(p->multi, fd, NULL);
		return 0;
	}
	if (watch)
		return loop_watch_set(watch, events) < 0 ? -1 : 0;
	watch = loop_watch_new(p->conf.loop, fd, events, socket_ready, p);
	if (!watch)
		return -1;
	(void)curl_multi_assign(p->multi, fd, watch);
	return 0;
}

/* --------------------------------------------------------------------- posts */

static bool
add_headers(struct post *post, const char *const *headers)
{
	for (; *headers; headers++) {
		struct curl_slist *more =
			curl_slist_append(post->headers, *headers);

		if (!more)
			return false;
		post->headers = more;
	}
	return true;
}

static bool
prepare(struct post *post, const char *url)
{
	const struct poster_conf *conf = &post->poster->conf;

#define SET(option, value) \
	curl_easy_setopt(post->easy, CURLOPT_##option, value) == CURLE_OK
	return SET(URL, url) && SET(PROTOCOLS_STR, "http,https") &&
	       SET(FOLLOWLOCATION, 0L) && SET(PROXY, "") && SET(NOPROXY, "*") &&
	       SET(NOSIGNAL, 1L) && SET(QUICK_EXIT, 1L) &&
	       SET(HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) &&
	       SET(TIMEOUT_MS, (long)conf->timeout_ms) &&
	       SET(ERRORBUFFER, post->why) && SET(PRIVATE, post) &&
	       SET(OPENSOCKETFUNCTION, open_socket) &&
	       SET(OPENSOCKETDATA, post) && SET(WRITEFUNCTION, on_body) &&
	       SET(WRITEDATA, post) && SET(HTTPHEADER, post->headers) &&
	       SET(POSTFIELDSIZE, (long)strlen(post->body)) &&
	       SET(POSTFIELDS, post->body) &&
	       SET(SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) &&
	       /* and none of the system's folder beside it */
	       (!conf->ca || (SET(CAINFO, conf->ca) && SET(CAPATH, NULL)));
#undef SET
}

struct post *
poster_post(struct poster *p, const struct post_request *request,
	post_answer_fn *fn, void *arg)
{
	struct post *post = calloc(1, sizeof *post);

	if (!post)
		return NULL;
	post->poster = p;
	post->fn = fn;
	post->arg = arg;
	post->body = strdup(request->body);
	post->easy = curl_easy_init();
	DL_APPEND(p->posts, post);
	if (post->body && post->easy && add_headers(post, request->headers) &&
		prepare(post, request->url) &&
		curl_multi_add_handle(p->multi, post->easy) == CURLM_OK)
		return post;
	post_free(post);
	return NULL;
}

/* ---------------------------------------------------------------------- life */

int
poster_new(const struct poster_conf *conf, struct poster **out, struct err *err)
{
	struct poster *p = calloc(1, sizeof *p);

	if (!p || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(p);
		return err_set(err, -ENOMEM, "out of memory");
	}
	p->conf = *conf;
	p->multi = curl_multi_init();
	p->timer = loop_timer_new(conf->loop, timer_due, p);
	if (!p->multi || !p->timer) {
		poster_free(p);
		return err_set(err, -ENOMEM, "out of memory");
	}
	if (!(curl_version_info(CURLVERSION_NOW)->features &
		    CURL_VERSION_ASYNCHDNS)) {
		poster_free(p);
		return err_set(err, -ENOTSUP,
			"webhooks need a libcurl that looks up names without "
			"blocking (AsynchDNS)");
	}
	(void)curl_multi_setopt(p->multi, CURLMOPT_SOCKETFUNCTION, set_socket);
	(void)curl_multi_setopt(p->multi, CURLMOPT_SOCKETDATA, p);
	(void)curl_multi_setopt(p->multi, CURLMOPT_TIMERFUNCTION, set_timer);
	(void)curl_multi_setopt(p->multi, CURLMOPT_TIMERDATA, p);
	(void)curl_multi_setopt(
		p->multi, CURLMOPT_MAXCONNECTS, (long)IDLE_CONNECTIONS);
	*out = p;
	return 0;
}

void
poster_free(struct poster *p)
{
	if (!p)
		return;
	while (p->posts)
		post_free(p->posts);
	if (p->multi)
		(void)curl_multi_cleanup(p->multi);
	loop_timer_free(p->timer);
	free(p);
	curl_global_cleanup();
}
