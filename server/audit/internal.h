/* internal.h - what the files of server/audit share
 *
 *	audit.c		the log of this process: note, reopen, trouble
 *	line.c		an event as text
 *	chain.c		number and hash of the last line, PATH.head
 *	tail.c		the end of a log that another process has left
 *	own.c		how its files are opened
 *	sync.c		the thread that waits for the disk
 *	verify.c	reading it all again */
#ifndef NODELINK_AUDIT_INTERNAL_H
#define NODELINK_AUDIT_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

#include "audit/audit.h"

enum {
	CHAIN_HASH = 65, /* hex, with NUL */
	AUDIT_LINE = 16 << 10, /* no line is longer */
};

/* The last number of a line: what is read and what is written have one end. */
#define CHAIN_LAST ((uint64_t)INT64_MAX)

/* ------------------------------------------------------------------- chain */

struct chain { /* of the last line; before the first: 0, zeros */
	uint64_t seq;
	char hash[CHAIN_HASH];
};

void chain_init(struct chain *chain);
/* The SHA-256 of a line without its end, as hex. */
void chain_hash(const void *line, size_t len, char out[CHAIN_HASH]);

/* PATH.head. -ENODATA: empty; -EBADMSG: not what we write. */
int chain_read(int fd, struct chain *out);
int chain_write(int fd, const struct chain *chain);

/* What a line says of the chain: its own number, the hash of the one before.
 * -EBADMSG with text: it is no event. */
struct chain_line {
	uint64_t seq;
	char prev[CHAIN_HASH];
};
int chain_parse(
	const char *line, size_t len, struct chain_line *out, struct err *err);

/* -------------------------------------------------------------------- line */

struct buf;

/* The line behind `chain`, without its end. As emit_done(); -EOVERFLOW behind
 * CHAIN_LAST. */
int line_make(const struct audit_event *event, const struct chain *chain,
	uint64_t omitted, uint64_t lost, struct buf *out);

/* -------------------------------------------------------------------- tail */

/* The last whole line as *out, and the bytes of a torn one behind it; seq 0:
 * the file has no whole line. -EBADMSG with text: what stands there is none of
 * ours. */
int tail_read(int fd, struct chain *out, size_t *torn, struct err *err);

/* Where the chain ends; *why says what is wrong with that, or stays as it is.
 * The head knows better than a file that is new or was cut, the file better
 * than a head that a crash has left behind. */
void tail_end(const char *path, int head_fd, const struct chain *last,
	struct chain *out, struct err *why);

/* --------------------------------------------------------------------- own */

/* A descriptor, or -errno with text: others may open it, or it is no file. Made
 * when it is not there; then it belongs to the owner of its folder, for a
 * command of root's may be the first to write. */
int own_open(const char *path, int flags, struct err *err);

/* -------------------------------------------------------------------- sync */

struct sync;

/* failed(arg) on the loop's thread when one did not reach the disk. */
int sync_new(struct loop *loop, loop_fn *failed, void *arg, struct sync **out);
/* fdatasync() and close() on the other thread. */
void sync_add(struct sync *sync, int take_fd);
/* What the last one that failed said. */
int sync_error(struct sync *sync);
/* After all of them. */
void sync_free(struct sync *sync);

#endif
