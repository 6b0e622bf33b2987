/* fuzz.c - what the fuzz targets share */
#include "tests/fuzz/fuzz.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

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
