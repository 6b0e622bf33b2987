/* drawing.h - events in the order of time, as lines with a line that leads down
 *
 * Pure. Each has its distance from the first; long silences are told in a line
 * of their own. */
#ifndef NODELINK_CLI_DRAWING_H
#define NODELINK_CLI_DRAWING_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "cli/term.h"

struct drawing_event {
	int64_t at;
	size_t order; /* of those at the same time */
	const char *word;
	enum term_style style;
	const char *detail;
};

/* Appends the lines, wrapped to the width of a terminal; sorts the events.
 * doing: what goes on now, after the last of them, or NULL: that was the end.
 * 0 or -ENOMEM. */
int drawing_add(struct buf *out, struct drawing_event *events, size_t n,
	const char *doing, int64_t now_ms, const struct term *term);

#endif
