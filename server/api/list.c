/* list.c - GET /tasks, GET /agents/{id}/tasks, GET /tasks/{id} */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/access.h"
#include "api/filter.h"
#include "api/internal.h"
#include "base/limits.h"
#include "base/parse.h"

enum { DEFAULT_LIMIT = 100, MAX_LIMIT = 1000 };

static void
got_task(void *arg, int r, struct task *t)
{
	struct hub *hub = ((struct asked *)arg)->api->hub;
	struct http_request *req = asked_found(arg, r, t);
	struct buf body = { 0 };
	struct emit e;

	if (!req)
		return;
	emit_init(&e, &body);
	emit_object(&e, NULL);
	task_json(&e, hub, t);
	emit_object_end(&e);
	http_reply_json(req, 200, &body, emit_done(&e));
}

void
api_task(void *arg, struct http_request *req)
{
	ask_task(arg, req, http_param(req, "id"), got_task);
}

/* -------------------------------------------------------------------- lists */

static void
got_list(void *arg, int r, struct task **tasks, size_t n, const char *next)
{
	struct hub *hub = ((struct asked *)arg)->api->hub;
	struct http_request *req = asked_done(arg);
	struct buf body = { 0 };
	struct emit e;

	if (!req)
		return;
	if (r == -EINVAL) {
		http_reply_error(req, 400, "bad_cursor",
			"pass next_cursor of the page before, unchanged",
			"no such cursor");
		return;
	}
	if (r < 0) {
		reply_failure(req, r, "list tasks");
		return;
	}
	emit_init(&e, &body);
	emit_object(&e, NULL);
	emit_array(&e, "tasks");
	for (size_t i = 0; i < n; i++) {
		emit_object(&e, NULL);
		task_json(&e, hub, tasks[i]);
		emit_object_end(&e);
	}
	emit_array_end(&e);
	emit_text_or_null(&e, "next_cursor", next);
	emit_object_end(&e);
	http_reply_json(req, 200, &body, emit_done(&e));
}

static void
list(struct api *api, struct http_request *req, const char *agent_id)
{
	AUTO_FILTER struct filter filter = { 0 };
	const char *limit_text = http_query(req, "limit");
	const char *cursor = http_query(req, "cursor");
	uint64_t limit = DEFAULT_LIMIT;
	struct asked *asked;
	struct err err;
	int r = filter_read(&filter, req, &err);

	if (r == 0)
		r = filter_limit(&filter, access_user(req));
	if (r < 0) {
		reply_refused(req, r, "bad_query", &err);
		return;
	}
	if (limit_text && parse_u64(limit_text, 1, MAX_LIMIT, &limit) < 0) {
		http_reply_error(req, 400, "bad_query", NULL,
			"query 'limit': expected 1..%d, got %.64s", MAX_LIMIT,
			limit_text);
		return;
	}
	if (agent_id)
		filter.tasks.agent_id = agent_id;
	asked = asked_new(api, req);
	if (asked)
		api->store->ops->list(api->store, &filter.tasks,
			cursor && *cursor ? cursor : NULL, (size_t)limit,
			got_list, asked);
}

void
api_tasks(void *arg, struct http_request *req)
{
	list(arg, req, NULL);
}

void
api_agent_tasks(void *arg, struct http_request *req)
{
	struct api *api = arg;
	const char *agent = http_param(req, "id");

	if (hub_agent(api->hub, agent))
		list(api, req, agent);
	else
		reply_no_agent(req, agent);
}
