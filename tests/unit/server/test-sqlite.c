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
#include "base/limits.h"
#include "base/log.h"
#include "sqlite-rig.h"

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
	int64_t begin = clock_wall_ms();
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
		transcript_read(found->transcript, 0, &e), TRANSCRIPT_OK);
	ck_assert_int_ge(e.at_ms, begin);
	ck_assert_int_le(e.at_ms, clock_wall_ms());
	ck_assert_int_eq(
		transcript_read(found->transcript, 50, &e), TRANSCRIPT_OK);
	ck_assert_int_eq(e.kind, TRANSCRIPT_FINAL);
	task_unref(TAKE(found));
	task_unref(t);
	suite_close();
}
END

	/* ---------------------------------------------------------------------- kill */

	enum { ROUNDS = 20 };

static void
say_done(void *arg, int r)
{
	const int *fd = arg;

	/* From here on it may be killed: this is a promise. */
	if (r == 0)
		ck_assert_int_eq(write(*fd, "x", 1), 1);
}

/* Creates tasks and appends to them until it is killed; one byte for each
 * task that is stored. */
static void
run_until_killed(int fd)
{
	char id[ID_MAX];

	ck_assert_int_eq(open_again(plenty), 0);
	for (int n = 0;; n++) {
		struct task *t;

		(void)snprintf(id, sizeof id, "n%06d", n);
		t = make(id, "x");
		store->ops->create(store, t, NULL, say_done, &fd);
		append(t, TRANSCRIPT_STDOUT, "output", 6, 1);
		if (n % 3 == 0)
			loop_turn(loop, 1);
	}
}

/* Changes one task, each time with a letter of its new pid; bytes likewise. */
static void
tell_until_killed(int fd)
{
	char event[LETTER_EVENT];
	struct task *t;

	ck_assert_int_eq(open_again(plenty), 0);
	t = create("a", "x");
	for (;;) {
		(void)snprintf(event, sizeof event, "%d", (int)++t->pid);
		(void)write_letter(t, event, "u");
		store->ops->update(store, t, say_done, &fd);
		if (t->pid % 3 == 0)
			loop_turn(loop, 1);
	}
}

static size_t
kill_one(void (*run)(int fd), int promises)
{
	AUTO_BUF struct buf said = { 0 };
	int ends[2], status;
	pid_t pid;

	ck_assert_int_eq(fd_pipe(ends, false), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		run(ends[1]);
		_exit(1);
	}
	(void)close(ends[1]);
	for (char byte; promises-- > 0 && read(ends[0], &byte, 1) == 1;)
		ck_assert_int_eq(buf_add(&said, &byte, 1), 0);
	(void)kill(pid, SIGKILL);
	ck_assert_int_eq(fd_read_all(ends[0], &said, 1 << 20), 0);
	(void)close(ends[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status));
	return said.len;
}

TEST(has_all_that_it_promised_when_it_is_killed)
{
	char id[ID_MAX];

	for (int round = 0; round < ROUNDS; round++) {
		size_t promised;

		(void)snprintf(dir, sizeof dir, "/tmp/nl-test-sqlite-XXXXXX");
		ck_assert_ptr_nonnull(mkdtemp(dir));
		promised = kill_one(run_until_killed, 1 + round * 7);
		ck_assert_uint_gt(promised, 0);
		ck_assert_msg(open_again(plenty) == 0, "%s", problem.text);
		for (size_t n = 0; n < promised; n++) {
			AUTO(task_unref) struct task *t = NULL;
			AUTO_BUF struct buf out = { 0 };

			(void)snprintf(id, sizeof id, "n%06zu", n);
			ck_assert_int_eq(get(id, &t), 0);
			read_all(t, 0, &out);
			/* it was stored before the record */
			ck_assert_str_eq(buf_text(&out), "output");
		}
		suite_close();
	}
}
END

TEST(has_each_letter_with_its_record_when_it_is_killed)
{
	for (int round = 0; round < ROUNDS; round++) {
		AUTO(task_unref) struct task *t = NULL;
		struct letter *all;
		size_t promised;
		int64_t n = 0;

		(void)snprintf(dir, sizeof dir, "/tmp/nl-test-sqlite-XXXXXX");
		ck_assert_ptr_nonnull(mkdtemp(dir));
		promised = kill_one(tell_until_killed, 1 + round * 7);
		ck_assert_msg(open_again(plenty) == 0, "%s", problem.text);
		ck_assert_int_eq(get("a", &t), 0);
		all = letters((struct letter_query){
			.want = LETTERS_WAITING, .max = 1 << 20 });
		for (const struct letter *l = all; l; l = l->next) {
			char event[LETTER_EVENT];

			(void)snprintf(event, sizeof event, "%d", (int)++n);
			ck_assert_str_eq(l->event, event);
		}
		ck_assert_int_eq(n, t->pid);
		ck_assert_uint_ge((size_t)n, promised); /* it said so */
		letters_free(&all);
		task_unref(TAKE(t));
		suite_close();
	}
}
END

	/* ------------------------------------------------------------------- trouble */

	struct news {
	int n, room;
};

