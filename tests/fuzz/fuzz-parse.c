/* fuzz-parse.c - numbers, durations, sizes, addresses, ids, UTF-8 */
#include <string.h>

#include "base/clock.h"
#include "base/id.h"
#include "base/parse.h"
#include "base/utf8.h"
#include "tests/fuzz/fuzz.h"

static void
numbers(const char *text)
{
	char again[32];
	uint64_t u, u2;
	int64_t i, i2;
	int signo;
	bool yes;

	if (parse_u64(text, 3, 1000000, &u) == 0)
		MUST(u >= 3 && u <= 1000000);
	if (parse_u64(text, 0, UINT64_MAX, &u) == 0) {
		(void)snprintf(
			again, sizeof again, "%llu", (unsigned long long)u);
		MUST(parse_u64(again, 0, UINT64_MAX, &u2) == 0 && u2 == u);
	}
	if (parse_i64(text, INT64_MIN, INT64_MAX, &i) == 0) {
		(void)snprintf(again, sizeof again, "%lld", (long long)i);
		MUST(parse_i64(again, INT64_MIN, INT64_MAX, &i2) == 0 &&
			i2 == i);
	}
	if (parse_duration_ms(text, &i) == 0)
		MUST(i >= 0);
	(void)parse_size(text, &u);
	(void)parse_bool(text, &yes);
	if (parse_signal(text, &signo) == 0)
		MUST(signo >= 1 && signo <= 64 && *signal_name(signo));
}

static void
addresses(const char *text)
{
	char host[256];
	uint16_t port;

	if (parse_address(text, host, &port) == 0)
		MUST(strlen(host) < strlen(text));
}

static void
ids(const char *text)
{
	char wall[CLOCK_TEXT];

	if (id_valid(text))
		MUST(strlen(text) <= ID_LEN && !strpbrk(text, "/._ \n"));
	if (id_valid_agent(text))
		MUST(strlen(text) <= ID_LEN && *text != '.' &&
			!strpbrk(text, "/ \n"));
	if (id_valid_plugin(text))
		MUST(strlen(text) <= 32 && !strpbrk(text, "/._ \n"));
	(void)clock_text(id_time_ms(text), wall);
}

static void
characters(const uint8_t *data, size_t len, char *text)
{
	char clean[16];
	size_t cut = utf8_cut(data, len), at = 0;
	int n = 1;

	MUST(cut <= 3 && cut <= len);
	for (; at < len && n > 0; at += (size_t)n)
		n = utf8_next(data + at, len - at);
	MUST((n > 0) == utf8_valid(data, len));
	utf8_clean((const char *)data, len, clean, sizeof clean);
	MUST(utf8_valid((const uint8_t *)clean, strlen(clean)));
	utf8_make_line(text);
	MUST(utf8_valid((const uint8_t *)text, strlen(text)));
	MUST(!strpbrk(text, "\r\n\t\x1b\x7f"));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct input in = { data, len };
	char *text = input_text(&in);

	numbers(text);
	addresses(text);
	ids(text);
	characters(data, len, text);
	free(text);
	return 0;
}
