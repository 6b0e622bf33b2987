/* transcript.h - everything one task has said, in order
 *
 * A sequence of entries numbered from 1 without gap: output pieces, a notice
 * for each step of a cancel, and one last entry. What was appended is shown to
 * readers when it is stored, not before: so an entry that somebody has seen
 * has the same number and the same bytes for ever, whatever dies. Readers keep
 * only the number of the last entry they had: replay and live following are
 * the same reading.
 *
 * One thread: the server's loop. */
#ifndef NODELINK_STORE_TRANSCRIPT_H
#define NODELINK_STORE_TRANSCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/buf.h"

struct keep;
struct transcript;

enum transcript_kind {
	TRANSCRIPT_STDOUT = 1,
	TRANSCRIPT_STDERR = 2,
	TRANSCRIPT_HOOK = 3,
	TRANSCRIPT_CANCEL = 4, /* data: text of the notice */
	TRANSCRIPT_FINAL = 5, /* no data: read the task's record */
};
enum { TRANSCRIPT_KINDS = TRANSCRIPT_FINAL + 1 };

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
	int64_t at_ms; /* wall clock, when it was appended; 0: by a server that
			  did not note it. Of the end the record tells it */
};

/* Takes the keep. NULL: out of memory, or take_keep was NULL. */
struct transcript *transcript_new(struct keep *take_keep);
void transcript_free(struct transcript *t);
AUTO_DEFINE(struct transcript *, transcript_free)

/* Append. 0 or -errno (nothing was appended then; ENOSPC among them). The end
 * can always be appended. seq: of the node's response that says it, 0 when the
 * server says it; what the transcript has of a response already is not taken
 * again, and that is 0 as well. */
int transcript_append(struct transcript *t, enum transcript_kind kind,
	const void *data, size_t len, uint64_t seq);

/* ------------------------------------------------------------------ readers */

/* The entry after number `after`. 0; TRANSCRIPT_NONE: there is none yet (or,
 * after TRANSCRIPT_FINAL, ever); -errno when it cannot be read. */
enum { TRANSCRIPT_OK, TRANSCRIPT_NONE };
int transcript_read(
	struct transcript *t, uint64_t after, struct transcript_entry *out);

/* All of these count what is shown. Number of the newest entry; 0: empty. */
uint64_t transcript_last(const struct transcript *t);
/* TRANSCRIPT_FINAL is there. */
bool transcript_ended(const struct transcript *t);
/* Payload of this kind so far. */
uint64_t
transcript_bytes(const struct transcript *t, enum transcript_kind kind);
/* All output: stdout, stderr and hooks. */
uint64_t transcript_total(const struct transcript *t);

/* SHA-256 of a stream (STDOUT, STDERR, HOOK) that has ended, as hex. */
enum { TRANSCRIPT_SUM = 65 };
const char *transcript_sum(const struct transcript *t,
	enum transcript_kind kind, char out[TRANSCRIPT_SUM]);

/* --------------------------------------------------------------- for stores */

/* How far it goes: taken when entries are on their way to the disk, shown when
 * they are there. */
struct transcript_mark {
	uint64_t last;
	uint64_t bytes[TRANSCRIPT_KINDS];
	bool ended;
};
struct transcript_mark transcript_mark(const struct transcript *t);
void transcript_show(struct transcript *t, const struct transcript_mark *upto);
/* As transcript_total(), with what is not shown yet. */
uint64_t transcript_taken(const struct transcript *t);

/* All that is needed to go on with it after a restart, beside its entries. */
struct transcript_state {
	uint64_t last; /* entry in the keep */
	uint64_t seq;
	struct buf rest; /* packed; a fixed, small size */
};
/* 0 or -ENOMEM; out->rest is added to. */
int transcript_save(const struct transcript *t, struct transcript_state *out);
/* Of a new one: it goes on there, and all of it is shown. An empty `rest`: it
 * has no entry. -EBADMSG: not what transcript_save() made. */
int transcript_restore(
	struct transcript *t, const struct transcript_state *state, bool ended);
/* Of the node's responses, taken up to here. */
uint64_t transcript_seq(const struct transcript *t);

#endif
