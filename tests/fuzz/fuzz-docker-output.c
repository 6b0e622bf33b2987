/* fuzz-docker-output.c - what an engine sends as output, however it is cut
 *
 * The first byte: terminal or frames, cut small or large, a slow host, and
 * whether the log comes once more from its beginning. */
#include <errno.h>
#include <string.h>

#include "plugins/docker/output.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/docker/fake-host.h"

static int
feed(struct output *o, struct input in, size_t piece, size_t room)
{
	int r = 0;

	while (in.len && r == 0) {
		struct input p = input_piece(&in, piece);

		r = output_feed(o, (const char *)p.data, p.len);
		MUST(r == 0 || r == -EPROTO);
		if (room) {
			fake.room = room;
			output_flush(o);
		}
	}
	return r;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct input in = { data, len };
	uint8_t how = input_byte(&in);
	size_t piece = how & 2 ? 7 : 4096, room = how & 4 ? 5 : 0;
	struct output output = { 0 };
	size_t once;

	fake_host_open();
	if (room)
		fake.room = 0;
	output_begin(&output, how & 1, false);
	(void)feed(&output, in, piece, room);
	if (how & 8) { /* the connection broke: the log, from its beginning */
		fake.room = SIZE_MAX;
		output_flush(&output);
		once = fake.out[0].len + fake.out[1].len;
		output_begin(&output, how & 1, true);
		(void)feed(&output, in, 3, 0);
		output_end(&output);
		output_flush(&output);
		MUST(fake.out[0].len + fake.out[1].len == once);
	} else {
		output_end(&output);
	}
	MUST(fake.out[0].len + fake.out[1].len <= len);
	output_done(&output);
	fake_host_close();
	return 0;
}
