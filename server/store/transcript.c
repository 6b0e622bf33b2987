/* transcript.c - everything one task has said, in order
 *
 * Layout: a row of records, each a header and its bytes. The row begins in
 * memory (head) and goes on in an unlinked file. A checkpoint every
 * CHECKPOINT_STEP bytes finds an entry by its number without an index of them
 * all; a hint makes reading in order free of searching. */
#include "store/transcript.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/utf8.h"

enum {
	HEAD_MAX = 128 << 10, /* kept in memory, per task */
	CHECKPOINT_STEP = 32 << 10,
	WINDOW_SIZE = 256 << 10, /* read from the file at once */
	CARRY_MAX = 3,
};

struct header {
	uint32_t len;
	uint8_t kind, n_carry, cut, reserved;
	uint8_t carry[4];
};

struct place { /* where the entry with this number begins */
	uint64_t id;
	uint64_t offset;
};

struct tail { /* of a stream: the start of a character that goes on */
	uint8_t bytes[CARRY_MAX];
	uint8_t n;
};

struct transcript {
	const char *dir;
	struct buf head;
	bool head_full;
	int fd; /* -1 until the head is full */
	uint64_t size; /* of the row */
	uint64_t last;
	bool ended;
	struct place hint;
	struct place *checkpoints;
	size_t n_checkpoints, max_checkpoints;
	uint64_t bytes[TRANSCRIPT_FINAL + 1];
	struct tail tails[TRANSCRIPT_HOOK + 1];
};

/* What was last read from a file. One for all: entries are used before the
 * next read, and readers of one loud task follow each other closely. */
static struct {
	const struct transcript *owner;
	uint64_t start;
	size_t len;
	uint8_t *data;
} window;

struct transcript *
transcript_new(const char *dir)
{
	struct transcript *t = calloc(1, sizeof *t);

	if (!t)
		return NULL;
	t->dir = dir;
	t->fd = -1;
	t->hint = (struct place){ 1, 0 };
	return t;
}

void
transcript_free(struct transcript *t)
{
	if (!t)
		return;
	if (window.owner == t)
		window.owner = NULL;
	if (t->fd >= 0)
		(void)close(t->fd);
	buf_done(&t->head);
	free(t->checkpoints);
	free(t);
}

/* ---------------------------------------------------------------- appending */

/* Room for one more, so that nothing can fail after the bytes are written. */
static int
reserve_checkpoint(struct transcript *t)
{
	size_t max = t->max_checkpoints ? 2 * t->max_checkpoints : 4;
	struct place *p;

	if (t->n_checkpoints < t->max_checkpoints)
		return 0;
	p = reallocarray(t->checkpoints, max, sizeof *p);
	if (!p)
		return -ENOMEM;
	t->checkpoints = p;
	t->max_checkpoints = max;
	return 0;
}

static void
add_checkpoint(struct transcript *t, uint64_t id, uint64_t offset)
{
	const struct place *newest =
		t->n_checkpoints ? &t->checkpoints[t->n_checkpoints - 1] : NULL;

	if (newest && offset - newest->offset < CHECKPOINT_STEP)
		return;
	t->checkpoints[t->n_checkpoints++] = (struct place){ id, offset };
}

