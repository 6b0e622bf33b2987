/* text.c - lines for a terminal: how wide they are, and where to cut them */
#include "cli/text.h"

#include <inttypes.h>
#include <langinfo.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include "base/utf8.h"

enum { CHARACTER = 4 }; /* bytes of one, at the most */

/* The valid character of n bytes at p. */
static uint32_t
decode(const uint8_t *p, int n)
{
	static const uint8_t mask[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t c = p[0] & mask[n];

	for (int i = 1; i < n; i++)
		c = c << 6 | (p[i] & 0x3f);
	return c;
}

/* Columns of the character at p, whose length becomes *n. */
static size_t
columns_of(const uint8_t *p, size_t left, size_t *n)
{
	int len = utf8_next(p, left);
	int columns;

	*n = len > 0 ? (size_t)len : 1;
	if (len <= 1)
		return 1;
	columns = wcwidth((wchar_t)decode(p, len));
	return columns < 0 ? 1 : (size_t)columns; /* what it does not know */
}

size_t
text_width(const char *line)
{
	size_t width = 0, left = strlen(line), n;

	for (const uint8_t *p = (const uint8_t *)line; left; left -= n) {
		width += columns_of(p, left, &n);
		p += n;
	}
	return width;
}

/* How many bytes fit into so many columns; *used: columns of them. Looks at no
 * more than these: a long text is cut many times. */
static size_t
fit(const char *line, size_t columns, size_t *used)
{
	size_t at = 0, n;

	*used = 0;
	while (line[at]) {
		const char *p = line + at;
		size_t more = columns_of(
			(const uint8_t *)p, strnlen(p, CHARACTER), &n);

		if (*used + more > columns)
			break;
		*used += more;
		at += n;
	}
	return at;
}

bool
text_fits(const char *line, size_t columns)
{
	size_t used;

	return !line[fit(line, columns, &used)];
}

int
text_add_cut(struct buf *out, const char *line, size_t columns, size_t *used)
{
	const char *dots = text_utf8() ? "…" : "...";
	size_t n_dots = text_width(dots), n = fit(line, columns, used);
	int r;

	if (!line[n])
		return buf_add_text(out, line);
	if (columns < n_dots) {
		*used = 0;
		return 0;
	}
	n = fit(line, columns - n_dots, used);
	*used += n_dots;
	r = buf_add(out, line, n);
	return r < 0 ? r : buf_add_text(out, dots);
}

size_t
text_break(const char *line, size_t columns)
{
	size_t used, n = fit(line, columns, &used), space;

	for (space = n; space && line[space] != ' '; space--)
		;
	if (space)
		return space;
	if (!n)
		(void)columns_of((const uint8_t *)line, strlen(line), &n);
	return n;
}

bool
text_utf8(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

const char *
text_bytes(uint64_t n, char out[TEXT_BYTES])
{
	static const char units[] = "KMGTPE";
	const char *unit = units;
	uint64_t tenths;

	if (n < 1024) {
		(void)snprintf(out, TEXT_BYTES, "%" PRIu64 " B", n);
		return out;
	}
	while (n >= 1024 * 1024) {
		n /= 1024;
		unit++;
	}
	tenths = n * 10 / 1024;
	if (tenths < 100 && tenths % 10)
		(void)snprintf(out, TEXT_BYTES, "%" PRIu64 ".%" PRIu64 " %ciB",
			tenths / 10, tenths % 10, *unit);
	else
		(void)snprintf(out, TEXT_BYTES, "%" PRIu64 " %ciB", tenths / 10,
			*unit);
	return out;
}
