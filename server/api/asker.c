/* asker.c - who asks, and the line about it in the audit log */
#include "api/asker.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char request_id[] = "X-Request-Id";

void
asker_read(struct http_request *req, struct asker *out)
{
	const char *id = http_header(req, request_id);

	(void)request_actor(req, out->actor);
	(void)http_peer(req, out->peer);
	(void)snprintf(out->client, sizeof out->client, "%s", "");
	if (id && id_valid_agent(id)) /* as plain a word */
		(void)snprintf(out->request_id, sizeof out->request_id, "%s",
			id);
	else
		id_new(out->request_id);
	http_add_header(req, request_id, out->request_id);
}

int
asker_note(
	struct api *api, const struct asker *asker, const struct asked_for *it)
{
	const struct audit_event event = { .action = it->action,
		.decision = it->decision,
		.actor = asker->actor,
		.client = asker->client,
		.peer = asker->peer,
		.target = it->target,
		.detail = it->detail,
		.reason = it->reason,
		.request_id = asker->request_id };

	return audit_note(api->audit, &event) < 0 ? -EIO : 0;
}

void
reply_unnoted(struct http_request *req)
{
	http_add_header(req, "Retry-After", "5");
	http_reply_error(req, 503, "audit_failing",
		"the server's administrator has set that nothing is done "
		"without a line about it",
		"the audit log cannot be written now");
}
