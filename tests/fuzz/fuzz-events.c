/* fuzz-events.c - what a server streams to `nodelink`: the same events, however
 * its bytes are cut into pieces */
#include <string.h>

#include "base/limits.h"
#include "cli/sse.h"
#include "tests/fuzz/fuzz.h"

static int
note(void *arg, const struct sse_event *event)
{
	MUST(event->data[event->len] == 0 && event->len <= LIMIT_EVENT);
	MUST(buf_printf(arg, "%s|%s|", event->id, event->name) == 0);
	return buf_add(arg, event->data, event->len + 1);
}

/* In two pieces; what sse_feed() said of the first that it did not like. */
static int
feed(const uint8_t *data, size_t len, size_t cut, struct buf *out)
{
	struct sse sse = { 0 };
	int r = sse_feed(&sse, data, cut, note, out);

	if (r == 0)
		r = sse_feed(&sse, data + cut, len - cut, note, out);
	sse_done(&sse);
	return r;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO_BUF struct buf whole = { 0 };
	AUTO_BUF struct buf pieces = { 0 };
	struct input in = { data, len };
	size_t cut = input_byte(&in) * 256u + input_byte(&in);

	cut %= in.len + 1;
	MUST(feed(in.data, in.len, in.len, &whole) ==
		feed(in.data, in.len, cut, &pieces));
	MUST(whole.len == pieces.len &&
		(!whole.len ||
			memcmp(whole.data, pieces.data, whole.len) == 0));
	return 0;
}
