/* fuzz-defers.c - the file in which a task leaves commands */
#include <string.h>
#include <unistd.h>

#include "executor/defers.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct input in = { data, len };
	/* It may have grown or shrunk since its size was looked at. */
	uint64_t size = input_byte(&in);
	AUTO(defers_free) struct defers *d = NULL;
	int fd = input_file(&in);

	size = size < 128 ? in.len : size == 255 ? UINT64_MAX : in.len + size;
	MUST(defers_read(fd, size, &d) == 0);
	for (size_t i = 0; d && i < d->n; i++) {
		if (d->list[i].refused)
			continue;
		MUST(*d->list[i].cmd && !strchr(d->list[i].cmd, '\n'));
		MUST(strlen(d->list[i].cmd) <= LIMIT_HOOK_CMD);
		MUST(i < LIMIT_DEFERS);
	}
	MUST(!d || (d->n >= 1 && d->n <= LIMIT_DEFERS + 1));
	(void)close(fd);
	return 0;
}
