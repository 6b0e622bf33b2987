/* executor.c - one plugin's tasks: making and ending the whole of it */
#include "executor/executor.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>

#include "base/fd.h"
#include "base/log.h"
#include "executor/abandoned.h"
#include "executor/leftovers.h"
#include "executor/orphans.h"
#include "executor/remains.h"
#include "executor/scratch.h"
#include "executor/seccomp.h"
#include "executor/starts.h"
#include "executor/task.h"
#include "executor/tombs.h"
#include "executor/turns.h"
#include "executor/users.h"

enum {
	MAX_GRACE_MS = 5 * 60 * 1000,
	LOST_AFTER_MS = 5000,
	UNKILLABLE_AFTER_MS = 60000,
	REMAINS_MS = 45000, /* the server waits for 60 s since the death */
	WATCHDOG_MS = 10000,
	STALL_MS = 3000,
	HELD_MAX = 64 << 20,
};

/* -------------------------------------------------------------------- link */

static void
on_frame(void *arg, const uint8_t *payload, size_t len)
{
	session_frame(arg, payload, len);
}

static void
on_drained(void *arg)
{
	outbox_send(arg);
}

static void
on_end(void *arg, int r)
{
	struct executor *ex = arg;

	if (r < 0)
		log_warn(r, "connection to the uplink lost");
	link_free(TAKE(ex->link));
	session_detached(ex);
}

void
executor_serve(struct executor *ex, int take_fd)
{
	static const struct link_ops ops = { on_frame, on_drained, on_end };

	if (ex->link)
		log_info("a new uplink takes over");
	link_free(TAKE(ex->link));
	ex->link = link_new(ex->loop, take_fd, &ops, ex);
	if (!ex->link)
		log_error(-ENOMEM, "cannot serve the uplink"); /* it retries */
	else if (starts_are_full(ex->starts))
		link_pause(ex->link, true);
	session_detached(ex);
}

size_t
executor_count(const struct executor *ex, size_t *running)
{
	if (running)
		*running = ex->running;
	return HASH_COUNT(ex->tasks);
}

/* --------------------------------------------------------------- being made */

static int64_t
or_default(int64_t given, int64_t fallback)
{
	return given > 0 ? given : fallback;
}

static void
set_options(struct executor *ex, const struct executor_options *o)
{
	ex->opt = *o;
	ex->opt.max_grace_ms = or_default(o->max_grace_ms, MAX_GRACE_MS);
	ex->opt.lost_after_ms = or_default(o->lost_after_ms, LOST_AFTER_MS);
	ex->opt.unkillable_after_ms =
		or_default(o->unkillable_after_ms, UNKILLABLE_AFTER_MS);
	ex->opt.remains_ms = or_default(o->remains_ms, REMAINS_MS);
	ex->opt.watchdog_ms = or_default(o->watchdog_ms, WATCHDOG_MS);
	if (o->max_limits.pids && o->limits.pids > o->max_limits.pids)
		ex->opt.limits.pids = o->max_limits.pids;
	ex->opt.stall_ms = or_default(o->stall_ms, STALL_MS);
	ex->opt.held_max = o->held_max ? o->held_max : HELD_MAX;
	if (!o->nologin)
		ex->opt.nologin = "/run/nologin";
}

static int
make_parts(struct executor *ex, struct err *err)
{
	int r = users_new(ex->opt.user, ex->opt.allow_users,
		ex->opt.n_allow_users, &ex->users, err);

	if (r == 0)
		r = seccomp_new(ex->opt.seccomp, ex->opt.seccomp_required,
			&ex->seccomp, err);
	if (r == 0)
		r = scratch_new(ex->loop, ex->opt.scratch, &ex->scratch, err);
	if (r < 0)
		return r;
	ex->null_fd = fd_open("/dev/null", O_RDWR);
	if (ex->null_fd < 0)
		return err_set(err, ex->null_fd, "cannot open /dev/null: %s",
			err_name(-ex->null_fd));
	r = holds_new(ex, err);
	if (r < 0)
		return r;
	ex->tombs = tombs_new();
	ex->io = malloc(LIMIT_OUTPUT_CHUNK);
	ex->watchdog = watchdog_new(ex->opt.watchdog_ms);
	ex->orphans = orphans_new(ex);
	ex->remains = remains_new(ex);
	ex->starts = starts_new(ex);
	ex->hook_turns = turns_new(ex->loop);
	ex->spool = spool_new(scratch_path(ex->scratch), ex->opt.spool_limit);
	ex->lazy_timer = loop_timer_new(ex->loop, outbox_hurry, ex);
	ex->stall_timer = loop_timer_new(ex->loop, session_stall_due, ex);
	ex->spool_timer = loop_timer_new(ex->loop, output_resume_all, ex);
	if (!ex->lazy_timer || !ex->stall_timer || !ex->spool_timer ||
		!ex->spool || !ex->orphans || !ex->remains || !ex->starts ||
		!ex->hook_turns || !ex->tombs || !ex->io || !ex->watchdog ||
		host_new(ex) < 0)
		return err_set(err, -ENOMEM, "out of memory");
	return fields_check(ex->plugin->settings, "setting", ex->opt.settings,
		ex->opt.n_settings, &ex->settings, err);
}

