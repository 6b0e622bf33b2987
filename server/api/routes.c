/* routes.c - the table of contents of the API */
#include <stdio.h>

#include "api/access.h"
#include "api/internal.h"

const struct http_route api_routes[] = {
	{ "GET", "/", ACCESS_NONE, api_home },
	{ "GET", "/openapi.json", ACCESS_NONE, api_openapi },
	{ "GET", "/healthz", ACCESS_NONE, api_health },
	{ "GET", "/readyz", ACCESS_NONE, api_ready },
	{ "GET", "/metrics", ACCESS_READ, api_metrics },
	{ "POST", "/session", ACCESS_READ, api_login },
	{ "DELETE", "/session", ACCESS_NONE, api_logout },
	{ "GET", "/agents", ACCESS_READ, api_agents },
	{ "GET", "/agents/{id}", ACCESS_READ, api_agent },
	{ "GET", "/agents/{id}/tasks", ACCESS_READ, api_agent_tasks },
	{ "POST", "/agents/{id}/drain", ACCESS_ADMIN, api_drain },
	{ "DELETE", "/agents/{id}/drain", ACCESS_ADMIN, api_undrain },
	{ "GET", "/enroll", ACCESS_NONE, api_enroll_ca },
	{ "POST", "/enroll", ACCESS_NONE, api_enroll },
	{ "GET", "/stream", ACCESS_READ, api_stream },
	{ "GET", "/tasks", ACCESS_READ, api_tasks },
	{ "DELETE", "/tasks", ACCESS_WRITE, api_cancel_many },
	{ "GET", "/tasks/{id}", ACCESS_READ, api_task },
	{ "DELETE", "/tasks/{id}", ACCESS_WRITE, api_cancel },
	{ "POST", "/tasks/{plugin}", ACCESS_WRITE, api_create },
	{ "GET", "/tasks/{id}/output", ACCESS_READ, api_output },
	{ "GET", "/tokens", ACCESS_ADMIN, api_tokens },
	{ "POST", "/tokens", ACCESS_ADMIN, api_token_new },
	{ "DELETE", "/tokens/{id}", ACCESS_ADMIN, api_token_revoke },
	{ "GET", "/webhooks", ACCESS_ADMIN, api_webhooks },
	{ "POST", "/webhooks/{id}/retry", ACCESS_ADMIN, api_webhook_retry },
};
const size_t api_n_routes = ARRAY_SIZE(api_routes);

void
api_print_routes(void)
{
	static const char *const names[] = { [ACCESS_NONE] = "none",
		[ACCESS_READ] = "viewer",
		[ACCESS_WRITE] = "operator",
		[ACCESS_ADMIN] = "admin" };

	for (size_t i = 0; i < api_n_routes; i++)
		(void)printf("%s %s %s\n", api_routes[i].method,
			api_routes[i].pattern, names[api_routes[i].access]);
}
