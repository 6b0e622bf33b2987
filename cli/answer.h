/* answer.h - what the server's answer means for a person, and what to do
 *
 * Pure: from status, document or curl's code to -errno and text. Called by
 * http.c. */
#ifndef NODELINK_CLI_ANSWER_H
#define NODELINK_CLI_ANSWER_H

#include "cli/http.h"

/* 0 for 2xx with a document; else as http_ask() says. */
int answer_judge(const struct context *context,
	const struct http_answer *answer, struct err *err);

/* There was none: why is a text about it, code its CURLcode. */
int answer_broken(const struct context *context, int code, const char *why,
	struct err *err);

#endif
