/* fuzz.h - what the fuzz targets share
 *
 * A target is a file fuzz-NAME.c with the one function below: it gives bytes
 * from outside to a parser and checks what must hold of every answer. With
 * --enable-fuzz it becomes a program of libFuzzer; without, replay.c runs it on
 * the inputs of corpus/NAME. */
#ifndef NODELINK_TESTS_FUZZ_H
#define NODELINK_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* What must hold; as assert(), but never compiled away. */
#define MUST(what) \
	do { \
		if (!(what)) \
			fuzz_broken(__FILE__, __LINE__, #what); \
	} while (0)

_Noreturn static inline void
fuzz_broken(const char *file, int line, const char *what)
{
	(void)fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
	abort();
}

/* The input, taken from its front. */
struct input {
	const uint8_t *data;
	size_t len;
};

static inline uint8_t
input_byte(struct input *in)
{
	if (!in->len)
		return 0;
	in->len--;
	return *in->data++;
}

/* The same as a digit, whatever it is. */
static inline unsigned
input_digit(struct input *in)
{
	return (uint8_t)(input_byte(in) - '0') % 10u;
}

/* The next n bytes, or what is left. */
static inline struct input
input_piece(struct input *in, size_t n)
{
	struct input piece = { in->data, n < in->len ? n : in->len };

	in->data += piece.len;
	in->len -= piece.len;
	return piece;
}

/* The rest as text up to its first NUL; free() it. */
char *input_text(const struct input *in);

/* A file without name that holds it. */
int input_file(const struct input *in);

/* Lines that a terminal shows and obeys nothing of: UTF-8 without control
 * characters, those of Latin-1 neither. */
void must_be_plain(const char *text, size_t len);

#endif
