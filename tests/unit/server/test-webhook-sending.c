/* test-webhook-sending.c - which letter is sent when, with a network that is
 * told what to answer */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "tests/unit/unit.h"
#include "webhook/event.h"
#include "webhook/poster.h"
#include "webhook/webhook.h"

/* ---------------------------------------------------------- the fake network */

struct post { /* under way */
	char url[64], id[128];
	post_answer_fn *fn;
	void *arg;
	struct post *prev, *next;
};

static struct post *posts;
static unsigned n_posts; /* ever */

int
poster_new(const struct poster_conf *conf, struct poster **out, struct err *err)
{
	(void)conf;
	(void)out;
	(void)err;
	return 0;
}

void
poster_free(struct poster *p)
{
	struct post *post, *next;

	(void)p;
	DL_FOREACH_SAFE(posts, post, next) {
		free(post);
	}
	posts = NULL;
}

struct post *
poster_post(struct poster *p, const struct post_request *request,
	post_answer_fn *fn, void *arg)
{
	struct post *post = calloc(1, sizeof *post);

	(void)p;
	ck_assert_ptr_nonnull(post);
	(void)snprintf(post->url, sizeof post->url, "%s", request->url);
	(void)snprintf(post->id, sizeof post->id, "%s", request->headers[0]);
	post->fn = fn;
	post->arg = arg;
	DL_APPEND(posts, post);
	n_posts++;
	return post;
}

static unsigned
under_way(void)
{
	const struct post *post;
	unsigned n;

	DL_COUNT(posts, post, n);
	return n;
}

/* ------------------------------------------------------------------- the rig */

static struct loop *loop;
static struct store *store;
static struct webhook *w;
static struct task *tasks[128];
static size_t n_tasks;
static char secret[96];

static const struct webhook_conf usual = { .url = "https://all/",
	.events = EVENT_ALL,
	.secret_file = secret,
	.per_task = true,
	.timeout_ms = 1000,
	.retry_ms = 10,
	.give_up_ms = 60000 };

static void
begin(struct webhook_conf conf)
{
	struct err err;

	conf.loop = loop;
	conf.store = store;
	ck_assert_msg(webhook_new(&conf, &w, &err) == 0, "%s", err.text);
}

