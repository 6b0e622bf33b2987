/* sending.c - which letter is sent when, and what becomes of it
 *
 * The store is the queue. Here are only the tries: letters that are being sent,
 * or whose fate is being stored; until that is done the store still shows them
 * as the first of their line, so nothing overtakes.
 *
 * Clients choose the URLs of tasks, and who never answers is tried until the
 * timeout. So letters to these leave some of the tries to the endpoint of the
 * settings, are counted apart, and are asked for after its own. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <utlist.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/rates.h"
#include "webhook/internal.h"
#include "webhook/retry.h"

enum {
	TRIES = 32, /* at a time, */
	TRIES_OF_TASKS = 24, /* of these to URLs of tasks */
	TRIES_PER_HOST = 4, /* to one host, of either kind */
	ASK = 2 * TRIES, /* some of the answer are tries already */
	ASK_AGAIN_MS = 5000, /* when the store could not answer */
	LONGEST_WAIT_MS = 3600 * 1000, /* wall clocks are set */
	REST = 4, /* times as long as the last question took */
	GONE = 410,
};

/* ---------------------------------------------------------------------- ends */

void
sending_soon(void *webhook)
{
	const struct webhook *w = webhook;
	int64_t wait = w->not_before_ms - clock_ms();

	loop_timer_set(w->timer, wait > 0 ? wait : 0);
}

static void
try_free(struct try *t)
{
	if (t->w) {
		DL_DELETE(t->w->tries, t);
		t->w->n_tries--;
	}
	letter_free(t->letter);
	free(t);
}

static void
fate_stored(void *arg, int r)
{
	struct try *t = arg;
	struct webhook *w = t->w;

	try_free(t);
	if (w && r < 0)
		loop_timer_set(w->timer, ASK_AGAIN_MS);
}

static void
store_fate(struct try *t)
{
	struct store *store = t->w->conf.store;

	t->w->ended[t->letter->fate]++;
	store->ops->letter_set(store, t->letter, fate_stored, t);
}

/* What receivers make happen is told only so often. */
static bool
may_log(struct webhook *w)
{
	return rates_take(w->lines, "letters") == 0;
}

static void
die(struct try *t)
{
	struct letter *l = t->letter;

	l->fate = LETTER_DEAD;
	l->died_at = clock_wall_ms();
	if (may_log(t->w))
		log_warn(0,
			"webhook '%s' (%s of task '%s') is dead after %u "
			"tries: %s; POST /webhooks/%s/retry sends it again",
			l->id, l->event, l->task_id, l->tries, l->error, l->id);
	store_fate(t);
}

static void
wait_or_die(struct try *t, int64_t after_ms)
{
	struct letter *l = t->letter;
	const struct webhook_conf *conf = &t->w->conf;
	uint64_t random = 0;

	/* Short of entropy only early at boot; then without jitter. */
	(void)!getrandom(&random, sizeof random, GRND_NONBLOCK);
	l->next_at = clock_wall_ms() +
		     retry_delay(conf->retry_ms, l->tries, random, after_ms);
	if (l->next_at > l->made_at + conf->give_up_ms) {
		die(t);
		return;
	}
	log_debug("webhook '%s' (%s of task '%s'): try %u: %s", l->id, l->event,
		l->task_id, l->tries, l->error);
	store_fate(t);
}

static void
endpoint_gone(struct webhook *w)
{
	if (!w->gone)
		log_warn(0,
			"webhook endpoint '%s' said 410: it is told nothing "
			"any more, until SIGHUP or a restart",
			w->url.origin);
	w->gone = true;
}

static void
answered(void *arg, const struct post_answer *a)
{
	struct try *t = arg;
	struct letter *l = t->letter;

	t->post = NULL;
	l->tries++;
	if (a->status >= 200 && a->status < 300) {
		l->fate = LETTER_DELIVERED;
		store_fate(t);
		return;
	}
	if (a->status)
		(void)snprintf(l->error, sizeof l->error, "answered %ld%s",
			a->status,
			a->status >= 300 && a->status < 400
				? ", a redirect, which is not followed"
				: "");
	else
		(void)snprintf(l->error, sizeof l->error, "%.*s", POST_ERROR,
			a->error);
	if (a->status == GONE && l->global)
		endpoint_gone(t->w);
	if (a->status == GONE)
		die(t);
	else
		wait_or_die(t, a->retry_after_ms);
}

/* -------------------------------------------------------------------- sending */

/* Why it must not be sent; NULL: it may. The settings may have changed since
 * the letter was written. */
static const char *
obstacle(const struct webhook *w, const struct letter *l)
{
	if (l->global)
		return !w->conf.url ? "[webhook] has no url any more"
		       : w->gone    ? "the endpoint said 410"
				    : NULL;
	return w->conf.per_task ? NULL
				: "[webhook] per_task is not yes any more";
}

