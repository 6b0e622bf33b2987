/* utf8.h - is it UTF-8, and where does a character end */
#ifndef NODELINK_BASE_UTF8_H
#define NODELINK_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Length (1-4) of the valid character at p; 0 when the bytes there are no
 * valid start; -1 when they are a valid start cut off by the end. */
int utf8_next(const uint8_t *p, size_t len);

/* All of it valid. */
bool utf8_valid(const uint8_t *p, size_t len);

/* One line of UTF-8: every other byte and every byte of a control character,
 * those of Latin-1 too, becomes '?'. */
void utf8_make_line(char *text);

/* How many bytes at the end (0-3) begin a character that is cut off. */
size_t utf8_cut(const uint8_t *p, size_t len);

/* As much of text as fits in out[size], ended by NUL: whole characters, and '?'
 * for every byte that is none. */
void utf8_clean(const char *text, size_t len, char *out, size_t size);

#endif
