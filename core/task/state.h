/* state.h - the states of a task and of its cancellation
 *
 * Pure logic: two tables of (from, event, to), each walked by one function.
 * Nothing else changes a status or a phase. The manual draws its picture from
 * the same tables. */
#ifndef NODELINK_TASK_STATE_H
#define NODELINK_TASK_STATE_H

#include <stdbool.h>

enum task_status {
	TASK_PENDING,
	TASK_SENT,
	TASK_IN_PROGRESS,
	TASK_COMPLETED,
	TASK_FAILED,
	TASK_CANCELLED,
};

enum task_event {
	TASK_EV_SEND, /* written to the agent's stream */
	TASK_EV_START, /* the node says exec succeeded */
	TASK_EV_REFUSE, /* refused, or could not be spawned */
	TASK_EV_SUCCEED, /* ended well, tree settled */
	TASK_EV_FAIL, /* ended badly, or its node is lost */
	TASK_EV_NEVER_STARTED, /* cancelled, and certain not to have run */
	TASK_EV_STOPPED, /* cancelled, and verified dead */
};

enum cancel_phase {
	CANCEL_NONE,
	CANCEL_REQUESTED,
	CANCEL_DELIVERED,
	CANCEL_STOPPING,
	CANCEL_KILLING,
	CANCEL_UNKILLABLE,
	CANCEL_VERIFIED,
	CANCEL_TOO_LATE,
	CANCEL_UNDELIVERABLE,
};

enum cancel_event {
	CANCEL_EV_REQUEST,
	CANCEL_EV_DELIVER,
	CANCEL_EV_STOP, /* stop signal sent */
	CANCEL_EV_KILL, /* SIGKILL sent */
	CANCEL_EV_STUCK, /* alive after SIGKILL for too long */
	CANCEL_EV_VERIFY, /* nothing of the task left */
	CANCEL_EV_MISS, /* it had already ended by itself */
	CANCEL_EV_LOSE, /* its node is lost */
};

enum { STATE_OK, STATE_ILLEGAL }; /* the moves may return these */

/* Moves *status along the event. STATE_ILLEGAL leaves it as it was: the
 * caller logs it; what came late is evidence, never a second end. */
int task_move(enum task_status *status, enum task_event event);
int cancel_move(enum cancel_phase *phase, enum cancel_event event);

bool task_is_final(enum task_status status);
bool cancel_is_final(enum cancel_phase phase);

/* The public names: "pending", "in_progress", "too_late", ... */
const char *task_status_name(enum task_status status);
const char *cancel_phase_name(enum cancel_phase phase);
/* 0 or -EINVAL. */
int task_status_parse(const char *name, enum task_status *out);

#endif
