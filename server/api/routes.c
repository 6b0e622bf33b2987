/* routes.c - the table of contents of the API */
#include <stdio.h>

#include "api/access.h"
#include "api/internal.h"

/* What is misspelt in a query would be no filter at all, and show or stop what
 * is not meant. */
#define FILTER "label owner plugin status"
#define PAGE "limit cursor"
#define CANCEL "reason code grace force wait"

const struct http_route api_routes[] = {
	{ "GET", "/", ACCESS_NONE, api_home, NULL },
	{ "GET", "/openapi.json", ACCESS_NONE, api_openapi, NULL },
	{ "GET", "/healthz", ACCESS_NONE, api_health, NULL },
	{ "GET", "/readyz", ACCESS_NONE, api_ready, NULL },
	{ "GET", "/metrics", ACCESS_READ, api_metrics, NULL },
	{ "POST", "/session", ACCESS_READ, api_login, NULL },
	{ "DELETE", "/session", ACCESS_NONE, api_logout, NULL },
	{ "GET", "/agents", ACCESS_READ, api_agents, NULL },
	{ "GET", "/agents/{id}", ACCESS_READ, api_agent, NULL },
	{ "GET", "/agents/{id}/tasks", ACCESS_READ, api_agent_tasks,
		FILTER " " PAGE },
	{ "POST", "/agents/{id}/drain", ACCESS_ADMIN, api_drain, NULL },
	{ "DELETE", "/agents/{id}/drain", ACCESS_ADMIN, api_undrain, NULL },
	{ "GET", "/enroll", ACCESS_NONE, api_enroll_ca, NULL },
	{ "POST", "/enroll", ACCESS_NONE, api_enroll, NULL },
	{ "GET", "/stream", ACCESS_READ, api_stream,
		"ref last_event_id encoding output follow" },
	{ "GET", "/tasks", ACCESS_READ, api_tasks,
		"agent_id " FILTER " " PAGE },
	{ "DELETE", "/tasks", ACCESS_WRITE, api_cancel_many,
		"agent_id dry_run " FILTER " " CANCEL },
	{ "GET", "/tasks/{id}", ACCESS_READ, api_task, NULL },
	{ "DELETE", "/tasks/{id}", ACCESS_WRITE, api_cancel, CANCEL },
	{ "POST", "/tasks/{plugin}", ACCESS_WRITE, api_create, NULL },
	{ "GET", "/tasks/{id}/output", ACCESS_READ, api_output,
		"stream follow" },
	{ "GET", "/tokens", ACCESS_ADMIN, api_tokens, NULL },
	{ "POST", "/tokens", ACCESS_ADMIN, api_token_new, NULL },
	{ "DELETE", "/tokens/{id}", ACCESS_ADMIN, api_token_revoke, NULL },
	{ "GET", "/webhooks", ACCESS_ADMIN, api_webhooks, "state " PAGE },
	{ "POST", "/webhooks/{id}/retry", ACCESS_ADMIN, api_webhook_retry,
		NULL },
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
