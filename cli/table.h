/* table.h - columns of text for people
 *
 * Pure. Rows are collected, and laid out when the widths are known: columns are
 * two spaces apart, padded with spaces, and nothing stands behind the last word
 * of a line. Without a width (no terminal) nothing is cut, so that other
 * programs get all of it. Cells may hold anything, see term_safe(). */
#ifndef NODELINK_CLI_TABLE_H
#define NODELINK_CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/auto.h"
#include "base/buf.h"

enum { TABLE_COLUMNS = 12 };

struct table_column {
	const char *title; /* NULL in all columns: no line of titles */
	bool right; /* of numbers */
	bool gives; /* is cut, widest first, where the width does not do */
};

struct table_cell {
	const char *text; /* NULL: nothing */
	const char *style; /* escape sequence before it; NULL: none */
};

struct table;
/* At most TABLE_COLUMNS columns; they must outlive the table. NULL: no memory. */
struct table *table_new(const struct table_column *columns, size_t n);
void table_free(struct table *t);
AUTO_DEFINE(struct table *, table_free)

/* Adds a row, one cell for each column; texts are copied, styles are not. 0 or
 * -ENOMEM. */
int table_row(struct table *t, const struct table_cell *cells);
size_t table_rows(const struct table *t);

struct table_form {
	size_t width; /* columns of the terminal; 0: any */
	const char *style_titles, *style_end; /* NULL: no styles at all */
};

/* Appends the lines. 0 or -ENOMEM. */
int table_text(
	const struct table *t, const struct table_form *form, struct buf *out);

#endif
