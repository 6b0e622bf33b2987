/* sse.c - an event stream in pieces, as events */
#include "cli/sse.h"

#include <errno.h>
#include <string.h>

#include "base/limits.h"

static int
replace(struct buf *b, const void *value, size_t len)
{
	buf_clear(b);
	return buf_add(b, value, len);
}

/* The end of an event: told if it has data. */
static int
dispatch(struct sse *s, sse_fn *fn, void *arg)
{
	struct sse_event event = { .name = s->name.len ? buf_text(&s->name)
						       : "message",
		.data = buf_text(&s->data) };
	int r = replace(&s->id, s->next_id.data, s->next_id.len);

	event.id = buf_text(&s->id);
	if (r == 0 && s->data.len) {
		event.len = s->data.len - 1; /* without its last line's end */
		s->data.data[event.len] = 0;
		r = fn(arg, &event);
	}
	buf_clear(&s->data);
	buf_clear(&s->name);
	return r;
}

/* "field: value". What is unknown, "retry" and comments mean nothing here. */
static int
take_field(struct sse *s, const char *line, size_t len)
{
	const char *colon = memchr(line, ':', len);
	size_t n = colon ? (size_t)(colon - line) : len;
	const char *value = colon ? colon + 1 : line + len;
	size_t value_len;
	int r;

	if (value < line + len && *value == ' ')
		value++;
	value_len = (size_t)(line + len - value);
	if (n == 4 && memcmp(line, "data", 4) == 0) {
		if (s->data.len + value_len > LIMIT_EVENT)
			return -EMSGSIZE;
		r = buf_reserve(&s->data, value_len + 1);
		if (r == 0)
			r = buf_add(&s->data, value, value_len);
		return r < 0 ? r : buf_add(&s->data, "\n", 1);
	}
	if (n == 5 && memcmp(line, "event", 5) == 0)
		return replace(&s->name, value, value_len);
	if (n == 2 && memcmp(line, "id", 2) == 0 &&
		!memchr(value, 0, value_len))
		return replace(&s->next_id, value, value_len);
	return 0;
}

static int
take_line(struct sse *s, sse_fn *fn, void *arg)
{
	static const char bom[] = "\xef\xbb\xbf";
	const char *line = buf_text(&s->line);
	size_t len = s->line.len;
	int r;

	if (!s->begun && len >= 3 && memcmp(line, bom, 3) == 0) {
		line += 3;
		len -= 3;
	}
	s->begun = true;
	r = len ? take_field(s, line, len) : dispatch(s, fn, arg);
	buf_clear(&s->line);
	return r;
}

static int
keep(struct sse *s, const char *data, size_t len)
{
	return s->line.len + len > LIMIT_EVENT ? -EMSGSIZE
					       : buf_add(&s->line, data, len);
}

int
sse_feed(struct sse *s, const void *data, size_t len, sse_fn *fn, void *arg)
{
	const char *p = data, *end = p + len;
	int r = 0;

	while (r == 0 && p < end) {
		size_t n = 0, left = (size_t)(end - p);

		if (s->after_cr && *p == '\n') {
			s->after_cr = false;
			p++;
			continue;
		}
		s->after_cr = false;
		while (n < left && p[n] != '\n' && p[n] != '\r')
			n++;
		r = keep(s, p, n);
		if (r == 0 && n < left) {
			s->after_cr = p[n] == '\r';
			r = take_line(s, fn, arg);
			n++;
		}
		p += n;
	}
	return r;
}

int
sse_restart(struct sse *s)
{
	buf_clear(&s->line);
	buf_clear(&s->name);
	buf_clear(&s->data);
	s->after_cr = s->begun = false;
	return replace(&s->next_id, s->id.data, s->id.len);
}

void
sse_done(struct sse *s)
{
	buf_done(&s->line);
	buf_done(&s->name);
	buf_done(&s->data);
	buf_done(&s->id);
	buf_done(&s->next_id);
}
