/* spool.c - a transcript in memory, and in an unlinked file when it is long
 *
 * Layout: a row of records, each a head and its bytes. The row begins in
 * memory and goes on in the file. A checkpoint every CHECKPOINT_STEP bytes
 * finds an entry by its number without an index of them all; a hint makes
 * reading in order free of searching. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/buf.h"
#include "store/keep.h"

enum {
	HEAD_MAX = 128 << 10, /* kept in memory, per task */
	CHECKPOINT_STEP = 32 << 10,
	WINDOW_SIZE = 256 << 10, /* read from the file at once */
};

struct place { /* where the entry with this number begins */
	uint64_t id;
	uint64_t offset;
};

struct spool {
	struct keep keep; /* first */
	const char *dir;
	struct buf head;
	bool head_full;
	int fd; /* -1 until the head is full */
	uint64_t size; /* of the row */
	struct place hint;
	struct place *checkpoints;
	size_t n_checkpoints, max_checkpoints;
};

/* What was last read from a file. One for all: entries are used before the
 * next read, and readers of one loud task follow each other closely. */
static struct {
	const struct spool *owner;
	uint64_t start;
	size_t len;
	uint8_t *data;
} window;

/* Room for one more, so that nothing can fail after the bytes are written. */
static int
reserve_checkpoint(struct spool *s)
{
	size_t max = s->max_checkpoints ? 2 * s->max_checkpoints : 4;
	struct place *p;

	if (s->n_checkpoints < s->max_checkpoints)
		return 0;
	p = reallocarray(s->checkpoints, max, sizeof *p);
	if (!p)
		return -ENOMEM;
	s->checkpoints = p;
	s->max_checkpoints = max;
	return 0;
}

static void
add_checkpoint(struct spool *s, uint64_t id, uint64_t offset)
{
	const struct place *newest =
		s->n_checkpoints ? &s->checkpoints[s->n_checkpoints - 1] : NULL;

	if (newest && offset - newest->offset < CHECKPOINT_STEP)
		return;
	s->checkpoints[s->n_checkpoints++] = (struct place){ id, offset };
}

static int
write_file(struct spool *s, const struct record *h, const void *data)
{
	size_t total = sizeof *h + h->len, done = 0;

	if (s->fd < 0) {
		s->fd = open(s->dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
		if (s->fd < 0)
			return -errno;
	}
	/* A failure leaves bytes behind the end of the row: harmless, the
	 * next record overwrites them. */
	while (done < total) {
		size_t skip = done > sizeof *h ? done - sizeof *h : 0;
		struct iovec v[2] = {
			{ (char *)(uintptr_t)h + (done < sizeof *h ? done : 0),
				done < sizeof *h ? sizeof *h - done : 0 },
			{ (char *)(uintptr_t)data + skip, h->len - skip },
		};
		ssize_t n = pwritev(
			s->fd, v, 2, (off_t)(s->size - s->head.len + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		done += (size_t)n;
	}
	return 0;
}

static int
spool_add(struct keep *k, uint64_t id, const struct record *h, const void *data)
{
	struct spool *s = (struct spool *)k;
	int r = reserve_checkpoint(s);

	if (r < 0)
		return r;
	if (!s->head_full && s->head.len + sizeof *h + h->len > HEAD_MAX)
		s->head_full = true;
	if (s->head_full) {
		r = write_file(s, h, data);
	} else {
		r = buf_reserve(&s->head, sizeof *h + h->len);
		if (r == 0) {
			(void)buf_add(&s->head, h, sizeof *h); /* has room */
			(void)buf_add(&s->head, data, h->len);
		}
	}
	if (r < 0)
		return r;
	add_checkpoint(s, id, s->size);
	s->size += sizeof *h + h->len;
	return 0;
}

/* ------------------------------------------------------------------ reading */

/* At least `need` bytes of the row at `offset`, from memory or file. */
static int
look(struct spool *s, uint64_t offset, size_t need, const uint8_t **out)
{
	if (offset < s->head.len) {
		*out = s->head.data + offset;
		return 0;
	}
	if (window.owner == s && offset >= window.start &&
		offset + need <= window.start + window.len) {
		*out = window.data + (offset - window.start);
		return 0;
	}
	if (!window.data)
		window.data = malloc(WINDOW_SIZE);
	if (!window.data)
		return -ENOMEM;
	window.owner = s;
	window.start = offset;
	window.len = 0;
	while (window.len < need) {
		ssize_t n = pread(s->fd, window.data + window.len,
			WINDOW_SIZE - window.len,
			(off_t)(offset - s->head.len + window.len));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EIO; /* the file lost what we wrote */
		window.len += (size_t)n;
	}
	/* Behind the end of the row lies nothing, or what a failed write left. */
	if (window.start + window.len > s->size)
		window.len = (size_t)(s->size - window.start);
	*out = window.data;
	return 0;
}

static struct place
nearest_checkpoint(const struct spool *s, uint64_t id)
{
	size_t low = 0, high = s->n_checkpoints;

	while (high - low > 1) {
		size_t mid = low + (high - low) / 2;

		if (s->checkpoints[mid].id <= id)
			low = mid;
		else
			high = mid;
	}
	return s->checkpoints[low];
}

static int
spool_find(struct keep *k, uint64_t id, struct record *h, const uint8_t **data)
{
	struct spool *s = (struct spool *)k;
	struct place at = s->hint;
	const uint8_t *p;
	int r;

	/* The same entry again (a reader in the middle of it), or the next. */
	if (at.id != id && at.id + 1 != id)
		at = nearest_checkpoint(s, id);
	for (;;) {
		r = look(s, at.offset, sizeof *h, &p);
		if (r < 0)
			return r;
		memcpy(h, p, sizeof *h);
		if (at.id == id)
			break;
		at.id++;
		at.offset += sizeof *h + h->len;
	}
	r = look(s, at.offset, sizeof *h + h->len, &p);
	if (r < 0)
		return r;
	*data = p + sizeof *h;
	s->hint = at;
	return 0;
}

static void
spool_free(struct keep *k)
{
	struct spool *s = (struct spool *)k;

	if (window.owner == s)
		window.owner = NULL;
	if (s->fd >= 0)
		(void)close(s->fd);
	buf_done(&s->head);
	free(s->checkpoints);
	free(s);
}

static const struct keep_ops spool_ops = { spool_add, spool_find, spool_free };

struct keep *
spool_new(const char *dir)
{
	struct spool *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->keep.ops = &spool_ops;
	s->dir = dir;
	s->fd = -1;
	s->hint = (struct place){ 1, 0 };
	return &s->keep;
}
