/* webhook.c - life and settings of what tells others of tasks */
#include "webhook/webhook.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/rates.h"
#include "webhook/internal.h"

enum { LINES_PER_MINUTE = 20 };

void
webhook_retry(struct webhook *w, const struct letter *l, store_done_fn *done,
	void *arg)
{
	AUTO(letter_free) struct letter *again = letter_copy(l, false);

	if (!again) {
		done(arg, -ENOMEM);
		return;
	}
	again->fate = LETTER_WAITS;
	again->died_at = 0;
	again->tries = 0;
	again->next_at = clock_wall_ms();
	w->conf.store->ops->letter_set(w->conf.store, again, done, arg);
}

const struct webhook_conf *
webhook_settings(const struct webhook *w)
{
	return &w->conf;
}

bool
webhook_is_gone(const struct webhook *w)
{
	return w->gone;
}

void
webhook_stats(const struct webhook *w, struct webhook_stats *out)
{
	*out = (struct webhook_stats){ 0 };
	if (!w)
		return;
	out->sending = w->n_tries;
	memcpy(out->tries, w->ended, sizeof out->tries);
}

static int
read_keys(const struct webhook_conf *conf, struct sign_keys *keys,
	struct sign_keys *task_keys, struct err *err)
{
	const char *file = conf->task_secret_file ? conf->task_secret_file
						  : conf->secret_file;
	int r = sign_keys_read(conf->secret_file, keys, err);

	return r < 0 ? r : sign_keys_read(file, task_keys, err);
}

int
webhook_reload(struct webhook *w, struct err *err)
{
	struct sign_keys keys, task_keys;
	int r;

	if (!w)
		return 0;
	w->gone = false;
	r = read_keys(&w->conf, &keys, &task_keys, err);
	if (r < 0)
		return r;
	w->keys = keys;
	w->task_keys = task_keys;
	sign_keys_wipe(&keys);
	sign_keys_wipe(&task_keys);
	return 0;
}

static int
prepare(struct webhook *w, struct err *err)
{
	const struct webhook_conf *conf = &w->conf;
	const struct poster_conf poster = { .loop = conf->loop,
		.ca = conf->ca,
		.allow_internal = conf->allow_internal,
		.timeout_ms = conf->timeout_ms };
	struct err why;
	int r = conf->url ? url_check(conf->url, conf->allow_internal, &w->url,
				    &why)
			  : 0;

	if (r < 0)
		return err_set(err, r, "[webhook] url: %.400s", why.text);
	r = read_keys(conf, &w->keys, &w->task_keys, err);
	if (r < 0)
		return r;
	w->timer = loop_timer_new(conf->loop, sending_ask, w);
	w->lines = rates_new(LINES_PER_MINUTE, 60 * 1000, LINES_PER_MINUTE);
	if (!w->timer || !w->lines)
		return err_set(err, -ENOMEM, "out of memory");
	return poster_new(&poster, &w->poster, err);
}

int
webhook_new(
	const struct webhook_conf *conf, struct webhook **out, struct err *err)
{
	struct webhook *w = calloc(1, sizeof *w);
	int r;

	if (!w)
		return err_set(err, -ENOMEM, "out of memory");
	w->conf = *conf;
	r = prepare(w, err);
	if (r < 0) {
		webhook_free(w);
		return r;
	}
	store_listen_letters(conf->store, sending_soon, w);
	sending_soon(w);
	*out = w;
	return 0;
}

void
webhook_free(struct webhook *w)
{
	if (!w)
		return;
	store_listen_letters(w->conf.store, NULL, NULL);
	poster_free(w->poster);
	sending_stop(w);
	loop_timer_free(w->timer);
	rates_free(w->lines);
	sign_keys_wipe(&w->keys);
	sign_keys_wipe(&w->task_keys);
	free(w);
}
