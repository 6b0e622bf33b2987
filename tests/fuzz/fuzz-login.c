/* fuzz-login.c - a server that wants to know who asks: Authorization, cookies,
 * POST /session
 *
 * Without the token, which is a viewer's, nothing is told of tasks and agents;
 * with it, nothing of them is changed. A session is as good as its token for
 * reading and for nothing else, and only by the cookie of its name. */
#include <string.h>
#include <strings.h>

#include "tests/fuzz/ask.h"

static bool
holds(const struct input *in, const char *word)
{
	return memmem(in->data, in->len, word, strlen(word));
}

/* In any case: libmicrohttpd looks names of cookies up like those of headers. */
static bool
names_session(const struct input *in)
{
	static const char name[] = "nodelink_session";

	for (size_t i = 0; i + sizeof name <= in->len; i++)
		if (strncasecmp((const char *)in->data + i, name,
			    sizeof name - 1) == 0)
			return true;
	return false;
}

/* libmicrohttpd's methods end with a NUL, too. */
static bool
reads(const struct input *in)
{
	AUTO_FREE char *text = input_text(in);
	size_t n = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

	return (n == 3 && memcmp(text, "GET", n) == 0) ||
	       (n == 4 && memcmp(text, "HEAD", n) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct input in = { data, len };
	const struct buf *got = ask_lines(RIG_GUARDED, in);
	struct hub_stats stats;
	bool told;

	if (!got)
		return -1;
	hub_stats(rig.hub, &stats);
	MUST(stats.tasks_live == 1 && stats.agents == 2);
	if (strncmp(buf_text(got), "HTTP/1.1 2", 10) != 0 ||
		holds(&in, "$TOKEN"))
		return 0;
	told = strstr(buf_text(got), "\"created_at\"") ||
	       strstr(buf_text(got), "\"hostname\"");
	MUST(!told || (holds(&in, "$COOKIE") && names_session(&in)));
	/* Whoever logs out needs no session either. */
	MUST(!holds(&in, "$COOKIE") || reads(&in) ||
		strstr(buf_text(got), "session ended"));
	return 0;
}