static int
write_file(struct transcript *t, const struct header *h, const void *data)
{
	size_t total = sizeof *h + h->len, done = 0;

	if (t->fd < 0) {
		t->fd = open(t->dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
		if (t->fd < 0)
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
			t->fd, v, 2, (off_t)(t->size - t->head.len + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		done += (size_t)n;
	}
	return 0;
}

static int
write_record(struct transcript *t, const struct header *h, const void *data)
{
	int r = reserve_checkpoint(t);

	if (r < 0)
		return r;
	if (!t->head_full && t->head.len + sizeof *h + h->len > HEAD_MAX)
		t->head_full = true;
	if (t->head_full) {
		r = write_file(t, h, data);
	} else {
		r = buf_reserve(&t->head, sizeof *h + h->len);
		if (r == 0) {
			(void)buf_add(&t->head, h, sizeof *h); /* has room */
			(void)buf_add(&t->head, data, h->len);
		}
	}
	if (r < 0)
		return r;
	add_checkpoint(t, ++t->last, t->size);
	t->size += sizeof *h + h->len;
	t->bytes[h->kind] += h->len;
	return 0;
}

/* Decide how much of this piece reads as text, and what stays for the next
 * piece of its stream. */
static struct tail
split_text(struct header *h, const struct tail *before, const uint8_t *data)
{
	uint8_t end[2 * CARRY_MAX];
	struct tail after = { { 0 }, 0 };
	size_t n = 0, cut;

	if (h->len < CARRY_MAX) {
		memcpy(end, before->bytes, before->n);
		n = before->n;
	}
	for (size_t i = h->len < CARRY_MAX ? 0 : h->len - CARRY_MAX; i < h->len;
		i++)
		end[n++] = data[i];
	cut = utf8_cut(end, n);
	after.n = (uint8_t)cut;
	memcpy(after.bytes, end + n - cut, cut);
	if (cut > h->len) {
		/* Still the same unfinished character: nothing to show. */
		h->n_carry = 0;
		h->cut = (uint8_t)h->len;
		return after;
	}
	h->cut = (uint8_t)cut;
	h->n_carry = before->n;
	memcpy(h->carry, before->bytes, before->n);
	return after;
}

static int
append_output(struct transcript *t, enum transcript_kind kind, const void *data,
	size_t len)
{
	struct header h = { .len = (uint32_t)len, .kind = (uint8_t)kind };
	struct tail after = split_text(&h, &t->tails[kind], data);
	int r = write_record(t, &h, data);

	if (r == 0)
		t->tails[kind] = after;
	return r;
}

/* A stream that ends inside a character shows what there is of it. */
static int
flush_tails(struct transcript *t)
{
	for (int kind = TRANSCRIPT_STDOUT; kind <= TRANSCRIPT_HOOK; kind++) {
		struct tail *tail = &t->tails[kind];
		struct header h = { .kind = (uint8_t)kind, .n_carry = tail->n };
		int r;

		if (!tail->n)
			continue;
		memcpy(h.carry, tail->bytes, tail->n);
		r = write_record(t, &h, "");
		if (r < 0)
			return r;
		tail->n = 0;
	}
	return 0;
}

int
transcript_append(struct transcript *t, enum transcript_kind kind,
	const void *data, size_t len)
{
	struct header h = { .len = (uint32_t)len, .kind = (uint8_t)kind };

	if (t->ended || len > LIMIT_OUTPUT_CHUNK)
		return -EINVAL;
	if (kind <= TRANSCRIPT_HOOK)
		return append_output(t, kind, data, len);
	if (kind != TRANSCRIPT_FINAL)
		return write_record(t, &h, data);
	/* The end is not written, so it cannot fail: readers wait for it. */
	(void)flush_tails(t); /* it counts more than half a character */
	t->last++;
	t->ended = true;
	return 0;
}

/* ------------------------------------------------------------------ reading */

/* At least `need` bytes of the row at `offset`, from memory or file. */
static int
look(struct transcript *t, uint64_t offset, size_t need, const uint8_t **out)
{
	if (offset < t->head.len) {
		*out = t->head.data + offset;
		return 0;
	}
	if (window.owner == t && offset >= window.start &&
		offset + need <= window.start + window.len) {
		*out = window.data + (offset - window.start);
		return 0;
	}
	if (!window.data)
		window.data = malloc(WINDOW_SIZE);
	if (!window.data)
		return -ENOMEM;
	window.owner = t;
	window.start = offset;
	window.len = 0;
	while (window.len < need) {
		ssize_t n = pread(t->fd, window.data + window.len,
			WINDOW_SIZE - window.len,
			(off_t)(offset - t->head.len + window.len));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EIO; /* the file lost what we wrote */
		window.len += (size_t)n;
	}
	/* Behind the end of the row lies nothing, or what a failed write left. */
	if (window.start + window.len > t->size)
		window.len = (size_t)(t->size - window.start);
	*out = window.data;
	return 0;
}

static struct place
nearest_checkpoint(const struct transcript *t, uint64_t id)
{
	size_t low = 0, high = t->n_checkpoints;

	while (high - low > 1) {
		size_t mid = low + (high - low) / 2;

		if (t->checkpoints[mid].id <= id)
			low = mid;
		else
			high = mid;
	}
	return t->checkpoints[low];
}

int
transcript_read(
	struct transcript *t, uint64_t after, struct transcript_entry *out)
{
	struct place at = t->hint;
	const uint8_t *p;
	struct header h;
	int r;

	if (after >= t->last)
		return TRANSCRIPT_NONE;
	if (t->ended && after + 1 == t->last) {
		*out = (struct transcript_entry){ .id = t->last,
			.kind = TRANSCRIPT_FINAL,
			.data = (const uint8_t *)"" };
		return TRANSCRIPT_OK;
	}
	/* The same entry again (a reader in the middle of it), or the next. */
	if (at.id != after + 1 && at.id != after)
		at = nearest_checkpoint(t, after + 1);
	for (;;) {
		r = look(t, at.offset, sizeof h, &p);
		if (r < 0)
			return r;
		memcpy(&h, p, sizeof h);
		if (at.id == after + 1)
			break;
		at.id++;
		at.offset += sizeof h + h.len;
	}
	r = look(t, at.offset, sizeof h + h.len, &p);
	if (r < 0)
		return r;
	out->id = at.id;
	out->kind = (enum transcript_kind)h.kind;
	out->data = p + sizeof h;
	out->len = h.len;
	out->n_carry = h.n_carry;
	out->cut = h.cut;
	memcpy(out->carry, h.carry, sizeof h.carry);
	t->hint = at;
	return TRANSCRIPT_OK;
}

uint64_t
transcript_last(const struct transcript *t)
{
	return t->last;
}

bool
transcript_ended(const struct transcript *t)
{
	return t->ended;
}

uint64_t
transcript_bytes(const struct transcript *t, enum transcript_kind kind)
{
	return t->bytes[kind];
}
