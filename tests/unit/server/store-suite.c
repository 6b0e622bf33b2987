/* store-suite.c - what every store promises, as tests */
#include "store-suite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"

/* ------------------------------------------------------------------- records */

TEST(refuses_an_id_it_has)
{
	AUTO(task_unref) struct task *t = NULL, *twin = NULL, *found = NULL;

	suite_open(plenty);
	t = create("a", "x");
	twin = make("a", "x");
	ck_assert_int_eq(store_it(twin, NULL), -EEXIST);
	ck_assert_int_eq(get("a", &found), 0);
	ck_assert_ptr_eq(found, t); /* the very same while it is unfinished */
	ck_assert_int_eq(get("b", NULL), -ENOENT);
	task_unref(TAKE(t));
	task_unref(TAKE(twin));
	task_unref(TAKE(found));
	suite_close();
}
END

TEST(gives_back_the_record_as_it_was_last)
{
	AUTO(task_unref) struct task *found = NULL;
	struct task *t;

	suite_open(plenty);
	t = create("a", "x");
	t->status = TASK_IN_PROGRESS;
	t->pid = 4711;
	t->cancel.name = strdup("x.acme.rollout");
	t->cancel.reason = strdup("enough");
	t->cancel.requests = 3;
	ck_assert_int_eq(buf_add(&t->result, "\0r", 2), 0);
	update(t);
	t->message = strdup("said at the end");
	finish(t);
	ck_assert_int_eq(get("a", &found), 0);
	ck_assert_int_eq(found->status, TASK_COMPLETED);
	ck_assert_int_eq(found->pid, 4711);
	ck_assert_str_eq(found->cancel.name, "x.acme.rollout");
	ck_assert_str_eq(found->cancel.reason, "enough");
	ck_assert_ptr_null(found->cancel.actor);
	ck_assert_uint_eq(found->cancel.requests, 3);
	ck_assert_str_eq(found->message, "said at the end");
	ck_assert_mem_eq(found->result.data, "\0r", 2);
	ck_assert(task_over(found));
	task_unref(TAKE(found));
	suite_close();
}
END

	struct news { /* of store_listen() */
	int n;
	uint64_t last; /* that readers were shown then */
	uint64_t seq;
	bool over;
};

static void
on_stored(void *arg, struct task *t)
{
	struct news *news = arg;

	ck_assert_uint_ge(transcript_last(t->transcript), news->last);
	news->n++;
	news->last = transcript_last(t->transcript);
	news->seq = t->stored_seq;
	news->over = task_over(t);
}

static void
on_room(void *arg)
{
	(void)arg;
}

TEST(shows_what_is_stored_and_an_end_with_its_record)
{
	AUTO(task_unref) struct task *found = NULL;
	struct news news = { 0 };
	struct task *t;

	suite_open(plenty);
	store_listen(store, on_stored, on_room, &news);
	t = create("a", "x");
	ck_assert_int_eq(news.n, 0); /* create() has its own callback */
	t->agent_seq = 5;
	append(t, TRANSCRIPT_STDOUT, "one", 3, 5);
	until_set(&news.n);
	ck_assert_uint_eq(news.last, 1);
	ck_assert_uint_eq(news.seq, 5);
	ck_assert_uint_eq(
		transcript_bytes(t->transcript, TRANSCRIPT_STDOUT), 3);
	append(t, TRANSCRIPT_FINAL, "", 0, 6);
	for (int i = 0; i < 3; i++)
		loop_turn(loop, 10);
	ck_assert(!transcript_ended(t->transcript));
	t->status = TASK_COMPLETED;
	/* who asks meanwhile waits, and hears of the end when it is stored */
	(void)task_ref(t);
	update(t);
	ck_assert(news.over);
	ck_assert_int_eq(get("a", &found), 0);
	ck_assert(task_over(found));
	task_unref(t);
	task_unref(t);
	task_unref(TAKE(found));
	suite_close();
}
END

TEST(answers_about_an_end_when_it_is_stored)
{
	struct got g = { 0 };
	struct task *t;

	suite_open(plenty);
	t = create("a", "x");
	t->status = TASK_FAILED;
	append(t, TRANSCRIPT_FINAL, "", 0, 0);
	store->ops->update(store, t, NULL, NULL);
	store->ops->get(store, "a", keep_task, &g);
	until_set(&g.there);
	ck_assert_int_eq(g.r, 0);
	ck_assert(task_over(g.t));
	task_unref(g.t);
	task_unref(t);
	suite_close();
}
END

