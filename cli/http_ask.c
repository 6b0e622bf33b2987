/* http_ask.c - one question at a time, and its whole answer */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "cli/http.h"

int
http_ask(struct http *http, const struct http_request *request,
	struct http_answer *answer, struct err *err)
{
	struct pollfd fd = { .fd = http_heeded(http), .events = POLLIN };
	AUTO(http_stop) struct http_call *call = NULL;
	int r = http_start(http, request, &call, err);

	while (r == 0 && !http_ended(call)) {
		r = http_turn(http, &fd, fd.fd >= 0, HTTP_EVER, err);
		if (r == 0 && fd.revents && !http_ended(call))
			return err_set(err, -EINTR, "interrupted");
	}
	return r < 0 ? r : http_result(call, answer, err);
}

int
http_get(struct http *http, struct http_answer *answer, struct err *err,
	const char *fmt, ...)
{
	struct http_request request = { 0 };
	char *path = NULL;
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = vasprintf(&path, fmt, ap);
	va_end(ap);
	if (r < 0)
		return err_set(err, -ENOMEM, "out of memory");
	request.path = path;
	r = http_ask(http, &request, answer, err);
	free(path);
	return r;
}
