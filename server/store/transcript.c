/* transcript.c - everything one task has said, in order */
#include "store/transcript.h"

#include <endian.h>
#include <errno.h>
#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "store/keep.h"

enum { CARRY_MAX = 3, STREAMS = TRANSCRIPT_HOOK + 1 };

struct tail { /* of a stream: the start of a character that goes on */
	uint8_t bytes[CARRY_MAX];
	uint8_t n;
};

struct transcript {
	struct keep *keep; /* own */
	struct transcript_mark now; /* with what is not stored yet */
	struct transcript_mark shown;
	uint64_t seq;
	struct tail tails[STREAMS];
	struct sha256_ctx sums[STREAMS];
};

struct transcript *
transcript_new(struct keep *take_keep)
{
	struct transcript *t = take_keep ? calloc(1, sizeof *t) : NULL;

	if (!t) {
		if (take_keep)
			take_keep->ops->free(take_keep);
		return NULL;
	}
	t->keep = take_keep;
	for (int kind = TRANSCRIPT_STDOUT; kind < STREAMS; kind++)
		sha256_init(&t->sums[kind]);
	return t;
}

void
transcript_free(struct transcript *t)
{
	if (!t)
		return;
	t->keep->ops->free(t->keep);
	free(t);
}

/* ---------------------------------------------------------------- appending */

static int
add(struct transcript *t, struct record *h, const void *data)
{
	int r;

	h->dated = 1;
	h->at_ms = clock_wall_ms();
	r = t->keep->ops->add(t->keep, t->now.last + 1, h, data);

	if (r < 0)
		return r;
	t->now.last++;
	t->now.bytes[h->kind] += h->len;
	return 0;
}

/* Decide how much of this piece reads as text, and what stays for the next
 * piece of its stream. */
static struct tail
split_text(struct record *h, const struct tail *before, const uint8_t *data)
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
	struct record h = { .len = (uint32_t)len, .kind = (uint8_t)kind };
	struct tail after = split_text(&h, &t->tails[kind], data);
	int r = add(t, &h, data);

	if (r < 0)
		return r;
	t->tails[kind] = after;
	sha256_update(&t->sums[kind], len, data);
	return 0;
}

/* A stream that ends inside a character shows what there is of it. */
static int
flush_tails(struct transcript *t)
{
	for (int kind = TRANSCRIPT_STDOUT; kind <= TRANSCRIPT_HOOK; kind++) {
		struct tail *tail = &t->tails[kind];
		struct record h = { .kind = (uint8_t)kind, .n_carry = tail->n };
		int r;

		if (!tail->n)
			continue;
		memcpy(h.carry, tail->bytes, tail->n);
		r = add(t, &h, "");
		if (r < 0)
			return r;
		tail->n = 0;
	}
	return 0;
}

static int
append(struct transcript *t, enum transcript_kind kind, const void *data,
	size_t len)
{
	struct record h = { .len = (uint32_t)len, .kind = (uint8_t)kind };

	if (kind <= TRANSCRIPT_HOOK)
		return append_output(t, kind, data, len);
	if (kind != TRANSCRIPT_FINAL)
		return add(t, &h, data);
	/* The end is not written, so it cannot fail: readers wait for it. */
	(void)flush_tails(t); /* it counts more than half a character */
	t->now.last++;
	t->now.ended = true;
	return 0;
}

int
transcript_append(struct transcript *t, enum transcript_kind kind,
	const void *data, size_t len, uint64_t seq)
{
	int r;

	if (t->now.ended || len > LIMIT_OUTPUT_CHUNK)
		return -EINVAL;
	if (seq && seq <= t->seq && kind != TRANSCRIPT_FINAL)
		return 0;
	r = append(t, kind, data, len);
	if (r == 0 && seq > t->seq)
		t->seq = seq;
	return r;
}

/* ------------------------------------------------------------------ readers */

int
transcript_read(
	struct transcript *t, uint64_t after, struct transcript_entry *out)
{
	struct record h;
	const uint8_t *data;
	int r;

	if (after >= t->shown.last)
		return TRANSCRIPT_NONE;
	if (t->shown.ended && after + 1 == t->shown.last) {
		*out = (struct transcript_entry){ .id = t->shown.last,
			.kind = TRANSCRIPT_FINAL,
			.data = (const uint8_t *)"" };
		return TRANSCRIPT_OK;
	}
	r = t->keep->ops->find(t->keep, after + 1, &h, &data);
	if (r < 0)
		return r;
	out->id = after + 1;
	out->kind = (enum transcript_kind)h.kind;
	out->data = data;
	out->len = h.len;
	out->n_carry = h.n_carry;
	out->cut = h.cut;
	out->at_ms = h.dated ? h.at_ms : 0;
	memcpy(out->carry, h.carry, sizeof h.carry);
	return TRANSCRIPT_OK;
}

