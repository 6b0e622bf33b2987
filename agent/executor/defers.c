/* defers.c - what a running task has registered to be run after its end */
#include "executor/defers.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Whatever is behind it cannot be within the limits. */
#define TEXT_MAX ((size_t)LIMIT_DEFERS * (LIMIT_HOOK_CMD + 1))

static int
read_some(int fd, struct buf *out, size_t max)
{
	int r = buf_reserve(out, max);

	while (r == 0 && out->len < max) {
		ssize_t n = pread(fd, out->data + out->len, max - out->len,
			(off_t)out->len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		out->len += (size_t)n;
	}
	if (r == 0)
		out->data[out->len] = 0;
	return r;
}

static int
check_line(const char *line, size_t len)
{
	if (len > LIMIT_HOOK_CMD)
		return E2BIG;
	return memchr(line, 0, len) ? EINVAL : 0;
}

/* Lines become strings where they are. */
static void
split(struct defers *d, bool is_all)
{
	char *line = (char *)d->text.data;
	char *end = line + d->text.len;

	while (line < end && d->n < LIMIT_DEFERS) {
		char *stop = memchr(line, '\n', (size_t)(end - line));
		size_t len = (size_t)((stop ? stop : end) - line);
		int refused = check_line(line, len);

		if (!stop && !refused)
			refused = EBADMSG;
		line[len] = 0;
		if (len)
			d->list[d->n++] = (struct defer){ line, refused };
		line += len + (stop ? 1 : 0);
		if (!stop)
			line = end;
	}
	if (line < end || !is_all)
		d->list[d->n++] =
			(struct defer){ line < end ? line : "", EFBIG };
}

int
defers_read(int fd, uint64_t size, struct defers **out)
{
	bool is_all = size <= TEXT_MAX;
	AUTO(defers_free) struct defers *d = NULL;
	int r;

	*out = NULL;
	if (size == 0)
		return 0;
	d = calloc(1, sizeof *d);
	if (!d)
		return -ENOMEM;
	r = read_some(fd, &d->text, is_all ? (size_t)size : TEXT_MAX);
	if (r < 0)
		return r;
	split(d, is_all);
	if (d->n)
		*out = TAKE(d);
	return 0;
}

void
defers_free(struct defers *d)
{
	if (!d)
		return;
	buf_done(&d->text);
	free(d);
}
