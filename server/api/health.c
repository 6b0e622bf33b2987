/* health.c - GET /healthz, GET /readyz: for supervisors and load balancers */
#include "api/internal.h"
#include "base/clock.h"

void
api_health(void *arg, struct http_request *req)
{
	struct api *api = arg;
	struct hub_stats stats;
	struct buf body = { 0 };
	struct emit e;

	hub_stats(api->hub, &stats);
	emit_init(&e, &body);
	emit_object(&e, NULL);
	emit_text(&e, "status", "ok");
	emit_text(&e, "version", PACKAGE_VERSION);
	emit_seconds(&e, "uptime", clock_wall_ms() - api->started_at);
	emit_uint(&e, "agents", stats.agents);
	emit_uint(&e, "agents_connected", stats.agents_connected);
	emit_uint(&e, "tasks_live", stats.tasks_live);
	emit_uint(&e, "tasks_stored", stats.tasks_stored);
	emit_object_end(&e);
	http_reply_json(req, 200, &body, emit_done(&e));
}

/* Both listeners are open before HTTP answers anything, and a server that stops
 * answers nothing new: only a store that cannot write makes it unready. */
void
api_ready(void *arg, struct http_request *req)
{
	struct api *api = arg;
	struct hub_stats stats;

	hub_stats(api->hub, &stats);
	if (stats.trouble)
		reply_store_failing(req, stats.trouble);
	else
		http_reply_static(req, 200, "application/json",
			"{\"status\":\"ready\"}\n");
}
