/* store.c - what all stores share */
#include "store/store.h"

#include <errno.h>

#include "store/internal.h"

void
store_listen(struct store *s, store_task_fn *stored, loop_fn *room, void *arg)
{
	s->stored = stored;
	s->room = room;
	s->arg = arg;
}

void
store_listen_letters(struct store *s, loop_fn *posted, void *arg)
{
	s->posted = posted;
	s->posted_arg = arg;
}

int
store_missing(const char *id, int64_t born, int64_t gone)
{
	int64_t made = id_time_ms(id);

	return made >= born && made <= gone ? -ESTALE : -ENOENT;
}