TEST(creates_again_what_may_have_failed)
{
	AUTO(task_unref) struct task *t = NULL, *again = NULL;

	suite_open(plenty);
	t = create("a", "x");
	/* the answer was lost: the same id says that it had worked */
	again = make("a", "x");
	ck_assert_int_eq(store_it(again, NULL), -EEXIST);
	ck_assert_int_eq(get("a", NULL), 0);
	task_unref(TAKE(t));
	task_unref(TAKE(again));
	suite_close();
}
END

/* --------------------------------------------------------------- transcripts */

TEST(replays_in_order_after_any_number)
{
	enum { N = 700 };
	AUTO_BUF struct buf all = { 0 };
	static size_t starts[N + 1];
	struct task *t;

	suite_open(plenty);
	t = create("a", "x");
	for (size_t i = 0; i < N; i++) {
		uint8_t piece[3000];
		size_t len = 1 + i * 37 % sizeof piece;

		memset(piece, (int)i, len);
		starts[i] = all.len;
		ck_assert_int_eq(buf_add(&all, piece, len), 0);
		append(t, TRANSCRIPT_STDOUT, piece, len, 0);
		if (i % 50 == 49)
			loop_turn(loop, 5); /* into several batches */
	}
	for (int late = 0; late < 2; late++) {
		if (late)
			finish(task_ref(t));
		else
			settle();
		for (size_t after = 0; after < N; after += late ? 97 : 41) {
			AUTO_BUF struct buf out = { 0 };

			read_all(t, after, &out);
			ck_assert_uint_eq(out.len, all.len - starts[after]);
			ck_assert_mem_eq(
				out.data, all.data + starts[after], out.len);
		}
	}
	ck_assert_uint_eq(transcript_last(t->transcript), N + 1);
	task_unref(t);
	suite_close();
}
END

TEST(takes_each_response_once)
{
	AUTO_BUF struct buf out = { 0 };
	struct task *t;

	suite_open(plenty);
	t = create("a", "x");
	append(t, TRANSCRIPT_STDOUT, "one", 3, 2);
	append(t, TRANSCRIPT_STDOUT, "one", 3, 2);
	append(t, TRANSCRIPT_STDOUT, "two", 3, 3);
	append(t, TRANSCRIPT_STDOUT, "ours", 4, 0);
	append(t, TRANSCRIPT_STDOUT, "one", 3, 2);
	settle();
	read_all(t, 0, &out);
	ck_assert_str_eq(buf_text(&out), "onetwoours");
	finish(t);
	suite_close();
}
END

TEST(sums_up_what_it_was_given)
{
	char sum[TRANSCRIPT_SUM];
	struct task *t;

	suite_open(plenty);
	t = create("a", "x");
	append(t, TRANSCRIPT_STDOUT, "a", 1, 0);
	append(t, TRANSCRIPT_STDERR, "other", 5, 0);
	append(t, TRANSCRIPT_STDOUT, "bc", 2, 0);
	finish(task_ref(t));
	ck_assert_str_eq(transcript_sum(t->transcript, TRANSCRIPT_STDOUT, sum),
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015"
		"ad");
	ck_assert_uint_eq(
		transcript_bytes(t->transcript, TRANSCRIPT_STDOUT), 3);
	task_unref(t);
	suite_close();
}
END

	/* ----------------------------------------------------------------- retention */

	static void
	until_gone(const char *id)
{
	int64_t end = clock_ms() + unit_wait_ms();

	while (get(id, NULL) == 0 && clock_ms() < end)
		loop_turn(loop, 20);
	ck_assert_int_eq(get(id, NULL), -ESTALE);
}

TEST(forgets_finished_tasks_when_their_time_is_up)
{
	struct task *running, *t;
	char id[ID_MAX];

	suite_open((struct store_limits){
		.retention_ms = 100, .max_tasks = 10, .max_output = 1000 });
	running = create(NULL, "x");
	t = create(NULL, "x");
	memcpy(id, t->id, sizeof id);
	append(t, TRANSCRIPT_STDOUT, "x", 1, 0);
	finish(t);
	until_gone(id);
	ck_assert_int_eq(get(running->id, NULL), 0);
	/* of our form, and never made */
	ck_assert_int_eq(
		get("00000000-0001-7000-8000-000000000000", NULL), -ENOENT);
	task_unref(running);
	suite_close();
}
END

