/* fuzz-http.c - bytes on the server's HTTP port, as they come
 *
 * libmicrohttpd, our checks of a head, the table of routes. */
#include "tests/fuzz/ask.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO_BUF struct buf request = { 0 };

	MUST(buf_add(&request, data, len) == 0);
	ask(&request);
	return 0;
}
