/* text.h - lines for a terminal: how wide they are, and where to cut them
 *
 * Pure. Lines are such as term_safe() makes. Widths are columns as wcwidth(3)
 * counts them in the locale. */
#ifndef NODELINK_CLI_TEXT_H
#define NODELINK_CLI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

size_t text_width(const char *line);
/* Is it no wider? However long it is, this takes no longer. */
bool text_fits(const char *line, size_t columns);

/* Appends as much of a line as fits into so many columns; what was cut ends
 * with an ellipsis. *used: the columns that it takes. As buf_add(). */
int
text_add_cut(struct buf *out, const char *line, size_t columns, size_t *used);

/* How many bytes of a line that is too long for so many columns should stand in
 * the first: up to a space, if there is one. At least one character. */
size_t text_break(const char *line, size_t columns);

/* Is this a place where UTF-8 is shown? By the locale that is set. */
bool text_utf8(void);

/* "0 B", "999 B", "1.5 KiB", "12 GiB". */
enum { TEXT_BYTES = 16 };
const char *text_bytes(uint64_t n, char out[TEXT_BYTES]);

#endif
