/* table.c - columns of text for people */
#include "cli/table.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/term.h"
#include "cli/text.h"

enum {
	GAP = 2,
	LEAST = 8, /* columns that one which gives keeps */
	/* Wider than any but the last makes the others: what a stranger says
	 * in one row is not paid for with spaces in all of them. */
	WIDEST = 128,
};

struct cell {
	size_t at; /* in table.texts, ended by NUL */
	const char *style;
};

struct table {
	const struct table_column *columns;
	size_t n_columns, n_rows;
	bool titled;
	struct buf texts;
	struct buf cells; /* struct cell, row by row */
	size_t widths[TABLE_COLUMNS];
};

/* Titles are the row before the first. */
struct table *
table_new(const struct table_column *columns, size_t n)
{
	AUTO(table_free) struct table *t = calloc(1, sizeof *t);
	struct table_cell titles[TABLE_COLUMNS] = { { 0 } };

	assert(n >= 1 && n <= TABLE_COLUMNS);
	if (!t)
		return NULL;
	t->columns = columns;
	t->n_columns = n;
	t->titled = columns[0].title != NULL;
	for (size_t i = 0; i < n; i++)
		titles[i].text = columns[i].title;
	if (t->titled && table_row(t, titles) < 0)
		return NULL;
	return TAKE(t);
}

void
table_free(struct table *t)
{
	if (!t)
		return;
	buf_done(&t->texts);
	buf_done(&t->cells);
	free(t);
}

int
table_row(struct table *t, const struct table_cell *cells)
{
	for (size_t i = 0; i < t->n_columns; i++) {
		struct cell cell = { t->texts.len, cells[i].style };
		size_t width;

		if (term_safe(&t->texts, cells[i].text ? cells[i].text : "") <
				0 ||
			buf_add(&t->texts, "", 1) < 0 ||
			buf_add(&t->cells, &cell, sizeof cell) < 0)
			return -ENOMEM;
		width = text_width((const char *)t->texts.data + cell.at);
		if (width > WIDEST && i + 1 < t->n_columns)
			width = WIDEST;
		if (width > t->widths[i])
			t->widths[i] = width;
	}
	t->n_rows++;
	return 0;
}

size_t
table_rows(const struct table *t)
{
	return t->n_rows - t->titled;
}

/* Cuts the columns that give, the widest first, until all fits or they are as
 * narrow as they get. */
static void
fit(const struct table *t, size_t width, size_t widths[TABLE_COLUMNS])
{
	size_t total = GAP * (t->n_columns - 1);

	for (size_t i = 0; i < t->n_columns; i++)
		total += widths[i];
	while (total > width) {
		size_t widest = TABLE_COLUMNS;

		for (size_t i = 0; i < t->n_columns; i++)
			if (t->columns[i].gives && widths[i] > LEAST &&
				(widest == TABLE_COLUMNS ||
					widths[i] > widths[widest]))
				widest = i;
		if (widest == TABLE_COLUMNS)
			return;
		widths[widest]--;
		total--;
	}
}

static int
pad(struct buf *out, size_t n)
{
	int r = 0;

	while (n-- && r == 0)
		r = buf_add(out, " ", 1);
	return r;
}

static int
put_cell(struct buf *out, const char *text, const char *style, size_t width,
	bool right, bool last, const struct table_form *form)
{
	AUTO_BUF struct buf cut = { 0 };
	size_t used = text_width(text), room;
	int r = form->width && used > width
			? text_add_cut(&cut, text, width, &used)
			: buf_add_text(&cut, text);
	bool styled = style && form->style_end && *text;

	room = used < width ? width - used : 0;
	if (r == 0 && right)
		r = pad(out, room);
	if (r == 0 && styled)
		r = buf_add_text(out, style);
	if (r == 0)
		r = buf_add_text(out, buf_text(&cut));
	if (r == 0 && styled)
		r = buf_add_text(out, form->style_end);
	if (r == 0 && !right && !last)
		r = pad(out, room);
	return r;
}

/* A line ends with its last cell that has text. */
static size_t
last_of(const struct table *t, const struct cell *cells)
{
	size_t n = t->n_columns;

	while (n > 1 && !t->texts.data[cells[n - 1].at])
		n--;
	return n;
}

static int
put_row(const struct table *t, size_t row, const size_t *widths,
	const struct table_form *form, struct buf *out)
{
	const struct cell *cells =
		(const struct cell *)t->cells.data + row * t->n_columns;
	bool titles = t->titled && row == 0;
	size_t n = last_of(t, cells);
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		if (i)
			r = pad(out, GAP);
		if (r == 0)
			r = put_cell(out,
				(const char *)t->texts.data + cells[i].at,
				titles ? form->style_titles : cells[i].style,
				widths[i], t->columns[i].right, i + 1 == n,
				form);
	}
	return r < 0 ? r : buf_add(out, "\n", 1);
}

int
table_text(
	const struct table *t, const struct table_form *form, struct buf *out)
{
	size_t widths[TABLE_COLUMNS];
	int r = 0;

	memcpy(widths, t->widths, sizeof widths);
	if (form->width)
		fit(t, form->width, widths);
	for (size_t row = 0; row < t->n_rows && r == 0; row++)
		r = put_row(t, row, widths, form, out);
	return r;
}
