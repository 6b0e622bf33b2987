/* buf.h - a growable piece of bytes, with a limit
 *
 * A zeroed struct buf is an empty one without limit. Data sits at
 * data[0..len), always followed by a NUL that len does not count, so text
 * can be read as a string. */
#ifndef NODELINK_BASE_BUF_H
#define NODELINK_BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/auto.h"

struct buf {
	uint8_t *data;
	size_t len;
	size_t cap;
	size_t max; /* 0: none */
};

void buf_done(struct buf *b);
#define AUTO_BUF __attribute__((cleanup(buf_done)))

/* Room for n more bytes. 0, -ENOMEM, or -EMSGSIZE over the limit. */
int buf_reserve(struct buf *b, size_t n);

/* Append. Same results as buf_reserve(); on error nothing is appended. */
int buf_add(struct buf *b, const void *data, size_t n);
int buf_add_text(struct buf *b, const char *text);
int buf_printf(struct buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Forget the first n bytes (n <= len); the rest moves to the front. */
void buf_drop(struct buf *b, size_t n);

/* Empty it, keep the memory. */
void buf_clear(struct buf *b);

/* The bytes as text; "" when empty. Borrowed until the next change. */
const char *buf_text(const struct buf *b);

#endif
