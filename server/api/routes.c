/* routes.c - the table of contents of the API */
#include "api/internal.h"
#include "base/auto.h"

const struct http_route api_routes[] = {
	{ "GET", "/", api_home },
	{ "GET", "/healthz", api_health },
	{ "GET", "/readyz", api_ready },
	{ "GET", "/agents", api_agents },
	{ "GET", "/agents/{id}", api_agent },
	{ "GET", "/agents/{id}/tasks", api_agent_tasks },
	{ "POST", "/agents/{id}/drain", api_drain },
	{ "DELETE", "/agents/{id}/drain", api_undrain },
	{ "GET", "/stream", api_stream },
	{ "GET", "/tasks", api_tasks },
	{ "DELETE", "/tasks", api_cancel_many },
	{ "GET", "/tasks/{id}", api_task },
	{ "DELETE", "/tasks/{id}", api_cancel },
	{ "POST", "/tasks/{plugin}", api_create },
	{ "GET", "/tasks/{id}/output", api_output },
};
const size_t api_n_routes = ARRAY_SIZE(api_routes);