TEST(forgets_the_oldest_end_beyond_its_limits)
{
	static char ids[5][ID_MAX];

	suite_open((struct store_limits){
		.retention_ms = 1000000, .max_tasks = 2, .max_output = 10 });
	for (int i = 0; i < 5; i++) {
		struct task *t = create(NULL, "x");

		memcpy(ids[i], t->id, ID_MAX);
		if (i >= 3)
			append(t, TRANSCRIPT_STDOUT, "123456", 6, 0);
		finish(t);
	}
	until_gone(ids[0]);
	until_gone(ids[2]);
	until_gone(ids[3]); /* for its bytes */
	ck_assert_int_eq(get(ids[4], NULL), 0);
	suite_close();
}
END

	/* --------------------------------------------------------------------- lists */

	struct listing {
	int there;
	int r;
	char ids[256], next[ID_MAX];
};

static void
keep_list(void *arg, int r, struct task **tasks, size_t n, const char *next)
{
	struct listing *l = arg;

	l->there = 1;
	l->r = r;
	for (size_t i = 0; i < n; i++)
		(void)strcat(l->ids, tasks[i]->id); /* of few, short ones */
	(void)snprintf(l->next, sizeof l->next, "%s", next);
}

static struct listing
list(struct store_filter filter, const char *cursor, size_t limit)
{
	struct listing l = { 0 };

	store->ops->list(store, &filter, cursor, limit, keep_list, &l);
	until_set(&l.there);
	return l;
}

static const struct store_filter any = { .status = STORE_ANY };

TEST(lists_newest_first_in_pages)
{
	struct listing l;
	struct task *t;

	suite_open(plenty);
	for (char c = 'a'; c <= 'f'; c++)
		finish(create((char[]){ c, 0 }, c < 'd' ? "x" : "y"));
	l = list(any, NULL, 3);
	ck_assert_str_eq(l.ids, "fed");
	ck_assert_str_eq(l.next, "d");
	/* what comes and goes meanwhile does not move the next page */
	t = create("g", "y");
	l = list(any, "d", 10);
	ck_assert_str_eq(l.ids, "cba");
	ck_assert_str_eq(l.next, "");
	ck_assert_str_eq(list(any, "d0", 2).ids, "dc");
	ck_assert_str_eq(list(any, NULL, 100).ids, "gfedcba");
	ck_assert_int_eq(list(any, "NO CURSOR", 1).r, -EINVAL);
	task_unref(t);
	suite_close();
}
END

TEST(ends_a_page_of_large_records_early)
{
	struct listing l;

	suite_open(plenty);
	for (char c = 'a'; c <= 'd'; c++) {
		struct task *t = make((char[]){ c, 0 }, "x");

		ck_assert_int_eq(buf_reserve(&t->start, LIMIT_PAGE / 2 + 1), 0);
		memset(t->start.data, c, LIMIT_PAGE / 2 + 1);
		t->start.len = LIMIT_PAGE / 2 + 1;
		ck_assert_int_eq(store_it(t, NULL), 0);
		finish(t);
	}
	l = list(any, NULL, 3);
	ck_assert_str_eq(l.ids, "dc");
	ck_assert_str_eq(l.next, "c");
	l = list(any, "c", 3);
	ck_assert_str_eq(l.ids, "ba");
	ck_assert_str_eq(l.next, "");
	suite_close();
}
END

TEST(lists_by_filter)
{
	static const struct label red = { "team", "red" },
				  blue = { "team", "blue" },
				  team = { "team", NULL };
	struct task *t;

	suite_open(plenty);
	finish(create("a", "x"));
	finish(create("b", "y"));
	t = make("c", "y");
	label(t, "team", "red");
	(void)snprintf(t->plugin, sizeof t->plugin, "docker");
	free(t->owner);
	t->owner = strdup("ci");
	ck_assert_int_eq(store_it(t, NULL), 0);
	t->status = TASK_SENT; /* a list shows what was said before it */
	store->ops->update(store, t, NULL, NULL);
#define BY(...) \
	list((struct store_filter){ .status = STORE_ANY, __VA_ARGS__ }, NULL, \
		9) \
		.ids
	ck_assert_str_eq(BY(.agent_id = "y"), "cb");
	ck_assert_str_eq(BY(.plugin = "docker"), "c");
	ck_assert_str_eq(BY(.plugin = "shell", .agent_id = "y"), "b");
	ck_assert_str_eq(BY(.labels = &red, .n_labels = 1), "c");
	ck_assert_str_eq(BY(.labels = &team, .n_labels = 1), "c");
	ck_assert_str_eq(BY(.labels = &blue, .n_labels = 1), "");
	ck_assert_str_eq(BY(.owner = "ci"), "c");
	ck_assert_str_eq(BY(.owner = "ci", .agent_id = "x"), "");
	ck_assert_str_eq(BY(.owner = ""), "ba");
#undef BY
	ck_assert_str_eq(
		list((struct store_filter){ .status = TASK_SENT }, NULL, 9).ids,
		"c");
	ck_assert_str_eq(
		list((struct store_filter){ .status = TASK_PENDING }, NULL, 9)
			.ids,
		"");
	task_unref(t);
	suite_close();
}
END

