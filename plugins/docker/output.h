/* output.h - from what the engine sends to the task's output
 *
 * The engine must always be read: one whose client does not read hangs, in
 * kill and inspect of that container, too. So what the host has no room for
 * waits here, and the container is paused meanwhile (task.c).
 *
 * After an interruption the container's log is read from its beginning; what
 * had come before is left out, and compared by a checksum, because a log may
 * have been rotated. */
#ifndef NODELINK_DOCKER_OUTPUT_H
#define NODELINK_DOCKER_OUTPUT_H

#include <stdint.h>

#include "docker.h"
#include "frames.h"

enum {
	OUTPUT_HIGH = 1 << 20, /* bytes waiting: pause the container */
	OUTPUT_LOW = 64 << 10, /* it may go on */
	OUTPUT_MAX = 16 << 20, /* read no more, if it could not be paused */
};

struct output {
	struct ndl_task *task;
	struct frames frames;
	struct output_stream {
		char *data; /* waiting: len bytes from `at` */
		size_t at, len, room;
		uint64_t taken, sum; /* of all that has come */
		uint64_t skip, skip_sum; /* of a log: known already */
	} stream[2]; /* stdout, stderr */
	bool gap; /* something is missing */
};

/* A new source; a log repeats what has come before. */
void output_begin(struct output *o, bool tty, bool log);
/* The source is at its end. */
void output_end(struct output *o);
/* 0, -EPROTO, -ENOMEM. */
int output_feed(struct output *o, const char *data, size_t len);
/* The host has room again. */
void output_flush(struct output *o);
size_t output_waiting(const struct output *o);
void output_done(struct output *o);

#endif
