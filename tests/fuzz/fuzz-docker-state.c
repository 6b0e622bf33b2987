/* fuzz-docker-state.c - what an engine answers: JSON, plain text, versions */
#include <string.h>

#include "plugins/docker/engine.h"
#include "plugins/docker/state.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct input in = { data, len };
	char *text = malloc(len + 1); /* answers end with a NUL */
	char out[72];
	struct state state;
	int code;

	MUST(text);
	if (len)
		memcpy(text, in.data, len);
	text[len] = 0;
	if (state_parse(text, len, &state))
		MUST(*state.id && state.seen != SEEN_NOTHING &&
			state.seen != SEEN_GONE);
	state_message(text, len, out, sizeof out);
	MUST(!strpbrk(out, "\r\n"));
	if (state_parse_wait(text, len, &code))
		MUST(code >= 0);
	(void)state_parse_id(text, len, out, sizeof out);
	state_pull_error(text, len, out, sizeof out);
	(void)engine_agree(text);
	free(text);
	return 0;
}
