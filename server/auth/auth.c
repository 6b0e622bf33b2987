/* auth.c - the database of who may what: open it, follow it
 *
 * Everything is in memory and read anew when another process has changed the
 * database; PRAGMA data_version says so for the price of a system call. */
#include "auth/auth.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/internal.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"

enum {
	POLL_MS = 500,
	USED_MS = 60000,
	/* Others hold the database for one change, which takes milliseconds. */
	BUSY_LOOP_MS = 500,
	BUSY_MS = 5000,
};

/* ------------------------------------------------------------------- reading */

static int64_t
next_expiry(const struct auth *auth)
{
	int64_t now = clock_wall_ms(), next = INT64_MAX;

	for (struct token *t = auth->tokens; t; t = t->hh.next)
		if (t->pub.expires_at > now && t->pub.expires_at < next)
			next = t->pub.expires_at;
	for (struct agent_entry *a = auth->agents; a; a = a->hh.next)
		for (struct agent_secret *s = a->secrets; s; s = s->next)
			if (s->expires_at > now && s->expires_at < next)
				next = s->expires_at;
	return next;
}

static int
read_all(struct auth *auth)
{
	struct token *tokens = NULL;
	struct agent_entry *agents = NULL;
	int64_t version = 0;
	int r = db_run(auth->db, "BEGIN");

	if (r < 0)
		return r;
	r = tokens_load(auth->db, &tokens);
	if (r == 0)
		r = entries_load(auth->db, &agents);
	if (r == 0)
		r = db_number(auth->db, "PRAGMA data_version", &version);
	(void)db_run(auth->db, "ROLLBACK"); /* it has only read */
	if (r < 0) {
		tokens_free(tokens);
		entries_free(agents);
		return r;
	}
	if (tokens_set(auth, tokens))
		auth->changed = true;
	if (entries_set(auth, agents))
		auth->changed = true;
	auth->version = version;
	auth->next_expiry = next_expiry(auth);
	return 0;
}

/* ------------------------------------------------------------------- changing */

static int
cannot_write(struct auth *auth, int r, struct err *err)
{
	return err_set(err, r, "cannot write into '%s': %s", auth->path,
		sqlite3_errmsg(auth->db));
}

int
change_begin(struct auth *auth, struct err *err)
{
	int r = db_run(auth->db, "BEGIN IMMEDIATE");

	return r < 0 ? cannot_write(auth, r, err) : 0;
}

void
change_undo(struct auth *auth)
{
	(void)db_run(auth->db, "ROLLBACK"); /* else closing does it */
}

int
change_end(struct auth *auth, int r, struct err *err)
{
	if (r == 0)
		r = db_run(auth->db, "COMMIT");
	if (r < 0) {
		(void)cannot_write(auth, r, err);
		change_undo(auth);
		return r;
	}
	if (read_all(auth) < 0)
		auth->version = -1; /* the next look does it */
	if (auth->timer)
		loop_timer_set(auth->timer, 0);
	return 0;
}

/* -------------------------------------------------------------------- opening */

static int
check_file(struct auth *auth, struct err *err)
{
	const char *path = auth->path;
	AUTO_CLOSE int fd = fd_open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
	struct stat st;

	if (fd < 0)
		return err_set(
			err, fd, "cannot open '%s': %s", path, err_name(-fd));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(
			err, -EINVAL, "'%s' is not a regular file", path);
	if (geteuid() != 0 && st.st_uid != geteuid())
		return err_set(err, -EPERM,
			"'%s' belongs to user %u; it must belong to the user "
			"who runs the server; do: chown %u '%s'",
			path, (unsigned)st.st_uid, (unsigned)geteuid(), path);
	if (st.st_mode & 077)
		return err_set(err, -EPERM,
			"'%s' is open to other users (mode %04o); do: chmod "
			"600 '%s'",
			path, (unsigned)(st.st_mode & 07777), path);
	auth->dev = st.st_dev;
	auth->ino = st.st_ino;
	return 0;
}

static int
open_file(struct auth *auth, struct err *err)
{
	int r = db_make(auth->path, err);

	if (r == 0)
		r = check_file(auth, err);
	if (r == 0)
		r = db_look(auth->path, &auth_schema, err);
	if (r == 0)
		r = db_migrate(auth->path, &auth_schema, err);
	if (r == 0)
		r = db_file_open(auth->path, &auth->db, err);
	if (r < 0)
		return r;
	(void)sqlite3_busy_timeout(
		auth->db, auth->loop ? BUSY_LOOP_MS : BUSY_MS);
	r = read_all(auth);
	return r < 0 ? err_set(err, r, "cannot read '%s': %s", auth->path,
			       sqlite3_errmsg(auth->db))
		     : 0;
}

/* ------------------------------------------------------------------ following */

static int
follow(struct auth *auth, struct err *err)
{
	int64_t version = 0;
	struct stat st;
	int r;

	if (stat(auth->path, &st) < 0)
		return err_set(err, -errno, "cannot find '%s': %s", auth->path,
			err_name(errno));
	if (st.st_ino != auth->ino || st.st_dev != auth->dev)
		return err_set(err, -ESTALE,
			"'%s' is another file now; start the server again to "
			"have it read",
			auth->path);
	r = db_number(auth->db, "PRAGMA data_version", &version);
	if (r == 0 && version != auth->version)
		r = read_all(auth);
	return r < 0 ? err_set(err, r, "cannot read '%s': %s", auth->path,
			       sqlite3_errmsg(auth->db))
		     : 0;
}

void
auth_follow(struct auth *auth)
{
	struct err err;
	int r = follow(auth, &err);

	if (r < 0 && !auth->trouble)
		log_error(0, "%s; what it said last holds on", err.text);
	auth->trouble = r < 0;
}

static void
poll_due(void *arg)
{
	struct auth *auth = arg;

	auth_follow(auth);
	if (clock_wall_ms() >= auth->next_expiry) {
		auth->next_expiry = next_expiry(auth);
		auth->changed = true;
	}
	if (clock_ms() - auth->used_written >= USED_MS) {
		auth->used_written = clock_ms();
		tokens_write_used(auth);
	}
	loop_timer_set(auth->timer, POLL_MS);
	if (auth->changed && auth->conf.on_change) {
		auth->changed = false;
		auth->conf.on_change(auth->conf.arg);
	}
}

/* ----------------------------------------------------------------------- life */

int
auth_new(struct loop *loop, const struct auth_conf *conf, struct auth **out,
	struct err *err)
{
	AUTO(auth_free) struct auth *auth = calloc(1, sizeof *auth);
	int r;

	if (!auth)
		return err_set(err, -ENOMEM, "out of memory");
	auth->loop = loop;
	auth->conf = *conf;
	auth->path = strdup(conf->path);
	auth->used_written = clock_ms();
	if (loop)
		auth->timer = loop_timer_new(loop, poll_due, auth);
	if (!auth->path || (loop && !auth->timer))
		return err_set(err, -ENOMEM, "out of memory");
	r = open_file(auth, err);
	if (r < 0)
		return r;
	auth->changed = false; /* nobody knows of anything yet */
	if (loop)
		loop_timer_set(auth->timer, POLL_MS);
	*out = TAKE(auth);
	return 0;
}

void
auth_free(struct auth *auth)
{
	if (!auth)
		return;
	loop_timer_free(auth->timer);
	if (auth->db)
		tokens_write_used(auth);
	tokens_free(auth->tokens);
	entries_free(auth->agents);
	(void)sqlite3_close(auth->db); /* nothing of it is in use */
	free(auth->path);
	free(auth);
}
