/* sqlite.h - what the files of the durable store share
 *
 *	sqlite.c	the store's life, and what its users call
 *	sqlite_batch.c	gather what has changed, hand it over, take it back
 *	sqlite_writer.c	the thread that writes batches
 *	sqlite_agents.c	the agents that have been here
 *	sqlite_outbox.c	letters
 *	sqlite_linger.c	finished tasks on their way out of memory
 *	sqlite_sweep.c	the writer's other work: forget what is old
 *	sqlite_pages.c	transcripts as pages: in memory, and read back
 *	sqlite_read.c	records read back
 *	sqlite_row.c	a record as a row
 *	sqlite_open.c	files: folder, lock
 *
 * Two databases, since bulk output must not delay records: a batch commits
 * output.db first and then tasks.db. So a record never tells of output that is
 * not there; output may be ahead of its record after a crash, and the node then
 * says again what both need (transcript_append() drops what it has).
 *
 * The loop's thread owns everything but the writer's connections. It gathers
 * changes while the writer is busy, and hands over one batch at a time: what
 * is in a batch belongs to the writer until it comes back. */
#ifndef NODELINK_STORE_SQLITE_H
#define NODELINK_STORE_SQLITE_H

#include <sqlite3.h>

#include "base/hash.h"
#include "db/db.h"
#include "store/keep.h"
#include "store/store.h"

/* -------------------------------------------------------------- sqlite_row.c */

enum { ROW_MAX = 48 };

struct row { /* a record as it was at one moment */
	struct row_value {
		int64_t number;
		char *bytes; /* own; NULL: a number, or NULL when `null` */
		size_t len;
		bool null;
	} values[ROW_MAX];
	size_t n_labels;
	struct label *labels; /* own */
};

/* all: with what never changes, for an INSERT. 0 or -ENOMEM; row_done() in any
 * case. */
int row_take(struct row *row, const struct task *t, bool all);
void row_done(struct row *row);
/* Bind what row_take() took, in the order of the statements below. */
int row_bind(const struct row *row, sqlite3_stmt *st, bool all);
/* Statement texts: INSERT of all columns, UPDATE, and "id,agent_id,..." */
int row_sql_insert(struct buf *out);
int row_sql_update(struct buf *out);
int row_sql_columns(struct buf *out);
/* The columns of the current row of st, into a new record. */
int row_read(sqlite3_stmt *st, struct task *t);

/* ------------------------------------------------------------- sqlite_open.c */

struct db { /* one thread's connections */
	sqlite3 *tasks;
	sqlite3 *output;
};

struct files { /* the folder, locked */
	int lock; /* -1: none */
	char tasks[512], output[512];
};

/* Make or check folder, lock and both databases, and bring them to the present
 * schema. Errors as store_sqlite_new(). */
int files_open(struct files *f, const char *dir, struct err *err);
void files_close(struct files *f);
int db_open(struct db *db, const struct files *f, struct err *err);
void db_close(struct db *db);

/* ------------------------------------------------------------ sqlite_batch.c */

struct page { /* entries that follow each other, as they are in the database */
	uint64_t first;
	struct buf data;
	bool sealed; /* handed over once: it does not change any more */
	struct page *prev, *next;
};

struct waiter { /* for the next batch with its task */
	store_done_fn *done; /* or */
	store_got_fn *got;
	void *arg;
	struct waiter *next;
};

struct kept { /* a task's part in the store; lives as long as its transcript */
	struct keep keep; /* first */
	struct sqlite *s;
	struct task *task;
	struct page *pages; /* oldest first: some that are stored, all others */
	struct page *unsent; /* the first that is in no batch */
	size_t cached; /* bytes of stored pages */
	struct {
		struct page *page;
		uint64_t id;
		size_t offset;
	} hint; /* where reading is */
	bool is_new; /* its record is not in the database */
	bool dirty; /* on the list; then with a reference */
	bool record; /* it has changed, not only the transcript */
	struct store_key *key; /* to be stored with it; own, texts behind it */
	struct waiter *waiters;
	struct item *flying; /* in the batch under way */
	struct kept *prev, *next; /* dirty ones, longest first */
	bool listed; /* in memory: by_id has a reference */
	int64_t linger_until;
	struct kept *linger_prev, *linger_next;
	UT_hash_handle hh; /* by_id */
};

struct item { /* one task in a batch */
	struct kept *kept;
	bool insert, record;
	struct row row;
	struct store_key *key;
	struct page *first, *last; /* to be written; NULL: none */
	size_t bytes; /* of them */
	struct transcript_state state;
	struct transcript_mark mark;
	uint64_t seq;
	enum task_status status;
	struct letter *letters; /* new ones; own */
	struct waiter *waiters;
	int r; /* the writer's: this one was refused */
};

struct sweep { /* forget finished tasks, keys */
	bool wanted;
	int64_t due; /* ended before, wall ms */
	int64_t now;
	size_t n_over; /* so many more, */
	uint64_t output_over; /* and so much */
	/* the writer's answer */
	size_t n;
	uint64_t output;
	int64_t gone; /* youngest of them was made then */
	int64_t oldest; /* ended then; 0: none is left */
	bool more;
};

struct fate { /* of a letter, to be written */
	struct letter *letter; /* own */
	store_done_fn *done;
	void *arg;
	struct fate *prev, *next;
};

struct batch {
	struct item *items;
	size_t n;
	struct seen *seen; /* agents */
	struct fate *fates; /* of letters, in their order */
	struct sweep sweep;
	bool probe; /* nothing to do but see whether writing works */
	int r; /* -errno: nothing of it is stored */
	char trouble[160];
	int64_t took_us; /* to write, commit and sweep */
};

