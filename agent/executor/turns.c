/* turns.c - a few spawns per turn of the loop, the others in line */
#include "executor/turns.h"

#include <stdlib.h>
#include <utlist.h>

#include "loop/loop.h"

enum { PER_TURN = 4 };

struct turns {
	struct turn *waiting;
	unsigned done; /* in this turn */
	bool calling; /* whoever was the first in line */
	struct loop_timer *timer;
};

static void
next_turn(void *arg)
{
	struct turns *t = arg;

	t->done = 0;
	t->calling = true;
	while (t->waiting && t->done < PER_TURN) {
		struct turn *first = t->waiting;

		turns_leave(t, first);
		first->fn(first);
	}
	t->calling = false;
	if (t->done || t->waiting)
		loop_timer_set(t->timer, 0);
}

struct turns *
turns_new(struct loop *loop)
{
	struct turns *t = calloc(1, sizeof *t);

	if (!t)
		return NULL;
	t->timer = loop_timer_new(loop, next_turn, t);
	if (!t->timer) {
		free(t);
		return NULL;
	}
	return t;
}

void
turns_free(struct turns *t)
{
	if (!t)
		return;
	loop_timer_free(t->timer);
	free(t);
}

bool
turns_take(struct turns *t)
{
	if (t->done >= PER_TURN || (t->waiting && !t->calling))
		return false;
	t->done++;
	loop_timer_set(t->timer, 0);
	return true;
}

void
turns_wait(struct turns *t, struct turn *turn)
{
	if (turn->waits)
		return;
	turn->waits = true;
	DL_APPEND(t->waiting, turn);
	loop_timer_set(t->timer, 0);
}

void
turns_leave(struct turns *t, struct turn *turn)
{
	if (!turn->waits)
		return;
	turn->waits = false;
	DL_DELETE(t->waiting, turn);
}
