/* policy.c - what the administrator of this node does not let tasks do */
#include "executor/policy.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "executor/limits.h"
#include "executor/task.h"

int
policy_forbid(struct task *task, const char *rule, struct err *err,
	const char *fmt, ...)
{
	va_list ap;

	(void)snprintf(task->rule, sizeof task->rule, "%s", rule);
	va_start(ap, fmt);
	(void)vsnprintf(err->text, sizeof err->text, fmt, ap);
	va_end(ap);
	return -EPERM;
}

/* None at all is within any: the task gets the most there is. */
static int
check_timeout(struct task *task, const struct msg_start *how, struct err *err)
{
	const int64_t most = task->ex->opt.max_timeout_ms;

	if (!most || how->timeout_ms <= most)
		return 0;
	return policy_forbid(task, "tasks.max_timeout", err,
		"the task asks for a run time of %lld s; this node allows %lld "
		"s (max_timeout of [tasks])",
		(long long)(how->timeout_ms / 1000), (long long)(most / 1000));
}

static int
check_limits(struct task *task, const struct msg_start *how, struct err *err)
{
	const char *name = limits_beyond(task->ex, &how->limits);
	char rule[32];

	if (!name)
		return 0;
	(void)snprintf(rule, sizeof rule, "limits.max_%s", name);
	return policy_forbid(task, rule, err,
		"the task asks for more '%s' than this node allows (max_%s of "
		"[limits])",
		name, name);
}

static int
check_seccomp(struct task *task, const struct msg_start *how, struct err *err)
{
	const struct executor_options *opt = &task->ex->opt;

	if (how->seccomp == MSG_SECCOMP_DEFAULT && !opt->seccomp)
		return policy_forbid(task, "tasks.seccomp", err,
			"the task asks for a filter of system calls; this node "
			"has none (seccomp of [tasks])");
	if (how->seccomp == MSG_SECCOMP_NONE && opt->seccomp_required)
		return policy_forbid(task, "tasks.seccomp_required", err,
			"no task of this node may do without its filter of "
			"system calls (seccomp_required of [tasks])");
	return 0;
}

/* They are command lines for the host, whatever the plugin runs. What a task
 * registers while it runs is not asked for by its start, and nobody but its own
 * programs on this host can write it: it may do that anyway. */
static int
check_hooks(struct task *task, const struct msg_start *how, struct err *err)
{
	const char *pre_stop = how->pre_stop.cmd;

	if (!task->ex->opt.no_hooks ||
		(!how->n_cleanup && !(pre_stop && *pre_stop)))
		return 0;
	return policy_forbid(task, "tasks.hooks", err,
		"the task has hooks (stop.pre_stop, cleanup), which are "
		"commands on the host; this node runs none (hooks of [tasks])");
}

int
policy_check(struct task *task, const struct msg_start *how, struct err *err)
{
	int r = check_timeout(task, how, err);

	if (r == 0)
		r = check_limits(task, how, err);
	if (r == 0)
		r = check_seccomp(task, how, err);
	return r < 0 ? r : check_hooks(task, how, err);
}

/* ----------------------------------------------------------------- folders */

static bool
goes_up(const char *path)
{
	for (const char *p = path; (p = strstr(p, "..")) != NULL; p += 2)
		if ((p == path || p[-1] == '/') && (!p[2] || p[2] == '/'))
			return true;
	return false;
}

static bool
is_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	while (len > 0 && dir[len - 1] == '/')
		len--;
	return strncmp(path, dir, len) == 0 && (!path[len] || path[len] == '/');
}

int
policy_check_cwd(struct task *task, const char *cwd, struct err *err)
{
	const struct executor_options *opt = &task->ex->opt;
	bool found = opt->n_directories == 0;

	for (size_t i = 0; i < opt->n_directories && !found; i++)
		found = !goes_up(cwd) && is_below(cwd, opt->directories[i]);
	return found ? 0
		     : policy_forbid(task, "tasks.directories", err,
			       "tasks may not begin in '%.200s' on this node "
			       "(directories of [tasks])",
			       cwd);
}
