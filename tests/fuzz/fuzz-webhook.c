/* fuzz-webhook.c - URLs of receivers, secrets, whom a task names */
#include <string.h>

#include "base/limits.h"
#include "tests/fuzz/fuzz.h"
#include "webhook/event.h"
#include "webhook/guard.h"
#include "webhook/sign.h"
#include "webhook/url.h"

/* What one that is taken shows of itself is one that is taken. */
static void
urls(const char *text)
{
	AUTO_BUF struct buf hook = { 0 };
	const char *at, *found;
	struct url url, again;
	unsigned events;
	struct err err;
	size_t len;

	if (url_check(text, true, &url, &err) < 0) {
		MUST(url_check(text, false, &url, &err) < 0);
		return;
	}
	MUST(strlen(text) <= LIMIT_URL && !strpbrk(text, " \r\n\t"));
	MUST(url.port && strchr(url.host, ':'));
	MUST(url_check(url.origin, true, &again, &err) == 0);
	MUST(strcmp(again.host, url.host) == 0);
	MUST(strcmp(again.origin, url.origin) == 0);
	MUST(event_hook_add(&hook, EVENT_FAILED, text) == 0);
	at = buf_text(&hook);
	MUST(event_hook_next(&at, &events, &found, &len));
	MUST(events == EVENT_FAILED && len == strlen(text) &&
		memcmp(found, text, len) == 0);
	MUST(!event_hook_next(&at, &events, &found, &len));
}

static void
hooks(const char *text)
{
	const char *at = text, *url;
	unsigned events;
	size_t len, sum = 0;

	while (event_hook_next(&at, &events, &url, &len))
		sum += len + 1;
	MUST(sum <= strlen(text) + 1);
}

static void
secrets(const char *text)
{
	AUTO_BUF struct buf out = { 0 };
	struct sign_keys keys;

	if (sign_keys_parse(text, &keys) < 0)
		return;
	MUST(keys.n >= 1 && keys.n <= SIGN_KEYS);
	for (size_t i = 0; i < keys.n; i++)
		MUST(keys.keys[i].len >= SIGN_KEY_MIN &&
			keys.keys[i].len <= SIGN_KEY_MAX);
	MUST(sign(&keys, "id", 1, text, &out) == 0);
	MUST(out.len == keys.n * 48 - 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct input in = { data, len };
	char *text = input_text(&in);
	unsigned events;
	struct err err;

	urls(text);
	hooks(text);
	secrets(text);
	if (event_parse_list(text, &events, &err) == 0)
		MUST(events && events <= EVENT_ALL);
	(void)guard_is_internal_text(text);
	free(text);
	return 0;
}