TEST(lists_what_is_unfinished_in_pages)
{
	static const struct store_filter unfinished = {
		.status = STORE_UNFINISHED
	};
	static const enum task_status statuses[] = { TASK_PENDING, TASK_SENT,
		TASK_IN_PROGRESS };
	static const char *const ended[] = { "a", "c", "e" };
	static const char *const ids[] = { "b", "d", "f" };
	struct task *open[ARRAY_SIZE(statuses)];

	suite_open(plenty);
	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
		finish(create(ended[i], "x"));
		open[i] = create(ids[i], "x");
		open[i]->status = statuses[i];
		store->ops->update(store, open[i], NULL, NULL);
	}
	ck_assert_str_eq(list(unfinished, NULL, 9).ids, "fdb");
	ck_assert_str_eq(list(unfinished, NULL, 2).ids, "fd");
	ck_assert_str_eq(list(unfinished, "d", 2).ids, "b");
	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++)
		finish(open[i]);
	ck_assert_str_eq(list(unfinished, NULL, 9).ids, "");
	suite_close();
}
END

	/* ---------------------------------------------------------------------- keys */

	struct found_key {
	int there;
	bool known;
	char answer[64];
	uint8_t first;
};

static void
keep_key(void *arg, int r, const struct store_key *key)
{
	struct found_key *f = arg;

	ck_assert_int_eq(r, 0);
	f->there = 1;
	f->known = key != NULL;
	if (!key)
		return;
	(void)snprintf(f->answer, sizeof f->answer, "%s", key->answer);
	f->first = key->digest[0];
}

static struct found_key
find_key(const char *name)
{
	struct found_key f = { 0 };

	store->ops->key(store, name, keep_key, &f);
	until_set(&f.there);
	return f;
}

TEST(keeps_a_key_with_its_answer)
{
	const struct store_key key = { .name = "me\nk1",
		.digest = { 7 },
		.answer = "{\"task_id\":\"a\"}" };
	AUTO(task_unref) struct task *t = NULL, *twin = NULL;

	suite_open(plenty);
	ck_assert(!find_key("me\nk1").known);
	t = make("a", "x");
	ck_assert_int_eq(store_it(t, &key), 0);
	ck_assert_str_eq(find_key("me\nk1").answer, key.answer);
	ck_assert_uint_eq(find_key("me\nk1").first, 7);
	twin = make("b", "x");
	ck_assert_int_eq(store_it(twin, &key), -EALREADY);
	ck_assert_int_eq(get("b", NULL), -ENOENT);
	task_unref(TAKE(t));
	task_unref(TAKE(twin));
	suite_close();
}
END

TEST(counts_what_it_has)
{
	struct store_stats stats;
	struct task *t;

	suite_open(plenty);
	finish(create("a", "x"));
	t = create("b", "x");
	store->ops->stats(store, &stats);
	ck_assert_uint_eq(stats.tasks, 2);
	ck_assert_int_eq(stats.trouble, 0);
	ck_assert(!store->ops->full(store));
	task_unref(t);
	suite_close();
}
END

	int
	suite_run(const char *subject, const TTest *const *own)
{
	const TTest *const shared[] = { refuses_an_id_it_has,
		gives_back_the_record_as_it_was_last,
		shows_what_is_stored_and_an_end_with_its_record,
		answers_about_an_end_when_it_is_stored,
		creates_again_what_may_have_failed,
		replays_in_order_after_any_number, takes_each_response_once,
		sums_up_what_it_was_given,
		forgets_finished_tasks_when_their_time_is_up,
		forgets_the_oldest_end_beyond_its_limits,
		lists_newest_first_in_pages, ends_a_page_of_large_records_early,
		lists_by_filter, lists_what_is_unfinished_in_pages,
		keeps_a_key_with_its_answer, counts_what_it_has };
	static const TTest *tests[64];
	size_t n = 0;

	log_set_level(LOG_LEVEL_ERROR);
	while (n < ARRAY_SIZE(shared)) {
		tests[n] = shared[n];
		n++;
	}
	for (const TTest *const *more = suite_outbox(); *more; more++)
		tests[n++] = *more;
	while (own && *own)
		tests[n++] = *own++;
	return unit_run(subject, tests);
}
