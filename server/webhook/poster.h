/* poster.h - HTTP requests that go out, on the loop
 *
 * libcurl's multi interface on watches and timers of the loop; names are
 * looked up by a thread of libcurl's, so nothing blocks. No proxy, no
 * redirect, http and https only, certificates are verified. */
#ifndef NODELINK_WEBHOOK_POSTER_H
#define NODELINK_WEBHOOK_POSTER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "loop/loop.h"

struct poster;
struct post;

struct poster_conf {
	struct loop *loop;
	const char *ca; /* certificates of CAs; NULL: the system's */
	bool allow_internal; /* addresses */
	int64_t timeout_ms; /* from name to answer */
};

/* 0 or -errno with text. conf's texts are borrowed. */
int poster_new(
	const struct poster_conf *conf, struct poster **out, struct err *err);
/* Ends what is under way: nobody is told. */
void poster_free(struct poster *p);

enum { POST_ERROR = 128, POST_HEADERS = 8 };

struct post_request { /* all copied */
	const char *url, *body;
	const char *headers[POST_HEADERS]; /* "name: value", ended by NULL */
};

struct post_answer {
	long status; /* of HTTP; 0: none came, and error says why */
	const char *error;
	int64_t retry_after_ms; /* 0: not said */
};
typedef void post_answer_fn(void *arg, const struct post_answer *answer);

/* fn is called later, once; the post is freed when it returns. NULL: out of
 * memory. */
struct post *poster_post(struct poster *p, const struct post_request *request,
	post_answer_fn *fn, void *arg);

#endif
