/* emit.c - a loud task: bytes as fast as the reader takes them
 *
 *	emit lines|blocks SIZE
 *
 * lines: 4,096 bytes each with their newline, one write(2) per line, as a
 * line-buffered program does; blocks: 64 KB without any newline per write.
 * SIZE as in 256M, rounded down to whole writes. Every line and block starts
 * with its number, so that lost or swapped pieces change the checksum. ASCII
 * only: SSE carries text, and the decoded bytes must be the same ones. */
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/parse.h"

int
main(int argc, char **argv)
{
	static char piece[64 << 10];
	bool lines = argc == 3 && !strcmp(argv[1], "lines");
	size_t len = lines ? 4096 : sizeof(piece);
	uint64_t size;
	char number[17];

	if (argc != 3 || (!lines && strcmp(argv[1], "blocks") != 0) ||
		parse_size(argv[2], &size) < 0)
		errx(2, "usage: emit lines|blocks SIZE");
	for (size_t i = 0; i < len; i++)
		piece[i] = (char)('a' + i % 26);
	if (lines)
		piece[len - 1] = '\n';
	for (uint64_t i = 0; i < size / len; i++) {
		int r;

		snprintf(number, sizeof(number), "%016llx",
			(unsigned long long)i);
		memcpy(piece, number, 16);
		r = fd_write_all(STDOUT_FILENO, piece, len);
		if (r < 0)
			errx(1, "write: %s", strerror(-r));
	}
	return 0;
}
