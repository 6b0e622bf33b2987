/* store-suite-outbox.c - what every store promises of letters, as tests */
#include <stdio.h>
#include <string.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/limits.h"
#include "store-suite.h"

struct answer { /* of letters(), and how often it came */
	int there;
	struct letter *letters; /* own */
};

static void
keep_letters(void *arg, int r, struct letter *take_letters)
{
	struct answer *a = arg;

	ck_assert_int_eq(r, 0);
	a->there++;
	a->letters = take_letters;
}

struct letter *
letters(struct letter_query q)
{
	struct answer a = { 0 };

	if (!q.max)
		q.max = 10;
	store->ops->letters(store, &q, keep_letters, &a);
	until_set(&a.there);
	return a.letters;
}

struct letter *
write_letter(struct task *t, const char *event, const char *url)
{
	struct letter *l = letter_new(url, url, event);

	ck_assert_ptr_nonnull(l);
	(void)snprintf(l->task_id, sizeof l->task_id, "%s", t->id);
	(void)snprintf(l->event, sizeof l->event, "%s", event);
	l->made_at = l->next_at = clock_wall_ms();
	LL_APPEND(t->letters, l);
	return l;
}

/* "a b ": the events in the order that was asked for. */
static const char *
events(struct letter_query q)
{
	static char text[256];
	struct letter *all = letters(q);

	text[0] = 0;
	for (const struct letter *l = all; l; l = l->next)
		(void)snprintf(text + strlen(text), sizeof text - strlen(text),
			"%s ", l->event);
	letters_free(&all);
	return text;
}

#define NEXT ((struct letter_query){ .want = LETTERS_NEXT })
#define WAITING ((struct letter_query){ .want = LETTERS_WAITING })
#define DEAD ((struct letter_query){ .want = LETTERS_DEAD })

static void
keep_result(void *arg, int r)
{
	ck_assert_int_eq(r, 0);
	*(int *)arg = 1;
}

/* The first of those that are next. */
static void
becomes(enum letter_fate fate, int64_t next_at)
{
	struct letter *first = letters(NEXT);
	int there = 0;

	ck_assert_ptr_nonnull(first);
	first->fate = fate;
	first->tries++;
	first->next_at = next_at;
	first->died_at = fate == LETTER_DEAD ? clock_wall_ms() : 0;
	(void)snprintf(first->error, sizeof first->error, "no");
	store->ops->letter_set(store, first, keep_result, &there);
	until_set(&there);
	letters_free(&first);
}

static void
count(void *arg)
{
	++*(int *)arg;
}

TEST(stores_letters_with_the_record_that_they_tell_of)
{
	struct letter *got;
	int posted = 0;
	struct task *t;

	suite_open(plenty);
	store_listen_letters(store, count, &posted);
	t = create("a", "x");
	update(t);
	ck_assert_int_eq(posted, 0);
	write_letter(t, "one", "http://u")->global = true;
	ck_assert_ptr_null(letters(WAITING)); /* not without the record */
	update(t);
	ck_assert_ptr_null(t->letters);
	until_set(&posted);
	got = letters(NEXT);
	ck_assert_ptr_nonnull(got);
	ck_assert_str_eq(got->task_id, "a");
	ck_assert_str_eq(got->event, "one");
	ck_assert_str_eq(got->url, "http://u");
	ck_assert_str_eq(got->host, "http://u");
	ck_assert_str_eq(got->body, "one");
	ck_assert(got->global);
	ck_assert_int_eq(got->fate, LETTER_WAITS);
	ck_assert_uint_eq(got->tries, 0);
	ck_assert_int_eq(got->made_at, got->next_at);
	letters_free(&got);
	update(t);
	ck_assert_str_eq(events(WAITING), "one ");
	task_unref(t);
	suite_close();
}
END

TEST(shows_of_each_line_only_the_first)
{
	static const char *const busy[] = { "u", "w" };
	struct letter_query q = NEXT;
	struct task *a, *b;

	suite_open(plenty);
	a = create("a", "x");
	b = create("b", "x");
	(void)write_letter(a, "a1", "u");
	(void)write_letter(b, "b1", "u");
	(void)write_letter(a, "a2", "u");
	(void)write_letter(a, "a3", "v");
	update(a);
	update(b);
	ck_assert_str_eq(events(NEXT), "a1 b1 a3 ");
	q.but_hosts = busy;
	q.n_but_hosts = 2;
	ck_assert_str_eq(events(q), "a3 ");
	becomes(LETTER_WAITS, clock_wall_ms() + 1000); /* nobody overtakes */
	ck_assert_str_eq(events(NEXT), "b1 a3 a1 ");
	becomes(LETTER_DEAD, 0);
	becomes(LETTER_DELIVERED, 0);
	ck_assert_str_eq(events(NEXT), "a1 ");
	becomes(LETTER_DELIVERED, 0);
	ck_assert_str_eq(events(NEXT), "a2 ");
	task_unref(a);
	task_unref(b);
	suite_close();
}
END

