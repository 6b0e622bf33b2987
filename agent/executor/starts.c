/* starts.c - starts that wait their turn
 *
 * Only a few are done per turn of the loop; the others wait here in order,
 * where a cancel still finds them -- and then they never run. */
#include "executor/starts.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "executor/task.h"
#include "executor/turns.h"

struct start {
	struct turn turn; /* first */
	struct starts *starts;
	char id[ID_MAX];
	struct msg_box *box; /* own */
	size_t len; /* of the message */
	UT_hash_handle hh; /* which keeps the order of arrival */
};

struct starts {
	struct executor *ex;
	struct start *waiting;
	size_t size; /* of their messages */
	bool full;
	struct turns *turns;
};

/* Cancels wait, too, while the link is not read, so this is for what no honest
 * server sends at a time. */
static void
set_full(struct starts *s, bool full)
{
	if (s->full == full)
		return;
	s->full = full;
	if (s->ex->link)
		link_pause(s->ex->link, full);
}

static void
drop(struct starts *s, struct start *start)
{
	s->size -= start->len;
	if (s->size < LIMIT_STARTS / 2)
		set_full(s, false);
	turns_leave(s->turns, &start->turn);
	HASH_DEL(s->waiting, start);
	msg_free(start->box);
	free(start);
}

static void
start_now(struct starts *s, const struct msg *msg)
{
	task_start(s->ex, msg->task_id, &msg->start);
}

static void
turn_came(struct turn *turn)
{
	struct start *start = (struct start *)turn;
	struct starts *s = start->starts;
	AUTO(msg_free) struct msg_box *box = TAKE(start->box);

	drop(s, start);
	(void)turns_take(s->turns); /* there is room, or we were not called */
	start_now(s, msg_get(box));
}

struct starts *
starts_new(struct executor *ex)
{
	struct starts *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->ex = ex;
	s->turns = turns_new(ex->loop);
	if (!s->turns) {
		free(s);
		return NULL;
	}
	return s;
}

void
starts_free(struct starts *s)
{
	if (!s)
		return;
	starts_clear(s);
	turns_free(s->turns);
	free(s);
}

void
starts_clear(struct starts *s)
{
	while (s->waiting)
		drop(s, s->waiting);
}

void
starts_add(struct starts *s, struct msg_box *take_box, size_t len)
{
	AUTO(msg_free) struct msg_box *box = take_box;
	const struct msg *msg = msg_get(box);
	struct start *start;

	if (turns_take(s->turns)) {
		start_now(s, msg);
		return;
	}
	start = calloc(1, sizeof *start);
	if (!start) {
		executor_fail(s->ex, "out of memory");
		return;
	}
	memcpy(start->id, msg->task_id, strlen(msg->task_id));
	start->starts = s;
	start->turn.fn = turn_came;
	start->box = TAKE(box);
	start->len = len;
	s->size += len;
	if (s->size > LIMIT_STARTS)
		set_full(s, true);
	HASH_ADD_STR(s->waiting, id, start);
	turns_wait(s->turns, &start->turn);
}

bool
starts_drop(struct starts *s, const char *id)
{
	struct start *start;

	HASH_FIND_STR(s->waiting, id, start);
	if (start)
		drop(s, start);
	return start != NULL;
}

const char *
starts_next(const struct starts *s, const char *after)
{
	struct start *start = s->waiting;

	if (after) {
		HASH_FIND_STR(s->waiting, after, start);
		start = start ? start->hh.next : NULL;
	}
	return start ? start->id : NULL;
}

bool
starts_has(const struct starts *s, const char *id)
{
	struct start *start;

	HASH_FIND_STR(s->waiting, id, start);
	return start != NULL;
}

bool
starts_are_full(const struct starts *s)
{
	return s->full;
}

size_t
starts_count(const struct starts *s)
{
	return HASH_COUNT(s->waiting);
}
