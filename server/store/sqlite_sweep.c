/* sqlite_sweep.c - forget finished tasks and keys whose time is over
 *
 * In small steps, on the writer's thread: what is deleted at once delays
 * whoever creates a task meanwhile. A task's output goes before its record, so
 * a crash in between leaves a record that is due again. */
#include <errno.h>
#include <stdio.h>

#include "base/limits.h"
#include "store/sqlite.h"

enum {
	STEP_TASKS = 200,
	STEP_PAGES = 128, /* of PAGE_MAX */
};

struct victim {
	char id[ID_MAX];
	int64_t output;
};

/* The one that ended first, if it is due; 1: got it, 0: none, -errno. */
static int
next_victim(struct db *db, const struct sweep *sweep, struct victim *out,
	int64_t *done_at)
{
	sqlite3_stmt *st = NULL;
	int r = db_prepare(db->tasks,
		"SELECT id, output, done_at FROM task WHERE done_at > 0 "
		"ORDER BY done_at LIMIT 1",
		&st);

	if (r < 0)
		return r;
	*done_at = 0;
	if (sqlite3_step(st) == SQLITE_ROW) {
		*done_at = sqlite3_column_int64(st, 2);
		(void)snprintf(out->id, sizeof out->id, "%s",
			(const char *)sqlite3_column_text(st, 0));
		out->output = sqlite3_column_int64(st, 1);
		r = *done_at <= sweep->due || sweep->n < sweep->n_over ||
		    sweep->output < sweep->output_over;
	} else {
		r = db_errno(db->tasks);
	}
	(void)sqlite3_finalize(st);
	return r;
}

static int
run_with(sqlite3 *db, const char *sql, const char *id, int64_t number)
{
	sqlite3_stmt *st = NULL;
	int r = db_prepare(db, sql, &st);

	if (r < 0)
		return r;
	if (id)
		(void)sqlite3_bind_text(st, 1, id, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(st, 2, number); /* if there is a second */
	r = db_step(st);
	(void)sqlite3_finalize(st);
	return r;
}

/* Pages left in the budget; 0: there may be more of this task; -errno. */
static int
drop_output(struct db *db, const char *id, int budget)
{
	int r = run_with(db->output,
		"DELETE FROM page WHERE rowid IN "
		"(SELECT rowid FROM page WHERE task=?1 LIMIT ?2)",
		id, budget);

	if (r < 0)
		return r;
	budget -= sqlite3_changes(db->output);
	if (budget > 0)
		r = run_with(
			db->output, "DELETE FROM log WHERE task=?1", id, 0);
	return r < 0 ? r : budget;
}

static int
drop_record(struct db *db, const struct victim *v)
{
	int r = run_with(
		db->tasks, "DELETE FROM label WHERE task=?1", v->id, 0);

	if (r == 0)
		r = run_with(
			db->tasks, "DELETE FROM task WHERE id=?1", v->id, 0);
	return r;
}

static int
drop_tasks(struct db *db, struct sweep *sweep)
{
	struct victim victim;
	int budget = STEP_PAGES;
	int r = 1;

	for (int i = 0; i < STEP_TASKS && budget > 0; i++) {
		int64_t made;

		r = next_victim(db, sweep, &victim, &sweep->oldest);
		if (r <= 0)
			break;
		budget = drop_output(db, victim.id, budget);
		if (budget < 0)
			return budget;
		if (budget == 0)
			break;
		r = drop_record(db, &victim);
		if (r < 0)
			return r;
		sweep->n++;
		sweep->output += (uint64_t)victim.output;
		made = id_time_ms(victim.id);
		if (made > sweep->gone)
			sweep->gone = made;
		r = 1;
	}
	sweep->more = r > 0;
	return r < 0 ? r : 0;
}

static int
drop_all(struct db *db, struct sweep *sweep)
{
	int r = drop_tasks(db, sweep);

	if (r == 0 && sweep->n)
		r = run_with(db->tasks,
			"UPDATE meta SET value=max(value, ?2) WHERE name=?1",
			"gone", sweep->gone);
	if (r == 0)
		r = run_with(db->tasks,
			"DELETE FROM key WHERE ?1 IS NULL AND until <= ?2",
			NULL, sweep->now);
	if (r == 0)
		r = run_with(db->tasks,
			"DELETE FROM agent WHERE ?1 IS NULL AND id IN "
			"(SELECT id FROM agent ORDER BY seen_at DESC "
			"LIMIT -1 OFFSET ?2)",
			NULL, LIMIT_AGENTS);
	return r == 0 ? letters_sweep(db->tasks, sweep->now) : r;
}

int
sweep_run(struct db *db, struct sweep *sweep)
{
	int r = db_run(db->output, "BEGIN IMMEDIATE");

	if (r == 0)
		r = db_run(db->tasks, "BEGIN IMMEDIATE");
	if (r == 0)
		r = drop_all(db, sweep);
	if (r == 0)
		r = db_run(db->output, "COMMIT");
	if (r == 0)
		r = db_run(db->tasks, "COMMIT");
	if (!sqlite3_get_autocommit(db->output))
		(void)db_run(db->output, "ROLLBACK"); /* r counts */
	if (!sqlite3_get_autocommit(db->tasks))
		(void)db_run(db->tasks, "ROLLBACK");
	return r;
}
