/* store-suite.h - what every store promises, as tests
 *
 * A program for one store defines suite_open() and suite_close(), and
 * calls suite_run(). */
#ifndef NODELINK_TESTS_STORE_SUITE_H
#define NODELINK_TESTS_STORE_SUITE_H

#include "store/store.h"
#include "tests/unit/unit.h"

extern struct loop *loop;
extern struct store *store;

/* The program's: an empty store with these limits in `store`, its loop in
 * `loop`; the end of both. */
void suite_open(struct store_limits limits);
void suite_close(void);

/* store-suite-outbox.c: ended by NULL. */
const TTest *const *suite_outbox(void);
/* A list of the caller's; max 0: 10. */
struct letter *letters(struct letter_query q);
/* For the next update; borrowed. */
struct letter *write_letter(struct task *t, const char *event, const char *url);

/* main() of such a program: the suite, and its own that end with NULL. */
int suite_run(const char *subject, const TTest *const *own);

extern const struct store_limits plenty;

/* Turn the loop until *flag is not 0. */
void until_set(const int *flag);
/* What waits in the store is stored. */
void settle(void);

/* A new record "id" (NULL: an id of our own form); the result of storing it. */
struct task *make(const char *id, const char *agent);
int store_it(struct task *t, const struct store_key *key);
struct task *create(const char *id, const char *agent);
void append(struct task *t, enum transcript_kind kind, const void *data,
	size_t len, uint64_t seq);
void update(struct task *t);
/* Its only label. */
void label(struct task *t, const char *name, const char *value);
/* End it well; gives up the caller's reference. */
void finish(struct task *t);
struct got { /* for store->ops->get(); t with a reference */
	int there;
	int r;
	struct task *t;
};
void keep_task(void *arg, int r, struct task *t);
/* r of get(); *out with a reference of the caller's, or NULL. */
int get(const char *id, struct task **out);
/* All stdout that readers are shown, from after an entry on. */
void read_all(struct task *t, uint64_t after, struct buf *out);

#endif
