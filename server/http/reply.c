/* reply.c - replies: JSON, errors, fixed text */
#include "http/internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "json/emit.h"

static void
add(struct MHD_Response *response, const char *name, const char *value)
{
	if (MHD_add_response_header(response, name, value) != MHD_YES)
		log_debug("http: header %s could not be added", name);
}

void
reply_with(struct http_request *req, unsigned status, const char *type,
	struct MHD_Response *response)
{
	req->status = status; /* stays the sign of a reply when memory is out */
	req->response = response;
	req->gone = NULL; /* its owner is done with this request */
	http_count_answered(req);
	if (response) {
		add(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
		add(response, MHD_HTTP_HEADER_SERVER,
			"nodelink/" PACKAGE_VERSION);
		add(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
		if (req->http->stopping)
			add(response, MHD_HTTP_HEADER_CONNECTION, "close");
		for (size_t i = 0; i < req->n_headers; i++)
			add(response, req->headers[i].name,
				req->headers[i].value);
	} else {
		log_error(0, "out of memory for a reply");
		req->dead = true;
	}
	request_resume(req);
}

void
reply_is_last(struct http_request *req)
{
	if (req->response)
		add(req->response, MHD_HTTP_HEADER_CONNECTION, "close");
}

void
http_add_header(struct http_request *req, const char *name, const char *value)
{
	char *copy = strdup(value);

	if (!copy || req->n_headers == ARRAY_SIZE(req->headers)) {
		free(copy);
		return;
	}
	req->headers[req->n_headers].name = name;
	req->headers[req->n_headers++].value = copy;
}

void
http_reply_text(struct http_request *req, unsigned status, const char *type,
	struct buf *take_body, int r)
{
	struct MHD_Response *response = NULL;

	if (r == 0)
		response = MHD_create_response_from_buffer(
			take_body->len, take_body->data, MHD_RESPMEM_MUST_FREE);
	if (!response)
		free(take_body->data);
	*take_body = (struct buf){ 0 };
	reply_with(req, status, type, response);
}

void
http_reply_json(
	struct http_request *req, unsigned status, struct buf *take_body, int r)
{
	if (r == 0)
		r = buf_add(take_body, "\n", 1);
	http_reply_text(req, status, "application/json", take_body, r);
}

void
http_reply_error(struct http_request *req, unsigned status, const char *code,
	const char *details, const char *fmt, ...)
{
	struct buf body = { 0 };
	struct emit e;
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap); /* cut: still helpful */
	va_end(ap);
	emit_init(&e, &body);
	emit_object(&e, NULL);
	emit_text(&e, "error", text);
	emit_text(&e, "code", code);
	emit_text_or_null(&e, "details", details);
	emit_object_end(&e);
	http_reply_json(req, status, &body, emit_done(&e));
}

void
http_reply_static(struct http_request *req, unsigned status, const char *type,
	const char *body)
{
	/* MHD does not write to it; its prototype only lacks the const. */
	reply_with(req, status, type,
		MHD_create_response_from_buffer(strlen(body),
			(void *)(uintptr_t)body, MHD_RESPMEM_PERSISTENT));
}
