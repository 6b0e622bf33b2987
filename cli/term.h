/* term.h - what can be shown on a stream: colour, width, text of strangers */
#ifndef NODELINK_CLI_TERM_H
#define NODELINK_CLI_TERM_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

struct term {
	int fd;
	bool is_tty;
	bool color;
	bool live; /* a line may be written over: a terminal that can do it */
};

/* when: "auto", "always" or "never". auto is colour on a terminal that can,
 * unless $NO_COLOR is set. 0, or -EINVAL with text. */
int term_init(struct term *term, int fd, const char *when, struct err *err);

/* Columns; 80 where there is no terminal. Ask again for each picture: people
 * change it. */
unsigned term_width(const struct term *term);

unsigned term_height(const struct term *term); /* likewise, else 24 */

enum term_style {
	TERM_PLAIN, /* ends any other */
	TERM_BOLD,
	TERM_DIM,
	TERM_RED,
	TERM_GREEN,
	TERM_YELLOW,
	TERM_CYAN,
};

/* What switches it on; "" without colour. */
const char *term_style(const struct term *term, enum term_style style);

/* To the beginning of the line, which is empty then; "" when not live. */
const char *term_erase(const struct term *term);

/* Append text that comes from elsewhere so that it cannot steer a terminal:
 * control characters and broken UTF-8 become \n, \t, \x1b. As buf_add(). */
int term_safe(struct buf *out, const char *text);

#endif
