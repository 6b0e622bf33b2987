/* ask.c - one question to the server's HTTP API, JSON both ways */
#include "enroll/ask.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/parse.h"

enum { TIMEOUT_S = 30, ANSWER_MAX = 64 << 10 };

AUTO_DEFINE(CURL *, curl_easy_cleanup)
AUTO_DEFINE(CURLU *, curl_url_cleanup)
AUTO_DEFINE(struct curl_slist *, curl_slist_free_all)

static size_t
take(char *data, size_t size, size_t n, void *arg)
{
	return buf_add(arg, data, size * n) == 0 ? size * n : 0;
}

static void
trust(CURL *curl, const struct ask *how)
{
	if (how->blindly) {
		curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
	} else if (how->ca) {
		struct curl_blob blob = { .data = (void *)(uintptr_t)how->ca,
			.len = strlen(how->ca),
			.flags = CURL_BLOB_COPY };

		curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &blob);
		/* else the system's would be trusted, too */
		curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
	}
}

/* What the server says when it does not do it. */
static int
refused(long status, const struct buf *answer, struct err *err)
{
	AUTO(json_decref) json_t *doc = NULL;
	const char *text = NULL;
	struct err why;

	if (json_parse(answer->data, answer->len, &doc, &why) == 0)
		(void)json_get_text(doc, "error", 300, &text, &why);
	return err_set(err, -EACCES, "the server refuses (%ld): %s", status,
		text ? text : "it does not say why");
}

static int
perform(CURL *curl, const char *url, struct buf *answer, struct err *err)
{
	char text[CURL_ERROR_SIZE] = "";
	long status = 0;
	CURLcode code;

	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "*"); /* as for gRPC */
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)TIMEOUT_S);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, text);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
	code = curl_easy_perform(curl);
	if (code != CURLE_OK)
		return err_set(err, -EIO, "%s: %s", url,
			*text ? text : curl_easy_strerror(code));
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	return status == 200 ? 0 : refused(status, answer, err);
}

int
ask_port(const char *text, uint16_t *out)
{
	AUTO(curl_url_cleanup) CURLU *url = curl_url();
	char *port = NULL;
	uint64_t n = 0;
	int r = -EINVAL;

	if (url && curl_url_set(url, CURLUPART_URL, text, 0) == CURLUE_OK &&
		curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) ==
			CURLUE_OK)
		r = parse_u64(port, 1, UINT16_MAX, &n);
	curl_free(port);
	*out = (uint16_t)n;
	return r;
}

int
ask_begin(void)
{
	return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? 0 : -ENOMEM;
}

int
ask(const struct ask *how, const char *path, const json_t *body, json_t **out,
	struct err *err)
{
	AUTO(curl_easy_cleanup) CURL *curl = curl_easy_init();
	AUTO(curl_slist_free_all)
	struct curl_slist *headers =
		curl_slist_append(NULL, "Content-Type: application/json");
	AUTO_FREE char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	AUTO_BUF struct buf url = { 0 }, answer = { .max = ANSWER_MAX };
	int r;

	if (!curl || !headers || (body && !text) ||
		buf_printf(&url, "%s%s", how->server, path) < 0)
		return err_set(err, -ENOMEM, "out of memory");
	if (body) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, text);
		curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	}
	trust(curl, how);
	r = perform(curl, buf_text(&url), &answer, err);
	if (text)
		explicit_bzero(text, strlen(text)); /* it has the token */
	if (r < 0)
		return r;
	return json_parse(answer.data, answer.len, out, err);
}
