/* audit.c - the log of this process: open, note, follow a rotation
 *
 * Each note takes the lock, looks where the chain ends, writes its line, and
 * says so in PATH.head. Other processes may do so between two of ours, and the
 * path may lead to another file than before. A line that could not be written
 * as a whole is taken back. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/internal.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/rates.h"

enum {
	SYNC_AFTER_MS = 500,
	LOCK_TRIES_MS = 100,
	/* Refusals of one address that are written. */
	REFUSALS_PER_MINUTE = 60,
	REPEATS_PER_MINUTE = 10, /* of one name */
};

struct audit {
	struct audit_conf conf; /* its path is ours */
	int fd, head;
	bool open; /* audit_new() came to its end */
	struct chain chain; /* as we left it */
	struct rates *refusals, *repeats;
	struct audit_stats stats, told; /* told: as of the last line */
	int trouble; /* 0, or what the last note said */
	struct sync *sync; /* NULL: a command */
	struct loop_timer *timer; /* to sync what was written */
};

/* -------------------------------------------------------------------- files */

static int
open_log(const struct audit *a, struct err *err)
{
	return own_open(a->conf.path, O_RDWR | O_APPEND, err);
}

/* Of all who write this log, each for a few writes. One that was stopped
 * meanwhile must not stop us. */
