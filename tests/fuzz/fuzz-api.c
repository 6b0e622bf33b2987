/* fuzz-api.c - requests that HTTP has nothing to say against
 *
 * Changes of such an input reach the handlers: queries and filters, bodies,
 * Range, Last-Event-ID, Idempotency-Key. */
#include "tests/fuzz/ask.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	return ask_lines(RIG_HTTP, (struct input){ data, len }) ? 0 : -1;
}
