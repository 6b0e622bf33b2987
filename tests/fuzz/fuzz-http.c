/* fuzz-http.c - bytes on the server's HTTP port, as they come
 *
 * libmicrohttpd, our checks of a head, the table of routes. */
#include "tests/fuzz/ask.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO_BUF struct buf request = { 0 };

	MUST(buf_add(&request, data, len) == 0);
	if (len)
		(void)ask(RIG_HTTP, &request);
	return 0;
}