static int
lock(const struct audit *a)
{
	for (int i = 0; i < LOCK_TRIES_MS; i++) {
		if (flock(a->head, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		(void)poll(NULL, 0, 1); /* a pause, no more */
	}
	return -EBUSY;
}

static void
unlock(const struct audit *a)
{
	(void)flock(a->head, LOCK_UN); /* fails for no lock of ours */
}

/* ------------------------------------------------------------------ syncing */

static void
sync_now(struct audit *a)
{
	int fds[] = { a->fd, a->head };

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		int fd = fcntl(fds[i], F_DUPFD_CLOEXEC, 0);

		if (fd >= 0)
			sync_add(a->sync, fd);
		else if (fdatasync(fds[i]) < 0)
			log_error(-errno, "audit log '%s' is not on the disk",
				a->conf.path);
	}
}

static void
sync_due(void *arg)
{
	sync_now(arg);
}

static void
sync_failed(void *arg)
{
	const struct audit *a = arg;

	log_error(sync_error(a->sync), "audit log '%s' is not on the disk",
		a->conf.path);
}

/* ------------------------------------------------------------------ the end */

/* With the lock. */
static int
take_over(struct audit *a, struct err *why, struct err *err)
{
	struct chain last;
	struct stat st;
	struct err text;
	size_t torn;
	int r = tail_read(a->fd, &last, &torn, &text);

	if (r < 0)
		return err_set(err, r,
			"audit log '%s': %s; see what 'nodelink-server audit "
			"verify' says, and move it away",
			a->conf.path, text.text);
	if (torn && (fstat(a->fd, &st) < 0 ||
			    ftruncate(a->fd, st.st_size - (off_t)torn) < 0))
		return err_set(err, -errno,
			"cannot end the torn last line of audit log '%s': %s",
			a->conf.path, err_name(errno));
	tail_end(a->conf.path, a->head, &last, &a->chain, why);
	if (torn)
		(void)err_set(
			why, 0, "%zu bytes of a torn line were cut off", torn);
	return 0;
}

/* ------------------------------------------------------------------- a line */

static int
write_line(const struct audit *a, const struct buf *line)
{
	struct stat st;
	int r;

	if (fstat(a->fd, &st) < 0)
		return -errno;
	r = fd_write_all(a->fd, line->data, line->len);
	if (r < 0 && ftruncate(a->fd, st.st_size) < 0)
		log_error(-errno, "audit log '%s' ends in a torn line",
			a->conf.path);
	return r;
}

/* With the lock: the file that the path leads to now. */
static int
follow(struct audit *a)
{
	struct stat now, ours;
	struct err err;
	int fd;

	if (fstat(a->fd, &ours) == 0 && stat(a->conf.path, &now) == 0 &&
		now.st_ino == ours.st_ino && now.st_dev == ours.st_dev)
		return 0;
	fd = open_log(a, &err);
	if (fd < 0)
		return fd;
	if (a->sync)
		sync_add(a->sync, a->fd);
	else
		(void)close(a->fd); /* a command syncs the new one */
	a->fd = fd;
	return 0;
}

/* With the lock. */
static int
add_line(struct audit *a, const struct audit_event *event)
{
	AUTO_BUF struct buf line = { .max = AUDIT_LINE };
	struct chain chain;
	int r = follow(a);

	if (r < 0)
		return r;
	/* Ours, unless another process has gone on from there. */
	if (chain_read(a->head, &chain) < 0 || chain.seq < a->chain.seq)
		chain = a->chain;
	r = line_make(event, &chain, a->stats.omitted - a->told.omitted,
		a->stats.lost - a->told.lost, &line);
	if (r < 0)
		return r;
	chain.seq++;
	chain_hash(line.data, line.len, chain.hash);
	r = buf_add(&line, "\n", 1);
	if (r == 0)
		r = write_line(a, &line);
	if (r < 0)
		return r;
	a->chain = chain;
	/* Behind the log it is no harm: the next one to open it sees that. */
	if (chain_write(a->head, &chain) < 0)
		log_debug("'%s.head' cannot be written", a->conf.path);
	return 0;
}

static int
note(struct audit *a, const struct audit_event *event)
{
	int r = lock(a);

	if (r < 0)
		return r;
	r = add_line(a, event);
	unlock(a);
	if (r == 0) {
		a->stats.lines++;
		a->told = a->stats;
		if (a->timer && !loop_timer_active(a->timer))
			loop_timer_set(a->timer, SYNC_AFTER_MS);
	}
	return r;
}

static bool
is_too_much(struct audit *a, const struct audit_event *event)
{
	char name[RATES_NAME];

	if (event->decision == AUDIT_REFUSED)
		return rates_take(a->refusals,
			rates_address(event->peer ? event->peer : "", name));
	return event->repeats && rates_take(a->repeats, event->repeats);
}

int
audit_note(struct audit *a, const struct audit_event *event)
{
	int r;

	if (!a)
		return 0;
	if (is_too_much(a, event)) {
		a->stats.omitted++;
		return 0;
	}
	r = note(a, event);
	if (r < 0 && r != a->trouble)
		log_error(r, "audit log '%s' cannot be written%s", a->conf.path,
			a->conf.required ? "; what has to be in it is refused"
					 : "");
	else if (r == 0 && a->trouble)
		log_info("audit log '%s' is written again", a->conf.path);
	a->trouble = r;
	a->stats.lost += r < 0;
	return a->conf.required ? r : 0;
}

void
audit_stats(const struct audit *a, struct audit_stats *out)
{
	*out = a ? a->stats : (struct audit_stats){ 0 };
}

void
audit_reopen(struct audit *a)
{
	if (a)
		(void)audit_note(
			a, &(struct audit_event){ .action = "audit.reopen" });
}

/* -------------------------------------------------------------------- life */

static int
begin(struct audit *a, struct err *err)
{
	struct err why = { "" };
	int r = lock(a);

	if (r < 0)
		return err_set(err, r, "cannot lock '%s.head': %s",
			a->conf.path, err_name(-r));
	r = take_over(a, &why, err);
	unlock(a);
	if (r < 0)
		return r;
	if (*why.text)
		log_warn(0, "audit log '%s': %s", a->conf.path, why.text);
	r = a->conf.loop || *why.text
		    ? note(a, &(struct audit_event){ .action = "audit.open",
				      .reason = why.text })
		    : 0;
	if (r < 0)
		return err_set(err, r, "cannot write audit log '%s': %s",
			a->conf.path, err_name(-r));
	if (a->conf.loop)
		log_info("audit log '%s' goes on behind event %" PRIu64
			 ", SHA-256 %s",
			a->conf.path, a->chain.seq, a->chain.hash);
	return 0;
}

int
audit_new(const struct audit_conf *conf, struct audit **out, struct err *err)
{
	AUTO(audit_free) struct audit *a = calloc(1, sizeof *a);
	AUTO_BUF struct buf head = { 0 };
	int r = -ENOMEM;

	if (!a)
		return err_set(err, r, "out of memory");
	a->fd = a->head = -1;
	a->conf = *conf;
	a->conf.path = strdup(conf->path);
	a->refusals =
		rates_new(REFUSALS_PER_MINUTE, 60 * 1000, REFUSALS_PER_MINUTE);
	a->repeats =
		rates_new(REPEATS_PER_MINUTE, 60 * 1000, REPEATS_PER_MINUTE);
	if (conf->loop)
		a->timer = loop_timer_new(conf->loop, sync_due, a);
	if (!a->conf.path || !a->refusals || !a->repeats ||
		(conf->loop && !a->timer) ||
		buf_printf(&head, "%s.head", conf->path) < 0)
		return err_set(err, r, "out of memory");
	r = conf->loop ? sync_new(conf->loop, sync_failed, a, &a->sync) : 0;
	if (r < 0)
		return err_set(
			err, r, "cannot start a thread: %s", err_name(-r));
	a->fd = open_log(a, err);
	if (a->fd < 0)
		return a->fd;
	a->head = own_open(buf_text(&head), O_RDWR, err);
	if (a->head < 0)
		return a->head;
	r = begin(a, err);
	if (r < 0)
		return r;
	a->open = true;
	*out = TAKE(a);
	return 0;
}

void
audit_free(struct audit *a)
{
	if (!a)
		return;
	if (a->open && a->sync) {
		(void)audit_note(
			a, &(struct audit_event){ .action = "audit.close" });
		sync_now(a);
	} else if (a->open && fdatasync(a->fd) < 0) {
		log_error(-errno, "audit log '%s' is not on the disk",
			a->conf.path);
	}
	sync_free(a->sync);
	loop_timer_free(a->timer);
	if (a->fd >= 0)
		(void)close(a->fd);
	if (a->head >= 0)
		(void)close(a->head);
	rates_free(a->refusals);
	rates_free(a->repeats);
	free((char *)(uintptr_t)a->conf.path); /* ours, see audit_new() */
	free(a);
}
