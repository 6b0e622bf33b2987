/* sqlite_agents.c - the agents that have been here
 *
 * Nobody waits for this to be stored, so it goes with the next batch; one
 * agent is in it once, however often it comes and goes meanwhile. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "store/sqlite.h"

struct seen {
	char id[ID_MAX];
	int64_t at; /* wall ms */
	UT_hash_handle hh;
};

void
agents_saw(struct sqlite *s, const char *id, int64_t at)
{
	struct seen *seen;

	HASH_FIND_STR(s->seen, id, seen);
	if (!seen) {
		seen = calloc(1, sizeof *seen);
		if (!seen) {
			log_debug("agent '%s' is not written down", id);
			return; /* the next time, then */
		}
		(void)strncpy(seen->id, id, sizeof seen->id - 1);
		HASH_ADD_STR(s->seen, id, seen);
	}
	seen->at = at;
}

int
agents_write(sqlite3_stmt *st, const struct seen *seen)
{
	int r = 0;

	for (; seen && r == 0; seen = seen->hh.next) {
		(void)sqlite3_bind_text(st, 1, seen->id, -1, SQLITE_STATIC);
		(void)sqlite3_bind_int64(st, 2, seen->at);
		r = db_step(st);
	}
	return r;
}

void
agents_back(struct sqlite *s, struct seen **list)
{
	struct seen *seen, *next, *newer;

	HASH_ITER(hh, *list, seen, next) {
		HASH_DEL(*list, seen);
		HASH_FIND_STR(s->seen, seen->id, newer);
		if (newer)
			free(seen);
		else
			HASH_ADD_STR(s->seen, id, seen);
	}
}

void
agents_free(struct seen **list)
{
	struct seen *seen, *next;

	HASH_ITER(hh, *list, seen, next) {
		HASH_DEL(*list, seen);
		free(seen);
	}
}

int
agents_read(struct sqlite *s, store_agent_fn *fn, void *arg)
{
	sqlite3_stmt *st = NULL;
	int r = db_prepare(s->db.tasks,
		"SELECT id, seen_at FROM (SELECT * FROM agent "
		"ORDER BY seen_at DESC LIMIT ?) ORDER BY id DESC",
		&st);

	if (r < 0)
		return r;
	(void)sqlite3_bind_int(st, 1, LIMIT_AGENTS);
	while (sqlite3_step(st) == SQLITE_ROW)
		fn(arg, (const char *)sqlite3_column_text(st, 0),
			sqlite3_column_int64(st, 1));
	r = db_errno(s->db.tasks);
	(void)sqlite3_finalize(st);
	return r;
}
