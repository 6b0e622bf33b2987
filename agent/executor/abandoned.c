/* abandoned.c - the hooks of tasks whose executor died
 *
 * Each is a struct task without processes, in a table of its own: no request
 * finds it, and what it says is discarded. It is SETTLING until its turn comes:
 * a few have their hooks run at a time, however many there are. */
#include "executor/abandoned.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "executor/env.h"
#include "executor/hooks.h"
#include "executor/keep.h"
#include "executor/limits.h"
#include "executor/remains.h"
#include "executor/scratch.h"
#include "executor/task.h"

enum {
	AT_ONCE = 8,
	LOG_BYTES = 4096, /* of the output of one task's hooks */
};

/* ------------------------------------------------------------- being found */

static struct task *
task_new(struct executor *ex, const char *task_id)
{
	struct task *task = calloc(1, sizeof *task);

	if (!task)
		return NULL;
	task->ex = ex;
	(void)stpncpy(task->id, task_id, sizeof task->id - 1);
	task->abandoned = true;
	task->state = WORK_SETTLING;
	task->outcome = MSG_LOST;
	task->out.discard = true;
	task->defer_fd = scratch_open_defer(ex->scratch, task_id);
	HASH_ADD(hh, ex->abandoned, id, strlen(task->id), task);
	ex->running++;
	return task;
}

/* The settings may say another user by now, and what a task has written must
 * not be run as that one. The defer file is the user's that the task had. */
static bool
is_of_its_user(const struct task *task)
{
	struct stat st;

	if (task->defer_fd < 0)
		return task->user->is_us;
	return fstat(task->defer_fd, &st) == 0 &&
	       st.st_uid == task->user->id.uid;
}

static int
load(struct task *task)
{
	static const struct msg_start defaults = { .attempt = 0 };
	AUTO(msg_free) struct msg_box *box = NULL;
	const struct msg_start *how = &defaults;
	struct err err = { .text = "" };
	int r = keep_read(task->ex, task->id, &box);

	if (r < 0)
		return r;
	if (box)
		how = &msg_get(box)->start;
	if (!how->n_cleanup && keep_defer_size(task) == 0)
		return -ENOENT;
	task->attempt = how->attempt;
	task->asks_pids = how->limits.pids != 0;
	r = limits_choose(task->ex, &how->limits, &task->limits, &err);
	if (r == 0)
		r = task_identify(task, how, &err);
	if (r == 0 && !is_of_its_user(task))
		r = err_set(&err, -EPERM, "it ran as another user than '%s'",
			task->user->name);
	if (r < 0) {
		log_warn(0, "hooks of task '%s' are not run: %s", task->id,
			err.text);
		return -ENOENT;
	}
	return hooks_new(task, how);
}

bool
abandoned_add(struct executor *ex, const char *task_id)
{
	struct task *task = task_new(ex, task_id);
	int r = task ? load(task) : -ENOMEM;

	if (r == 0)
		return true;
	if (r != -ENOENT)
		log_warn(r, "cannot run the hooks of task '%s'", task_id);
	if (task)
		task_drop(task);
	return false;
}

bool
abandoned_has(const struct executor *ex, const char *task_id)
{
	struct task *task;

	HASH_FIND_STR(ex->abandoned, task_id, task);
	return task != NULL;
}

/* ----------------------------------------------------------------- running */

void
abandoned_start(struct executor *ex)
{
	struct task *task, *tmp;
	size_t n = 0;

	HASH_ITER(hh, ex->abandoned, task, tmp) {
		if (n++ == AT_ONCE || !ex->ready ||
			remains_are_there(ex->remains))
			return;
		if (task->state == WORK_SETTLING)
			task_advance(task);
	}
}

void
abandoned_dropped(struct task *task)
{
	struct executor *ex = task->ex;

	HASH_DEL(ex->abandoned, task);
	if (task->state != WORK_SETTLING)
		abandoned_start(ex);
}

void
abandoned_stop(struct executor *ex)
{
	struct task *task, *tmp;

	HASH_ITER(hh, ex->abandoned, task, tmp)
		hooks_hurry(task);
}

void
abandoned_free(struct executor *ex)
{
	struct task *task, *tmp;

	HASH_ITER(hh, ex->abandoned, task, tmp)
		task_drop(task);
}

void
abandoned_log(struct task *task, const void *data, size_t len)
{
	/* All that came before was dropped, as far as the server knows. */
	size_t before = task->dropped < LOG_BYTES ? task->dropped : LOG_BYTES;

	if (len > LOG_BYTES - before)
		len = LOG_BYTES - before;
	if (len)
		log_info("hook of task '%s': %.*s", task->id, (int)len,
			(const char *)data);
}