enum {
	BATCH_ITEMS = 500,
	BATCH_BYTES = 16 << 20,
	PAGE_MAX = 128 << 10,
	CACHE_MAX = 128 << 10, /* stored pages in memory, per task */
};

struct window { /* what was read from output.db last */
	char task[ID_MAX];
	uint64_t first, last;
	struct buf data;
	uint64_t hint;
	size_t hint_offset;
};

struct query;
struct writer;

struct sqlite {
	struct store store; /* first */
	struct store_sqlite_conf conf;
	struct files files;
	struct db db; /* for reading, on the loop's thread */
	sqlite3_stmt *read_task, *read_labels, *read_log, *read_pages,
		*read_key;
	struct window window;
	struct kept *by_id; /* unfinished, and finished just now */
	struct kept *lingering;
	struct loop_timer *linger_timer;

	struct kept *dirty;
	size_t n_dirty;
	struct seen *seen; /* agents, in no batch */
	struct fate *fates; /* of letters, in no batch */
	size_t n_posted; /* letters, since a sweep was wanted for them */
	struct writer *writer;
	struct batch *batch; /* under way */
	uint64_t n_given, n_back; /* batches */
	struct loop_flush *flush;
	struct loop_timer *retry_timer;
	int64_t retry_ms;
	int trouble;
	uint64_t held; /* bytes not stored */
	bool was_full;
	bool draining;
	struct query *queries; /* that wait for a batch */

	struct loop_timer *sweep_timer;
	bool sweep_due;
	size_t n_tasks, n_done;
	uint64_t output; /* of the done ones */
	int64_t born, gone; /* store_missing() */
	struct {
		struct metric *seconds, *records, *failures;
	} counts;
};

/* Make what is counted. */
void batch_count(struct sqlite *s);
void batch_dirty(struct kept *k);
/* To be called once per turn of the loop. */
void batch_flush(void *arg);
/* The writer has done with the batch. */
void batch_back(void *arg);
void batch_drain(struct sqlite *s);
/* Called when all that is said of the task by now is stored. */
int batch_wait(struct kept *k, struct waiter w);

/* ----------------------------------------------------------- sqlite_agents.c */

void agents_saw(struct sqlite *s, const char *id, int64_t at);
/* On the writer's thread; 0 or -errno. */
int agents_write(sqlite3_stmt *st, const struct seen *seen);
/* They could not be written: they wait again. *list is empty then. */
void agents_back(struct sqlite *s, struct seen **list);
void agents_free(struct seen **list);
int agents_read(struct sqlite *s, store_agent_fn *fn, void *arg);

/* ----------------------------------------------------------- sqlite_outbox.c */

enum outbox_call { OUTBOX_ADD, OUTBOX_SET, OUTBOX_DROP, OUTBOX_CALLS };
/* On the writer's thread; 0 or -errno. */
int letters_prepare(sqlite3 *db, sqlite3_stmt *calls[OUTBOX_CALLS]);
int letters_add(sqlite3_stmt *const *calls, const struct letter *letters);
int letters_set(sqlite3_stmt *const *calls, const struct fate *fates);
/* Those that too many wait for die, and the dead are forgotten. */
int letters_sweep(sqlite3 *db, int64_t now);
/* They are written, or for good will not be: r. */
void fates_done(struct fate **fates, int r);
/* These are stored; of a batch that has failed there are none. */
void letters_posted(struct sqlite *s, const struct letter *letters);
void letters_changed(struct sqlite *s, struct fate **fates);
/* Of struct store_ops. */
void sqlite_letters(struct store *store, const struct letter_query *q,
	store_letters_fn *done, void *arg);
void sqlite_letter_set(struct store *store, const struct letter *l,
	store_done_fn *done, void *arg);
int sqlite_letter_count(struct store *store, size_t *waiting, size_t *dead);

/* ----------------------------------------------------------- sqlite_linger.c */

/* The end of it is stored. */
void linger_begin(struct sqlite *s, struct kept *k);
/* Timers of a store. */
void linger_over(void *s);
void sweep_now(void *s);
/* For the one that ended first, wall ms; 0: there is none. */
void sweep_schedule(struct sqlite *s, int64_t oldest);

/* ----------------------------------------------------------- sqlite_writer.c */

int writer_start(struct loop *loop, const struct files *f, loop_fn *back,
	void *arg, struct writer **out, struct err *err);
/* One batch at a time; back(arg) comes on the loop when it is done. */
void writer_give(struct writer *w, struct batch *b);
/* Wait for the batch that was given; back() does not come for it. */
void writer_wait(struct writer *w);
void writer_stop(struct writer *w);

/* sqlite_sweep.c: on the writer's thread; 0 or -errno */
int sweep_run(struct db *db, struct sweep *sweep);

/* ------------------------------------------------------------ sqlite_pages.c */

struct kept *kept_new(struct sqlite *s, struct task *t);
/* Seal what is in no batch: from k->unsent to the last page. */
size_t pages_seal(struct kept *k, struct page **first, struct page **last);
/* Those are stored now: some of them may go. */
void pages_stored(struct kept *k, size_t bytes);
int pages_prepare(struct sqlite *s);

/* ------------------------------------------------------------- sqlite_read.c */

int read_prepare(struct sqlite *s);
/* -ENOENT; else a new reference. */
int read_task(struct sqlite *s, const char *id, struct task **out);
/* The present row of a statement with row_sql_columns(). */
int read_row(struct sqlite *s, sqlite3_stmt *st, struct task **out);
void query_start(struct sqlite *s, const struct store_filter *filter,
	const char *cursor, size_t limit, store_list_fn *done, void *arg);
/* Those whose batch is back; all: whatever is back. */
void query_run(struct sqlite *s, bool all);
void
read_key(struct sqlite *s, const char *name, store_key_fn *done, void *arg);

#endif
