/* sqlite_pages.c - transcripts as pages: in memory, and read back
 *
 * A page is what one task has said between two batches, and one row of
 * output.db. The newest pages stay in memory for those who watch; what is
 * older is read back, as much at once as the window holds. */
#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "store/sqlite.h"

enum { WINDOW_MAX = 256 << 10 };

/* ------------------------------------------------------------------- records */

/* What stands before an entry's bytes in a page, little-endian. Servers before
 * version 2 of output.db have written it without the time. */
struct packed {
	uint32_t len;
	uint8_t kind, n_carry, cut, dated;
	uint8_t carry[4];
	uint8_t at_ms[8];
};
enum {
	UNDATED = offsetof(struct packed, at_ms),
	DATED = sizeof(struct packed),
};
_Static_assert(UNDATED == 12 && DATED == 20, "it is a file format");

static void
pack(const struct record *h, struct packed *out)
{
	uint64_t at = htole64((uint64_t)h->at_ms);

	*out = (struct packed){ .len = htole32(h->len),
		.kind = h->kind,
		.n_carry = h->n_carry,
		.cut = h->cut,
		.dated = 1 };
	memcpy(out->carry, h->carry, sizeof out->carry);
	memcpy(out->at_ms, &at, sizeof at);
}

/* How long it is; 0: it is none. */
static size_t
unpack(const uint8_t *data, size_t len, struct record *out)
{
	struct packed p = { 0 };
	uint64_t at;
	size_t n = len < UNDATED			  ? 0
		   : data[offsetof(struct packed, dated)] ? DATED
							  : UNDATED;

	if (!n || len < n)
		return 0;
	memcpy(&p, data, n);
	memcpy(&at, p.at_ms, sizeof at);
	*out = (struct record){ .len = le32toh(p.len),
		.kind = p.kind,
		.n_carry = p.n_carry,
		.cut = p.cut,
		.dated = p.dated,
		.at_ms = (int64_t)le64toh(at) };
	memcpy(out->carry, p.carry, sizeof out->carry);
	return n;
}

/* ------------------------------------------------------------------- writing */

static int
add_page(struct kept *k, uint64_t id)
{
	struct page *p = calloc(1, sizeof *p);

	if (!p)
		return -ENOMEM;
	p->first = id;
	DL_APPEND(k->pages, p);
	if (!k->unsent)
		k->unsent = p;
	return 0;
}

static int
pages_add(struct keep *keep, uint64_t id, const struct record *h,
	const void *data)
{
	struct kept *k = (struct kept *)keep;
	struct page *last = k->pages ? k->pages->prev : NULL;
	struct packed le;
	int r = 0;

	if (!last || last->sealed || last->data.len + h->len > PAGE_MAX)
		r = add_page(k, id);
	if (r < 0)
		return r;
	last = k->pages->prev;
	r = buf_reserve(&last->data, sizeof le + h->len);
	if (r < 0)
		return r; /* an empty page takes the next one's first entry */
	pack(h, &le);
	(void)buf_add(&last->data, &le, sizeof le); /* has room */
	(void)buf_add(&last->data, data, h->len);
	k->s->held += sizeof le + h->len;
	batch_dirty(k);
	return 0;
}

size_t
pages_seal(struct kept *k, struct page **first, struct page **last)
{
	size_t bytes = 0;

	*first = k->unsent;
	*last = k->unsent ? k->pages->prev : NULL;
	for (struct page *p = k->unsent; p; p = p->next) {
		p->sealed = true;
		bytes += p->data.len;
	}
	k->unsent = NULL;
	return bytes;
}

static void
drop_page(struct kept *k, struct page *p)
{
	if (k->hint.page == p)
		k->hint.page = NULL;
	DL_DELETE(k->pages, p);
	buf_done(&p->data);
	free(p);
}

void
pages_stored(struct kept *k, size_t bytes)
{
	k->cached += bytes;
	while (k->cached > CACHE_MAX) {
		k->cached -= k->pages->data.len;
		drop_page(k, k->pages);
	}
}

/* ------------------------------------------------------------------- reading */

/* Walk in a row of records, from the entry `*at` at *offset to entry id.
 * -EBADMSG: it is not what we have written. */
