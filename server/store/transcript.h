/* transcript.h - everything one task has said, in order
 *
 * An append-only sequence of entries numbered from 1 without gap: output
 * pieces, a notice for each step of a cancel, and one last entry. The first
 * part is kept in memory, the rest in an unlinked file, so the memory of a
 * loud task is bounded. Readers keep only the number of the last entry they
 * had: replay and live following are the same reading.
 *
 * One thread: the server's loop. */
#ifndef NODELINK_STORE_TRANSCRIPT_H
#define NODELINK_STORE_TRANSCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"

struct transcript;

enum transcript_kind {
	TRANSCRIPT_STDOUT = 1,
	TRANSCRIPT_STDERR = 2,
	TRANSCRIPT_HOOK = 3,
	TRANSCRIPT_CANCEL = 4, /* data: text of the notice */
	TRANSCRIPT_FINAL = 5, /* no data: read the task's record */
};

/* How an output piece reads as text: carry[] + data without its last `cut`
 * bytes. A character that pieces tear apart is thus whole in the later one,
 * and every entry stands for itself. Broken bytes become U+FFFD by whoever
 * prints them. */
struct transcript_entry {
	uint64_t id;
	enum transcript_kind kind;
	const uint8_t *data; /* until the next transcript_read() */
	size_t len; /* at most LIMIT_OUTPUT_CHUNK */
	uint8_t carry[4];
	uint8_t n_carry, cut;
};

/* dir: where files go; borrowed for ever. NULL: out of memory. */
struct transcript *transcript_new(const char *dir);
void transcript_free(struct transcript *t);
AUTO_DEFINE(struct transcript *, transcript_free)

/* Append. 0 or -errno (nothing was appended then; ENOSPC among them). The end
 * can always be appended. */
int transcript_append(struct transcript *t, enum transcript_kind kind,
	const void *data, size_t len);

/* The entry after number `after`. 0; TRANSCRIPT_NONE: there is none yet (or,
 * after TRANSCRIPT_FINAL, ever); -errno when the file cannot be read. */
enum { TRANSCRIPT_OK, TRANSCRIPT_NONE };
int transcript_read(
	struct transcript *t, uint64_t after, struct transcript_entry *out);

/* Number of the newest entry; 0: empty. */
uint64_t transcript_last(const struct transcript *t);
/* TRANSCRIPT_FINAL is there. */
bool transcript_ended(const struct transcript *t);
/* Payload of this kind so far. */
uint64_t
transcript_bytes(const struct transcript *t, enum transcript_kind kind);

#endif
