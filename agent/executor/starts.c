/* starts.c - starts that wait their turn
 *
 * A spawn takes the loop's time, and under load much of it: a burst of starts
 * must not hold up results, output and cancels. So only a few are done per
 * turn of the loop; the others wait here in order, where a cancel still finds
 * them -- and then they never run. */
#include "executor/starts.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "executor/task.h"

enum { STARTS_PER_TURN = 4 };

struct start {
	char id[ID_MAX];
	struct msg_box *box; /* own */
	UT_hash_handle hh; /* which keeps the order of arrival */
};

struct starts {
	struct executor *ex;
	struct start *waiting;
	unsigned done; /* in this turn */
	struct loop_timer *turn;
};

static void
drop(struct starts *s, struct start *start)
{
	HASH_DEL(s->waiting, start);
	msg_free(start->box);
	free(start);
}

static void
next_turn(void *arg)
{
	struct starts *s = arg;

	s->done = 0;
	while (s->waiting && s->done < STARTS_PER_TURN) {
		struct start *first = s->waiting;
		AUTO(msg_free) struct msg_box *box = TAKE(first->box);

		drop(s, first);
		s->done++;
		task_start(s->ex, msg_get(box)->task_id, &msg_get(box)->start);
	}
	if (s->done)
		loop_timer_set(s->turn, 0);
}

struct starts *
starts_new(struct executor *ex)
{
	struct starts *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->ex = ex;
	s->turn = loop_timer_new(ex->loop, next_turn, s);
	if (!s->turn) {
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
	loop_timer_free(s->turn);
	free(s);
}

void
starts_clear(struct starts *s)
{
	while (s->waiting)
		drop(s, s->waiting);
}

void
starts_add(struct starts *s, struct msg_box *take_box)
{
	AUTO(msg_free) struct msg_box *box = take_box;
	const struct msg *msg = msg_get(box);
	struct start *start;

	loop_timer_set(s->turn, 0);
	if (!s->waiting && s->done < STARTS_PER_TURN) {
		s->done++;
		task_start(s->ex, msg->task_id, &msg->start);
		return;
	}
	start = calloc(1, sizeof *start);
	if (!start) {
		executor_fail(s->ex, "out of memory");
		return;
	}
	memcpy(start->id, msg->task_id, strlen(msg->task_id));
	start->box = TAKE(box);
	HASH_ADD_STR(s->waiting, id, start);
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

size_t
starts_count(const struct starts *s)
{
	return HASH_COUNT(s->waiting);
}
