/* asker.c - who asks, and the line about it in the audit log */
#include "api/asker.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api/access.h"

static const char request_id[] = "X-Request-Id";

void
asker_read(struct http_request *req, struct asker *out)
{
	const char *id = http_header(req, request_id);
	const struct user *user = access_user(req);

	(void)request_actor(req, out->actor);
	(void)http_peer(req, out->peer);
	(void)snprintf(
		out->client, sizeof out->client, "%s", user_client(user));
	(void)snprintf(out->token, sizeof out->token, "%s",
		user ? user->token->id : "");
	if (id && id_valid_agent(id)) /* as plain a word */
		(void)snprintf(
			out->request_id, sizeof out->request_id, "%s", id);
	else
		id_new(out->request_id);
	http_add_header(req, request_id, out->request_id);
}

static struct audit_event
event_of(const struct asker *asker, const char *action, const char *target)
{
	return (struct audit_event){ .action = action,
		.actor = asker->actor,
		.client = asker->client,
		.token = asker->token,
		.peer = asker->peer,
		.target = target,
		.request_id = asker->request_id };
}

int
asker_does(struct api *api, const struct asker *asker, const char *action,
	const char *target, const char *detail, const char *reason)
{
	struct audit_event event = event_of(asker, action, target);

	event.detail = detail;
	event.reason = reason;
	return audit_note(api->audit, &event) < 0 ? -EIO : 0;
}

void
asker_refused(struct api *api, const struct asker *asker, const char *action,
	const char *target, const char *detail, const char *reason)
{
	struct audit_event event = event_of(asker, action, target);

	event.decision = AUDIT_REFUSED;
	event.detail = detail;
	event.reason = reason;
	(void)audit_note(api->audit, &event); /* nothing is done anyway */
}

void
asker_failed(struct api *api, const struct asker *asker, const char *action,
	const char *target, const char *reason)
{
	struct audit_event event = event_of(asker, action, target);

	event.decision = AUDIT_FAILED;
	event.reason = reason;
	(void)audit_note(api->audit, &event);
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

void
reply_unnoted_some(struct http_request *req, size_t n, size_t of)
{
	http_add_header(req, "Retry-After", "5");
	http_reply_error(req, 503, "audit_failing",
		"ask again: those that are being cancelled stay so",
		"the audit log cannot be written now: %zu of %zu tasks are not "
		"cancelled",
		n, of);
}
