/* lines.c - a task's output as lines: the last ones only, or each with its time
 */
#include "cli/lines.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <utlist.h>

struct lines_line {
	struct buf text;
	int fd;
	struct lines_line *prev, *next;
};

static void
drop(struct lines *l, struct lines_line *line)
{
	for (int i = 0; i < LINES_STREAMS; i++)
		if (l->open[i] == line)
			l->open[i] = NULL;
	DL_DELETE(l->held, line);
	l->n_held--;
	buf_done(&line->text);
	free(line);
}

/* The line of this stream that has no end yet, or a new one, as the last. */
static struct lines_line *
newest(struct lines *l, enum lines_stream stream, int fd)
{
	struct lines_line *line = l->open[stream];

	if (line) {
		DL_DELETE(l->held, line);
	} else {
		line = calloc(1, sizeof *line);
		if (!line)
			return NULL;
		line->fd = fd;
		l->n_held++;
	}
	DL_APPEND(l->held, line);
	l->open[stream] = line;
	return line;
}

static int
hold(struct lines *l, enum lines_stream stream, int fd, const char *stamp,
	const void *data, size_t len)
{
	struct lines_line *line = newest(l, stream, fd);
	int r = line ? 0 : -ENOMEM;

	if (r == 0 && stamp)
		r = buf_printf(&line->text, "%s ", stamp);
	if (r == 0)
		r = buf_add(&line->text, data, len);
	while (l->n_held > l->max)
		drop(l, l->held);
	return r;
}

static int
pass(struct lines *l, int fd, const char *stamp, const void *data, size_t len)
{
	int r = stamp ? output_add(l->output, fd, stamp, strlen(stamp)) : 0;

	if (r == 0 && stamp)
		r = output_add(l->output, fd, " ", 1);
	return r < 0 ? r : output_add(l->output, fd, data, len);
}

int
lines_add(struct lines *l, enum lines_stream stream, int fd, const char *stamp,
	const void *data, size_t len)
{
	const uint8_t *p = data;
	int r = 0;

	if (!l->holds && !l->stamps)
		return output_add(l->output, fd, data, len);
	while (r == 0 && len) {
		const uint8_t *end = memchr(p, '\n', len);
		size_t n = end ? (size_t)(end - p) + 1 : len;
		const char *begin =
			l->stamps && !l->begun[stream] ? stamp : NULL;

		r = l->holds ? hold(l, stream, fd, begin, p, n)
			     : pass(l, fd, begin, p, n);
		l->begun[stream] = !end;
		if (end)
			l->open[stream] = NULL;
		p += n;
		len -= n;
	}
	return r;
}

int
lines_release(struct lines *l)
{
	int r = 0;

	while (l->held) {
		struct lines_line *line = l->held;

		if (r == 0)
			r = output_add(l->output, line->fd, line->text.data,
				line->text.len);
		drop(l, line);
	}
	l->holds = false;
	return r;
}

void
lines_done(struct lines *l)
{
	while (l->held)
		drop(l, l->held);
}
