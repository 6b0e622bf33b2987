/* sse.c - one copy per event, then everything in place
 *
 * JSON text has no raw newline, so memchr() finds the end of an event fast. */
#include "bench/sse.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

void
sse_done(struct sse *s)
{
	buf_done(&s->event);
}

static unsigned
hex4(const char *p)
{
	char digits[5] = { p[0], p[1], p[2], p[3], '\0' };

	return (unsigned)strtoul(digits, NULL, 16);
}

static char *
put_utf8(char *out, unsigned c)
{
	if (c < 0x80) {
		*out++ = (char)c;
	} else if (c < 0x800) {
		*out++ = (char)(0xc0 | c >> 6);
		*out++ = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		*out++ = (char)(0xe0 | c >> 12);
		*out++ = (char)(0x80 | (c >> 6 & 0x3f));
		*out++ = (char)(0x80 | (c & 0x3f));
	} else {
		*out++ = (char)(0xf0 | c >> 18);
		*out++ = (char)(0x80 | (c >> 12 & 0x3f));
		*out++ = (char)(0x80 | (c >> 6 & 0x3f));
		*out++ = (char)(0x80 | (c & 0x3f));
	}
	return out;
}

/* The escape behind the backslash at p; writes at *out; what follows it. */
static const char *
unescape(const char *p, char **out)
{
	static const char from[] = "nrtbf", to[] = "\n\r\t\b\f";
	const char *known = p[1] ? strchr(from, p[1]) : NULL;
	unsigned c;

	if (p[1] != 'u') {
		*(*out)++ = known ? to[known - from] : p[1];
		return p + 2;
	}
	c = hex4(p + 2);
	p += 6;
	if (c >= 0xd800 && c < 0xdc00 && p[0] == '\\' && p[1] == 'u') {
		c = 0x10000 + ((c & 0x3ff) << 10) + (hex4(p + 2) & 0x3ff);
		p += 6;
	}
	*out = put_utf8(*out, c);
	return p;
}

/* Decode the text at p (behind its quote) in place; its length. */
static size_t
decode(char *text)
{
	const char *p = text;
	char *out = text;

	for (;;) {
		const char *start = p;

		while (*p != '"' && *p != '\\' && *p)
			p++;
		if (out != start)
			memmove(out, start, (size_t)(p - start));
		out += p - start;
		if (*p != '\\')
			return (size_t)(out - text);
		p = unescape(p, &out);
	}
}

/* The value behind "name":, or NULL. Looks only in [json, end). */
static char *
member(char *json, const char *end, const char *name)
{
	size_t n = strlen(name);
	char *p = memmem(json, (size_t)(end - json), name, n);

	if (!p)
		return NULL;
	p += n;
	return p + strspn(p, " ");
}

static void
take_event(struct sse *s, char *line, const char *end)
{
	char *value;

	if (strncmp(line, "data:", 5) != 0)
		return; /* a comment, an id, the event's name */
	s->events++;
	/* Members that end in a word come before decode() overwrites text. */
	value = member(line, end, "\"isFinal\":");
	if (value && *value == 't') {
		s->finals++;
		value = member(line, end, "\"cancelled\":");
		s->cancelled = value && *value == 't';
		s->completed = memmem(line, (size_t)(end - line),
				       "\"COMPLETED\"", 11) != NULL;
	}
	value = member(line, end, "\"stdout\":");
	if (value && *value == '"')
		sum_add(&s->out, value + 1, decode(value + 1));
}

void
sse_feed(struct sse *s, const char *data, size_t len)
{
	while (len) {
		const char *newline = memchr(data, '\n', len);
		size_t n = newline ? (size_t)(newline - data) : len;

		if (buf_add(&s->event, data, n) < 0)
			errx(1, "out of memory");
		data += n;
		len -= n;
		if (!newline)
			return;
		data++;
		len--;
		if (s->event.len)
			take_event(s, (char *)s->event.data,
				(char *)s->event.data + s->event.len);
		buf_clear(&s->event);
	}
}
