/* spool.c - an executor's file for what does not stay in memory */
#include "executor/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fd.h"

enum {
	BLOCK = 4096, /* what file systems give back */
	AHEAD = 256 << 10, /* read at once, when so much follows */
};

struct spool {
	const char *folder;
	int fd; /* -1: not made yet */
	uint64_t limit, used, end;
	size_t runs;
	uint8_t *buf; /* the file from buf_at on */
	uint64_t buf_at;
	size_t buf_len, buf_cap;
};

struct spool *
spool_new(const char *folder, uint64_t limit)
{
	struct spool *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->folder = folder;
	s->limit = limit;
	s->fd = -1;
	return s;
}

void
spool_free(struct spool *s)
{
	if (!s)
		return;
	if (s->fd >= 0)
		(void)close(s->fd);
	free(s->buf);
	free(s);
}

uint64_t
spool_used(const struct spool *s)
{
	return s->used;
}

static uint64_t
on_disk(size_t size)
{
	return ((uint64_t)size + BLOCK - 1) / BLOCK * BLOCK;
}

/* ------------------------------------------------------------------- write */

static int
write_all(int fd, struct iovec *iov, int n, uint64_t at)
{
	while (n) {
		ssize_t done = pwritev(fd, iov, n, (off_t)at);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		at += (uint64_t)done;
		while (n && (size_t)done >= iov->iov_len) {
			done -= (ssize_t)iov->iov_len;
			iov++;
			n--;
		}
		if (n) {
			iov->iov_base = (char *)iov->iov_base + done;
			iov->iov_len -= (size_t)done;
		}
	}
	return 0;
}

int
spool_write(struct spool *s, struct iovec *iov, int n, struct spool_run *out)
{
	size_t size = 0;
	int r;

	for (int i = 0; i < n; i++)
		size += iov[i].iov_len;
	if (s->limit < s->used || s->limit - s->used < on_disk(size))
		return SPOOL_FULL;
	if (s->fd < 0) {
		r = fd_open(s->folder, O_TMPFILE | O_RDWR);
		if (r < 0)
			return r;
		s->fd = r;
	}
	/* What a failure leaves lies behind the end: the next one takes its
	 * place. */
	r = write_all(s->fd, iov, n, s->end);
	if (r < 0)
		return r;
	*out = (struct spool_run){ s->end, size };
	s->end += on_disk(size);
	s->used += on_disk(size);
	s->runs++;
	return SPOOL_OK;
}

/* -------------------------------------------------------------------- read */

static int
fill(struct spool *s, uint64_t at, size_t len)
{
	if (len > s->buf_cap) {
		uint8_t *more = realloc(s->buf, len);

		if (!more)
			return -ENOMEM;
		s->buf = more;
		s->buf_cap = len;
	}
	s->buf_at = at;
	s->buf_len = 0;
	while (s->buf_len < len) {
		ssize_t n = pread(s->fd, s->buf + s->buf_len, len - s->buf_len,
			(off_t)(at + s->buf_len));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		s->buf_len += (size_t)n;
	}
	return 0;
}

int
spool_read(struct spool *s, const struct spool_run *run, size_t at, size_t len,
	const uint8_t **out)
{
	uint64_t from = run->offset + at;
	size_t left = run->size - at, ahead = left < AHEAD ? left : AHEAD;
	int r = 0;

	if (at > run->size || len > left)
		return -EIO; /* the file is not what we wrote */
	if (from < s->buf_at || from + len > s->buf_at + s->buf_len)
		r = fill(s, from, len > ahead ? len : ahead);
	if (r == 0)
		*out = s->buf + (from - s->buf_at);
	return r;
}

/* -------------------------------------------------------------------- drop */

void
spool_drop(struct spool *s, const struct spool_run *run)
{
	if (--s->runs == 0) {
		if (ftruncate(s->fd, 0) < 0) {
			(void)close(s->fd); /* a new one, then */
			s->fd = -1;
		}
		s->end = s->used = 0;
		s->buf_len = 0; /* other bytes will be there */
		return;
	}
	/* Where a file cannot have holes the space comes back with the last. */
	if (fallocate(s->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		    (off_t)run->offset, (off_t)on_disk(run->size)) == 0)
		s->used -= on_disk(run->size);
}
