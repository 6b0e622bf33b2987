/* host.c - the services of plugin.h */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/utf8.h"
#include "executor/env.h"
#include "executor/remains.h"
#include "executor/scratch.h"
#include "executor/task.h"

enum { MESSAGE_MAX = 1024 }; /* a line for people */

/* The table comes first, so that its address is the box's. */
struct ndl_host_box {
	struct ndl_host table;
	struct executor *ex;
};

/* The plugin's opaque types are ours under another name. */
static struct task *
task_of(struct ndl_task *task)
{
	return (struct task *)task;
}

static const struct task *
const_task_of(const struct ndl_task *task)
{
	return (const struct task *)task;
}

static struct executor *
executor_of(const struct ndl_host *host)
{
	return ((const struct ndl_host_box *)host)->ex;
}

struct ndl_task *
host_task(struct task *task)
{
	return (struct ndl_task *)task;
}

/* ----------------------------------------------------- what was asked for */

static const char *
setting(const struct ndl_conf *conf, const char *name)
{
	return fields_get((const struct fields *)conf, name);
}

static const char *const *
setting_list(const struct ndl_conf *conf, const char *name)
{
	return fields_get_list((const struct fields *)conf, name);
}

static const char *
task_id(const struct ndl_task *task)
{
	return const_task_of(task)->id;
}

static const char *
param(const struct ndl_task *task, const char *name)
{
	return fields_get(const_task_of(task)->params, name);
}

static const char *const *
param_list(const struct ndl_task *task, const char *name)
{
	return fields_get_list(const_task_of(task)->params, name);
}

static const char *const *
env(const struct ndl_task *task)
{
	return (const char *const *)env_asked(const_task_of(task)->env);
}

/* ------------------------------------------------------------ what happened */

static void
host_log(const struct ndl_host *host, struct ndl_task *task, unsigned level,
	const char *text)
{
	const char *name = executor_of(host)->plugin->v.name;
	enum log_level as =
		level <= NDL_DEBUG ? (enum log_level)level : LOG_LEVEL_DEBUG;

	if (task)
		log_write(as, 0, "%s: task '%s': %s", name, task_of(task)->id,
			text);
	else
		log_write(as, 0, "%s: %s", name, text);
}

static int
emit(struct ndl_task *task, unsigned stream, const void *data, size_t len)
{
	return output_emit(task_of(task), stream, data, len);
}

static int
pump(struct ndl_task *task, unsigned stream, int fd)
{
	int copy, r;

	if (fd < 0 || (stream != NDL_OUT && stream != NDL_ERR))
		return -EINVAL;
	r = fd_set_nonblocking(fd);
	if (r < 0)
		return r;
	/* Until it has worked the plugin owns its own. */
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (copy < 0)
		return -errno;
	r = output_pump(task_of(task),
		stream == NDL_ERR ? MSG_STDERR : MSG_STDOUT, copy);
	if (r == 0)
		(void)close(fd);
	return r;
}

/* A plugin's line for people may hold anything; the wire takes only UTF-8. */
static const char *
clean(char *out, size_t size, const char *text)
{
	(void)snprintf(out, size, "%s", text);
	utf8_make_line(out);
	return out;
}

static const char *
own_failure(struct task *task, const char *name)
{
	static const char form[] = "abcdefghijklmnopqrstuvwxyz0123456789_";

	if (!name || *name < 'a' || *name > 'z' ||
		strspn(name, form) != strlen(name) ||
		strlen(name) >= sizeof task->own_failure)
		return NULL;
	return memcpy(task->own_failure, name, strlen(name) + 1);
}

/* Settings of the plugin: no other rule is its to name. */
static void
set_rule(struct task *task, const char *setting)
{
	const struct plugin *plugin = task->ex->plugin;

	for (const struct ndl_field *f = plugin->settings; f->name; f++)
		if (strcmp(f->name, setting) == 0)
			(void)snprintf(task->rule, sizeof task->rule, "%s.%s",
				plugin->v.name, setting);
}

static void
finish(struct ndl_task *handle, const struct ndl_result *result)
{
	struct task *task = task_of(handle);
	struct ndl_result r = { 0 };
	enum msg_outcome outcome = MSG_EXITED;
	const char *failure = NULL;
	char text[MESSAGE_MAX];

	memcpy(&r, result, result->size < sizeof r ? result->size : sizeof r);
	if (task->cancel && task->state == WORK_RUNNING)
		task->cancel->too_late = r.flags & NDL_OWN_END;
	switch (r.outcome) {
	case NDL_EXITED: break;
	case NDL_KILLED: outcome = MSG_SIGNALED; break;
	case NDL_FAILED:
		/* Under a cancel it was running, whatever it says. */
		outcome = task->cancel && !task->cancel->too_late
				  ? MSG_EXITED
				  : MSG_NOT_STARTED;
		failure = task->state == WORK_STARTING ? "refused"
						       : "spawn_error";
		break;
	}
	if (r.failure && task->state <= WORK_RUNNING)
		failure = own_failure(task, r.failure);
	if (r.rule && r.outcome == NDL_FAILED && task->state <= WORK_RUNNING)
		set_rule(task, r.rule);
	task_finish(task, outcome, r.code, failure,
		r.message ? clean(text, sizeof text, r.message) : NULL);
}

