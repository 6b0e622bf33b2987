/* store.h - where tasks outlive the moment: the interface
 *
 * Designed to the weaker of its implementations on each point: results come by
 * callback (on the loop's thread, perhaps before the call returns), there is
 * no transaction over two calls. The memory store is here; the durable one
 * has the same shape. */
#ifndef NODELINK_STORE_STORE_H
#define NODELINK_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "loop/loop.h"
#include "store/transcript.h"
#include "store/task.h"

struct store;

/* r: 0 or -errno. */
typedef void store_done_fn(void *arg, int r);
/* t: borrowed; NULL when unknown. */
typedef void store_got_fn(void *arg, struct task *t);

struct store_label {
	const char *name;
	const char *value; /* NULL: any */
};

struct store_filter { /* NULL, -1, 0: any */
	const char *agent_id, *plugin;
	int status; /* enum task_status or -1 */
	const struct store_label *labels; /* it has all of them */
	size_t n_labels;
};
bool store_matches(const struct store_filter *f, const struct task *t);

/* Newest first. next: cursor of the next page, "" at the end. */
typedef void store_list_fn(
	void *arg, int r, struct task **tasks, size_t n, const char *next);

struct store_ops {
	/* A new record, which gets its transcript; it is stored when done()
	 * comes. Takes a reference of its own. -EEXIST, -ENOSPC. */
	void (*create)(struct store *s, struct task *t, store_done_fn *done,
		void *arg);
	/* The record has changed. done may be NULL. */
	void (*update)(struct store *s, struct task *t, store_done_fn *done,
		void *arg);
	/* Entries for the task's log. */
	int (*append)(struct store *s, struct task *t,
		enum transcript_kind kind, const void *data, size_t len);
	void (*get)(
		struct store *s, const char *id, store_got_fn *done, void *arg);
	/* cursor NULL: from the newest. -EINVAL: not a cursor of ours. */
	void (*list)(struct store *s, const struct store_filter *filter,
		const char *cursor, size_t limit, store_list_fn *done,
		void *arg);
	size_t (*count)(const struct store *s);
	void (*free)(struct store *s);
};

struct store {
	const struct store_ops *ops;
};

struct store_memory_conf {
	struct loop *loop;
	const char *dir; /* for the output of loud tasks; borrowed */
	/* Finished tasks go, oldest end first, beyond any of these. */
	int64_t retention_ms;
	size_t max_tasks;
	uint64_t max_output; /* bytes, all tasks together */
};
int store_memory_new(const struct store_memory_conf *conf, struct store **out);

#endif
