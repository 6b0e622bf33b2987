/* store.h - where tasks outlive the moment: the interface
 *
 * Designed to the weakest of its implementations on each point (memory and
 * SQLite today, a database over a network one day): results come by callback,
 * there is no transaction over two calls, and what failed may have happened
 * all the same.
 *
 * What holds for each of them, and is tested by store-suite.c:
 *
 *  - Everything belongs to the loop's thread; callbacks come on it, perhaps
 *    before the call returns.
 *  - Changes of one task become durable in the order of the calls, and a
 *    callback that says 0 speaks for all calls about that task before it.
 *    Between several tasks there is no order.
 *  - A record is stored as it is when it is written, which may be later, and
 *    so newer, than the call. Between two callbacks of the loop it must be
 *    whole.
 *  - The entries of a transcript are shown to readers when they are durable,
 *    a final status when it is: what anybody has seen is there after a crash.
 *  - create() that fails with -EEXIST, -ENOSPC, -EAGAIN or -EALREADY has
 *    stored nothing. With any other error the task may be there all the same:
 *    to create it again with the same id is safe.
 *  - update() and append() do not fail for want of space: the store keeps what
 *    it was given and tries again until it succeeds, within its limits (see
 *    full()).
 *  - The letters that a task has (task.letters) when its record is written are
 *    written in one step with it, and are the store's then. letters() shows
 *    none before that. They stay until letter_set() says what became of them;
 *    the oldest die beyond LIMIT_LETTERS, and of the dead the oldest are
 *    forgotten beyond LIMIT_DEAD_LETTERS and after STORE_DEAD_MS. */
#ifndef NODELINK_STORE_STORE_H
#define NODELINK_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "loop/loop.h"
#include "metrics/metrics.h"
#include "store/letter.h"
#include "store/transcript.h"
#include "store/task.h"

struct store;

/* r: 0 or -errno. */
typedef void store_done_fn(void *arg, int r);
typedef void store_task_fn(void *arg, struct task *t);
typedef void store_agent_fn(void *arg, const char *id, int64_t seen_at);
/* r: 0; -ENOENT: never heard of; -ESTALE: it was here and is forgotten; other:
 * it cannot be read now. t: borrowed; NULL unless r is 0. */
typedef void store_got_fn(void *arg, int r, struct task *t);

enum { STORE_ANY = -1, STORE_UNFINISHED = -2 };
struct store_filter { /* NULL, STORE_ANY, 0: any */
	const char *agent_id, *plugin, *owner;
	int status; /* enum task_status, or one of these two */
	const struct label *labels; /* it has all of them */
	size_t n_labels;
};
bool store_matches(const struct store_filter *f, const struct task *t);

/* Newest first. next: cursor of the next page, "" at the end. A page ends with
 * the task that takes it over LIMIT_PAGE. */
typedef void store_list_fn(
	void *arg, int r, struct task **tasks, size_t n, const char *next);

/* A key that a client has given to a request, so that it can repeat it. */
enum { STORE_DIGEST = 32, STORE_KEY_MS = 24 * 3600 * 1000 };
struct store_key {
	const char *name; /* with all that makes it unique */
	uint8_t digest[STORE_DIGEST]; /* of the request */
	const char *answer; /* that was given to the first */
};
/* key: borrowed; NULL: not known. */
typedef void store_key_fn(void *arg, int r, const struct store_key *key);

/* In the order that was asked for. r: 0 or -errno, and then there is none. */
typedef void store_letters_fn(void *arg, int r, struct letter *take_letters);

enum { STORE_DEAD_DAYS = 30 };
#define STORE_DEAD_MS (STORE_DEAD_DAYS * 24 * 3600 * INT64_C(1000))

struct store_stats {
	size_t tasks; /* stored */
	size_t waiting; /* with something that is in no batch yet */
	uint64_t held; /* bytes that wait to be written */
	uint64_t output; /* bytes stored, of finished tasks */
	int trouble; /* 0, or the -errno of writing; tried again and again */
};