static int
init_plugin(struct executor *ex, struct err *err)
{
	const struct ndl_plugin *v = &ex->plugin->v;
	int r;

	if (!v->init)
		return 0;
	watchdog_enter(ex->watchdog, "init", "");
	r = v->init(host_table(ex), (const struct ndl_conf *)ex->settings,
		&ex->self);
	watchdog_leave(ex->watchdog);
	if (r < 0)
		return err_set(err, r, "plugin '%s' does not start: %s",
			v->name, err_name(-r));
	return 0;
}

static void
count_task(void *arg, const char *task_id)
{
	(void)task_id;
	++*(size_t *)arg;
}

static void
sweep_task(void *arg, const char *task_id)
{
	struct executor *ex = arg;

	log_info("cleaning up after task '%s' of an earlier executor", task_id);
	if (ex->plugin->v.sweep) {
		watchdog_enter(ex->watchdog, "sweep", task_id);
		ex->plugin->v.sweep(ex->self, task_id);
		watchdog_leave(ex->watchdog);
	}
	if (!abandoned_add(ex, task_id))
		scratch_remove(ex->scratch, task_id);
}

/* A folder that is here already is of a task that an earlier executor had
 * when it died. */
static int
sweep_all(struct executor *ex, struct err *err)
{
	size_t folders = 0, processes = 0;
	int r = scratch_each(ex->scratch, count_task, &folders);

	if (r == 0 && folders)
		processes = leftovers_kill(scratch_path(ex->scratch));
	if (processes)
		log_warn(0, "killed %zu processes of an earlier executor",
			processes);
	if (r == 0 && folders)
		r = scratch_each(ex->scratch, sweep_task, ex);
	if (r < 0)
		return err_set(err, r, "cannot read '%s': %s",
			scratch_path(ex->scratch), err_name(-r));
	remains_look(ex->remains, folders > 0);
	return 0;
}

int
executor_new(struct loop *loop, const struct plugin *plugin,
	const struct executor_options *options, struct executor **out,
	struct err *err)
{
	struct executor *ex = calloc(1, sizeof *ex);
	int r;

	if (!ex)
		return err_set(err, -ENOMEM, "out of memory");
	ex->loop = loop;
	ex->plugin = plugin;
	ex->null_fd = -1;
	ex->last_waiting = &ex->waiting;
	id_new(ex->instance);
	set_options(ex, options);
	r = make_parts(ex, err);
	if (r == 0)
		r = init_plugin(ex, err);
	ex->ready = r == 0;
	if (r == 0)
		r = sweep_all(ex, err);
	if (r < 0) {
		executor_free(ex);
		return r;
	}
	*out = ex;
	return 0;
}

void
executor_free(struct executor *ex)
{
	struct task *task, *tmp;

	if (!ex)
		return;
	link_free(TAKE(ex->link));
	HASH_ITER(hh, ex->tasks, task, tmp) {
		(void)child_kill_all(task);
		task_drop(task);
	}
	if (ex->ready && ex->plugin->v.fini)
		ex->plugin->v.fini(ex->self);
	ex->ready = false;
	abandoned_free(ex);
	if (ex->host)
		handle_drop_all(ex, NULL);
	host_free(ex);
	loop_timer_free(ex->later);
	holds_free(ex);
	remains_free(ex->remains);
	orphans_free(ex->orphans);
	starts_free(ex->starts);
	turns_free(ex->hook_turns);
	loop_timer_free(ex->lazy_timer);
	loop_timer_free(ex->stall_timer);
	loop_timer_free(ex->spool_timer);
	spool_free(ex->spool);
	watchdog_free(ex->watchdog);
	fields_free(ex->settings);
	tombs_free(ex->tombs);
	if (ex->retired)
		scratch_remove_all(ex->scratch);
	scratch_free(ex->scratch);
	buf_done(&ex->pack);
	if (ex->null_fd >= 0)
		(void)close(ex->null_fd);
	users_free(ex->users);
	seccomp_free(ex->seccomp);
	free(ex->io);
	free(ex);
}
