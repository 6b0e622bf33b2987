/* asker.h - who asks, kept for when the request may have left, and noted in the
 * audit log before what was asked for is done */
#ifndef NODELINK_API_ASKER_H
#define NODELINK_API_ASKER_H

#include "api/internal.h"
#include "audit/audit.h"
#include "base/id.h"

struct asker {
	char actor[API_ACTOR]; /* "client@address" */
	char client[AUTH_NAME]; /* "" when nobody was asked, and so is */
	char token[AUTH_ID]; /* the id of its token */
	char peer[HTTP_PEER];
	/* The client's own X-Request-Id, if it is a plain word, or a new one;
	 * the reply has it too. */
	char request_id[ID_MAX];
};

/* Once for each request, before its reply. */
void asker_read(struct http_request *req, struct asker *out);

/* A line of the audit log. What is about to be done: 0, or -EIO: it must not
 * be, for it cannot be noted (reply_unnoted()). Texts may be NULL. */
int asker_does(struct api *api, const struct asker *asker, const char *action,
	const char *target, const char *detail, const char *reason);
/* What is refused, and why. */
void
asker_refused(struct api *api, const struct asker *asker, const char *action,
	const char *target, const char *detail, const char *reason);
/* What was noted as about to be done could not be done. */
void asker_failed(struct api *api, const struct asker *asker,
	const char *action, const char *target, const char *reason);
void reply_unnoted(struct http_request *req);
/* Of many tasks n are not cancelled for that. */
void reply_unnoted_some(struct http_request *req, size_t n, size_t of);

#endif
