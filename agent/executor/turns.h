/* turns.h - a few spawns per turn of the loop, the others in line
 *
 * A spawn takes the loop's time, and under load much of it: a burst of them
 * must not hold up results, output and cancels. */
#ifndef NODELINK_EXECUTOR_TURNS_H
#define NODELINK_EXECUTOR_TURNS_H

#include <stdbool.h>

struct loop;
struct turns;

/* Who waits, part of what it waits for. Zeroed when it does not. */
struct turn {
	struct turn *prev, *next;
	void (*fn)(struct turn *turn);
	bool waits;
};

/* NULL: out of memory. */
struct turns *turns_new(struct loop *loop);
void turns_free(struct turns *t);

/* May one more be done now? Then it counts. */
bool turns_take(struct turns *t);
/* fn is called when there is room, and in this order; it is no longer waiting
 * then, and turns_take() says yes. */
void turns_wait(struct turns *t, struct turn *turn);
/* It waits no more, if it did. */
void turns_leave(struct turns *t, struct turn *turn);

#endif
