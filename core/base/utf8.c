/* utf8.c - is it UTF-8, and where does a character end (RFC 3629) */
#include "base/utf8.h"

#include <string.h>

int
utf8_next(const uint8_t *p, size_t len)
{
	uint8_t low = 0x80, high = 0xbf; /* range of the second byte */
	int n;

	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (p[0] == 0xe0)
		low = 0xa0; /* no overlong forms */
	else if (p[0] == 0xed)
		high = 0x9f; /* no surrogates */
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f; /* nothing above U+10FFFF */
	for (int i = 1; i < n; i++) {
		if ((size_t)i >= len)
			return -1;
		if (p[i] < low || p[i] > high)
			return 0;
		low = 0x80;
		high = 0xbf;
	}
	return n;
}

bool
utf8_valid(const uint8_t *p, size_t len)
{
	while (len) {
		int n = utf8_next(p, len);

		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

size_t
utf8_cut(const uint8_t *p, size_t len)
{
	for (size_t back = 1; back <= 3 && back <= len; back++) {
		uint8_t c = p[len - back];

		if (c >= 0xc0)
			return utf8_next(p + len - back, back) == -1 ? back : 0;
		if (c < 0x80)
			return 0;
	}
	return 0;
}

void
utf8_make_line(char *text)
{
	uint8_t *p = (uint8_t *)text;
	size_t left = strlen(text);

	while (left) {
		int n = utf8_next(p, left);

		if (n == 2 && *p == 0xc2 && p[1] < 0xa0) {
			memset(p, '?', 2);
		} else if (n < 1 || *p < 0x20 || *p == 0x7f) {
			*p = '?';
			n = 1;
		}
		p += n;
		left -= (size_t)n;
	}
}

void
utf8_clean(const char *text, size_t len, char *out, size_t size)
{
	size_t n = 0;

	for (size_t at = 0, step; at < len; at += step, n += step) {
		int valid = utf8_next((const uint8_t *)text + at, len - at);

		step = valid > 0 ? (size_t)valid : 1;
		if (n + step >= size)
			break;
		if (valid > 0)
			memcpy(out + n, text + at, step);
		else
			out[n] = '?';
	}
	out[n] = 0;
}
