/* fuzz-api.c - requests that HTTP has nothing to say against
 *
 * A request line without version, headers, an empty line, the body: Host and
 * Content-Length are added, so that changes of the input reach the handlers:
 * queries and filters, bodies, Range, Last-Event-ID, Idempotency-Key. */
#include <string.h>

#include "tests/fuzz/ask.h"
#include "tests/fuzz/fuzz.h"

static struct input
line_of(struct input *in)
{
	const uint8_t *end = in->len ? memchr(in->data, '\n', in->len) : NULL;
	struct input line =
		input_piece(in, end ? (size_t)(end - in->data) : in->len);

	(void)input_byte(in); /* the end of the line */
	return line;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO_BUF struct buf request = { 0 };
	struct input in = { data, len }, line = line_of(&in);

	if (memchr(line.data ? line.data : data, '\r', line.len))
		return -1;
	MUST(buf_add(&request, line.data, line.len) == 0);
	MUST(buf_add_text(&request, " HTTP/1.1\r\nHost: localhost\r\n") == 0);
	for (line = line_of(&in); line.len; line = line_of(&in)) {
		MUST(buf_add(&request, line.data, line.len) == 0);
		MUST(buf_add_text(&request, "\r\n") == 0);
	}
	MUST(buf_printf(&request, "Content-Length: %zu\r\n\r\n", in.len) == 0);
	MUST(buf_add(&request, in.data, in.len) == 0);
	ask(&request);
	return 0;
}