uint64_t
transcript_last(const struct transcript *t)
{
	return t->shown.last;
}

bool
transcript_ended(const struct transcript *t)
{
	return t->shown.ended;
}

uint64_t
transcript_bytes(const struct transcript *t, enum transcript_kind kind)
{
	return t->shown.bytes[kind];
}

static uint64_t
output_of(const struct transcript_mark *m)
{
	return m->bytes[TRANSCRIPT_STDOUT] + m->bytes[TRANSCRIPT_STDERR] +
	       m->bytes[TRANSCRIPT_HOOK];
}

uint64_t
transcript_total(const struct transcript *t)
{
	return output_of(&t->shown);
}

const char *
transcript_sum(const struct transcript *t, enum transcript_kind kind,
	char out[TRANSCRIPT_SUM])
{
	static const char hex[] = "0123456789abcdef";
	struct sha256_ctx sum = t->sums[kind];
	uint8_t digest[SHA256_DIGEST_SIZE];

	sha256_digest(&sum, sizeof digest, digest);
	for (size_t i = 0; i < sizeof digest; i++) {
		out[2 * i] = hex[digest[i] >> 4];
		out[2 * i + 1] = hex[digest[i] & 15];
	}
	out[2 * sizeof digest] = 0;
	return out;
}

/* --------------------------------------------------------------- for stores */

struct transcript_mark
transcript_mark(const struct transcript *t)
{
	return t->now;
}

void
transcript_show(struct transcript *t, const struct transcript_mark *upto)
{
	t->shown = *upto;
}

uint64_t
transcript_taken(const struct transcript *t)
{
	return output_of(&t->now);
}

uint64_t
transcript_seq(const struct transcript *t)
{
	return t->seq;
}

/* One stream's part of the packed state: little-endian, in this order, since
 * it goes into a database that may move to another machine. The unfinished sum
 * is what the standard defines: chaining value, blocks, the block begun. */
struct packed_stream {
	uint64_t bytes;
	uint64_t blocks;
	uint32_t chain[SHA256_DIGEST_SIZE / 4];
	uint8_t block[SHA256_BLOCK_SIZE];
	uint8_t in_block;
	uint8_t n_tail;
	uint8_t tail[CARRY_MAX];
	uint8_t reserved[3];
};
_Static_assert(sizeof(struct packed_stream) == 120, "it is a file format");

int
transcript_save(const struct transcript *t, struct transcript_state *out)
{
	struct packed_stream all[STREAMS - 1] = { 0 };

	for (int i = 0; i < STREAMS - 1; i++) {
		struct packed_stream *p = &all[i];
		const struct sha256_ctx *sum = &t->sums[i + 1];

		p->bytes = htole64(t->now.bytes[i + 1]);
		p->blocks = htole64(sum->count);
		for (size_t n = 0; n < ARRAY_SIZE(p->chain); n++)
			p->chain[n] = htole32(sum->state[n]);
		memcpy(p->block, sum->block, sum->index);
		p->in_block = (uint8_t)sum->index;
		p->n_tail = t->tails[i + 1].n;
		memcpy(p->tail, t->tails[i + 1].bytes, CARRY_MAX);
	}
	out->last = t->now.last - t->now.ended;
	out->seq = t->seq;
	return buf_add(&out->rest, all, sizeof all);
}

int
transcript_restore(
	struct transcript *t, const struct transcript_state *state, bool ended)
{
	struct packed_stream all[STREAMS - 1];
	/* One that has said nothing was never saved. */
	int streams = state->rest.len ? STREAMS - 1 : 0;

	if (streams && state->rest.len != sizeof all)
		return -EBADMSG;
	if (streams)
		memcpy(all, state->rest.data, sizeof all);
	for (int i = 0; i < streams; i++) {
		const struct packed_stream *p = &all[i];
		struct sha256_ctx *sum = &t->sums[i + 1];

		if (p->in_block >= SHA256_BLOCK_SIZE || p->n_tail > CARRY_MAX)
			return -EBADMSG;
		t->now.bytes[i + 1] = le64toh(p->bytes);
		sum->count = le64toh(p->blocks);
		for (size_t n = 0; n < ARRAY_SIZE(p->chain); n++)
			sum->state[n] = le32toh(p->chain[n]);
		memcpy(sum->block, p->block, sizeof p->block);
		sum->index = p->in_block;
		t->tails[i + 1].n = p->n_tail;
		memcpy(t->tails[i + 1].bytes, p->tail, CARRY_MAX);
	}
	t->now.last = state->last + ended;
	t->now.ended = ended;
	t->seq = state->seq;
	t->shown = t->now;
	return 0;
}
