/* escape.c - any text within a path or a query */
#include <string.h>

#include "cli/http.h"

int
http_escape(struct buf *out, const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
	int r = 0;

	for (; r == 0 && *text; text++)
		r = strchr(plain, *text)
			    ? buf_add(out, text, 1)
			    : buf_printf(out, "%%%02X", (unsigned char)*text);
	return r;
}
