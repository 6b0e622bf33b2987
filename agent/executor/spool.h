/* spool.h - an executor's file for what does not stay in memory
 *
 * One unlinked file, written at its end only, in runs that begin on blocks of
 * their own: so a dropped run gives its space back whatever lies around it, and
 * nothing can fragment. When all runs are dropped the file is empty. It knows
 * nothing of what it keeps; outbox.c does. */
#ifndef NODELINK_EXECUTOR_SPOOL_H
#define NODELINK_EXECUTOR_SPOOL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/auto.h"

struct spool;

struct spool_run {
	uint64_t offset;
	size_t size; /* never 0 of a run that was written */
};

/* In that folder, borrowed; the file is made when it is needed. At most `limit`
 * bytes of disk. NULL: out of memory. */
struct spool *spool_new(const char *folder, uint64_t limit);
void spool_free(struct spool *s);
AUTO_DEFINE(struct spool *, spool_free)

/* All of it as one run, or nothing: SPOOL_FULL is the limit, -errno a disk that
 * does not take it. iov is changed. */
enum { SPOOL_OK, SPOOL_FULL };
int
spool_write(struct spool *s, struct iovec *iov, int n, struct spool_run *out);
/* `len` bytes of the run, from `at` on, valid until the next call. 0 or
 * -errno. Runs are best read in order. */
int spool_read(struct spool *s, const struct spool_run *run, size_t at,
	size_t len, const uint8_t **out);
void spool_drop(struct spool *s, const struct spool_run *run);

/* Bytes of disk in use, as the limit counts them. */
uint64_t spool_used(const struct spool *s);

#endif
