/* list.c - GET /tasks, GET /agents/{id}/tasks, GET /tasks/{id} */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"
#include "base/limits.h"
#include "base/parse.h"

enum { DEFAULT_LIMIT = 100, MAX_LIMIT = 1000 };

static void
got_task(void *arg, struct task *t)
{
	struct hub *hub = ((struct asked *)arg)->api->hub;
	struct http_request *req = asked_done(arg);
	struct buf body = { 0 };
	struct emit e;

	if (!req)
		return;
	if (!t) {
		reply_no_task(req);
		return;
	}
	emit_init(&e, &body);
	emit_object(&e, NULL);
	task_json(&e, hub, t);
	emit_object_end(&e);
	http_reply_json(req, 200, &body, emit_done(&e));
}

void
api_task(void *arg, struct http_request *req)
{
	struct api *api = arg;
	const char *id = http_param(req, "id");
	struct asked *asked;

	if (!id_valid(id)) {
		reply_no_task(req);
		return;
	}
	asked = asked_new(api, req);
	if (asked)
		hub_get(api->hub, id, got_task, asked);
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

static bool
parse_status(struct http_request *req, struct store_filter *filter)
{
	const char *text = http_query(req, "status");
	enum task_status status;

	if (!text)
		return true;
	if (task_status_parse(text, &status) < 0) {
		http_reply_error(req, 400, "bad_query",
			"pending, sent, in_progress, completed, failed or "
			"cancelled",
			"query 'status': no such status: %.64s", text);
		return false;
	}
	filter->status = (int)status;
	return true;
}

static void
list(struct api *api, struct http_request *req, struct store_filter *filter)
{
	const char *limit_text = http_query(req, "limit");
	const char *label = http_query(req, "label");
	const char *cursor = http_query(req, "cursor");
	uint64_t limit = DEFAULT_LIMIT;
	AUTO_FREE char *name = NULL;
	struct asked *asked;
	char *equals;

	if (!parse_status(req, filter))
		return;
	if (limit_text && parse_u64(limit_text, 1, MAX_LIMIT, &limit) < 0) {
		http_reply_error(req, 400, "bad_query", NULL,
			"query 'limit': expected 1..%d, got %.64s", MAX_LIMIT,
			limit_text);
		return;
	}
	if (label) {
		name = strdup(label);
		if (!name) {
			reply_no_memory(req);
			return;
		}
		equals = strchr(name, '=');
		if (equals) {
			*equals = 0;
			filter->label_value = equals + 1;
		}
		filter->label_name = name;
	}
	asked = asked_new(api, req);
	if (asked)
		api->store->ops->list(api->store, filter,
			cursor && *cursor ? cursor : NULL, (size_t)limit,
			got_list, asked);
}

void
api_tasks(void *arg, struct http_request *req)
{
	const char *agent = http_query(req, "agent_id");
	struct store_filter filter = { .agent_id = agent, .status = -1 };

	list(arg, req, &filter);
}

void
api_agent_tasks(void *arg, struct http_request *req)
{
	struct api *api = arg;
	const char *agent = http_param(req, "id");
	struct store_filter filter = { .agent_id = agent, .status = -1 };

	if (hub_agent(api->hub, agent))
		list(api, req, &filter);
	else
		reply_no_agent(req, agent);
}
