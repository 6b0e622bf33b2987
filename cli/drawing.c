/* drawing.c - events in the order of time, as lines with a line that leads down
 */
#include "cli/drawing.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/text.h"
#include "cli/when.h"

enum {
	SILENCE_MS = 1000, /* from which on it is told */
	OFFSET = 6, /* least width of "+1200" */
	MARGIN = 6, /* " ms", two spaces and the line */
	WORD = 9, /* width of most words */
	GAP = 2, /* before and behind a word */
	ROOM = 20, /* where there is less, nothing is wrapped */
};

struct drawing {
	const struct term *term;
	struct buf *out;
	int offset_width; /* of "+1200" */
	bool utf8;
	int r;
};

static void
put(struct drawing *d, const char *text)
{
	if (d->r == 0)
		d->r = buf_add_text(d->out, text);
}

static void
put_styled(struct drawing *d, enum term_style style, const char *text)
{
	put(d, style == TERM_PLAIN ? "" : term_style(d->term, style));
	put(d, text);
	put(d, style == TERM_PLAIN ? "" : term_style(d->term, TERM_PLAIN));
}

/* The offset and the line that leads down. */
static void
put_margin(struct drawing *d, const char *offset, const char *mark,
	const char *plain_mark)
{
	char text[64];

	(void)snprintf(text, sizeof text, "%*s %s  ", d->offset_width, offset,
		*offset ? "ms" : "  ");
	put_styled(d, TERM_DIM, text);
	put_styled(d, TERM_DIM, d->utf8 ? mark : plain_mark);
}

/* A detail that is too long goes on in the next lines, below itself. */
static void
put_detail(struct drawing *d, const char *detail, size_t column, bool last)
{
	size_t room = d->term->is_tty ? term_width(d->term) : 0;

	room = room > column + ROOM ? room - column : 0;
	while (room && !text_fits(detail, room)) {
		size_t n = text_break(detail, room);

		if (d->r == 0)
			d->r = buf_add(d->out, detail, n);
		put(d, "\n");
		put_margin(d, "", last ? " " : "│", last ? " " : "|");
		if (d->r == 0)
			d->r = buf_printf(d->out, "%*s", GAP + WORD + GAP, "");
		detail += n;
		detail += strspn(detail, " ");
	}
	put(d, detail);
	put(d, "\n");
}

static void
put_event(struct drawing *d, const struct drawing_event *e, int64_t born,
	bool first, bool last)
{
	AUTO_BUF struct buf detail = { 0 };
	AUTO_BUF struct buf word = { 0 };
	const char *mark = last ? "└" : first ? "┬" : "├";
	size_t column = (size_t)d->offset_width + MARGIN + GAP + WORD + GAP;
	char offset[32];

	(void)snprintf(offset, sizeof offset,
		e->at == born ? "%" PRIi64 : "%+" PRIi64, e->at - born);
	put_margin(d, offset, mark, "+");
	if (d->r == 0)
		d->r = term_safe(&word, e->word);
	if (d->r == 0)
		d->r = term_safe(&detail, e->detail);
	put(d, "  ");
	put_styled(d, e->style, buf_text(&word));
	if (d->r == 0 && detail.len)
		d->r = buf_printf(d->out, "%*s",
			GAP + (word.len < WORD ? WORD - (int)word.len : 0), "");
	put_detail(d, buf_text(&detail), column, last);
}

static void
put_silence(struct drawing *d, int64_t ms, const char *what)
{
	char span[WHEN_TEXT];

	put_margin(d, "", "┊", ":");
	put(d, "  ");
	if (what)
		put_styled(d, TERM_BOLD, what);
	if (what && ms >= SILENCE_MS)
		put(d, ", ");
	if (ms >= SILENCE_MS)
		put_styled(d, TERM_DIM, when_span(ms, span));
	put(d, "\n");
}

static void
draw(struct drawing *d, const struct drawing_event *events, size_t n,
	const char *doing, int64_t now_ms)
{
	int64_t at = now_ms;

	for (size_t i = 0; i < n; i++) {
		char offset[32];
		int len = snprintf(offset, sizeof offset, "%+" PRIi64,
			events[i].at - events[0].at);

		if (len > d->offset_width)
			d->offset_width = len;
	}
	for (size_t i = 0; i < n; i++) {
		if (i && events[i].at - at >= SILENCE_MS)
			put_silence(d, events[i].at - at, NULL);
		at = events[i].at;
		put_event(d, &events[i], events[0].at, i == 0,
			!doing && i + 1 == n);
	}
	if (doing)
		put_silence(d, now_ms - at, doing);
}

/* By time, then by what must come first. */
static int
compare(const void *a, const void *b)
{
	const struct drawing_event *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

int
drawing_add(struct buf *out, struct drawing_event *events, size_t n,
	const char *doing, int64_t now_ms, const struct term *term)
{
	struct drawing d = { .term = term,
		.out = out,
		.offset_width = OFFSET,
		.utf8 = text_utf8() };

	if (n)
		qsort(events, n, sizeof *events, compare);
	draw(&d, events, n, doing, now_ms);
	return d.r;
}
