/* launch.c - ndl_host.spawn: a program with its pipes, as part of a task */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "executor/env.h"
#include "executor/limits.h"
#include "executor/policy.h"
#include "executor/task.h"
#include "proc/spawn.h"

/* The child's three descriptors, and our ends of its pipes. */
struct stdio {
	int fd[3];
	int reader[3]; /* -1: no pipe */
	bool ours[3]; /* fd[] is to be closed after the spawn */
};

static void
stdio_done(struct stdio *io)
{
	for (int i = 0; i < 3; i++) {
		if (io->ours[i])
			(void)close(io->fd[i]);
		if (io->reader[i] >= 0)
			(void)close(io->reader[i]);
	}
}

static int
stdio_set(struct stdio *io, int i, const struct ndl_spawn *how, int null_fd)
{
	int ends[2], r;

	io->fd[i] = null_fd;
	switch (how->io[i]) {
	case NDL_IO_NULL: return 0;
	case NDL_IO_FD:
		io->fd[i] = how->fd[i];
		return how->fd[i] < 0 ? -EBADF : 0;
	case NDL_IO_STREAM: break;
	default: return -EINVAL;
	}
	if (i == NDL_IN)
		return 0; /* a task has no input */
	r = fd_pipe(ends, true);
	if (r < 0)
		return r;
	io->reader[i] = ends[0];
	io->fd[i] = ends[1];
	io->ours[i] = true;
	return 0;
}

static int
add_pumps(struct task *task, struct stdio *io)
{
	int r = 0;

	for (int i = NDL_OUT; i <= NDL_ERR && r == 0; i++)
		if (io->reader[i] >= 0)
			r = output_pump(task,
				i == NDL_ERR ? MSG_STDERR : MSG_STDOUT,
				TAKE_FD(io->reader[i]));
	return r;
}

static void
remember_failure(struct task *task, const struct spawn *spawn,
	enum spawn_step step, int error)
{
	const char *subject = step == SPAWN_CHDIR  ? spawn->cwd
			      : step == SPAWN_EXEC ? spawn->path
						   : "";
	char *text = NULL;

	task->failure = "spawn_error";
	if (asprintf(&text, "%s%s%s%s: %s", spawn_step_text(step),
		    *subject ? " '" : "", subject, *subject ? "'" : "",
		    err_name(error)) < 0)
		return; /* then the errno must do */
	free(task->message);
	task->message = text;
}

/* -------------------------------------------------------------- what holds it */

static void
changed(void *arg)
{
	task_advance(arg);
}

static void
alive(void *arg, const struct group_member *alive, size_t n)
{
	cancel_unkillable(arg, alive, n);
}

/* All programs of the task are in one. */
static int
make_hold(struct task *task)
{
	const struct hold_watcher watcher = { changed, alive, task };
	struct contain_limits limits;
	char name[ID_MAX + 16];
	struct err err;
	int r;

	if (task->hold)
		return 0;
	limits_by_group(task, &limits);
	(void)snprintf(
		name, sizeof name, "%s.%u", task->id, (unsigned)task->attempt);
	r = hold_new(task->ex, name, &limits, &watcher, &task->hold, &err);
	if (r < 0) {
		task->failure = "spawn_error";
		free(task->message);
		task->message = strdup(err.text); /* NULL: the errno must do */
	}
	return r;
}

/* ---------------------------------------------------------------------- spawn */

void
launch_init(const struct task *task, struct spawn *out)
{
	*out = (struct spawn){
		.envp = (const char *const *)task->env,
		.cwd = env_get(task->env, "NODELINK_TASK_DIR"),
		.extra_fd = -1,
		.born_in = -1,
		.user = task->user->is_us ? NULL : &task->user->id,
		.no_new_privs = task->ex->opt.no_new_privs,
		.filter = task->filter,
		.die_with_us = true,
	};
	limits_by_rlimit(task, &out->limits);
}

/* The plugin passes on what a task asks for. */
static int
check_cwd(struct task *task, const char *cwd)
{
	struct err err;
	int r = cwd ? policy_check_cwd(task, cwd, &err) : 0;

	if (r == 0)
		return 0;
	task->failure = "refused";
	free(task->message);
	task->message = strdup(err.text); /* NULL: the errno must do */
	return r;
}

static int
spawn_with(struct task *task, const struct ndl_spawn *how, struct stdio *io,
	struct child *child)
{
	struct spawn spawn;
	enum spawn_step step = SPAWN_CLONE;
	int pidfd = -1, r = check_cwd(task, how->cwd);
	pid_t pid;

	if (r == 0)
		r = make_hold(task);
	if (r < 0)
		return r;
	launch_init(task, &spawn);
	spawn.path = how->path;
	spawn.argv = how->argv;
	if (how->envp)
		spawn.envp = how->envp;
	if (how->cwd)
		spawn.cwd = how->cwd;
	for (int i = 0; i < 3 && r == 0; i++)
		r = stdio_set(io, i, how, task->ex->null_fd);
	if (r == 0) {
		memcpy(spawn.fd, io->fd, sizeof spawn.fd);
		r = contain_spawn(hold_contain(task->hold), &spawn, &pid,
			&pidfd, &child->wait_fd, &step);
	}
	if (r < 0) {
		remember_failure(task, &spawn, step, -r);
		return r;
	}
	group_init(&child->group, pid, pidfd);
	return 0;
}

int64_t
child_spawn(struct task *task, const struct ndl_spawn *how)
{
	struct stdio io = { .reader = { -1, -1, -1 } };
	struct child *child;
	int r;

	if (!how->path || *how->path != '/' || !how->argv || !how->argv[0])
		return -EINVAL;
	if (task->state != WORK_STARTING && task->state != WORK_RUNNING)
		return -ESRCH;
	if (task->stop == STOP_KILLED)
		return -ECANCELED; /* it would outlive the last signal */
	child = calloc(1, sizeof *child);
	if (!child)
		return -ENOMEM;
	child->task = task;
	child->group.pidfd = -1;
	child->on_exit = how->on_exit;
	child->arg = how->arg;
	r = spawn_with(task, how, &io, child);
	if (r < 0) {
		child_free(child);
		stdio_done(&io);
		return r;
	}
	/* It runs and is part of the task, whatever fails from here on. */
	if (child_adopt(task, child) < 0 || add_pumps(task, &io) < 0)
		executor_fail(task->ex, "cannot watch a process");
	stdio_done(&io);
	task_announce(task, child->group.leader);
	return child->id;
}
