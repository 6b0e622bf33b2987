/* sqlite_open.c - the files of the store: folder, lock, databases */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "store/sqlite.h"
#include "store/sqlite_schema.h"

int
db_open(struct db *db, const struct files *f, struct err *err)
{
	int r = db_file_open(f->tasks, &db->tasks, err);

	if (r == 0)
		r = db_file_open(f->output, &db->output, err);
	if (r < 0)
		db_close(db);
	return r;
}

void
db_close(struct db *db)
{
	/* Statements that are left are the caller's mistake, and harmless. */
	(void)sqlite3_close_v2(db->tasks);
	(void)sqlite3_close_v2(db->output);
	*db = (struct db){ NULL, NULL };
}

/* --------------------------------------------------------------------- files */

int
store_sqlite_folder(const char *dir, struct err *err)
{
	char path[480];
	char *slash = path;
	struct stat st;

	if (strlen(dir) >= sizeof path)
		return err_set(err, -ENAMETOOLONG,
			"the store's folder '%.60s...' has too long a name",
			dir);
	(void)snprintf(path, sizeof path, "%s", dir);
	while ((slash = strchr(slash + 1, '/')) != NULL) {
		*slash = 0;
		(void)mkdir(path, 0755); /* what matters is the last one */
		*slash = '/';
	}
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return err_set(err, -errno,
			"cannot make the store's folder '%s': %s; make it, or "
			"give another one with --store DIR, or --store memory "
			"to keep nothing",
			dir, err_name(errno));
	if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		return err_set(err, -ENOTDIR,
			"the store's folder '%s' is no folder", dir);
	return 0;
}

static int
lock_folder(struct files *f, const char *dir, struct err *err)
{
	char path[512], pid[32];
	ssize_t n;

	(void)snprintf(path, sizeof path, "%s/lock", dir);
	f->lock = fd_open(path, O_RDWR | O_CREAT | O_NOFOLLOW);
	if (f->lock < 0)
		return err_set(err, f->lock, "cannot open '%s': %s", path,
			err_name(-f->lock));
	if (flock(f->lock, LOCK_EX | LOCK_NB) < 0) {
		n = pread(f->lock, pid, sizeof pid - 1, 0);
		pid[n > 0 ? strcspn(pid, "\n") : 0] = 0;
		return err_set(err, -EBUSY,
			"the store '%s' is in use by another nodelink-server%s"
			"%.12s; stop that one, or give another folder with "
			"--store",
			dir, n > 0 ? ", pid " : "", pid);
	}
	(void)snprintf(pid, sizeof pid, "%d\n", (int)getpid());
	if (ftruncate(f->lock, 0) < 0 ||
		pwrite(f->lock, pid, strlen(pid), 0) < 0)
		log_debug("cannot write into '%s'", path); /* only for people */
	return 0;
}

int
files_open(struct files *f, const char *dir, struct err *err)
{
	int r = store_sqlite_folder(dir, err);

	f->lock = -1;
	if (r < 0)
		return r;
	(void)snprintf(f->tasks, sizeof f->tasks, "%s/tasks.db", dir);
	(void)snprintf(f->output, sizeof f->output, "%s/output.db", dir);
	r = lock_folder(f, dir, err);
	if (r == 0)
		r = db_make(f->tasks, err);
	if (r == 0)
		r = db_make(f->output, err);
	if (r == 0)
		r = db_look(f->tasks, &schema_tasks, err);
	if (r == 0)
		r = db_look(f->output, &schema_output, err);
	if (r == 0)
		r = db_migrate(f->tasks, &schema_tasks, err);
	if (r == 0)
		r = db_migrate(f->output, &schema_output, err);
	if (r < 0)
		files_close(f);
	return r;
}

void
files_close(struct files *f)
{
	if (f->lock >= 0)
		(void)close(f->lock); /* which unlocks it */
	f->lock = -1;
}
