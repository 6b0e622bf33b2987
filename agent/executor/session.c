/* session.c - requests from the uplink, and what we tell it that we have
 *
 * The uplink may be another one every time; the server behind it knows what
 * it has stored. So a new connection gets the inventory and then everything
 * that was not acknowledged, and a repeated request changes nothing. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "executor/limits.h"
#include "executor/remains.h"
#include "executor/seccomp.h"
#include "executor/starts.h"
#include "executor/task.h"
#include "executor/tombs.h"

/* Memory is refilled from here on, when it was full. */
#define HELD_LOW(ex) ((ex)->opt.held_max / 8 * 7)

/* A server that acknowledges nothing could have us remember for ever. What it
 * asks for beyond this is not taken; one that means it asks again when it finds
 * the task missing in the inventory that it gets when there is room. */
static bool
has_room(struct executor *ex)
{
	const bool full = HASH_COUNT(ex->tasks) + starts_count(ex->starts) >=
			  EXECUTOR_MEMORY;

	if (full && !ex->crowded)
		log_warn(0,
			"%d tasks wait for the server's acknowledgement: "
			"no more are taken",
			EXECUTOR_MEMORY);
	ex->crowded = ex->crowded || full;
	return !full;
}

/* Not at the first that has gone, or each would cost an inventory; and it has to
 * fit into one. */
void
session_made_room(struct executor *ex)
{
	if (!ex->crowded || HASH_COUNT(ex->tasks) + starts_count(ex->starts) >
				    EXECUTOR_TASKS)
		return;
	ex->crowded = false;
	session_inventory(ex);
}

/* The server has given this task to another executor of the plugin, one that has
 * died or goes on beside us, and only of that one it knows whether it has it.
 * Our Inventory tells the server who we are. */
static bool
is_for_another(const struct executor *ex, const struct msg *msg)
{
	if (!*msg->instance || strcmp(msg->instance, ex->instance) == 0)
		return false;
	log_info("task '%s': what was meant for another executor is dropped",
		msg->task_id);
	return true;
}

static void
on_start(struct executor *ex, struct msg_box *take_box, size_t len)
{
	AUTO(msg_free) struct msg_box *box = take_box;
	const char *id = msg_get(box)->task_id;
	const struct msg_cancel *tomb;

	if (task_find(ex, id) || starts_has(ex->starts, id)) {
		log_debug("task '%s' is here already", id);
		return;
	}
	if (is_for_another(ex, msg_get(box)))
		return;
	if (!has_room(ex))
		return;
	tomb = tombs_find(ex->tombs, id);
	if (tomb)
		task_never(ex, id, cancel_new(tomb));
	else if (ex->stopping || ex->failed)
		log_info("task '%s' not taken: the executor is stopping", id);
	else if (ex->retired)
		task_refuse(ex, id, "the settings of the agent have changed");
	else if (ex->draining) /* it was under way when we said so */
		task_refuse(ex, id, "the agent is being stopped");
	else
		starts_add(ex->starts, TAKE(box), len);
}

static void
on_cancel(struct executor *ex, const struct msg *msg)
{
	const struct msg_cancel *why = &msg->cancel;
	const char *id = msg->task_id;
	struct task *task = task_find(ex, id);

	if (task) {
		cancel_request(task, why);
		return;
	}
	/* Waiting or unknown: it never ran, unless somebody else has it. */
	if (!starts_drop(ex->starts, id) && is_for_another(ex, msg))
		return;
	if (tombs_add(ex->tombs, id, why) < 0) {
		executor_fail(ex, "out of memory");
		return;
	}
	if (has_room(ex))
		task_never(ex, id, cancel_new(why));
}

static void
on_ack(struct executor *ex, const char *id, const struct msg_ack *ack)
{
	struct task *task = task_find(ex, id);

	ex->heard = true;
	ex->stalled = false;
	if (!task)
		return;
	outbox_ack(task, ack->seq);
	if (ack->window > task->window)
		task->window = ack->window;
	if (ack->final && task->state == WORK_ENDED) {
		task_drop(task);
		session_made_room(ex);
	} else {
		if (ack->final) { /* it may say what it likes */
			outbox_ack(task, UINT64_MAX);
			task->out.discard = true;
		}
		outbox_go_on(task);
		output_resume(task);
	}
	if (ex->starved && ex->held < HELD_LOW(ex))
		output_resume_all(ex);
	executor_maybe_stopped(ex);
}

/* -------------------------------------------------------------------- away */

void
session_detached(struct executor *ex)
{
	ex->attached = ex->asked = false;
	output_resume_all(ex);
}

bool
session_is_away(const struct executor *ex)
{
	return !ex->attached || ex->stalled;
}

void
session_watch(struct executor *ex)
{
	if (loop_timer_active(ex->stall_timer))
		return;
	ex->heard = false;
	loop_timer_set(ex->stall_timer, ex->opt.stall_ms);
}

/* The uplink does not say that it has lost the server, and either may be there
 * and do nothing: what counts is that no acknowledgement comes. */
void
session_stall_due(void *arg)
{
	struct executor *ex = arg;

	if (!ex->attached)
		return;
	if (!ex->heard) {
		log_info("the server acknowledges nothing: output is kept");
		ex->stalled = true;
	}
	output_resume_all(ex); /* who still waits watches on */
}

/* --------------------------------------------------------------- inventory */

