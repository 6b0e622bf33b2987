/* cancel_how.h - what a request says about how to cancel, from query and body
 *
 * reason, code, grace, force and wait: the same for one task and for many. */
#ifndef NODELINK_API_CANCEL_HOW_H
#define NODELINK_API_CANCEL_HOW_H

#include <stdbool.h>
#include <stdint.h>

#include "api/asker.h"
#include "api/internal.h"
#include "base/err.h"
#include "base/limits.h"
#include "http/http.h"
#include "hub/hub.h"
#include "task/reason.h"

struct cancel_how {
	struct hub_cancel how; /* its texts are below */
	int64_t wait_ms; /* cancel_how_wait() knows what it means */
	char name[REASON_NAME];
	char reason[LIMIT_REASON + 1];
	struct asker asker;
};

/* code: when the request names none. 0, -EINVAL with a text for the client,
 * -ENOMEM. *h must stay where it is. */
int cancel_how_read(struct cancel_how *h, uint32_t code,
	struct http_request *req, struct err *err);

/* How long the client wants to wait for tasks with at most this grace. */
int64_t cancel_how_wait(const struct cancel_how *h, int64_t grace_ms);

/* Its node is there to say that it has ended: waiting has a sense. */
bool cancel_can_verify(struct hub *hub, const struct task *t);

#endif
