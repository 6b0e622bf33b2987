/* headers.c - what the head of a request says */
#include "cli/headers.h"

static bool
add(struct curl_slist **all, const char *line)
{
	struct curl_slist *more = curl_slist_append(*all, line);

	if (more)
		*all = more;
	return more != NULL;
}

static bool
add_value(struct curl_slist **all, const char *name, const char *value)
{
	AUTO_BUF struct buf line = { 0 };

	return !value || (buf_printf(&line, "%s: %s", name, value) == 0 &&
				 add(all, buf_text(&line)));
}

struct curl_slist *
headers_new(const char *bearer, const struct http_request *request)
{
	struct curl_slist *all = NULL;

	if ((!bearer || add(&all, bearer)) &&
		(!request->body ||
			add(&all, "Content-Type: application/json")) &&
		add_value(&all, "Idempotency-Key", request->key) &&
		add_value(&all, "Last-Event-ID", request->after) &&
		add_value(&all, "Accept",
			request->stream ? "text/event-stream"
					: "application/json"))
		return all;
	curl_slist_free_all(all);
	return NULL;
}
