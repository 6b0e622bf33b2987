/* memory.h - what the files of the store in memory share
 *
 *	memory.c	records, keys, retention
 *	memory_outbox.c	letters */
#ifndef NODELINK_STORE_MEMORY_H
#define NODELINK_STORE_MEMORY_H

#include "base/hash.h"
#include "store/store.h"

struct memory_key {
	char *name, *answer;
	uint8_t digest[STORE_DIGEST];
	int64_t until_ms; /* monotonic */
	struct memory_key *prev, *next; /* oldest first */
	UT_hash_handle hh;
};

struct line; /* of letters of one task to one URL */
struct envelope; /* a letter in its place */

struct outbox {
	struct line *lines; /* of those that wait */
	struct envelope *by_id;
	struct envelope *dead; /* that died first, first */
	size_t n_waiting, n_dead;
};

struct memory {
	struct store store; /* first */
	struct store_memory_conf conf;
	int64_t born, gone; /* store_missing() */
	struct memory_key *keys, *oldest_key;
	struct task *by_id;
	struct task *newest, *oldest;
	struct task *done; /* finished, oldest end first */
	size_t n_done;
	uint64_t output; /* of finished tasks */
	struct loop_timer *sweep_timer;
	struct outbox outbox;
};

/* A list of new ones. */
void outbox_add(struct outbox *o, struct letter *take_letters);
void outbox_done(struct outbox *o);

/* Of struct store_ops. */
void memory_letters(struct store *s, const struct letter_query *q,
	store_letters_fn *done, void *arg);
void memory_letter_set(struct store *s, const struct letter *l,
	store_done_fn *done, void *arg);
int memory_letter_count(struct store *s, size_t *waiting, size_t *dead);

#endif
