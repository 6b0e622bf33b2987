/* tombs.c - cancels of tasks that have not come yet */
#include "executor/tombs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/clock.h"
#include "base/id.h"
#include "executor/text.h"

struct tomb {
	UT_hash_handle hh; /* in order of being added */
	char task_id[ID_MAX];
	int64_t added_ms;
	struct msg_cancel why;
	char text[];
};

struct tombs {
	struct tomb *all;
};

static void
tomb_free(struct tombs *t, struct tomb *tomb)
{
	HASH_DEL(t->all, tomb);
	free(tomb);
}

/* The oldest is the first. */
static void
expire(struct tombs *t, size_t max)
{
	int64_t now = clock_ms();

	while (t->all &&
		(HASH_COUNT(t->all) > max || now - t->all->added_ms > TOMB_MS))
		tomb_free(t, t->all);
}

int
tombs_add(struct tombs *t, const char *task_id, const struct msg_cancel *why)
{
	struct tomb *tomb;
	char *text;

	if (tombs_find(t, task_id))
		return 0;
	expire(t, TOMBS_MAX - 1);
	tomb = calloc(1, sizeof *tomb + text_size(why->reason) +
				 text_size(why->name) + text_size(why->actor));
	if (!tomb)
		return -ENOMEM;
	(void)stpncpy(tomb->task_id, task_id, ID_MAX - 1);
	tomb->added_ms = clock_ms();
	tomb->why = *why;
	text = tomb->text;
	tomb->why.reason = text_put(&text, why->reason);
	tomb->why.name = text_put(&text, why->name);
	tomb->why.actor = text_put(&text, why->actor);
	HASH_ADD_STR(t->all, task_id, tomb);
	return 0;
}

const struct msg_cancel *
tombs_find(struct tombs *t, const char *task_id)
{
	struct tomb *tomb;

	expire(t, TOMBS_MAX);
	HASH_FIND_STR(t->all, task_id, tomb);
	return tomb ? &tomb->why : NULL;
}

struct tombs *
tombs_new(void)
{
	return calloc(1, sizeof(struct tombs));
}

void
tombs_free(struct tombs *t)
{
	if (!t)
		return;
	while (t->all)
		tomb_free(t, t->all);
	free(t);
}
