/* asker.h - who asks, kept for when the request may have left, and noted in the
 * audit log before what was asked for is done */
#ifndef NODELINK_API_ASKER_H
#define NODELINK_API_ASKER_H

#include "api/internal.h"
#include "audit/audit.h"
#include "base/id.h"

struct asker {
	char actor[API_ACTOR]; /* "client@address" */
	char client[65]; /* "" when nobody was asked */
	char peer[HTTP_PEER];
	/* The client's own X-Request-Id, if it is a plain word, or a new one;
	 * the reply has it too. */
	char request_id[ID_MAX];
};

/* Once for each request, before its reply. */
void asker_read(struct http_request *req, struct asker *out);

/* What about this asker's request is decided; texts may be NULL. 0, or -EIO:
 * it must not be done, for it cannot be noted (reply_unnoted()). */
struct asked_for {
	const char *action, *target, *detail, *reason;
	enum audit_decision decision;
};
int asker_note(
	struct api *api, const struct asker *asker, const struct asked_for *it);
void reply_unnoted(struct http_request *req);

#endif