TEST(tells_letters_to_the_endpoint_from_those_to_urls_of_tasks)
{
	struct letter_query q = NEXT;
	struct task *t;

	suite_open(plenty);
	t = create("a", "x");
	for (int i = 0; i < 20; i++)
		(void)write_letter(t, "own", "u");
	write_letter(t, "one", "u")->global = true; /* not behind these */
	write_letter(t, "two", "u")->global = true;
	update(t);
	ck_assert_str_eq(events(q), "own one ");
	q.of = LETTERS_GLOBAL;
	ck_assert_str_eq(events(q), "one ");
	q.of = LETTERS_OF_TASKS;
	ck_assert_str_eq(events(q), "own ");
	q = WAITING;
	q.of = LETTERS_GLOBAL;
	ck_assert_str_eq(events(q), "one two ");
	task_unref(t);
	suite_close();
}
END

TEST(keeps_the_dead_until_they_live_again)
{
	struct letter_query q = DEAD;
	size_t waiting, dead;
	struct letter *got;
	struct task *t;
	int there = 0;

	suite_open(plenty);
	t = create("a", "x");
	(void)write_letter(t, "one", "u");
	(void)write_letter(t, "two", "u");
	(void)write_letter(t, "three", "u");
	update(t);
	becomes(LETTER_DEAD, 0);
	becomes(LETTER_DEAD, 0);
	ck_assert_str_eq(events(WAITING), "three ");
	ck_assert_str_eq(events(DEAD), "two one ");
	ck_assert_int_eq(store->ops->letter_count(store, &waiting, &dead), 0);
	ck_assert_uint_eq(waiting, 1);
	ck_assert_uint_eq(dead, 2);
	q.max = 1;
	got = letters(q);
	ck_assert_ptr_null(got->next);
	ck_assert_int_eq(got->fate, LETTER_DEAD);
	ck_assert_str_eq(got->error, "no");
	q.after = got->id;
	ck_assert_str_eq(events(q), "one ");
	q.after = NULL;
	q.id = got->id;
	ck_assert_str_eq(events(q), "two ");
	got->fate = LETTER_WAITS;
	got->died_at = 0;
	store->ops->letter_set(store, got, keep_result, &there);
	until_set(&there);
	ck_assert_str_eq(events(NEXT), "two "); /* before the third, again */
	ck_assert_str_eq(events(DEAD), "one ");
	becomes(LETTER_DELIVERED, 0);
	there = 0; /* what is not there stays so */
	store->ops->letter_set(store, got, keep_result, &there);
	until_set(&there);
	ck_assert_str_eq(events(WAITING), "three ");
	letters_free(&got);
	task_unref(t);
	suite_close();
}
END

TEST(holds_so_many_letters_and_no_more)
{
	size_t waiting, dead;
	struct task *t;

	suite_open(plenty);
	t = create("a", "x");
	for (int i = 0; i < LIMIT_LETTERS + LIMIT_DEAD_LETTERS + 10; i++) {
		struct letter *l = letter_new("u", "u", "");

		ck_assert_ptr_nonnull(l);
		l->made_at = i;
		LL_PREPEND(t->letters, l);
	}
	t->letters->next_at = 7; /* the youngest */
	update(t);
	settle(); /* what is done with the next batch is done */
	settle();
	ck_assert_int_eq(store->ops->letter_count(store, &waiting, &dead), 0);
	ck_assert_uint_eq(waiting, LIMIT_LETTERS);
	ck_assert_uint_eq(dead, LIMIT_DEAD_LETTERS);
	task_unref(t);
	suite_close();
}
END

TEST(forgets_the_dead_when_their_time_is_up)
{
	struct letter *got;
	struct task *t;
	int there = 0;

	suite_open((struct store_limits){
		.retention_ms = 0, .max_tasks = 1000, .max_output = 1 << 30 });
	t = create("a", "x");
	(void)write_letter(t, "one", "u");
	(void)write_letter(t, "two", "v");
	update(t);
	got = letters(NEXT);
	got->fate = LETTER_DEAD;
	got->died_at = clock_wall_ms() - STORE_DEAD_MS - 1000;
	store->ops->letter_set(store, got, keep_result, &there);
	until_set(&there);
	letters_free(&got);
	becomes(LETTER_DEAD, 0);
	settle();
	UNIT_UNTIL(loop, strcmp(events(DEAD), "two ") == 0);
	task_unref(t);
	suite_close();
}
END

	const TTest *const *
	suite_outbox(void)
{
	static const TTest *tests[7];
	const TTest *const all[] = {
		stores_letters_with_the_record_that_they_tell_of,
		shows_of_each_line_only_the_first,
		tells_letters_to_the_endpoint_from_those_to_urls_of_tasks,
		keeps_the_dead_until_they_live_again,
		holds_so_many_letters_and_no_more,
		forgets_the_dead_when_their_time_is_up
	};

	memcpy(tests, all, sizeof all);
	return tests;
}
