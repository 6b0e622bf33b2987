/* routes.c - the table of contents of the API */
#include "api/internal.h"
#include "base/auto.h"

const struct http_route api_routes[] = {
	{ "GET", "/", 0, api_home },
	{ "GET", "/healthz", 0, api_health },
	{ "GET", "/readyz", 0, api_ready },
	{ "GET", "/agents", 0, api_agents },
	{ "GET", "/agents/{id}", 0, api_agent },
	{ "GET", "/agents/{id}/tasks", 0, api_agent_tasks },
	{ "POST", "/agents/{id}/drain", 0, api_drain },
	{ "DELETE", "/agents/{id}/drain", 0, api_undrain },
	{ "GET", "/stream", 0, api_stream },
	{ "GET", "/tasks", 0, api_tasks },
	{ "DELETE", "/tasks", 0, api_cancel_many },
	{ "GET", "/tasks/{id}", 0, api_task },
	{ "DELETE", "/tasks/{id}", 0, api_cancel },
	{ "POST", "/tasks/{plugin}", 0, api_create },
	{ "GET", "/tasks/{id}/output", 0, api_output },
};
const size_t api_n_routes = ARRAY_SIZE(api_routes);
