/* letter.h - what is to be told to somebody elsewhere: a row of the outbox
 *
 * A letter is made with a change of a task's record (task.letters) and stored
 * in one step with it, so neither is ever there without the other. It stays
 * until it was delivered, or dies; letters of one task to one URL are sent in
 * the order of their ids, apart for those to the endpoint of the settings: a
 * task that names its URL, too, is not to hold them up. */
#ifndef NODELINK_STORE_LETTER_H
#define NODELINK_STORE_LETTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/id.h"

enum { LETTER_EVENT = 32, LETTER_ERROR = 160 };

enum letter_fate { LETTER_WAITS, LETTER_DEAD, LETTER_DELIVERED };

struct letter {
	char id[ID_MAX]; /* made by id_new() */
	char task_id[ID_MAX];
	char event[LETTER_EVENT];
	char *url, *host; /* own; host: with which others it shares */
	char *body; /* own; read back for LETTERS_NEXT only, else "" */
	bool global; /* to the endpoint of the settings */
	int64_t made_at; /* wall ms */
	/* what has become of it; all that store_ops.letter_set() stores */
	enum letter_fate fate;
	unsigned tries;
	int64_t next_at; /* wall ms: of the next try */
	int64_t died_at; /* wall ms; 0: it waits */
	char error[LETTER_ERROR]; /* of the last try */
	struct letter *next;
};

/* With an id, the rest zeroed; texts are copied. NULL: out of memory. */
struct letter *letter_new(const char *url, const char *host, const char *body);
/* A copy with the same id, in no list; with an empty body, or with that. */
struct letter *letter_copy(const struct letter *l, bool with_body);
void letter_free(struct letter *l);
AUTO_DEFINE(struct letter *, letter_free)
/* All of a list, which is NULL then. */
void letters_free(struct letter **list);

struct letter_query {
	enum {
		/* of each line the first that waits, the one whose time comes
		 * soonest first */
		LETTERS_NEXT,
		LETTERS_WAITING, /* oldest first */
		LETTERS_DEAD, /* youngest first */
	} want;
	enum { LETTERS_ALL, LETTERS_GLOBAL, LETTERS_OF_TASKS } of;
	const char *id; /* only this one; or NULL */
	const char *after; /* an id: those behind it; or NULL */
	const char *const *but_hosts; /* LETTERS_NEXT: not those to these */
	size_t n_but_hosts;
	size_t max;
};

#endif