static struct msg_field *
list_fields(const struct plugin *plugin, size_t *n)
{
	const struct ndl_field *f = plugin->params;
	struct msg_field *out;

	for (*n = 0; f[*n].name; (*n)++)
		;
	out = calloc(*n + 1, sizeof *out);
	for (size_t i = 0; out && i < *n; i++)
		out[i] = (struct msg_field){
			.name = f[i].name,
			.type = plugin_type_name(f[i].type),
			.required = f[i].flags & NDL_REQUIRED,
			.list = f[i].flags & NDL_LIST,
			.secret = f[i].flags & NDL_SECRET,
			.fallback = f[i].fallback,
			.help = f[i].help,
		};
	return out;
}

static struct msg_held *
list_tasks(const struct executor *ex, size_t *n)
{
	struct msg_held *out =
		calloc(HASH_COUNT(ex->tasks) + starts_count(ex->starts) + 1,
			sizeof *out);
	const char *waiting = NULL;
	struct task *task, *tmp;

	*n = 0;
	if (!out)
		return NULL;
	HASH_ITER(hh, ex->tasks, task, tmp)
		out[(*n)++] = (struct msg_held){ task->id, task->out.seq,
			task->state == WORK_ENDED };
	while ((waiting = starts_next(ex->starts, waiting)) != NULL)
		out[(*n)++] = (struct msg_held){ waiting, 0, false };
	return out;
}

static const char *
why_draining(const struct executor *ex)
{
	if (ex->draining)
		return "the agent is being stopped";
	return ex->retired ? "the settings of the agent have changed, and "
			     "tasks from before go on"
			   : NULL;
}

static int
send_inventory(struct executor *ex)
{
	size_t n_params, n_tasks;
	AUTO_FREE struct msg_field *params = list_fields(ex->plugin, &n_params);
	AUTO_FREE struct msg_held *tasks = list_tasks(ex, &n_tasks);
	struct msg_limit_kind limits[LIMIT_KINDS];
	struct msg msg = { .kind = MSG_INVENTORY,
		.agent_id = ex->opt.agent_id,
		.plugin = ex->plugin->v.name };

	if (!params || !tasks)
		return -ENOMEM;
	msg.inventory = (struct msg_inventory){
		.instance = ex->instance,
		.version = ex->plugin->v.version,
		.summary = ex->plugin->v.summary,
		.containment = holds_name(ex),
		.params = params,
		.n_params = n_params,
		.tasks = tasks,
		.n_tasks = n_tasks,
		.limits = limits,
		.n_limits = limits_list(ex, limits),
		.complete = holds_are_complete(ex),
		.draining = ex->draining || ex->retired,
		.draining_reason = why_draining(ex),
		.seccomp = seccomp_name(ex->seccomp),
	};
	return link_send(ex->link, &msg, true);
}

void
session_inventory(struct executor *ex)
{
	int r = ex->attached ? send_inventory(ex) : 0;

	if (r < 0) /* a Start is refused then */
		log_warn(r, "cannot send the inventory");
}

void
session_attach(struct executor *ex)
{
	int r = send_inventory(ex);

	ex->asked = false;
	if (r < 0) {
		log_error(r, "cannot send the inventory");
		return; /* no answer: the uplink will try again */
	}
	ex->attached = true;
	ex->stalled = false;
	outbox_rewind(ex);
	outbox_send(ex);
	if (ex->retired && !ex->stopping)
		executor_maybe_stopped(ex); /* it was waiting for this */
}

static void
on_attach(struct executor *ex)
{
	if (remains_are_there(ex->remains))
		ex->asked = true;
	else
		session_attach(ex);
}

/* ---------------------------------------------------------------- dispatch */

static bool
is_for_us(const struct executor *ex, const struct msg *msg)
{
	if (strcmp(msg->agent_id, ex->opt.agent_id) != 0 && *msg->agent_id) {
		log_warn(0, "request for agent '%s' dropped: this is '%s'",
			msg->agent_id, ex->opt.agent_id);
		return false;
	}
	return msg->kind == MSG_ATTACH || id_valid(msg->task_id);
}

/* One that ran may have such a name. The server asks again after the inventory,
 * which it has not had. */
static bool
is_too_early(const struct executor *ex, const struct msg *msg)
{
	return remains_are_there(ex->remains) &&
	       (msg->kind == MSG_START || msg->kind == MSG_CANCEL);
}

void
session_frame(struct executor *ex, const uint8_t *payload, size_t len)
{
	AUTO(msg_free) struct msg_box *box = NULL;
	struct err err;
	const struct msg *msg;
	int r = msg_unpack(MSG_TO_AGENT, payload, len, &box, &err);

	if (r < 0) {
		if (r != -EOPNOTSUPP) /* that is a newer peer's */
			log_warn(0, "request dropped: %s", err.text);
		return;
	}
	msg = msg_get(box);
	if (!is_for_us(ex, msg) || is_too_early(ex, msg))
		return;
	switch (msg->kind) {
	case MSG_START: on_start(ex, TAKE(box), len); break;
	case MSG_CANCEL: on_cancel(ex, msg); break;
	case MSG_ACK: on_ack(ex, msg->task_id, &msg->ack); break;
	case MSG_ATTACH: on_attach(ex); break;
	case MSG_STARTED:
	case MSG_OUTPUT:
	case MSG_CANCEL_PHASE:
	case MSG_RESULT:
	case MSG_HELLO:
	case MSG_INVENTORY:
	case MSG_PLUGIN_DOWN:
	case MSG_UNKNOWN: break; /* msg_unpack() keeps these out */
	}
}
