/* internal.h - what the files of server/api share */
#ifndef NODELINK_API_INTERNAL_H
#define NODELINK_API_INTERNAL_H

#include <jansson.h>

#include "api/api.h"
#include "json/emit.h"

http_handler_fn api_home, api_openapi, api_health, api_ready, api_metrics;
http_handler_fn api_login, api_logout;
http_handler_fn api_agents, api_agent, api_agent_tasks, api_drain, api_undrain;
http_handler_fn api_create, api_tasks, api_task, api_cancel, api_cancel_many;
http_handler_fn api_stream, api_output, api_enroll, api_enroll_ca;
http_handler_fn api_tokens, api_token_new, api_token_revoke;
http_handler_fn api_webhooks, api_webhook_retry;

/* A question to hub or store whose answer may come when the client has left. */
struct asked {
	struct api *api;
	struct http_request *req; /* NULL: it has left */
};

/* Defers the reply. NULL: out of memory, and that has been replied. */
struct asked *asked_new(struct api *api, struct http_request *req);
/* The answer is there: frees it; the request to reply to, or NULL. */
struct http_request *asked_done(struct asked *asked);
/* Asks the hub for a task; then fn, whose arg is the struct asked, begins with
 * asked_found(); or replies that there is none. */
void ask_task(struct api *api, struct http_request *req, const char *id,
	store_got_fn *fn);
/* As asked_done(). NULL also when there is none that this user may see; that
 * has been replied. */
struct http_request *
asked_found(struct asked *asked, int r, const struct task *t);

/* body.c: the body, an object whose members have these names; NULL: any. 0,
 * -EINVAL with a text for the client, -ENOMEM. *out is the caller's:
 * json_decref(). */
int body_object(const struct http_request *req, const char *const *names,
	size_t n_names, json_t **out, struct err *err);

/* "client@address" of who asks, in out. */
enum { API_ACTOR = AUTH_NAME + HTTP_PEER };
const char *request_actor(struct http_request *req, char out[API_ACTOR]);

/* r: as store_got_fn says. */
void reply_no_task(struct http_request *req, int r);
/* The store cannot take it now; r: what it said. */
void reply_store_failing(struct http_request *req, int r);
void reply_cancel_unstored(struct http_request *req);
void reply_no_agent(struct http_request *req, const char *id);
void reply_no_memory(struct http_request *req);
/* What a reader of the request said: 400 with this code, or -ENOMEM. */
void reply_refused(struct http_request *req, int r, const char *code,
	const struct err *err);
/* An error of ours: logged, and told without more than its name. */
void reply_failure(struct http_request *req, int r, const char *what);

/* agents.c: the record as this user sees it. */
struct user;
void agent_json(struct emit *e, const struct agent *a, const struct user *user);

/* task_json.c and task_json_end.c: members of a record; the object is the
 * caller's. */
void task_json(struct emit *e, struct hub *hub, const struct task *t);
/* "cancel": {...} or null, "receipt": {...} or null */
void task_json_cancel(struct emit *e, const struct task *t);
struct msg_result;
void task_json_receipt(struct emit *e, const struct msg_result *result);
/* exit code, failure, cancel, receipt, hooks, output; result NULL: not known */
void task_json_end(
	struct emit *e, const struct task *t, const struct msg_result *result);

#endif
