/* frames.h - what an engine sends as output: stdout and stderr in one stream
 *
 * Eight bytes (stream, 0, 0, 0, length as big-endian 32 bits), then so many
 * bytes of it. A frame is not a line. With a terminal there are no frames. */
#ifndef NODELINK_DOCKER_FRAMES_H
#define NODELINK_DOCKER_FRAMES_H

#include <stdbool.h>
#include <stddef.h>

struct frames {
	bool raw; /* of a terminal */
	unsigned char head[8];
	size_t n_head; /* of its bytes are here */
	size_t left; /* of the frame's payload */
};

/* stream: NDL_OUT or NDL_ERR. Negative results are passed on. */
typedef int frames_fn(void *arg, unsigned stream, const char *data, size_t len);

/* Any piece of the stream, cut anywhere. 0, -EPROTO when it makes no sense
 * (nothing more can be read then), or what fn returned. */
int frames_feed(struct frames *f, const char *data, size_t len, frames_fn *fn,
	void *arg);

#endif
