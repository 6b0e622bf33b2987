/* test-sqlite.c - the store on disk: what is there after any end */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "store-suite.h"

static char dir[64];
static struct err problem;

static int
open_again(struct store_limits limits)
{
	const struct store_sqlite_conf conf = { .loop = loop = loop_new(),
		.dir = dir,
		.limits = limits,
		.linger_ms = 20,
		.held_max = 1 << 20 };
	int r = store_sqlite_new(&conf, &store, &problem);

	if (r < 0)
		loop_free(loop);
	return r;
}

static void
close_only(void)
{
	store->ops->drain(store);
	store->ops->free(store);
	loop_free(loop);
}

static void
reopen(void)
{
	close_only();
	ck_assert_msg(open_again(plenty) == 0, "%s", problem.text);
}

void
suite_open(struct store_limits limits)
{
	(void)snprintf(dir, sizeof dir, "/tmp/nl-test-sqlite-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_msg(open_again(limits) == 0, "%s", problem.text);
}

static const char *
file(const char *name)
{
	static char path[128];

	(void)snprintf(path, sizeof path, "%s/%s", dir, name);
	return path;
}

static void
remove_dir(void)
{
	static const char *const names[] = { "lock", "tasks.db", "output.db",
		"tasks.db-wal", "output.db-wal", "tasks.db-shm",
		"output.db-shm" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		(void)unlink(file(names[i]));
	ck_assert_int_eq(rmdir(dir), 0);
}

void
suite_close(void)
{
	close_only();
	remove_dir();
}

/* -------------------------------------------------------------------- restart */

static void
keep_recovered(void *arg, struct task *t)
{
	struct task **list = arg;

	while (*list)
		list++;
	*list = task_ref(t);
}

TEST(goes_on_with_unfinished_tasks_after_a_restart)
{
	AUTO_BUF struct buf out = { 0 };
	struct task *found[4] = { NULL };
	char sum[TRANSCRIPT_SUM];
	struct task *t;

	suite_open(plenty);
	finish(create("a", "x"));
	t = create("b", "x");
	t->status = TASK_IN_PROGRESS;
	t->agent_seq = 1;
	store->ops->update(store, t, NULL, NULL);
	append(t, TRANSCRIPT_STDOUT, "a", 1, 2);
	append(t, TRANSCRIPT_STDOUT, "\xe2\x82", 2, 3); /* half a character */
	settle();
	task_unref(t);
	task_unref(create("c", "x"));
	reopen();
	ck_assert_int_eq(store->ops->recover(store, keep_recovered, found), 0);
	ck_assert_ptr_null(found[2]);
	t = found[0];
	ck_assert_str_eq(t->id, "b");
	ck_assert_str_eq(found[1]->id, "c");
	ck_assert_int_eq(t->status, TASK_IN_PROGRESS);
	ck_assert_uint_eq(transcript_seq(t->transcript), 3);
	ck_assert_uint_eq(transcript_last(t->transcript), 2);
	append(t, TRANSCRIPT_STDOUT, "again", 5, 3); /* it has that */
	append(t, TRANSCRIPT_STDOUT, "\xac", 1, 4);
	finish(task_ref(t));
	read_all(t, 0, &out);
	ck_assert_str_eq(buf_text(&out), "a\xe2\x82\xac");
	/* sha256 of "a€", over the restart */
	ck_assert_str_eq(transcript_sum(t->transcript, TRANSCRIPT_STDOUT, sum),
		"105d293c8503cf158fa5cc8cf904ad7a67ec76ca620d8d56615363dfd21f78"
		"b5");
	task_unref(found[0]);
	task_unref(found[1]);
	suite_close();
}
END

TEST(reads_finished_tasks_from_the_disk)
{
	AUTO(task_unref) struct task *found = NULL;
	AUTO_BUF struct buf out = { 0 };
	struct transcript_entry e;
	struct task *t;

	suite_open(plenty);
	t = create("a", "x");
	for (int i = 0; i < 50; i++) {
		append(t, TRANSCRIPT_STDOUT, "line\n", 5, 0);
		loop_turn(loop, 1);
	}
	finish(task_ref(t));
	reopen();
	ck_assert_int_eq(get("a", &found), 0);
	ck_assert_ptr_ne(found, t);
	ck_assert(task_over(found));
	read_all(found, 48, &out);
	ck_assert_str_eq(buf_text(&out), "line\nline\n");
	ck_assert_uint_eq(transcript_last(found->transcript), 51);
	ck_assert_int_eq(
		transcript_read(found->transcript, 50, &e), TRANSCRIPT_OK);
	ck_assert_int_eq(e.kind, TRANSCRIPT_FINAL);
	task_unref(TAKE(found));
	task_unref(t);
	suite_close();
}
END

	int
	main(void)
{
	const TTest *const own[] = {
		goes_on_with_unfinished_tasks_after_a_restart,
		reads_finished_tasks_from_the_disk, NULL
	};

	return suite_run("sqlite", own);
}
