/* output.h - a task's bytes to our stdout and stderr, in order, without waiting
 *
 * What cannot be written now is kept, and what comes behind it too, so that
 * both streams stay in order where they meet. The flags of the descriptors are
 * not touched: others share them. */
#ifndef NODELINK_CLI_OUTPUT_H
#define NODELINK_CLI_OUTPUT_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/limits.h"

struct output_piece;

struct output {
	struct buf bytes;
	struct output_piece *pieces; /* of bytes, in order */
	size_t n_pieces, max_pieces;
	int broken; /* errno of stdout: its bytes are dropped from then on */
	bool mute; /* of stderr: the same, and nobody minds */
};

/* 0 or -ENOMEM. */
int output_add(struct output *o, int fd, const void *data, size_t len);
/* The bytes that a piece of the stream is the base64 of. -EBADMSG: of none, or
 * of more than LIMIT_OUTPUT_CHUNK. */
enum { OUTPUT_PIECE = LIMIT_OUTPUT_CHUNK + 3 };
int output_decode(const char *text, uint8_t out[OUTPUT_PIECE], size_t *n);
/* The same for the bytes that this is the base64 of, at
 * most LIMIT_OUTPUT_CHUNK; -EBADMSG: of none. */
int output_base64(struct output *o, int fd, const char *text);
/* What can be written now. */
void output_flush(struct output *o);
/* What is to be waited for, if anything is kept. */
bool output_waits(const struct output *o, struct pollfd *out);
void output_done(struct output *o);

#endif
