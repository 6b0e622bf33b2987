/* fuzz-accept.c - the header Accept of who asks for /metrics
 *
 * What is liked best wins: it does not matter in which order the types stand,
 * how often, in which case, and what the other parameters of one say. */
#include <ctype.h>
#include <string.h>

#include "api/metrics.h"
#include "base/auto.h"
#include "base/buf.h"
#include "tests/fuzz/fuzz.h"

/* "a,b,c" as "c,b,a". */
static void
turn(const char *accept, struct buf *out)
{
	const char *end = accept + strlen(accept);

	for (;;) {
		const char *begin = end;

		while (begin > accept && begin[-1] != ',')
			begin--;
		MUST(buf_add(out, begin, (size_t)(end - begin)) == 0);
		if (begin == accept)
			return;
		MUST(buf_add(out, ",", 1) == 0);
		end = begin - 1;
	}
}

/* With `what` behind each type, before its parameters. */
static void
put_behind(const char *accept, const char *what, struct buf *out)
{
	for (;;) {
		size_t type = strcspn(accept, ";,"), all = strcspn(accept, ",");

		MUST(buf_add(out, accept, type) == 0);
		MUST(buf_add_text(out, what) == 0);
		MUST(buf_add(out, accept + type, all - type) == 0);
		accept += all;
		if (!*accept)
			return;
		MUST(buf_add(out, accept++, 1) == 0);
	}
}

static bool
names(const char *accept, const char *type)
{
	return strcasestr(accept, type) != NULL;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO_FREE char *accept = input_text(&(struct input){ data, len });
	AUTO_BUF struct buf other = { 0 };
	enum metrics_form form = api_metrics_form(accept);

	MUST(form == METRICS_OPENMETRICS || form == METRICS_PROMETHEUS);
	if (!names(accept, "text/plain"))
		MUST(form == METRICS_OPENMETRICS);
	turn(accept, &other);
	MUST(api_metrics_form(buf_text(&other)) == form);
	buf_clear(&other);
	MUST(buf_printf(&other, " ,%s,\t%s, */*;q=0.1", accept, accept) == 0);
	MUST(api_metrics_form(buf_text(&other)) == form);
	buf_clear(&other);
	put_behind(accept, ";seq=0 ; charset=utf-8", &other);
	MUST(api_metrics_form(buf_text(&other)) == form);
	for (char *p = accept; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	MUST(api_metrics_form(accept) == form);
	return 0;
}
