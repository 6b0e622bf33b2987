/* webhook.h - events of tasks, told to those who want to hear of them
 *
 * The hub calls webhook_tell() before it stores an end or a cancel; what it
 * leaves with the task is stored in the same step (store/letter.h), and sent
 * from there until the receiver has it or the letter dies. So each event is
 * told at least once, always under the same webhook-id. */
#ifndef NODELINK_WEBHOOK_WEBHOOK_H
#define NODELINK_WEBHOOK_WEBHOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "loop/loop.h"
#include "store/store.h"

struct webhook;

struct webhook_conf { /* texts are borrowed */
	struct loop *loop;
	struct store *store;
	const char *url; /* told of all tasks; NULL: nobody is */
	unsigned events; /* that it is told of: event.h */
	const char *secret_file;
	const char *task_secret_file; /* NULL: the same */
	const char *ca; /* NULL: the system's */
	bool per_task; /* tasks may bring URLs of their own */
	bool allow_internal;
	int64_t timeout_ms; /* of one try */
	int64_t retry_ms; /* from the first failure to the next try, at most */
	int64_t give_up_ms; /* after the event: a letter that fails dies */
};

/* 0, or -errno with text. Sends what an earlier server has left. */
int webhook_new(
	const struct webhook_conf *conf, struct webhook **out, struct err *err);
/* After the store was drained, before it is freed. */
void webhook_free(struct webhook *w);
/* Read the secrets again, and call an endpoint again that had said 410. 0, or
 * -errno with text: it goes on with those that it had. NULL is fine. */
int webhook_reload(struct webhook *w, struct err *err);

/* For the hub: the record of t is about to be stored, with its end or with the
 * request that it ends. */
void webhook_tell(void *webhook, struct task *t);

const struct webhook_conf *webhook_settings(const struct webhook *w);
/* The endpoint of the settings has said 410. */
bool webhook_is_gone(const struct webhook *w);

struct webhook_stats {
	size_t sending; /* letters that are on their way */
	uint64_t tries[LETTER_DELIVERED + 1]; /* since the server's start,
						 by letter_fate */
};
/* NULL: all 0. */
void webhook_stats(const struct webhook *w, struct webhook_stats *out);

/* It is due now; a dead one lives again. l: as it was read. done() as of
 * store_ops.letter_set(). */
void webhook_retry(struct webhook *w, const struct letter *l,
	store_done_fn *done, void *arg);

#endif
