/* frames.c - what an engine sends as output, taken apart */
#include "frames.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "docker.h"

enum { FRAME_MAX = 1 << 20 }; /* 32 KiB is the longest that was seen */

static int
read_head(struct frames *f)
{
	const unsigned char *h = f->head;
	uint32_t len = (uint32_t)h[4] << 24 | (uint32_t)h[5] << 16 |
		       (uint32_t)h[6] << 8 | h[7];

	/* 0 is stdin, echoed; 3 a text of the engine about the stream itself. */
	if (h[0] > NDL_ERR || h[1] || h[2] || h[3] || len > FRAME_MAX)
		return -EPROTO;
	f->left = len;
	return 0;
}

int
frames_feed(struct frames *f, const char *data, size_t len, frames_fn *fn,
	void *arg)
{
	int r = 0;

	if (f->raw)
		return fn(arg, NDL_OUT, data, len);
	while (len && r == 0) {
		size_t n = f->left ? f->left : sizeof f->head - f->n_head;

		n = n < len ? n : len;
		if (f->left) {
			r = fn(arg, f->head[0] == NDL_ERR ? NDL_ERR : NDL_OUT,
				data, n);
			f->left -= n;
		} else {
			memcpy(f->head + f->n_head, data, n);
			f->n_head = (f->n_head + n) % sizeof f->head;
			r = f->n_head ? 0 : read_head(f);
		}
		data += n;
		len -= n;
	}
	return r;
}
