/* lines.h - a task's output as lines: the last ones only, or each with its time
 *
 * Without either it passes on as it is. A line belongs to its stream: what
 * another one prints in between does not end it. Pure but for struct output. */
#ifndef NODELINK_CLI_LINES_H
#define NODELINK_CLI_LINES_H

#include <stdbool.h>

#include "cli/output.h"

enum lines_stream { LINES_OUT, LINES_ERR, LINES_HOOK };
enum { LINES_STREAMS = LINES_HOOK + 1 };

struct lines_line;

struct lines {
	struct output *output; /* borrowed */
	bool stamps; /* each line begins with its time and a space */
	bool holds; /* until lines_release(): the last `max`, no more */
	size_t max;
	struct lines_line *held; /* the one that grew last is the last */
	size_t n_held;
	struct lines_line *open[LINES_STREAMS]; /* of held, without an end */
	bool begun[LINES_STREAMS]; /* is in the middle of a line */
};

/* A piece of a stream that goes to fd. stamp: when, for lines that begin in it;
 * only looked at with `stamps`. 0 or -ENOMEM. */
int lines_add(struct lines *l, enum lines_stream stream, int fd,
	const char *stamp, const void *data, size_t len);
/* What is held goes out, and from now on all that comes. 0 or -ENOMEM. */
int lines_release(struct lines *l);
void lines_done(struct lines *l);

#endif