static void
setup(struct webhook_conf conf)
{
	const struct store_memory_conf memory = { .loop = loop = loop_new(),
		.dir = "/tmp",
		.limits = { 1000000, 1000, 1 << 30 } };
	char dir[64];
	int fd;

	log_set_level(LOG_LEVEL_ERROR);
	unit_temp_dir("sending", dir, sizeof dir);
	(void)snprintf(secret, sizeof secret, "%s/secret", dir);
	fd = fd_open(secret, O_WRONLY | O_CREAT);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(
		fd_write_all(fd, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", 38),
		0);
	(void)close(fd);
	ck_assert_int_eq(store_memory_new(&memory, &store), 0);
	begin(conf);
}

static void
teardown(void)
{
	webhook_free(w);
	while (n_tasks)
		task_unref(tasks[--n_tasks]);
	store->ops->free(store);
	loop_free(loop);
}

static void
turn(void)
{
	for (int i = 0; i < 5; i++)
		loop_turn(loop, 2);
}

static void
nothing(void *arg, int r)
{
	(void)arg;
	ck_assert_int_eq(r, 0);
}

/* A task that names this URL too, or NULL. */
static struct task *
create(const char *url)
{
	struct task *t = tasks[n_tasks++] = task_new();
	AUTO_BUF struct buf hooks = { 0 };

	id_new(t->id);
	t->status = TASK_IN_PROGRESS;
	if (url) {
		ck_assert_int_eq(event_hook_add(&hooks, EVENT_ALL, url), 0);
		t->webhooks = strdup(buf_text(&hooks));
	}
	store->ops->create(store, t, NULL, nothing, NULL);
	return t;
}

/* Its cancel, or its end. */
static void
tell(struct task *t, enum task_status status)
{
	t->status = status;
	webhook_tell(w, t);
	store->ops->update(store, t, NULL, NULL);
	turn();
}

static void
answer(struct post *post, long status, int64_t retry_after_ms)
{
	const struct post_answer a = {
		.status = status, .error = "", .retry_after_ms = retry_after_ms
	};

	DL_DELETE(posts, post);
	post->fn(post->arg, &a);
	free(post);
	turn();
}

static void
counts(size_t waiting, size_t dead)
{
	size_t n_waiting, n_dead;

	ck_assert_int_eq(
		store->ops->letter_count(store, &n_waiting, &n_dead), 0);
	ck_assert_uint_eq(n_waiting, waiting);
	ck_assert_uint_eq(n_dead, dead);
}

static void
wait_posts(unsigned n)
{
	UNIT_UNTIL(loop, n_posts >= n);
	ck_assert_uint_eq(n_posts, n);
}

/* --------------------------------------------------------------------- tests */

TEST(sends_so_many_at_a_time_and_fewer_to_one_host)
{
	char url[32];

	setup(usual);
	for (int i = 0; i < 6; i++)
		tell(create(NULL), TASK_COMPLETED);
	UNIT_UNTIL(loop, under_way() >= 4);
	ck_assert_uint_eq(under_way(), 4);
	for (int i = 0; i < 40; i++) {
		(void)snprintf(url, sizeof url, "https://h%d/", i);
		tell(create(url), TASK_COMPLETED);
	}
	UNIT_UNTIL(loop, under_way() >= 28);
	ck_assert_uint_eq(under_way(), 28); /* 24 of them elsewhere */
	/* A store that was slow to say what comes next is let rest. */
	while (n_posts < 86 || posts) {
		UNIT_UNTIL(loop, posts);
		answer(posts, 200, 0);
	}
	ck_assert_uint_eq(n_posts, 86);
	counts(0, 0);
	teardown();
}
END

/* Eight hosts never answer, and the endpoint's is one more of them. */
TEST(tells_the_endpoint_at_once_whatever_the_urls_of_tasks_do)
{
	struct webhook_conf conf = usual;
	struct task *t;
	char url[32];

	conf.events = EVENT_FAILED; /* nothing of those to the endpoint */
	setup(conf);
	for (int i = 0; i < 110; i++) {
		(void)snprintf(url, sizeof url, "https://%s%d/",
			i < 10 ? "all/?" : "h", i % 8);
		tell(create(url), TASK_COMPLETED);
	}
	wait_posts(24);
	counts(110, 0);
	for (unsigned i = 1; i <= 6; i++) {
		t = create("https://all/");
		tell(t, TASK_IN_PROGRESS);
		tell(t, TASK_FAILED);
		wait_posts(24 + (i < 4 ? i : 4));
		ck_assert_str_eq(posts->prev->url, "https://all/");
	}
	answer(posts->prev, 200, 0);
	wait_posts(29);
	ck_assert_str_eq(posts->prev->url, "https://all/");
	teardown();
}
END

TEST(sends_what_is_behind_many_to_a_host_that_is_busy)
{
	setup(usual);
	for (int i = 0; i < 100; i++)
		tell(create(NULL), TASK_COMPLETED);
	ck_assert_uint_eq(under_way(), 4);
	tell(create("https://other/"), TASK_COMPLETED);
	wait_posts(5);
	ck_assert_str_eq(posts->prev->url, "https://other/");
	teardown();
}
END

TEST(keeps_the_order_of_a_task_whatever_fails)
{
	char id[128];
	struct task *t;

	setup(usual);
	t = create(NULL);
	tell(t, TASK_IN_PROGRESS);
	(void)snprintf(id, sizeof id, "%s", posts->id);
	tell(t, TASK_CANCELLED);
	ck_assert_uint_eq(under_way(), 1);
	answer(posts, 500, 0);
	wait_posts(2);
	ck_assert_str_eq(posts->id, id);
	answer(posts, 204, 0);
	wait_posts(3);
	ck_assert_str_ne(posts->id, id);
	answer(posts, 299, 0);
	counts(0, 0);
	teardown();
}
END

TEST(waits_as_long_as_the_receiver_says)
{
	struct webhook_conf conf = usual;

	conf.give_up_ms = 2 * 3600 * 1000;
	setup(conf);
	tell(create(NULL), TASK_FAILED);
	answer(posts, 429, 3600 * 1000);
	counts(1, 0);
	turn();
	ck_assert_uint_eq(n_posts, 1);
	teardown();
}
END

TEST(gives_up_when_the_time_is_over)
{
	struct webhook_conf conf = usual;

	conf.give_up_ms = 0;
	setup(conf);
	tell(create(NULL), TASK_FAILED);
	answer(posts, 302, 0);
	counts(0, 1);
	teardown();
}
END

TEST(tells_an_endpoint_that_is_gone_nothing_until_it_is_read_again)
{
	struct err err;

	setup(usual);
	for (int i = 0; i < 6; i++)
		tell(create(NULL), TASK_COMPLETED);
	answer(posts, 410, 0);
	ck_assert(webhook_is_gone(w));
	counts(3, 3); /* three are under way, two were not begun */
	tell(create("https://own/"), TASK_COMPLETED);
	ck_assert_str_eq(posts->prev->url, "https://own/");
	counts(4, 3);
	ck_assert_int_eq(webhook_reload(w, &err), 0);
	ck_assert(!webhook_is_gone(w));
	tell(create(NULL), TASK_COMPLETED);
	ck_assert_str_eq(posts->prev->url, "https://all/");
	teardown();
}
END

TEST(sends_what_an_earlier_server_left_if_it_still_may)
{
	struct webhook_conf conf = usual;

	setup(usual);
	tell(create("https://own/"), TASK_COMPLETED);
	webhook_free(w);
	counts(2, 0);
	conf.per_task = false;
	begin(conf);
	turn();
	ck_assert_uint_eq(under_way(), 1);
	ck_assert_str_eq(posts->url, "https://all/");
	counts(1, 1);
	teardown();
}
END

TEST(wants_only_the_events_that_it_was_set_up_for)
{
	struct webhook_conf conf = usual;

	conf.events = EVENT_FAILED;
	setup(conf);
	tell(create(NULL), TASK_COMPLETED);
	tell(create(NULL), TASK_IN_PROGRESS);
	counts(0, 0);
	tell(create(NULL), TASK_FAILED);
	counts(1, 0);
	teardown();
}
END

	UNIT_MAIN("webhook-sending",
		sends_so_many_at_a_time_and_fewer_to_one_host,
		tells_the_endpoint_at_once_whatever_the_urls_of_tasks_do,
		sends_what_is_behind_many_to_a_host_that_is_busy,
		keeps_the_order_of_a_task_whatever_fails,
		waits_as_long_as_the_receiver_says,
		gives_up_when_the_time_is_over,
		tells_an_endpoint_that_is_gone_nothing_until_it_is_read_again,
		sends_what_an_earlier_server_left_if_it_still_may,
		wants_only_the_events_that_it_was_set_up_for)
