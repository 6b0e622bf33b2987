/* asked.c - waiting for hub and store; the errors that many share */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/access.h"
#include "api/internal.h"
#include "base/log.h"

static void
asked_gone(void *arg)
{
	struct asked *a = arg;

	a->req = NULL; /* freed when the answer comes */
}

struct asked *
asked_new(struct api *api, struct http_request *req)
{
	struct asked *a = calloc(1, sizeof *a);

	if (!a) {
		reply_no_memory(req);
		return NULL;
	}
	a->api = api;
	a->req = req;
	http_defer(req, asked_gone, a);
	return a;
}

struct http_request *
asked_done(struct asked *a)
{
	struct http_request *req = a->req;

	free(a);
	return req;
}

void
ask_task(struct api *api, struct http_request *req, const char *id,
	store_got_fn *fn)
{
	struct asked *a;

	if (!id_valid(id)) {
		reply_no_task(req, -ENOENT);
		return;
	}
	a = asked_new(api, req);
	if (a)
		hub_get(api->hub, id, fn, a);
}

struct http_request *
asked_found(struct asked *a, int r, const struct task *t)
{
	struct http_request *req = asked_done(a);

	if (!req)
		return NULL;
	r = access_found(access_user(req), r, t);
	if (r == 0)
		return req;
	reply_no_task(req, r);
	return NULL;
}

const char *
request_actor(struct http_request *req, char out[API_ACTOR])
{
	const struct user *user = access_user(req);
	char peer[HTTP_PEER];

	(void)snprintf(out, API_ACTOR, "%s@%s",
		user ? user_client(user) : "anonymous", http_peer(req, peer));
	return out;
}

void
reply_no_task(struct http_request *req, int r)
{
	if (r == -ENOENT)
		http_reply_error(
			req, 404, "no_such_task", NULL, "task not found");
	else if (r == -ESTALE)
		http_reply_error(req, 410, "gone",
			"finished tasks are kept for a time that the server's "
			"administrator sets",
			"the task has been forgotten");
	else
		reply_store_failing(req, r);
}

void
reply_store_failing(struct http_request *req, int r)
{
	bool full = r == -ENOSPC;

	http_add_header(req, "Retry-After", "5");
	http_reply_error(req, 503, full ? "store_full" : "store_failing",
		"GET /readyz shows when it works again",
		full ? "the server's disk is full: nothing new can be stored"
		     : "the server's store does not work now: %s",
		err_name(-r));
}

void
reply_cancel_unstored(struct http_request *req)
{
	http_add_header(req, "Retry-After", "5");
	http_reply_error(req, 503, "store_failing",
		"it is on its way to the agent, but a restart of the server "
		"would forget it: ask again later",
		"the cancel cannot be stored now");
}

void
reply_no_agent(struct http_request *req, const char *id)
{
	http_reply_error(req, 404, "no_such_agent",
		"GET /agents lists those that have ever connected",
		"no agent '%.64s'", id);
}

void
reply_no_memory(struct http_request *req)
{
	http_reply_error(req, 500, "no_memory", NULL, "out of memory");
}

void
reply_refused(struct http_request *req, int r, const char *code,
	const struct err *err)
{
	if (r == -ENOMEM)
		reply_no_memory(req);
	else
		http_reply_error(req, 400, code, NULL, "%s", err->text);
}

void
reply_failure(struct http_request *req, int r, const char *what)
{
	log_error(r, "cannot %s", what);
	http_reply_error(req, 500, "internal", NULL, "cannot %s: %s", what,
		err_name(-r));
}