static void
count_task(void *arg, struct task *t)
{
	struct news *news = arg;

	(void)t;
	news->n++;
}

static void
count_room(void *arg)
{
	struct news *news = arg;

	news->room++;
}

static void
limit_files(rlim_t max)
{
	struct rlimit limit = { max, RLIM_INFINITY };

	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void
keep_result(void *arg, int r)
{
	*(int *)arg = r;
}

TEST(keeps_what_it_cannot_write_and_refuses_the_new)
{
	AUTO_BUF struct buf out = { 0 }, all = { 0 };
	static uint8_t piece[32 << 10];
	struct store_stats stats;
	struct news news = { 0 };
	struct task *t, *refused;

	(void)signal(SIGXFSZ, SIG_IGN);
	suite_open(plenty);
	t = create("a", "x");
	store_listen(store, count_task, count_room, &news);
	limit_files(1 << 14);
	for (int i = 0; i < 40; i++) {
		memset(piece, i, sizeof piece);
		append(t, TRANSCRIPT_STDOUT, piece, sizeof piece, 0);
		ck_assert_int_eq(buf_add(&all, piece, sizeof piece), 0);
	}
	ck_assert(store->ops->full(store));
	do {
		loop_turn(loop, 20);
		store->ops->stats(store, &stats);
	} while (!stats.trouble);
	refused = make("b", "x");
	ck_assert_int_lt(store_it(refused, NULL), 0);
	ck_assert_int_eq(get("b", NULL), -ENOENT);
	ck_assert_uint_eq(transcript_last(t->transcript), 0);
	ck_assert_int_eq(news.n, 0);
	task_unref(refused);
	limit_files(RLIM_INFINITY);
	until_set(&news.n);
	until_set(&news.room);
	ck_assert(!store->ops->full(store));
	store->ops->stats(store, &stats);
	ck_assert_int_eq(stats.trouble, 0);
	ck_assert_uint_eq(stats.held, 0);
	task_unref(create("b", "x"));
	read_all(t, 0, &out);
	ck_assert_uint_eq(out.len, all.len);
	ck_assert_mem_eq(out.data, all.data, all.len);
	task_unref(t);
	suite_close();
}
END

TEST(ends_in_trouble_without_waiting_for_better_times)
{
	struct task *t, *refused = make("b", "x");
	AUTO(letter_free) struct letter *letter = letter_new("u", "u", "");
	int told = 0, fate = 0;

	ck_assert_ptr_nonnull(letter);
	(void)signal(SIGXFSZ, SIG_IGN);
	suite_open(plenty);
	t = create("a", "x");
	limit_files(1 << 14);
	append(t, TRANSCRIPT_STDOUT, "the node has it", 15, 1);
	ck_assert_int_lt(store_it(refused, NULL), 0);
	store->ops->update(store, t, keep_result, &told);
	store->ops->letter_set(store, letter, keep_result, &fate);
	store->ops->drain(store);
	ck_assert_int_eq(told, -ECANCELED);
	ck_assert_int_eq(fate, -ECANCELED); /* whom it tells goes before it */
	task_unref(t);
	task_unref(refused);
	close_only();
	limit_files(RLIM_INFINITY);
	remove_dir();
}
END

/* --------------------------------------------------------------------- files */

TEST(is_for_one_server_at_a_time_and_private)
{
	struct store *first;
	struct loop *its;
	struct stat st;

	suite_open(plenty);
	first = store;
	its = loop;
	ck_assert_int_eq(open_again(plenty), -EBUSY);
	ck_assert_ptr_nonnull(strstr(problem.text, dir));
	store = first;
	loop = its;
	ck_assert_int_eq(stat(file("tasks.db-wal"), &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0600);
	suite_close();
}
END

	static void
	spoil(const char *name, const char *text)
{
	int fd = fd_open(file(name), O_WRONLY);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fd_write_all(fd, text, strlen(text)), 0);
	(void)close(fd);
}

TEST(says_which_file_it_cannot_use_and_leaves_it)
{
	suite_open(plenty);
	close_only();
	spoil("output.db", "this is no database at all");
	ck_assert_int_eq(open_again(plenty), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(problem.text, "output.db"));
	ck_assert_ptr_nonnull(strstr(problem.text, "nothing was changed"));
	/* and the lock is free again */
	ck_assert_int_eq(open_again(plenty), -EBADMSG);
	remove_dir();
}
END

	static void
	sql(const char *name, const char *text)
{
	sqlite3 *db;

	ck_assert_int_eq(sqlite3_open(file(name), &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	(void)sqlite3_close(db);
}

TEST(brings_a_database_without_letters_to_the_present)
{
	struct task *t;

	suite_open(plenty);
	finish(create("a", "x"));
	close_only();
	sql("tasks.db", "DROP TABLE letter;"
			"ALTER TABLE task DROP COLUMN webhooks;"
			"PRAGMA user_version=2");
	ck_assert_msg(open_again(plenty) == 0, "%s", problem.text);
	ck_assert_int_eq(get("a", &t), 0);
	ck_assert_ptr_null(t->webhooks);
	task_unref(t);
	suite_close();
}
END

/* One page of one entry, as servers before version 2 have written it. */
TEST(reads_output_that_has_no_times)
{
	struct transcript_entry e;
	struct task *t;

	suite_open(plenty);
	t = create("a", "x");
	append(t, TRANSCRIPT_STDOUT, "line\n", 5, 0);
	finish(t);
	close_only();
	sql("output.db",
		"UPDATE page SET data=x'0500000001000000000000006c696e650a';"
		"PRAGMA user_version=1");
	ck_assert_msg(open_again(plenty) == 0, "%s", problem.text);
	ck_assert_int_eq(get("a", &t), 0);
	ck_assert_int_eq(transcript_read(t->transcript, 0, &e), TRANSCRIPT_OK);
	ck_assert_mem_eq(e.data, "line\n", e.len);
	ck_assert_uint_eq(e.len, 5);
	ck_assert_int_eq(e.at_ms, 0);
	task_unref(t);
	suite_close();
}
END

TEST(refuses_a_newer_database_and_one_of_others)
{
	suite_open(plenty);
	close_only();
	sql("tasks.db", "PRAGMA user_version=99");
	ck_assert_int_eq(open_again(plenty), -ENOTSUP);
	ck_assert_ptr_nonnull(strstr(problem.text, "newer"));
	sql("tasks.db", "PRAGMA user_version=1; PRAGMA application_id=7");
	ck_assert_int_eq(open_again(plenty), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(problem.text, "not one of nodelink's"));
	remove_dir();
}
END

	struct agents { /* as they were read */
	int n;
	char first[ID_MAX], last[ID_MAX];
	int64_t first_seen, last_seen;
};

static void
keep_agent(void *arg, const char *id, int64_t seen_at)
{
	struct agents *a = arg;

	if (!a->n++) {
		(void)strcpy(a->first, id);
		a->first_seen = seen_at;
	}
	(void)strcpy(a->last, id);
	a->last_seen = seen_at;
}

static struct agents
read_agents(void)
{
	struct agents a = { 0 };

	reopen();
	ck_assert_int_eq(store->ops->agents(store, keep_agent, &a), 0);
	return a;
}

TEST(remembers_agents_and_when_it_saw_them)
{
	struct agents a;

	suite_open(plenty);
	store->ops->agent_seen(store, "one", 10);
	store->ops->agent_seen(store, "two", 20);
	store->ops->agent_seen(store, "one", 30);
	a = read_agents();
	ck_assert_int_eq(a.n, 2);
	ck_assert_str_eq(a.first, "two"); /* the last by id */
	ck_assert_int_eq(a.first_seen, 20);
	ck_assert_str_eq(a.last, "one");
	ck_assert_int_eq(a.last_seen, 30);
	store->ops->agent_seen(store, "one", 40);
	ck_assert_int_eq(read_agents().last_seen, 40);
	suite_close();
}
END

TEST(remembers_the_agents_seen_last_up_to_a_limit)
{
	struct agents a;
	char id[ID_MAX];

	suite_open(plenty);
	for (int i = 0; i <= LIMIT_AGENTS; i++) {
		(void)snprintf(id, sizeof id, "agent-%05d", i);
		store->ops->agent_seen(store, id, i);
	}
	a = read_agents();
	ck_assert_int_eq(a.n, LIMIT_AGENTS);
	ck_assert_str_eq(a.first, "agent-20000");
	ck_assert_str_eq(a.last, "agent-00001");
	suite_close();
}
END

TEST(writes_agents_down_when_that_works_again)
{
	struct store_stats stats;
	struct agents a;

	(void)signal(SIGXFSZ, SIG_IGN);
	suite_open(plenty);
	limit_files(1);
	store->ops->agent_seen(store, "one", 10);
	store->ops->agent_seen(store, "two", 10);
	do {
		loop_turn(loop, 20);
		store->ops->stats(store, &stats);
	} while (!stats.trouble);
	store->ops->agent_seen(store, "one", 20);
	limit_files(RLIM_INFINITY);
	a = read_agents();
	ck_assert_int_eq(a.n, 2);
	ck_assert_int_eq(a.first_seen, 10);
	ck_assert_int_eq(a.last_seen, 20);
	suite_close();
}
END

	int
	main(void)
{
	const TTest *const own[] = {
		goes_on_with_unfinished_tasks_after_a_restart,
		reads_finished_tasks_from_the_disk,
		has_all_that_it_promised_when_it_is_killed,
		has_each_letter_with_its_record_when_it_is_killed,
		keeps_what_it_cannot_write_and_refuses_the_new,
		ends_in_trouble_without_waiting_for_better_times,
		is_for_one_server_at_a_time_and_private,
		says_which_file_it_cannot_use_and_leaves_it,
		brings_a_database_without_letters_to_the_present,
		reads_output_that_has_no_times,
		refuses_a_newer_database_and_one_of_others,
		remembers_agents_and_when_it_saw_them,
		remembers_the_agents_seen_last_up_to_a_limit,
		writes_agents_down_when_that_works_again, NULL
	};

	return suite_run("sqlite", own);
}
