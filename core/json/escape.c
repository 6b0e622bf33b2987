/* escape.c - bytes as the inside of a JSON string */
#include "json/escape.h"

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/utf8.h"

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

/* How many bytes at p are plain ASCII that JSON takes as it is. */
static size_t
plain_run(const uint8_t *p, size_t len)
{
	size_t n = 0;

#ifdef __SSE2__
	/* Signed compare: bytes from 0x80 are negative, hence "below 0x20". */
	const __m128i space = _mm_set1_epi8(0x20), quote = _mm_set1_epi8('"'),
		      slash = _mm_set1_epi8('\\'), del = _mm_set1_epi8(0x7f);

	for (; n + 16 <= len; n += 16) {
		__m128i v =
			_mm_loadu_si128((const __m128i *)(const void *)(p + n));
		__m128i bad =
			_mm_or_si128(_mm_or_si128(_mm_cmplt_epi8(v, space),
					     _mm_cmpeq_epi8(v, quote)),
				_mm_or_si128(_mm_cmpeq_epi8(v, slash),
					_mm_cmpeq_epi8(v, del)));
		int mask = _mm_movemask_epi8(bad);

		if (mask)
			return n + (size_t)__builtin_ctz((unsigned)mask);
	}
#endif
	while (n < len && p[n] >= 0x20 && p[n] < 0x7f && p[n] != '"' &&
		p[n] != '\\')
		n++;
	return n;
}

/* A control character, quote or backslash; returns what it took. */
static size_t
escape_ascii(uint8_t c, uint8_t *out)
{
	static const char hex[] = "0123456789abcdef";
	static const char names[] = "btn\0fr"; /* 0x08 to 0x0d */
	char name = 0;

	if (c == '"' || c == '\\')
		name = (char)c;
	else if (c >= 0x08 && c <= 0x0d)
		name = names[c - 0x08];
	out[0] = '\\';
	if (name) {
		out[1] = (uint8_t)name;
		return 2;
	}
	memcpy(out + 1, "u00", 3);
	out[4] = (uint8_t)hex[c >> 4];
	out[5] = (uint8_t)hex[c & 15];
	return 6;
}

/* Length of the broken character at p: the bytes that could still have become
 * one ("maximal subpart"), at least one. */
static size_t
broken_length(const uint8_t *p, size_t len)
{
	for (size_t n = len < 3 ? len : 3; n > 1; n--)
		if (utf8_next(p, n) == -1)
			return n;
	return 1;
}

size_t
escape_json(
	const uint8_t *in, size_t len, size_t *used, uint8_t *out, size_t room)
{
	size_t i = 0, n = 0;

	while (i < len && room - n >= ESCAPE_MAX) {
		size_t max = len - i < room - n ? len - i : room - n;
		size_t run = plain_run(in + i, max);
		int c;

		memcpy(out + n, in + i, run);
		i += run;
		n += run;
		if (i == len || room - n < ESCAPE_MAX)
			break;
		c = utf8_next(in + i, len - i);
		if (c > 1) {
			memcpy(out + n, in + i, (size_t)c);
			i += (size_t)c;
			n += (size_t)c;
		} else if (c == 1) {
			n += escape_ascii(in[i++], out + n);
		} else {
			memcpy(out + n, replacement, 3);
			n += 3;
			i += broken_length(in + i, len - i);
		}
	}
	*used = i;
	return n;
}

int
escape_json_buf(struct buf *out, const void *in, size_t len)
{
	const uint8_t *p = in;
	size_t before = out->len, used;

	while (len) {
		int r = buf_reserve(out, len + ESCAPE_MAX);

		if (r < 0) {
			out->len = before;
			return r;
		}
		/* Not more than was reserved: the buffer may have a limit. */
		out->len += escape_json(
			p, len, &used, out->data + out->len, len + ESCAPE_MAX);
		p += used;
		len -= used;
	}
	if (out->data)
		out->data[out->len] = 0;
	return 0;
}