static int
walk(const struct buf *row, uint64_t *at, size_t *offset, uint64_t id,
	struct record *h, const uint8_t **data)
{
	for (;;) {
		size_t left = row->len - *offset;
		size_t n = unpack(row->data + *offset, left, h);

		if (!n || left - n < h->len)
			return -EBADMSG;
		*data = row->data + *offset + n;
		if (*at == id)
			return 0;
		++*at;
		*offset += n + h->len;
	}
}

static struct page *
page_with(const struct kept *k, uint64_t id)
{
	struct page *p = k->hint.page;

	/* Readers go on where they were; else the newest is the likeliest. */
	if (p && p->first <= id && (!p->next || p->next->first > id))
		return p;
	if (p && p->next && p->next->first == id)
		return p->next;
	p = k->pages ? k->pages->prev : NULL;
	while (p && p->first > id)
		p = p == k->pages ? NULL : p->prev;
	return p;
}

/* As many rows as the window holds, from the one with entry id on. */
static int
fill_window(struct kept *k, uint64_t id)
{
	struct window *w = &k->s->window;
	sqlite3_stmt *st = k->s->read_pages;
	int r = 0;

	buf_clear(&w->data);
	*w->task = 0;
	(void)sqlite3_bind_text(st, 1, k->task->id, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(st, 2, (int64_t)id); /* else nothing found */
	while (r == 0 && w->data.len < WINDOW_MAX &&
		sqlite3_step(st) == SQLITE_ROW) {
		if (!w->data.len)
			w->first = (uint64_t)sqlite3_column_int64(st, 0);
		r = buf_add(&w->data, sqlite3_column_blob(st, 1),
			(size_t)sqlite3_column_bytes(st, 1));
	}
	if (r == 0 && !w->data.len)
		r = db_errno(k->s->db.output);
	(void)sqlite3_reset(st);
	if (r < 0 || !w->data.len)
		return r < 0 ? r : -ENOENT; /* forgotten while it was read */
	memcpy(w->task, k->task->id, sizeof w->task);
	w->hint = w->first;
	w->hint_offset = 0;
	return 0;
}

static int
find_stored(struct kept *k, uint64_t id, struct record *h, const uint8_t **data)
{
	struct window *w = &k->s->window;
	int r = -EBADMSG;

	for (int round = 0; round < 2 && r == -EBADMSG; round++) {
		if (round || strcmp(w->task, k->task->id) != 0 ||
			id < w->first) {
			r = fill_window(k, id);
			if (r < 0)
				return r;
			round = 1;
		}
		if (id < w->hint) {
			w->hint = w->first;
			w->hint_offset = 0;
		}
		r = walk(&w->data, &w->hint, &w->hint_offset, id, h, data);
	}
	if (r < 0)
		*w->task = 0; /* its hint is behind its end */
	return r;
}

static int
pages_find(
	struct keep *keep, uint64_t id, struct record *h, const uint8_t **data)
{
	struct kept *k = (struct kept *)keep;
	struct page *p = page_with(k, id);

	if (!p)
		return find_stored(k, id, h, data);
	if (k->hint.page != p || k->hint.id > id) {
		k->hint.page = p;
		k->hint.id = p->first;
		k->hint.offset = 0;
	}
	return walk(&p->data, &k->hint.id, &k->hint.offset, id, h, data);
}

/* ---------------------------------------------------------------------- life */

static void
pages_free(struct keep *keep)
{
	struct kept *k = (struct kept *)keep;

	/* All of these are held by references to the task. */
	assert(!k->dirty && !k->flying && !k->listed && !k->waiters);
	for (struct page *p = k->unsent; p; p = p->next)
		k->s->held -= p->data.len;
	while (k->pages)
		drop_page(k, k->pages);
	free(k->key);
	free(k);
}

static const struct keep_ops pages_ops = { pages_add, pages_find, pages_free };

struct kept *
kept_new(struct sqlite *s, struct task *t)
{
	struct kept *k = calloc(1, sizeof *k);

	if (!k)
		return NULL;
	k->keep.ops = &pages_ops;
	k->s = s;
	k->task = t;
	t->transcript = transcript_new(&k->keep); /* frees k if it fails */
	t->kept = t->transcript ? k : NULL;
	return t->kept;
}

int
pages_prepare(struct sqlite *s)
{
	return db_prepare(s->db.output,
		"SELECT first, data FROM page WHERE task=?1 AND first >= "
		"(SELECT max(first) FROM page WHERE task=?1 AND first <= ?2) "
		"ORDER BY first",
		&s->read_pages);
}
