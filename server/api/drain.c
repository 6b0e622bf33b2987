/* drain.c - POST and DELETE /agents/{id}/drain */
#include "api/access.h"
#include "api/asker.h"
#include "api/internal.h"
#include "base/limits.h"
#include "json/json.h"

/* Texts in *how belong to *doc. */
static int
read_body(const struct http_request *req, json_t **doc, struct hub_drain *how,
	struct err *err)
{
	static const char *const names[] = { "timeout", "grace", "reason" };
	int r;

	if (!http_body(req)->len)
		return 0;
	r = body_object(req, names, ARRAY_SIZE(names), doc, err);
	if (r >= 0)
		r = json_get_duration(*doc, "timeout", LIMIT_TIMEOUT_S,
			&how->timeout_ms, err);
	if (r >= 0)
		r = json_get_duration(
			*doc, "grace", LIMIT_GRACE_S, &how->grace_ms, err);
	if (r >= 0)
		r = json_get_text(
			*doc, "reason", LIMIT_REASON, &how->reason, err);
	return r < 0 ? r : 0;
}

static void
reply_agent(struct http_request *req, const struct agent *a)
{
	struct buf body = { 0 };
	struct emit e;

	emit_init(&e, &body);
	agent_json(&e, a, access_user(req));
	http_reply_json(req, 200, &body, emit_done(&e));
}

void
api_drain(void *arg, struct http_request *req)
{
	struct api *api = arg;
	const char *id = http_param(req, "id");
	struct agent *a = hub_agent(api->hub, id);
	AUTO(json_decref) json_t *doc = NULL;
	struct asker asker;
	struct hub_drain how = {
		.timeout_ms = -1, .grace_ms = -1, .actor = asker.actor
	};
	struct err err;
	int r;

	if (!a) {
		reply_no_agent(req, id);
		return;
	}
	asker_read(req, &asker);
	r = read_body(req, &doc, &how, &err);
	if (r < 0)
		reply_refused(req, r, "bad_request", &err);
	else if (asker_does(api, &asker, "agent.drain", id, NULL, how.reason) <
		 0)
		reply_unnoted(req);
	else if (hub_drain(api->hub, a, &how) < 0)
		reply_no_memory(req);
	else
		reply_agent(req, a);
}

void
api_undrain(void *arg, struct http_request *req)
{
	struct api *api = arg;
	const char *id = http_param(req, "id");
	struct agent *a = hub_agent(api->hub, id);
	struct asker asker;

	if (!a) {
		reply_no_agent(req, id);
		return;
	}
	asker_read(req, &asker);
	if (asker_does(api, &asker, "agent.undrain", id, NULL, NULL) < 0) {
		reply_unnoted(req);
		return;
	}
	hub_undrain(a);
	reply_agent(req, a);
}