static void
stuck(struct ndl_task *task, const char *why)
{
	char text[MESSAGE_MAX];

	cancel_stuck(task_of(task), clean(text, sizeof text, why));
}

/* ----------------------------------------------------------------- waiting */

static int64_t
now_ms(const struct ndl_host *host)
{
	(void)host;
	return clock_ms();
}

static int64_t
timer(const struct ndl_host *host, struct ndl_task *task, int64_t delay_ms,
	ndl_fn *fn, void *arg)
{
	return handle_timer(
		executor_of(host), task_of(task), delay_ms, fn, arg);
}

static int64_t
watch(const struct ndl_host *host, struct ndl_task *task, int fd,
	unsigned events, ndl_fd_fn *fn, void *arg)
{
	return handle_watch(
		executor_of(host), task_of(task), fd, events, fn, arg);
}

static int
rewatch(const struct ndl_host *host, int64_t id, unsigned events)
{
	return handle_rewatch(executor_of(host), id, events);
}

static void
drop(const struct ndl_host *host, int64_t id)
{
	handle_drop(executor_of(host), id);
}

struct posted {
	struct loop_item item;
	struct executor *ex;
	ndl_fn *fn;
	void *arg;
};

static void
run_posted(void *arg)
{
	struct posted p = *(struct posted *)arg;

	free(arg);
	watchdog_enter(p.ex->watchdog, "post", "");
	p.fn(p.arg);
	watchdog_leave(p.ex->watchdog);
}

static int
post(const struct ndl_host *host, ndl_fn *fn, void *arg)
{
	struct posted *p = calloc(1, sizeof *p);

	if (!p)
		return -ENOMEM;
	*p = (struct posted){ .item = { .fn = run_posted, .arg = p },
		.ex = executor_of(host),
		.fn = fn,
		.arg = arg };
	loop_post(p->ex->loop, &p->item);
	return 0;
}

/* ---------------------------------------------------------------- programs */

static int64_t
spawn(struct ndl_task *task, const struct ndl_spawn *how)
{
	struct ndl_spawn known = { 0 };

	memcpy(&known, how,
		how->size < sizeof known ? how->size : sizeof known);
	return child_spawn(task_of(task), &known);
}

static int
host_signal(struct ndl_task *task, int64_t id, int signo)
{
	struct child *child = child_find(task_of(task), id);

	if (!child || child->gone)
		return -ESRCH;
	return group_signal(&child->group, signo);
}

/* The id may be from anywhere, such as a container's label. */
static int
is_elsewhere(const struct ndl_host *host, const char *id)
{
	const struct executor *ex = executor_of(host);

	return id_valid(id) &&
	       scratch_is_elsewhere(ex->scratch, ex->plugin->v.name, id);
}

static void
left(const struct ndl_host *host, const char *what)
{
	char text[MESSAGE_MAX];

	remains_outside(executor_of(host)->remains,
		what ? clean(text, sizeof text, what) : NULL);
}

static const struct ndl_host services = {
	.size = sizeof(struct ndl_host),
	.abi = NDL_ABI(NDL_ABI_MINOR),
	.version = PACKAGE_VERSION,
	.setting = setting,
	.setting_list = setting_list,
	.task_id = task_id,
	.param = param,
	.param_list = param_list,
	.log = host_log,
	.emit = emit,
	.pump = pump,
	.finish = finish,
	.now_ms = now_ms,
	.timer = timer,
	.watch = watch,
	.rewatch = rewatch,
	.drop = drop,
	.post = post,
	.spawn = spawn,
	.signal = host_signal,
	.env = env,
	.stuck = stuck,
	.is_elsewhere = is_elsewhere,
	.left = left,
};

const struct ndl_host *
host_table(const struct executor *ex)
{
	return &ex->host->table;
}

int
host_new(struct executor *ex)
{
	ex->host = calloc(1, sizeof *ex->host);
	if (!ex->host)
		return -ENOMEM;
	ex->host->table = services;
	ex->host->table.agent = ex->opt.agent_id;
	ex->host->ex = ex;
	return 0;
}

void
host_free(struct executor *ex)
{
	free(TAKE(ex->host));
}