struct store_ops {
	/* A new record, which gets its transcript; it is stored when done()
	 * comes. Takes a reference of its own. key: NULL, or stored with it for
	 * STORE_KEY_MS. -EEXIST: the id; -EALREADY: the key. */
	void (*create)(struct store *s, struct task *t,
		const struct store_key *key, store_done_fn *done, void *arg);
	/* The record has changed. done may be NULL; store_listen() tells as
	 * well. */
	void (*update)(struct store *s, struct task *t, store_done_fn *done,
		void *arg);
	/* Entries for the task's log, as transcript_append(). An unfinished
	 * task only, and update() must follow TRANSCRIPT_FINAL. */
	int (*append)(struct store *s, struct task *t,
		enum transcript_kind kind, const void *data, size_t len,
		uint64_t seq);
	/* An unfinished task is the very object that create() was given; of a
	 * final one the answer waits until that is stored. */
	void (*get)(
		struct store *s, const char *id, store_got_fn *done, void *arg);
	/* Newest first by time of creation. cursor NULL: from the newest; it
	 * stays good whatever is created or forgotten meanwhile. -EINVAL: not a
	 * cursor of ours. Shows at least what was stored when it was called. */
	void (*list)(struct store *s, const struct store_filter *filter,
		const char *cursor, size_t limit, store_list_fn *done,
		void *arg);
	void (*key)(struct store *s, const char *name, store_key_fn *done,
		void *arg);
	void (*letters)(struct store *s, const struct letter_query *query,
		store_letters_fn *done, void *arg);
	/* A letter of this id has become this. done() comes in any case: 0
	 * when it is stored, which is tried as for update(); one that the
	 * store does not have stays unknown. */
	void (*letter_set)(struct store *s, const struct letter *l,
		store_done_fn *done, void *arg);
	/* How many wait and how many are dead. 0 or -errno. */
	int (*letter_count)(struct store *s, size_t *waiting, size_t *dead);
	/* Once, at the start: all unfinished tasks, oldest first. 0 or
	 * -errno. */
	int (*recover)(struct store *s, store_task_fn *fn, void *arg);
	/* This agent is here, or was until now (wall ms). It is written down
	 * soon; nobody is told. */
	void (*agent_seen)(struct store *s, const char *id, int64_t at);
	/* Once, at the start: those written down, at most the LIMIT_AGENTS that
	 * were seen last, the last by id first. 0 or -errno. */
	int (*agents)(struct store *s, store_agent_fn *fn, void *arg);
	/* So much waits that no more output should be read from the nodes;
	 * `room` of store_listen() comes when that is over. */
	bool (*full)(const struct store *s);
	void (*stats)(const struct store *s, struct store_stats *out);
	/* Before free(): write what waits, blocking. All callbacks come: with
	 * -ECANCELED where that cannot be written, which is lost with this
	 * process only: the nodes have it. */
	void (*drain)(struct store *s);
	void (*free)(struct store *s);
};

struct store {
	const struct store_ops *ops;
	/* store_listen() sets them */
	store_task_fn *stored;
	loop_fn *room;
	void *arg;
	/* store_listen_letters() */
	loop_fn *posted;
	void *posted_arg;
};

/* stored(arg, t): something of t that was updated or appended is durable now;
 * t->stored_seq and what readers are shown have moved. room(arg): full() is
 * over. Whoever goes before the store takes both back (NULL): free() writes what
 * drain() could not, if that works again by then. */
void
store_listen(struct store *s, store_task_fn *stored, loop_fn *room, void *arg);

/* posted(arg): letters have been stored, or have changed. */
void store_listen_letters(struct store *s, loop_fn *posted, void *arg);

struct store_limits { /* of finished tasks; oldest end first beyond any */
	int64_t retention_ms;
	size_t max_tasks;
	uint64_t max_output; /* bytes, all tasks together */
};

struct store_memory_conf {
	struct loop *loop;
	const char *dir; /* for the output of loud tasks; borrowed */
	struct store_limits limits;
};
int store_memory_new(const struct store_memory_conf *conf, struct store **out);

struct store_sqlite_conf {
	struct loop *loop;
	const char *dir; /* made if it is not there */
	struct store_limits limits;
	int64_t linger_ms; /* a finished task stays in memory; 0: 5 s */
	uint64_t held_max; /* full() from there on; 0: 64 MiB */
	struct metrics *metrics; /* NULL: nothing is counted */
};
/* Makes the folder, as store_sqlite_new() does. 0 or -errno with text. */
int store_sqlite_folder(const char *dir, struct err *err);

/* Blocks while it looks at the files. Errors come with text that names the
 * file and what to do; then nothing was changed. -EBUSY: another server has
 * it; -EBADMSG: damaged; -ENOTSUP: of a newer version. */
int store_sqlite_new(const struct store_sqlite_conf *conf, struct store **out,
	struct err *err);

#endif
