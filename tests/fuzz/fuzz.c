/* fuzz.c - what the fuzz targets share */
#include "tests/fuzz/fuzz.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/utf8.h"

char *
input_text(const struct input *in)
{
	char *text = strndup(in->len ? (const char *)in->data : "", in->len);

	MUST(text);
	return text;
}

int
input_file(const struct input *in)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	MUST(fd >= 0);
	MUST(write(fd, in->data, in->len) == (ssize_t)in->len);
	MUST(lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

void
must_be_plain(const char *text, size_t len)
{
	const uint8_t *p = (const uint8_t *)text;

	while (len) {
		int n = utf8_next(p, len);

		if (n < 1 || (*p < 0x20 && *p != '\n') || *p == 0x7f ||
			(n == 2 && *p == 0xc2 && p[1] < 0xa0))
			(void)fprintf(stderr, "byte 0x%02x in: %s\n", *p, text);
		MUST(n > 0);
		MUST((*p >= 0x20 || *p == '\n') && *p != 0x7f);
		MUST(n != 2 || *p != 0xc2 || p[1] >= 0xa0);
		p += n;
		len -= (size_t)n;
	}
}