static int
send_letter(struct try *t)
{
	const struct webhook *w = t->w;
	const struct letter *l = t->letter;
	int64_t now = clock_wall_ms() / 1000;
	AUTO_BUF struct buf signature = { 0 };
	char id[128], timestamp[64];
	struct post_request request = {
		.url = l->global ? w->conf.url : l->url,
		.body = l->body,
		.headers = { id, timestamp, NULL,
			"Content-Type: application/json",
			"User-Agent: nodelink-server/" PACKAGE_VERSION,
			"Expect:" /* 100-continue costs a round trip */ },
	};
	int r = buf_add_text(&signature, "webhook-signature: ");

	if (r == 0)
		r = sign(l->global ? &w->keys : &w->task_keys, l->id, now,
			l->body, &signature);
	if (r < 0)
		return r;
	(void)snprintf(id, sizeof id, "webhook-id: %s", l->id);
	(void)snprintf(timestamp, sizeof timestamp, "webhook-timestamp: %lld",
		(long long)now);
	request.headers[2] = buf_text(&signature);
	t->post = poster_post(w->poster, &request, answered, t);
	return t->post ? 0 : -ENOMEM;
}

static void
begin(struct webhook *w, struct letter *take_letter)
{
	const char *why = obstacle(w, take_letter);
	struct try *t = calloc(1, sizeof *t);

	if (!t) {
		letter_free(take_letter);
		loop_timer_set(w->timer, ASK_AGAIN_MS);
		return;
	}
	t->w = w;
	t->letter = take_letter;
	DL_APPEND(w->tries, t);
	w->n_tries++;
	if (why) {
		(void)snprintf(take_letter->error, sizeof take_letter->error,
			"%s", why);
		die(t);
	} else if (send_letter(t) < 0) {
		try_free(t);
		loop_timer_set(w->timer, ASK_AGAIN_MS);
	}
}

static bool
is_tried(const struct webhook *w, const struct letter *l)
{
	for (const struct try *t = w->tries; t; t = t->next)
		if (strcmp(t->letter->id, l->id) == 0)
			return true;
	return false;
}

static bool
has_room(const struct webhook *w, bool global)
{
	unsigned n = 0;

	for (const struct try *t = w->tries; t; t = t->next)
		n += !t->letter->global;
	return w->n_tries < TRIES && (global || n < TRIES_OF_TASKS);
}

static bool
is_busy(const struct webhook *w, const struct letter *l)
{
	unsigned n = 0;

	for (const struct try *t = w->tries; t; t = t->next)
		n += t->letter->global == l->global &&
		     strcmp(t->letter->host, l->host) == 0;
	return n >= TRIES_PER_HOST;
}

/* The first of all lines, the next one due first. */
static void
take(struct webhook *w, int r, struct letter *take_letters)
{
	size_t n = 0, begun = 0, before = w->n_tries;
	int64_t now = clock_wall_ms();

	w->asked.failed |= r < 0;
	while (take_letters) {
		struct letter *l = take_letters;

		take_letters = l->next;
		l->next = NULL;
		n++;
		if (l->next_at > now && l->next_at - now < w->asked.wait)
			w->asked.wait = l->next_at - now;
		if (l->next_at > now || !has_room(w, l->global) ||
			is_tried(w, l) || is_busy(w, l)) {
			letter_free(l);
			continue;
		}
		begin(w, l);
		begun++;
	}
	/* Those behind may go to other hosts; those that have died at once
	 * make way. */
	w->asked.again |= begun && (n == ASK || w->n_tries < before + begun);
}

static void
ask(struct webhook *w, bool global, store_letters_fn *came)
{
	struct store *store = w->conf.store;
	const char *busy[TRIES];
	struct letter_query q = { .want = LETTERS_NEXT,
		.of = global ? LETTERS_GLOBAL : LETTERS_OF_TASKS,
		.but_hosts = busy,
		.max = ASK };

	for (const struct try *t = w->tries; t; t = t->next)
		if (t->letter->global == global && is_busy(w, t->letter))
			busy[q.n_but_hosts++] = t->letter->host;
	store->ops->letters(store, &q, came, w);
}

static void
of_tasks_came(void *arg, int r, struct letter *take_letters)
{
	struct webhook *w = arg;

	take(w, r, take_letters);
	w->asking = false;
	if (w->asked.again)
		sending_soon(w);
	else
		loop_timer_set(w->timer,
			w->asked.failed && w->asked.wait > ASK_AGAIN_MS
				? ASK_AGAIN_MS
				: w->asked.wait);
}

static void
global_came(void *arg, int r, struct letter *take_letters)
{
	struct webhook *w = arg;

	take(w, r, take_letters);
	if (has_room(w, false))
		ask(w, false, of_tasks_came);
	else
		of_tasks_came(w, 0, NULL);
}

void
sending_ask(void *webhook)
{
	struct webhook *w = webhook;
	int64_t started;

	if (w->asking || !has_room(w, true))
		return; /* it goes on when one of them has ended */
	if (clock_ms() < w->not_before_ms) {
		sending_soon(w);
		return;
	}
	w->asking = true;
	w->asked.wait = LONGEST_WAIT_MS;
	w->asked.failed = w->asked.again = false;
	started = clock_us();
	ask(w, true, global_came);
	/* With many to hosts that are busy it may take a while, and the loop
	 * has other work. */
	w->not_before_ms = clock_ms() + REST * (clock_us() - started) / 1000;
}

void
sending_stop(struct webhook *w)
{
	struct try *t, *next;

	DL_FOREACH_SAFE(w->tries, t, next) {
		if (t->post)
			try_free(t);
		else
			t->w = NULL; /* the store still has it */
	}
}
