/* defers.h - what a running task has registered to be run after its end
 *
 * The file is the task's own and may hold anything: it is read once, up to
 * what the limits allow, through a descriptor that was opened when the task
 * began. A line that is not run is told apart, never dropped silently. */
#ifndef NODELINK_EXECUTOR_DEFERS_H
#define NODELINK_EXECUTOR_DEFERS_H

#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/limits.h"

struct defer {
	const char *cmd; /* in text; of a refused one only its beginning */
	int refused; /* 0; EINVAL: a NUL in it; E2BIG: too long; EBADMSG: no
			end of line; EFBIG: this and all that follow are too
			many */
};

struct defers {
	size_t n;
	struct buf text;
	struct defer list[LIMIT_DEFERS + 1]; /* as in the file */
};

/* The first `size` bytes of the file. 0 with *out NULL when there is nothing;
 * or -errno. */
int defers_read(int fd, uint64_t size, struct defers **out);
void defers_free(struct defers *d);
AUTO_DEFINE(struct defers *, defers_free)

#endif
