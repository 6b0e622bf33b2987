/* keep.c - what the next executor must know to run a dead one's hooks */
#include "executor/keep.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "executor/scratch.h"
#include "executor/task.h"

#define HOOKS "hooks"
#define PROGRESS "progress"

enum { PROGRESS_FORM = 0x31646e68 }; /* of the file below */

struct progress_file {
	uint32_t form;
	struct keep_progress progress;
};

const char *
keep_status_name(enum keep_status status)
{
	switch (status) {
	case KEEP_COMPLETED: return "completed";
	case KEEP_FAILED: return "failed";
	case KEEP_CANCELLED: return "cancelled";
	}
	return "";
}

/* Of the executor's own, in its own folder. Descriptor or -errno. */
static int
open_file(struct scratch *s, const char *task_id, const char *name, int flags)
{
	AUTO_CLOSE int folder = scratch_open(s, task_id);
	int fd;

	if (folder < 0)
		return folder;
	/* A task of our own user could put anything there; wait for nothing. */
	fd = openat(folder, name, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
		0600);
	return fd < 0 ? -errno : fd;
}

/* ------------------------------------------------------------------- hooks */

static bool
defaults_do(const struct msg_start *how)
{
	const struct msg_limits *l = &how->limits;

	return !how->n_cleanup && !how->n_env && !(how->user && *how->user) &&
	       how->seccomp == MSG_SECCOMP_ANY && !l->pids && !l->memory &&
	       !l->cpu_milli && !l->open_files && !l->file_size;
}

int
keep_write(struct task *task, const struct msg_start *how)
{
	struct executor *ex = task->ex;
	struct msg msg = { .kind = MSG_START,
		.agent_id = ex->opt.agent_id,
		.task_id = task->id,
		.plugin = ex->plugin->v.name,
		.start = *how };
	AUTO_CLOSE int fd = -1;
	int r;

	if (defaults_do(how))
		return 0;
	msg.start.params = NULL; /* may be large, and secret */
	msg.start.n_params = 0;
	buf_clear(&ex->pack);
	r = msg_pack(&msg, &ex->pack);
	if (r < 0)
		return r;
	fd = open_file(
		ex->scratch, task->id, HOOKS, O_WRONLY | O_CREAT | O_EXCL);
	return fd < 0 ? fd : fd_write_all(fd, ex->pack.data, ex->pack.len);
}

int
keep_read(const struct executor *ex, const char *task_id, struct msg_box **out)
{
	AUTO_CLOSE int fd = open_file(ex->scratch, task_id, HOOKS, O_RDONLY);
	AUTO_BUF struct buf bytes = { 0 };
	struct err err = { .text = "" };
	int r = fd;

	*out = NULL;
	if (fd == -ENOENT)
		return 0;
	if (fd >= 0)
		r = fd_read_all(fd, &bytes, LIMIT_MESSAGE);
	if (r < 0)
		return r;
	r = msg_unpack(MSG_TO_AGENT, bytes.data, bytes.len, out, &err);
	if (r == 0 && msg_get(*out)->kind != MSG_START)
		r = -EBADMSG;
	if (r < 0)
		msg_free(TAKE(*out));
	return r;
}

/* ---------------------------------------------------------------- progress */

int
keep_progress_open(const struct task *task, int *out)
{
	int fd = open_file(
		task->ex->scratch, task->id, PROGRESS, O_WRONLY | O_CREAT);

	if (fd < 0)
		return fd;
	*out = fd;
	return 0;
}

int
keep_progress_write(int fd, const struct keep_progress *p)
{
	struct progress_file file;
	ssize_t n;

	if (fd < 0)
		return -EBADF;
	memset(&file, 0, sizeof file); /* the gaps, too */
	file.form = PROGRESS_FORM;
	file.progress = *p;
	n = pwrite(fd, &file, sizeof file, 0);
	return n == (ssize_t)sizeof file ? 0 : n < 0 ? -errno : -ENOSPC;
}

void
keep_progress_read(const struct task *task, struct keep_progress *p)
{
	AUTO_CLOSE int fd =
		open_file(task->ex->scratch, task->id, PROGRESS, O_RDONLY);
	struct progress_file file;

	if (fd >= 0 && read(fd, &file, sizeof file) == (ssize_t)sizeof file &&
		file.form == PROGRESS_FORM)
		*p = file.progress;
}

uint64_t
keep_defer_size(const struct task *task)
{
	struct stat st;

	if (task->defer_fd < 0 || fstat(task->defer_fd, &st) < 0 ||
		st.st_size < 0)
		return 0;
	return (uint64_t)st.st_size;
}

/* ------------------------------------------------------------- cancel file */

/* One line, whatever is in the text. */
static int
add_line(struct buf *out, const char *name, const char *value)
{
	size_t at;
	int r = buf_printf(out, "%s=", name);

	at = out->len;
	if (r == 0)
		r = buf_add_text(out, value);
	for (; at < out->len; at++)
		if (out->data[at] < ' ' || out->data[at] == 0x7f)
			out->data[at] = ' ';
	return r < 0 ? r : buf_add(out, "\n", 1);
}

void
keep_cancel(const struct task *task)
{
	const struct cancel *c = task->cancel;
	AUTO_BUF struct buf text = { 0 };
	int r = buf_printf(&text, "CODE=%u\n", (unsigned)c->code);

	if (r == 0)
		r = add_line(&text, "NAME", c->name);
	if (r == 0)
		r = add_line(&text, "REASON", c->reason);
	if (r == 0)
		r = add_line(&text, "ACTOR", c->actor);
	if (r == 0)
		r = scratch_write_cancel(
			task->ex->scratch, task->id, buf_text(&text));
	if (r < 0)
		log_warn(r, "task '%s': cannot write down why it is cancelled",
			task->id);
}
