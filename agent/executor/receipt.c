/* receipt.c - what is known about one cancellation: who, why, when, what */
#include <stdlib.h>

#include "base/clock.h"
#include "executor/task.h"
#include "executor/text.h"
#include "task/reason.h"

struct cancel *
cancel_new(const struct msg_cancel *why)
{
	uint32_t code = why->code ? why->code : REASON_USER_REQUEST;
	const char *known = reason_name(code);
	const char *name = why->name && *why->name ? why->name
			   : known		   ? known
						   : "";
	struct cancel *c =
		calloc(1, sizeof *c + text_size(name) + text_size(why->reason) +
				  text_size(why->actor));
	char *text;

	if (!c)
		return NULL;
	text = c->text;
	c->name = text_put(&text, name);
	c->reason = text_put(&text, why->reason);
	c->actor = text_put(&text, why->actor);
	c->code = code;
	c->delivered_at = clock_wall_ms();
	c->requested_at =
		why->requested_at ? why->requested_at : c->delivered_at;
	return c;
}

void
cancel_free(struct cancel *c)
{
	if (!c)
		return;
	free(c->killed);
	free(c);
}

void
cancel_receipt(const struct task *task, struct msg_receipt *out,
	struct msg_survivor killed[CANCEL_KILLED])
{
	const struct cancel *c = task->cancel;

	for (size_t i = 0; i < c->n_killed; i++)
		killed[i] = (struct msg_survivor){ c->killed[i].pid,
			c->killed[i].name };
	*out = (struct msg_receipt){
		.code = c->code,
		.name = c->name,
		.reason = c->reason,
		.actor = c->actor,
		.requested_at = c->requested_at,
		.delivered_at = c->delivered_at,
		.signalled_at = c->signalled_at,
		.killed_at = c->killed_at,
		.verified_at = task->verified_at,
		.signals = c->signals,
		.n_signals = c->n_signals,
		.killed = killed,
		.n_killed = c->n_killed,
		.survivors = 0,
		.containment = holds_name(task->ex),
	};
}
