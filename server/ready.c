/* ready.c - what the server says of itself when it serves, or cannot */
#include "ready.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

void
ready_say(const struct settings *set, const struct sandbox *sandbox,
	uint16_t http_port, uint16_t grpc_port)
{
	bool http6 = strchr(set->http_host, ':') != NULL;
	bool grpc6 = strchr(set->grpc_host, ':') != NULL;
	struct sandbox_line line;
	char grpc[300];

	if (strncmp(set->grpc_listen, "unix:", 5) == 0)
		(void)snprintf(grpc, sizeof grpc, "%s", set->grpc_listen);
	else
		(void)snprintf(grpc, sizeof grpc, "%s%s%s:%u", grpc6 ? "[" : "",
			set->grpc_host, grpc6 ? "]" : "", grpc_port);
	if (!set->auth)
		log_warn(0, "development mode, no database of tokens "
			    "(auth.path): any agent and any client is let in");
	if (set->auth && set->agents_anonymous)
		log_warn(0, "agents.anonymous: any agent is let in");
	if (set->auth && set->http_anonymous)
		log_warn(0, "http.anonymous: any client may do everything");
	if (set->webhook.allow_internal && set->webhook.per_task)
		log_warn(0, "webhook.allow_internal: who may create tasks can "
			    "have this server call any host that it reaches");
	if (!set->store)
		log_warn(0, "store 'memory': all tasks are forgotten when the "
			    "server ends");
	log_info("sandbox: %s", sandbox_describe(sandbox, &line));
	log_info("ready: http%s %s%s%s:%u, grpc %s",
		set->http_tls.cert ? "s" : "", http6 ? "[" : "", set->http_host,
		http6 ? "]" : "", http_port, grpc);
}

void
ready_refuse(int r, const struct err *err)
{
	if (r == -EADDRINUSE)
		log_error(0,
			"%s; stop what listens there (ss -ltnp shows it) or "
			"choose another address with --http or --grpc",
			err->text);
	else
		log_error(0, "%s", err->text);
}
