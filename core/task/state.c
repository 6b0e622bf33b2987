/* state.c - the states of a task and of its cancellation */
#include "task/state.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/auto.h"

static const struct {
	enum task_status from;
	enum task_event event;
	enum task_status to;
} task_table[] = {
	{ TASK_PENDING, TASK_EV_SEND, TASK_SENT },
	{ TASK_PENDING, TASK_EV_NEVER_STARTED, TASK_CANCELLED },
	{ TASK_PENDING, TASK_EV_REFUSE, TASK_FAILED },
	/* The stream broke before the node had it: it is written again. */
	{ TASK_SENT, TASK_EV_SEND, TASK_SENT },
	{ TASK_SENT, TASK_EV_START, TASK_IN_PROGRESS },
	{ TASK_SENT, TASK_EV_REFUSE, TASK_FAILED },
	{ TASK_SENT, TASK_EV_NEVER_STARTED, TASK_CANCELLED },
	/* Its node is lost: it may have run. */
	{ TASK_SENT, TASK_EV_FAIL, TASK_FAILED },
	{ TASK_IN_PROGRESS, TASK_EV_SUCCEED, TASK_COMPLETED },
	{ TASK_IN_PROGRESS, TASK_EV_FAIL, TASK_FAILED },
	{ TASK_IN_PROGRESS, TASK_EV_STOPPED, TASK_CANCELLED },
};

static const struct {
	enum cancel_phase from;
	enum cancel_event event;
	enum cancel_phase to;
} cancel_table[] = {
	{ CANCEL_NONE, CANCEL_EV_REQUEST, CANCEL_REQUESTED },
	/* A cancel the node began by itself (timeout, drain). */
	{ CANCEL_NONE, CANCEL_EV_STOP, CANCEL_STOPPING },
	{ CANCEL_NONE, CANCEL_EV_KILL, CANCEL_KILLING },
	{ CANCEL_NONE, CANCEL_EV_VERIFY, CANCEL_VERIFIED },
	{ CANCEL_REQUESTED, CANCEL_EV_DELIVER, CANCEL_DELIVERED },
	{ CANCEL_REQUESTED, CANCEL_EV_STOP, CANCEL_STOPPING },
	{ CANCEL_REQUESTED, CANCEL_EV_KILL, CANCEL_KILLING },
	{ CANCEL_REQUESTED, CANCEL_EV_VERIFY, CANCEL_VERIFIED },
	{ CANCEL_REQUESTED, CANCEL_EV_MISS, CANCEL_TOO_LATE },
	{ CANCEL_REQUESTED, CANCEL_EV_LOSE, CANCEL_UNDELIVERABLE },
	{ CANCEL_DELIVERED, CANCEL_EV_STOP, CANCEL_STOPPING },
	{ CANCEL_DELIVERED, CANCEL_EV_KILL, CANCEL_KILLING },
	{ CANCEL_DELIVERED, CANCEL_EV_VERIFY, CANCEL_VERIFIED },
	{ CANCEL_DELIVERED, CANCEL_EV_MISS, CANCEL_TOO_LATE },
	{ CANCEL_DELIVERED, CANCEL_EV_LOSE, CANCEL_UNDELIVERABLE },
	{ CANCEL_STOPPING, CANCEL_EV_KILL, CANCEL_KILLING },
	{ CANCEL_STOPPING, CANCEL_EV_VERIFY, CANCEL_VERIFIED },
	{ CANCEL_STOPPING, CANCEL_EV_MISS, CANCEL_TOO_LATE },
	{ CANCEL_STOPPING, CANCEL_EV_LOSE, CANCEL_UNDELIVERABLE },
	{ CANCEL_KILLING, CANCEL_EV_VERIFY, CANCEL_VERIFIED },
	{ CANCEL_KILLING, CANCEL_EV_STUCK, CANCEL_UNKILLABLE },
	{ CANCEL_KILLING, CANCEL_EV_MISS, CANCEL_TOO_LATE },
	{ CANCEL_KILLING, CANCEL_EV_LOSE, CANCEL_UNDELIVERABLE },
	{ CANCEL_UNKILLABLE, CANCEL_EV_VERIFY, CANCEL_VERIFIED },
	{ CANCEL_UNKILLABLE, CANCEL_EV_MISS, CANCEL_TOO_LATE },
	{ CANCEL_UNKILLABLE, CANCEL_EV_LOSE, CANCEL_UNDELIVERABLE },
};

static const char *const status_names[] = {
	[TASK_PENDING] = "pending",
	[TASK_SENT] = "sent",
	[TASK_IN_PROGRESS] = "in_progress",
	[TASK_COMPLETED] = "completed",
	[TASK_FAILED] = "failed",
	[TASK_CANCELLED] = "cancelled",
};

static const char *const phase_names[] = {
	[CANCEL_NONE] = "none",
	[CANCEL_REQUESTED] = "requested",
	[CANCEL_DELIVERED] = "delivered",
	[CANCEL_STOPPING] = "stopping",
	[CANCEL_KILLING] = "killing",
	[CANCEL_UNKILLABLE] = "unkillable",
	[CANCEL_VERIFIED] = "verified",
	[CANCEL_TOO_LATE] = "too_late",
	[CANCEL_UNDELIVERABLE] = "undeliverable",
};

int
task_move(enum task_status *status, enum task_event event)
{
	for (size_t i = 0; i < ARRAY_SIZE(task_table); i++)
		if (task_table[i].from == *status &&
			task_table[i].event == event) {
			*status = task_table[i].to;
			return STATE_OK;
		}
	return STATE_ILLEGAL;
}

int
cancel_move(enum cancel_phase *phase, enum cancel_event event)
{
	for (size_t i = 0; i < ARRAY_SIZE(cancel_table); i++)
		if (cancel_table[i].from == *phase &&
			cancel_table[i].event == event) {
			*phase = cancel_table[i].to;
			return STATE_OK;
		}
	return STATE_ILLEGAL;
}

bool
task_is_final(enum task_status status)
{
	return status >= TASK_COMPLETED;
}

bool
cancel_is_final(enum cancel_phase phase)
{
	return phase >= CANCEL_VERIFIED;
}

const char *
task_status_name(enum task_status status)
{
	return status_names[status];
}

const char *
cancel_phase_name(enum cancel_phase phase)
{
	return phase_names[phase];
}

int
task_status_parse(const char *name, enum task_status *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(status_names); i++)
		if (strcmp(status_names[i], name) == 0) {
			*out = (enum task_status)i;
			return 0;
		}
	return -EINVAL;
}
