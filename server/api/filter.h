/* filter.h - which tasks a query means: label, agent_id, owner, plugin, status
 */
#ifndef NODELINK_API_FILTER_H
#define NODELINK_API_FILTER_H

#include <stdbool.h>

#include "api/access.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/limits.h"
#include "http/http.h"
#include "store/store.h"

struct filter { /* zeroed at first */
	struct store_filter tasks;
	struct label labels[LIMIT_LABELS];
	struct arena arena; /* of labels; the rest is the request's */
	struct err *err; /* while it is read */
};

/* 0, -EINVAL with a text for the client, -ENOMEM. Other queries are not looked
 * at. Lives as long as the request; filter_done() in any case. */
int
filter_read(struct filter *f, const struct http_request *req, struct err *err);
void filter_done(struct filter *f);
#define AUTO_FILTER __attribute__((cleanup(filter_done)))

/* Only what this user sees. 0 or -ENOMEM. */
int filter_limit(struct filter *f, const struct user *user);

#endif
