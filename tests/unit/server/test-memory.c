/* test-memory.c - the store that forgets when the server ends */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "store/store.h"
#include "tests/unit/unit.h"

static struct loop *loop;
static struct store *store;

static void
open_store(size_t max_tasks, uint64_t max_output)
{
	const struct store_memory_conf conf = { .loop = loop = loop_new(),
		.dir = "/tmp",
		.retention_ms = 1000,
		.max_tasks = max_tasks,
		.max_output = max_output };

	ck_assert_int_eq(store_memory_new(&conf, &store), 0);
}

static void
close_store(void)
{
	store->ops->free(store);
	loop_free(loop);
	clock_set(-1);
}

static void
keep_result(void *arg, int r)
{
	*(int *)arg = r;
}

static struct task *
create(const char *id, const char *agent)
{
	struct task *t = task_new();
	int r = 1;

	(void)snprintf(t->id, sizeof t->id, "%s", id);
	(void)snprintf(t->agent_id, sizeof t->agent_id, "%s", agent);
	store->ops->create(store, t, keep_result, &r);
	ck_assert_int_eq(r, 0);
	return t;
}

static void
finish(struct task *t)
{
	t->status = TASK_COMPLETED;
	ck_assert_int_eq(
		store->ops->append(store, t, TRANSCRIPT_FINAL, "", 0), 0);
	store->ops->update(store, t, NULL, NULL);
	task_unref(t);
}

static void
keep_task(void *arg, struct task *t)
{
	*(struct task **)arg = t;
}

static struct task *
get(const char *id)
{
	struct task *t = NULL;

	store->ops->get(store, id, keep_task, &t);
	return t;
}

TEST(refuses_an_id_it_has)
{
	struct task *t, *twin = task_new();
	int r = 0;

	open_store(10, 1 << 20);
	t = create("a", "x");
	(void)snprintf(twin->id, sizeof twin->id, "a");
	store->ops->create(store, twin, keep_result, &r);
	ck_assert_int_eq(r, -EEXIST);
	ck_assert_ptr_eq(get("a"), t);
	ck_assert_ptr_null(get("b"));
	task_unref(twin);
	task_unref(t);
	close_store();
}
END

TEST(forgets_finished_tasks_when_their_time_is_up)
{
	struct task *running;

	open_store(10, 1 << 20);
	clock_set(1000);
	running = create("running", "x");
	finish(create("done", "x"));
	ck_assert_ptr_nonnull(get("done"));
	clock_set(2001);
	finish(create("later", "x"));
	for (int i = 0; i < 50 && get("done"); i++)
		loop_turn(loop, 100);
	ck_assert_ptr_null(get("done"));
	ck_assert_ptr_nonnull(get("later"));
	ck_assert_ptr_nonnull(get("running"));
	task_unref(running);
	close_store();
}
END

TEST(forgets_the_oldest_end_beyond_its_limits)
{
	open_store(2, 10);
	finish(create("a", "x"));
	finish(create("b", "x"));
	finish(create("c", "x"));
	ck_assert_ptr_null(get("a"));
	ck_assert_ptr_nonnull(get("b"));
	for (int i = 0; i < 2; i++) {
		struct task *t = create(i ? "e" : "d", "x");

		ck_assert_int_eq(store->ops->append(store, t, TRANSCRIPT_STDOUT,
					 "123456", 6),
			0);
		finish(t);
	}
	ck_assert_ptr_null(get("d"));
	ck_assert_ptr_nonnull(get("e"));
	close_store();
}
END

	static char listed[256],
	next_cursor[ID_MAX];

static void
keep_list(void *arg, int r, struct task **tasks, size_t n, const char *next)
{
	(void)arg;
	listed[0] = 0;
	ck_assert_int_eq(r, 0);
	for (size_t i = 0; i < n; i++)
		(void)strcat(listed, tasks[i]->id);
	(void)snprintf(next_cursor, sizeof next_cursor, "%s", next);
}

static const char *
list(struct store_filter filter, const char *cursor, size_t limit)
{
	store->ops->list(store, &filter, cursor, limit, keep_list, NULL);
	return listed;
}

static const char *
by_labels(const char *team, size_t n)
{
	const struct store_label asked[] = { { "team", team },
		{ "nightly", NULL }, { "other", NULL } };

	return list(
		(struct store_filter){
			.status = -1, .labels = asked, .n_labels = n },
		NULL, 10);
}

TEST(lists_newest_first_in_pages_and_by_filter)
{
	static struct task_label labels[] = {
		{ (char *)(uintptr_t) "team", (char *)(uintptr_t) "red" },
		{ (char *)(uintptr_t) "nightly", (char *)(uintptr_t) "" }
	};
	const struct store_filter any = { .status = -1 };
	struct task *t;

	open_store(100, 1 << 20);
	for (char c = 'a'; c <= 'f'; c++)
		finish(create((char[]){ c, 0 }, c < 'd' ? "x" : "y"));
	t = create("g", "y");
	t->labels = labels;
	t->n_labels = 2;
	(void)strcpy(t->plugin, "shell");
	ck_assert_str_eq(list(any, NULL, 3), "gfe");
	ck_assert_str_eq(next_cursor, "e");
	ck_assert_str_eq(list(any, "e", 10), "dcba");
	ck_assert_str_eq(next_cursor, "");
	ck_assert_str_eq(
		list((struct store_filter){ .agent_id = "x", .status = -1 },
			NULL, 10),
		"cba");
	ck_assert_str_eq(
		list((struct store_filter){ .status = TASK_PENDING }, NULL, 10),
		"g");
	ck_assert_str_eq(
		list((struct store_filter){ .status = -1, .plugin = "shell" },
			NULL, 10),
		"g");
	ck_assert_str_eq(by_labels("red", 1), "g");
	ck_assert_str_eq(by_labels("red", 2), "g");
	ck_assert_str_eq(by_labels("blue", 1), "");
	ck_assert_str_eq(by_labels("red", 3), ""); /* has not all of them */
	/* a cursor that has been forgotten meanwhile still has its place */
	ck_assert_str_eq(list(any, "d0", 2), "dc");
	t->labels = NULL;
	t->n_labels = 0;
	task_unref(t);
	close_store();
}
END

	UNIT_MAIN("memory", refuses_an_id_it_has,
		forgets_finished_tasks_when_their_time_is_up,
		forgets_the_oldest_end_beyond_its_limits,
		lists_newest_first_in_pages_and_by_filter)
