/* keep.h - where the entries of one transcript are kept
 *
 * The transcript numbers entries and knows what they mean; a keep only holds
 * them: a spool in memory and a file, or the pages of a database. */
#ifndef NODELINK_STORE_KEEP_H
#define NODELINK_STORE_KEEP_H

#include <stddef.h>
#include <stdint.h>

struct record { /* stands before the bytes of an entry */
	uint32_t len;
	uint8_t kind, n_carry, cut, dated;
	uint8_t carry[4];
	int64_t at_ms; /* wall clock, when it was added; only if dated */
};

struct keep;
struct keep_ops {
	/* The next entry; ids have no gap. 0 or -errno: nothing was added. */
	int (*add)(struct keep *k, uint64_t id, const struct record *r,
		const void *data);
	/* The entry with this number, which was added. *data is borrowed until
	 * the next call about any keep. 0 or -errno. */
	int (*find)(struct keep *k, uint64_t id, struct record *r,
		const uint8_t **data);
	void (*free)(struct keep *k);
};

struct keep { /* first member of each implementation */
	const struct keep_ops *ops;
};

/* In memory at first, the rest in an unlinked file in dir, which is borrowed
 * for ever. NULL: out of memory. */
struct keep *spool_new(const char *dir);

#endif
