/* task_webhooks.h - the field "webhooks": who is told of one task */
#ifndef NODELINK_API_TASK_WEBHOOKS_H
#define NODELINK_API_TASK_WEBHOOKS_H

#include <jansson.h>

#include "base/err.h"
#include "json/emit.h"
#include "store/task.h"
#include "webhook/webhook.h"

/* Appends what task.webhooks holds; nothing when the field is absent. w: NULL
 * when the server has no webhooks. 0, -EINVAL with a text for the client,
 * -ENOMEM. */
int task_webhooks_read(const struct webhook *w, const json_t *body,
	struct buf *out, struct err *err);

/* "webhooks": [...], of each URL only where it leads. */
void task_webhooks_json(struct emit *e, const struct task *t);

#endif
